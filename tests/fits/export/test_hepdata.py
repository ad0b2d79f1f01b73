import pytest
import yaml

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.export.hepdata import write_hepdata
from fits.limits.mass_scan import scan_limits
from fits.significance.mass_scan import scan_masses
from fits.sources.files import read_spectrum
from fits.spectrum import coarse
from tests.fits.search_models import one_spectrum


@pytest.fixture(scope="module")
def scans(dijet_toy, signal):
    spectrum = coarse(dijet_toy(2e4, seed=70), minimum=1)
    masses = [2500.0, 3000.0]
    arguments = (spectrum, Dijet(2), signal.scaled_to, masses)
    return scan_masses(*arguments), scan_limits(one_spectrum(*arguments[:3]), masses)


def columns(path):
    table = yaml.safe_load(path.read_text())
    return {column["header"]["name"]: column["values"] for column in table["dependent_variables"]}


def test_submission_holds_spectrum_p_values_and_limits(scans, tmp_path):
    scan, limits = scans
    write_hepdata(tmp_path, scan, limits, collision_energy=13600.0)
    names = {"submission.yaml", "submission.tar.gz", "spectrum.yaml", "p-values.yaml", "limits.yaml"}
    assert {file.name for file in tmp_path.iterdir()} == names
    assert read_spectrum(tmp_path / "spectrum.yaml").counts.tolist() == scan.null.spectrum.counts.tolist()
    spectrum = columns(tmp_path / "spectrum.yaml")["Background (dijet, 2 parameters)"]
    assert spectrum[0]["value"] == pytest.approx(scan.null.expected_background()[0], rel=1e-4)
    expected = columns(tmp_path / "limits.yaml")["Expected limit"][1]
    band = {error["label"]: error["asymerror"] for error in expected["errors"]}
    bounds = limits.limits[1].expected
    assert expected["value"] + band["1 s.d."]["minus"] == pytest.approx(bounds[1], rel=1e-3)
    assert expected["value"] + band["2 s.d."]["plus"] == pytest.approx(bounds[4], rel=1e-3)
    p_values = columns(tmp_path / "p-values.yaml")["Local p-value"]
    assert p_values[1]["value"] == pytest.approx(scan.points[1].local_p_value, rel=1e-4)
    assert "13600" in (tmp_path / "submission.yaml").read_text()


def test_failed_fits_are_left_out_and_a_failed_background_is_refused(scans, signal, tmp_path, monkeypatch):
    scan, _ = scans
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    failed = scan_masses(scan.null.spectrum, Dijet(4), signal.scaled_to, [3000.0])
    with pytest.raises(MaplessError, match="background-only fit before its export"):
        write_hepdata(tmp_path, failed)
    assert not list(tmp_path.iterdir())
