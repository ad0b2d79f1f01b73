import dataclasses

import numpy as np
import pytest

from fits.export.combine import write_combine
from fits.likelihood.binned import Constraint
from fits.likelihood.signal_term import Effect
from fits.signals.bin_probabilities import BinProbabilities
from tests.fits.export.conftest import EFFECTS, FINE, WIDE


def card_of(model, folder):
    """Lines of the card, each as words."""
    write_combine(model, folder)
    return [line.split() for line in (folder / "datacard.txt").read_text().splitlines()]


def starting_with(lines, word):
    return [line for line in lines if line[0] == word]


def workspace_of(folder):
    import ROOT

    file = ROOT.TFile.Open(str(folder / "workspace.root"))
    workspace = file.Get("mapless")
    workspace.file = file
    return workspace


def test_card_lists_processes_rates_and_nuisances(search_model, tmp_path):
    lines = card_of(search_model(FINE), tmp_path)
    unit = float(lines[0][-1])
    assert starting_with(lines, "bin")[0] == ["bin", "loose", "tight"]
    assert starting_with(lines, "process")[0][1:] == ["signal", "background"] * 2
    assert starting_with(lines, "process")[1][1:] == ["0", "1"] * 2
    assert [float(rate) for rate in starting_with(lines, "rate")[0][1:]] == [100 * unit, 1] * 2
    assert starting_with(lines, "luminosity") == [["luminosity", "lnN", "1.016", "-", "1.016", "-"]]
    assert starting_with(lines, "efficiency") == [["efficiency", "lnN", "0.9/1.15", "-", "0.9/1.15", "-"]]
    assert starting_with(lines, "mass_scale") == [["mass_scale", "param", "0", "1"]]
    assert ["tight_shape2", "flatParam"] in lines
    assert ["loose_background_norm", "flatParam"] in lines
    assert 0.05 < unit < 5


@pytest.mark.parametrize(("edges", "unequal"), [(FINE, False), (WIDE, True)], ids=["fine", "wide"])
def test_card_says_how_to_run_it_and_what_not_to_believe(search_model, tmp_path, edges, unequal):
    write_combine(search_model(edges), tmp_path)
    comments = [line for line in (tmp_path / "datacard.txt").read_text().splitlines() if line.startswith("#")]
    command = "# combine -M AsymptoticLimits model.root --rMax 20 --strictBounds"
    assert comments[0].startswith("# r = 1 is signal_strength = ")
    assert command + (" --run observed" if unequal else "") in comments
    assert any("no library" in line for line in comments)
    assert any("observed results only" in line for line in comments) == unequal


def test_everything_that_the_card_names_is_in_the_workspace(search_model, tmp_path):
    model = search_model(WIDE)
    lines = card_of(model, tmp_path)
    workspace = workspace_of(tmp_path)
    for _, name, _, file, place in starting_with(lines, "shapes"):
        key = place.removeprefix("mapless:")
        found = workspace.data(key) if name == "data_obs" else workspace.pdf(key)
        assert file == "workspace.root"
        assert found
    for line in lines:
        if line[-1] == "flatParam" or line[1:2] == ["param"]:
            assert workspace.var(line[0])
    for category in model.categories:
        assert workspace.data(f"data_{category.name}").sumEntries() == category.spectrum.total
    assert sorted(file.name for file in tmp_path.iterdir()) == ["datacard.txt", "workspace.root"]


@pytest.mark.parametrize("edges", [FINE, WIDE], ids=["fine", "wide"])
def test_shapes_are_ours_in_every_bin(search_model, tmp_path, edges):
    """The wide bins go on above 4455 GeV, where a signal at 2970 GeV is no longer known."""
    import ROOT

    model = search_model(edges, ("loose",))
    write_combine(model, tmp_path)
    workspace, (category,) = workspace_of(tmp_path), model.categories
    mass, spectrum = workspace.var("mass_loose"), category.spectrum
    workspace.var("mass_scale").setVal(1.0)
    moved = BinProbabilities(category.signal.shape, edges).at(np.array([0.01, 0.0]))
    start = model.profile_likelihood().start
    background = category.background
    from fits.backgrounds import expected_counts

    falling = expected_counts(background, [start[f"loose_{name}"] for name in background.parameters], edges)
    for name, expected in (("loose_signal", moved), ("loose_background", falling)):
        found = []
        for centre in spectrum.centres:
            mass.setVal(centre)
            found.append(workspace.pdf(name).getVal(ROOT.RooArgSet(mass)))
        assert found * spectrum.widths == pytest.approx(expected / expected.sum(), rel=1e-3, abs=2e-5)
        assert np.array_equal(np.array(found) == 0, expected == 0)


def test_nuisances_beyond_the_log_normal_act_in_the_workspace(search_model, tmp_path):
    both = Effect(1.1, mean=0.01)
    changed = EFFECTS | {"mass_scale": both, "correction": Effect(rate=True), "free": Effect(mean=0.01)}
    model = search_model(WIDE, ("loose",))
    (category,) = model.categories
    category = dataclasses.replace(category, signal=dataclasses.replace(category.signal, effects=changed))
    model = dataclasses.replace(
        model,
        categories=[category],
        constraints=(Constraint("luminosity", 0.5, 2.0), Constraint("correction", 1.0, 0.1)),
        ranges={"free": (-3.0, 3.0)},
    )
    lines = card_of(model, tmp_path)
    assert starting_with(lines, "luminosity") == [["luminosity", "param", "0.5", "2"]]
    assert starting_with(lines, "mass_scale") == [["mass_scale", "param", "0", "1"]]
    assert starting_with(lines, "free") == [["free", "flatParam"]]
    workspace = workspace_of(tmp_path)
    for name, value in (("luminosity", 1.0), ("mass_scale", 2.0), ("correction", 0.9)):
        workspace.var(name).setVal(value)
    expected = 1.016 * 1.1**2 * 0.9
    assert workspace.function("loose_signal_norm").getVal() == pytest.approx(expected)
