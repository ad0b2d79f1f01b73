"""The search for a jet and something else: regions by rates, and signals that are rebuilt worse."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis import searches
from analysis.simulation import simulate
from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background
from fits.signals import GaussianSignal
from fits.significance.global_significance import SpectrumSearch, global_significance
from fits.significance.raked_toys import Membership, raked_toys_of
from fits.spectrum import Spectrum, relative_edges
from models.autoencoder.detector import Autoencoder
from selections import snapshot
from selections.events import StoredEvents
from selections.leptons import jet_and_lepton
from selections.rapidity_mass_matrix import INPUTS
from selections.sources import open_events

REPOSITORY = Path(__file__).parents[3]
OBJECTS = "{electron: {pt_min: 30}, muon: {pt_min: 30}, photon: {pt_min: 30}, small_jet: {eta_max: 2.4}}"
DATA = Path(searches.CONFIGURATIONS).parent / "samples" / "lepton_data.root"


def declared(*overrides: str):
    return searches.declare(searches.load("atlas-jet-x", None, overrides))


def test_regions_hold_as_many_events_as_their_rates_make() -> None:
    (hunt,) = declared("rates={loose: 40, tight: 4}").hunts
    assert hunt.cut.options["numbers"] == pytest.approx({"loose": 280, "tight": 28})  # of 0.007 /fb


def test_every_mass_is_a_spectrum_that_is_searched_in_regions_only() -> None:
    spectra = declared("spectra={jj: {low: 300, high: 900, masses: {low: 400, high: 500}}}").spectra
    assert [(one.column, one.inclusive, one.masses) for one in spectra] == [("m_jj", False, (400, 500))]


def test_several_widths_are_spectra_of_the_same_mass() -> None:
    search = declared("signal_width=[0.01, 0.05, 0.15]")
    found = {one.name: (one.column, one.signal.width) for one in search.spectra if one.column == "m_je"}
    assert found == {f"m_je-width_{width:g}": ("m_je", width) for width in (0.01, 0.05, 0.15)}
    assert set(found) < set(search.hunts[0].spectra)


def test_rates_without_a_luminosity_are_refused() -> None:
    with pytest.raises(MaplessError, match="rates need the luminosity of mine"):
        declared("data=mine", f"samples={{mine: {{role: background, files: [{DATA}]}}}}")


@pytest.mark.physics
def test_leptoquarks_are_rebuilt_worse_than_the_data(tmp_path: Path) -> None:
    simulate(
        "lepton_leptoquark",
        200,
        output=tmp_path / "signal.root",
        seed=71,
        workers=1,
        quality="tiny",
        leptoquark_mass=800.0,
    )
    events = {}
    for name, file in (("data", DATA), ("signal", tmp_path / "signal.root")):
        frame = jet_and_lepton()(open_events(file)).frame
        columns = ["run", "luminosity_block", "event", INPUTS]
        events[name] = StoredEvents(snapshot.write(frame, tmp_path / f"selected_{name}.root", columns))
    trained = Autoencoder(INPUTS, share=0.3, seed=71).fit({"events": events["data"]})
    losses = {name: trained.score(some)["score"] for name, some in events.items()}
    larger = np.mean(losses["signal"][:, None] > losses["data"][None, :])
    print(f"AUC {larger:.3f}")
    assert larger > 0.8


def empty_spectra(rng: np.random.Generator, n_events: int = 1500) -> list[tuple[np.ndarray, np.ndarray]]:
    """Nine masses of events without signal, and the nested regions that a score puts them into."""
    score = rng.random(n_events)
    regions = np.stack([score > 0, score > 0.5, score > 0.75], axis=1)
    return [(300 * (1 - rng.random(n_events)) ** (-1 / 5.0), regions) for _ in range(9)]


def global_p_value(
    spectra: list[tuple[np.ndarray, np.ndarray]], n_toys: int, rng: np.random.Generator
) -> float:
    """As the stage has it: regions of a mass share events, different masses fluctuate independently."""
    edges = relative_edges(300, 1500, 0.05)
    shapes = tuple(GaussianSignal(0.05)(mass) for mass in (400.0, 500.0, 600.0, 700.0, 800.0, 900.0))
    tested, toys = [], []
    for mass, regions in spectra:
        inside = (mass >= edges[0]) & (mass < edges[-1])
        counts = [np.histogram(mass[chosen], edges)[0].astype(float) for chosen in regions.T]
        own = [SpectrumSearch(fit_background(Spectrum(edges, one), Dijet(2)), shapes) for one in counts]
        tested += own
        toys += raked_toys_of(own, Membership.of(regions[inside]), n_toys, rng)
    return global_significance(tested, n_toys, rng, toys=toys).p_value


@pytest.mark.physics
def test_27_empty_spectra_have_one_uniform_global_p_value() -> None:
    rng = np.random.default_rng(72)
    values = np.array([global_p_value(empty_spectra(rng), 60, rng) for _ in range(60)])
    probability = stats.kstest(values, "uniform").pvalue
    print(f"mean {values.mean():.3f}, below 10 % {np.mean(values <= 0.1):.3f}, KS p = {probability:.3f}")
    assert probability > 0.01


@pytest.mark.physics
def test_a_resonance_of_a_jet_and_a_muon_is_found_in_that_spectrum_only(tmp_path: Path) -> None:
    signal = tmp_path / "leptoquark.root"
    simulate(
        "lepton_leptoquark", 60, output=signal, seed=73, workers=1, quality="tiny", leptoquark_mass=4800.0
    )
    sample = f"samples={{leptoquark: {{role: signal, mass: 4800, files: ['{signal}'], objects: {OBJECTS}}}}}"
    wide = "{low: 250, high: 7000, masses: {low: 400, high: 5200, step: 400}}"
    overrides = (
        sample,
        "injections={leptoquark: {n_events: 15, seed: 73}}",
        f"spectra={{jj: {wide}, je: {wide}, jmu: {wide}}}",
        "background={family: dijet, parameters: [2]}",
    )
    command = [sys.executable, str(REPOSITORY / "run_analysis.py"), "run", "atlas-jet-x", "--threads=1"]
    chosen = [f"--set={one}" for one in overrides]
    subprocess.run([*command, *chosen, f"--output={tmp_path / 'found'}"], check=True)
    fits = json.loads((tmp_path / "found" / "results.json").read_text())["fits"]
    for name, fit in fits.items():
        for part in fit["parts"]:
            point = max(part["search"]["scan"]["points"], key=lambda point: point["significance"] or 0)
            print(name, part["name"], point["mass"], point["significance"])
            if fit["spectrum"] == "m_jmu":
                assert point["mass"] == 4800
                assert point["significance"] > 3
            else:
                assert point["significance"] < 3
