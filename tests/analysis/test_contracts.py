"""What the contracts carry beyond the searches that come with the suite, run from files to fits."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis import searches
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.plan import Plan
from analysis.sample import SamplePart
from analysis.search import Hunt, MassSpectrum, Search, SignalModel
from analysis.source import Source
from analysis.stages.data_set import EVENTS, selection_name
from analysis.stages.fit import RESULTS, SELECTED
from errors import MaplessError
from fits.background_choice.smooth import Smooth
from models.made import Made
from models.window import Window
from selections.dijet import jet_energy_scale
from selections.events import StoredEvents
from selections.multijet import multijet, multijet_control_region

EDGES = tuple(np.geomspace(1600, 5000, 60).tolist())
FOREST = Made(
    "isolation-forest",
    {"features": ("jet1_softdrop_mass", "jet2_softdrop_mass"), "n_trees": 20},
)
SETTINGS = searches.load("multijet-forest", None, ("global_significance.toys=10",))
SAMPLES = SETTINGS.table(("x_to_yy_3000_multijet", "signals"))


def _spectrum(name: str = "mjj", **changes: object) -> MassSpectrum:
    common = {"region": "signal", "edges": EDGES, "background": Smooth(), "masses": (2500.0, 3000.0)}
    return MassSpectrum(name, "mjj", **common | {"signal": SignalModel(width=0.04)} | changes)  # type: ignore[arg-type]


def _search(*hunts: Hunt, spectra: tuple[MassSpectrum, ...] = (_spectrum(),)) -> Search:
    shifts = (jet_energy_scale(0.05),)
    regions = {
        "signal": multijet(variations=shifts),
        "control": multijet_control_region(variations=shifts),
    }
    return Search("a-search", "", "", "qcd_multijet", SAMPLES, regions, spectra, hunts, SETTINGS.injected())


def _hunt(name: str, cut: Made, **changes: object) -> Hunt:
    common = {
        "training": {"background": Source("control")},
        "spectra": ("mjj",),
        "learn_on": Source("signal"),
    }
    return Hunt(name, FOREST, cut=cut, **common | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all runs: they share their selected events."""
    return tmp_path_factory.mktemp("contracts")


def _run(search: Search, output: Path, *more: str) -> dict[str, Path]:
    """Folders of all fits of a search, and of the global significance."""
    plan = Plan(search, SETTINGS, max_events=15000)
    run_stages(in_order([plan.global_significance]), output, Tools(threads=1))
    folders = {name: stage.folder(output) for name, stage in plan.fits.items()}
    return folders | {"global": plan.global_significance.folder(output)}


def _parts(folder: Path) -> list[dict]:
    return json.loads((folder / RESULTS).read_text())["parts"]


def test_a_cut_that_is_chosen_for_every_mass_hypothesis_is_fitted_at_each(output: Path) -> None:
    cut = Made("moving-sidebands", {"efficiencies": {"kept": 0.2}})
    parts = _parts(_run(_search(_hunt("moving", cut)), output)["mjj-moving"])
    assert [part["name"] for part in parts] == ["kept@2500", "kept@3000"]
    assert [[point["mass"] for point in part["search"]["scan"]["points"]] for part in parts] == [
        [2500],
        [3000],
    ]
    assert parts[0]["counts"] != parts[1]["counts"]


def test_two_detectors_are_searched_with_one_global_significance(output: Path) -> None:
    loose, tight = (
        _hunt(name, Made("score-above", {"thresholds": {"kept": value}}))
        for name, value in (("loose", 0.45), ("tight", 0.5))
    )
    folders = _run(_search(loose, tight), output)
    with np.load(folders["mjj-loose"] / SELECTED) as one, np.load(folders["mjj-tight"] / SELECTED) as other:
        kept = [set(keys["kept/kept"].tolist()) for keys in (one, other)]
    assert kept[1] < kept[0]
    content = json.loads((folders["global"] / "global.json").read_text())
    assert content["global"]["status"] == "good"
    assert {point["mass"] for point in content["smallest"]} == {2500.0, 3000.0}


def test_nested_categories_are_searched_one_by_one_exclusive_ones_together_or_as_one(output: Path) -> None:
    cut = Made("quantile-regression", {"efficiencies": (0.1, 0.3), "folds": 2, "bins": 4, "order": 1})
    ways = {"separately": 2, "together": 1, "merged": 1}
    found = {}
    for way, n_parts in ways.items():
        hunt = _hunt(way, cut, search=way, limits=way)
        spectrum = _spectrum(signal=SignalModel(("x_to_yy_3000_multijet",)))
        found[way] = _parts(_run(_search(hunt, spectra=(spectrum,)), output)[f"mjj-{way}"])
        assert len(found[way]) == n_parts
    apart = [list(part["search"]["spectra"].values())[0]["n_events"] for part in found["separately"]]
    together = found["together"][0]["search"]["spectra"]
    assert [spectrum["n_events"] for spectrum in together.values()] == apart
    assert sum(spectrum["share"] for spectrum in together.values()) == pytest.approx(1)
    assert list(found["merged"][0]["search"]["spectra"].values())[0]["n_events"] == sum(apart)


