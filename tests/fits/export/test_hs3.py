import pytest

from errors import MaplessError
from fits.export.hs3 import full_workspace, read_hs3, write_hs3
from fits.search_model import SearchModel
from fits.signals import BreitWigner, Gaussian, Template
from fits.spectrum import Spectrum
from tests.fits.export.conftest import FINE, POINTS, WIDE, our_value


def negative_log_likelihood(workspace, **options):
    import ROOT

    pdf = workspace.obj("ModelConfig").GetPdf()
    centres = [variable for variable in pdf.getVariables() if variable.GetName().endswith("_observed")]
    data = workspace.data("obsData")
    return pdf.createNLL(data, GlobalObservables=ROOT.RooArgSet(*centres), **options)


def moved(workspace, point):
    for variable in workspace.allVars():
        name = variable.GetName()
        if not name.startswith("mass_") or name in ("mass_scale", "mass_resolution"):
            variable.setVal(point.get(name, workspace.start[name]))


def differences(workspace, **options):
    """Of the negative log-likelihood to its value at the start, at each point."""
    workspace.start = {variable.GetName(): variable.getVal() for variable in workspace.allVars()}
    function = negative_log_likelihood(workspace, **options)
    at_start = function.getVal()
    found = []
    for point in POINTS:
        moved(workspace, point)
        found.append(function.getVal() - at_start)
    moved(workspace, {})
    return found


def our_differences(model, workspace):
    at_start, found = our_value(model, workspace), []
    for point in POINTS:
        moved(workspace, point)
        found.append(our_value(model, workspace) - at_start)
    return found


def test_round_trip_keeps_the_likelihood_and_it_is_ours(search_model, tmp_path):
    """In 4 GeV bins, where the density at bin centres is as good as an integral."""
    model = search_model(FINE)
    write_hs3(model, tmp_path / "model.json")
    again = read_hs3(tmp_path / "model.json")
    assert [file.name for file in tmp_path.iterdir()] == ["model.json"]
    written, read = full_workspace(model), again
    expected = differences(written)
    assert differences(read) == pytest.approx(expected, abs=1e-6)
    assert our_differences(model, written) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("names", [("loose",), ("loose", "tight")], ids=["one", "two"])
def test_wide_bins_are_integrated_by_the_reader(search_model, tmp_path, names):
    model = search_model(WIDE, names)
    write_hs3(model, tmp_path / "model.json")
    read = read_hs3(tmp_path / "model.json")
    expected = differences(read)
    assert our_differences(model, read) == pytest.approx(expected, abs=2e-3)
    assert differences(full_workspace(model)) != pytest.approx(expected, abs=0.1)
    for mass, is_there in ((4300.0, True), (4600.0, False)):  # our fits know the signal up to 4455 GeV
        read.var("mass_loose").setVal(mass)
        assert (read.pdf("loose_signal").getVal() > 0) == is_there


def test_categories_may_have_bins_of_their_own(search_model, tmp_path):
    """Narrow bins in one, wide ones in the other."""
    (fine,), (wide,) = (
        search_model(edges, (name,)).categories for edges, name in ((FINE, "loose"), (WIDE, "tight"))
    )
    model = SearchModel([fine, wide])
    write_hs3(model, tmp_path / "model.json")
    read = read_hs3(tmp_path / "model.json")
    expected = differences(read)
    assert our_differences(model, read) == pytest.approx(expected, abs=5e-3)


def test_configuration_names_parameter_of_interest_and_nuisances(search_model):
    workspace = full_workspace(search_model(WIDE))
    configuration = workspace.obj("ModelConfig")
    interest, nuisances = configuration.GetParametersOfInterest(), configuration.GetNuisanceParameters()
    assert [variable.GetName() for variable in interest] == ["signal_strength"]
    names = {variable.GetName() for variable in nuisances}
    assert names == {"luminosity", "efficiency", "mass_scale", "mass_resolution"}


def test_gaussian_is_exported_and_a_template_is_refused(search_model):
    model = search_model(WIDE, ("loose",), shape=Gaussian(3000, 100, mass=3000))
    assert full_workspace(model).pdf("loose_signal").InheritsFrom("RooGaussian")
    template = Template.of(Spectrum([2500, 2900, 3100, 3500], [1, 5, 1]), mass=3000)
    with pytest.raises(MaplessError, match="Template shape cannot be exported"):
        full_workspace(search_model(WIDE, ("loose",), shape=template))


def test_a_breit_wigner_that_ends_within_the_spectrum_is_refused(search_model):
    shape = BreitWigner(3000, 90, 150, mass=3000)
    with pytest.raises(MaplessError, match="known from 1500 to 4500 GeV, within the spectrum"):
        full_workspace(search_model(WIDE, ("loose",), shape=shape))
    inside = search_model(FINE, ("loose",), shape=shape)
    assert full_workspace(inside).pdf("loose_signal").InheritsFrom("RooVoigtian")


def test_names_that_root_cannot_use_are_refused(search_model):
    with pytest.raises(MaplessError, match="cannot use the name 'signal region'"):
        full_workspace(search_model(WIDE, ("signal region",)))


def test_files_that_are_no_hs3_are_refused(tmp_path):
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(MaplessError, match=r"model\.json cannot be read as HS3"):
        read_hs3(tmp_path / "model.json")