def test_categories_may_be_merged_for_the_search_and_fitted_together_for_limits(output: Path) -> None:
    cut = Made("quantile-regression", {"efficiencies": (0.1, 0.3), "folds": 2, "bins": 4, "order": 1})
    hunt = _hunt("both", cut, search="merged", limits="together")
    spectrum = _spectrum(signal=SignalModel(("x_to_yy_3000_multijet",)))
    parts = _parts(_run(_search(hunt, spectra=(spectrum,)), output)["mjj-both"])
    assert [part["purposes"] for part in parts] == [["search"], ["limits"]]
    assert [len(part["search"]["spectra"]) for part in parts] == [1, 2]


def test_a_second_mass_makes_a_grid_of_windows(output: Path) -> None:
    windows = [Window(f"{i}", "jet1_softdrop_mass", low, low + 100) for i, low in enumerate((50.0, 150.0))]
    spectra = tuple(
        _spectrum(
            f"mjj_{window.name}", within=window, masses=(2500.0,), edges=tuple(np.geomspace(1600, 4000, 20))
        )
        for window in windows
    )
    folders = _run(_search(spectra=spectra), output)
    keys = []
    for spectrum in spectra:
        with np.load(folders[spectrum.name] / SELECTED) as stored:
            keys.append(set(stored["all events/all events"].tolist()))
    assert all(keys)
    assert not keys[0] & keys[1]


def test_shifts_and_regions_of_a_sample_come_out_of_one_event_loop(output: Path) -> None:
    plan = Plan(_search(), SETTINGS, max_events=5000)
    sources = [
        Source(region, "x_to_yy_3000_multijet", shift)
        for region in ("signal", "control")
        for shift in ("nominal", "jet_energy_scale:up", "jet_energy_scale:down")
    ]
    stages = plan.selected(plan.data_set(source) for source in sources)
    assert len({stage.batch for stage in stages.values()}) == 1
    run_stages(list(stages.values()), output, Tools(threads=1))
    folder = {
        source: stages[selection_name(source.sample, source.region, source.shift)] for source in sources
    }
    nominal, up, down = (StoredEvents(folder[source].folder(output) / EVENTS) for source in sources[:3])
    masses = [
        dict(zip(one["event"].tolist(), one["mjj"].tolist(), strict=True)) for one in (nominal, up, down)
    ]
    common = set(masses[0]) & set(masses[1]) & set(masses[2])
    assert len(common) > 1000
    for event in list(common)[:50]:
        assert masses[1][event] / masses[0][event] == pytest.approx(1.05, rel=1e-3)
        assert masses[2][event] / masses[0][event] == pytest.approx(0.95, rel=1e-3)


def test_unequal_weights_are_refused_with_the_way_out(output: Path, tmp_path: Path) -> None:
    import uproot

    source = SAMPLES["qcd_multijet"].parts[0].files[0]
    from selections.snapshot import write
    from selections.sources import open_events

    opened = open_events(source, max_events=3000)
    frame = opened.frame.Redefine("weight", "event % 2 ? 1.f : 2.f")
    file = write(frame, tmp_path / "weighted.root", list(uproot.open(source)["Events"].keys()))
    samples = SAMPLES | {"qcd_multijet": replace(SAMPLES["qcd_multijet"], parts=(SamplePart((file,)),))}
    search = replace(_search(), samples=samples, injections=())
    with pytest.raises(MaplessError, match="unequally weighted events"):
        _run(search, tmp_path)


def test_nested_categories_cannot_be_fitted_together(output: Path) -> None:
    cut = Made("score-above", {"thresholds": {"loose": 0.45, "tight": 0.5}})
    with pytest.raises(MaplessError, match="share events"):
        _run(_search(_hunt("nested", cut, search="together")), output)


def test_one_failed_fit_does_not_end_the_others_and_says_why(output: Path) -> None:
    hopeless = Smooth(choice="in-turn", threshold=0.999999)
    spectra = (_spectrum(), replace(_spectrum("hopeless", background=hopeless)))
    folders = _run(_search(spectra=spectra), output)
    (part,) = _parts(folders["hopeless"])
    assert "no background fits" in part["search"]["error"]
    assert all(point["local_p_value"] is None for point in part["search"]["scan"]["points"])
    assert _parts(folders["mjj"])[0]["search"]["scan"]["points"][0]["local_p_value"] is not None
    everywhere = json.loads((folders["global"] / "global.json").read_text())["global"]
    assert "hopeless" in everywhere["status"]
    assert everywhere["p_value"] is None


def test_what_is_closed_in_one_spectrum_is_closed_in_all_of_that_mass(output: Path) -> None:
    spectra = tuple(
        _spectrum(f"mjj_{i}", within=Window(f"{i}", "jet1_softdrop_mass", low, low + 100), blind=closed)
        for i, (low, closed) in enumerate(((50.0, ((2000.0, 2500.0),)), (150.0, ((2500.0, 3000.0),))))
    )
    plan = Plan(_search(spectra=spectra), SETTINGS, max_events=15000)
    run_stages(in_order(list(plan.open_spectra.values())), output, Tools(threads=1))
    for stage in plan.open_spectra.values():
        stored = json.loads((stage.folder(output) / "open_spectrum.json").read_text())
        centres = np.convolve(stored["edges"], [0.5, 0.5], "valid")
        counts = np.array(stored["counts"])
        assert counts[(centres > 2000) & (centres < 3000)].sum() == 0
        assert counts.sum() > 0
