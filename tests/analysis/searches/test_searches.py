import re
from pathlib import Path

import pytest

from analysis import searches
from analysis.kept_columns import kept_columns
from analysis.plan import Plan
from analysis.source import Source
from errors import MaplessError
from models.registry import make_detector


@pytest.mark.parametrize("name", searches.of_resonances())
def test_every_search_that_comes_with_the_suite_can_be_declared(name: str) -> None:
    search = searches.declare(searches.load(name, None))
    assert search.name == name
    assert search.spectra
    parts = [part for sample in search.samples.values() for part in sample.parts]
    assert all(file.is_file() for part in parts for file in part.files)


def test_the_key_in_the_file_picks_the_search(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text((searches.CONFIGURATIONS / "atlas_dijet.yaml").read_text())
    assert searches.load(None, file).search == "atlas-dijet"
    with pytest.raises(MaplessError, match="is of the search atlas-dijet, not cms-dijet"):
        searches.load("cms-dijet", file)


def test_masses_of_a_window_are_those_of_the_paper_whichever_others_run() -> None:
    def masses(*overrides: str) -> dict[str, tuple[float, ...]]:
        settings = searches.load(
            "cms-dijet", None, ("selection.mjj_min=1460", "spectrum.low=1500", *overrides)
        )
        return dict(searches.declare(settings).hunts[0].masses)

    everything = "masses={low: 1800, high: 6000}"
    alone = masses(everything)
    together = masses(everything, "windows=[A3, B3, A4, A5]")
    assert alone["B3"] == together["B3"] == (2900, 3000, 3100)
    assert together["A3"] == (2600, 2700, 2800)
    assert not any(4000 in one for one in together.values())


def test_quak_learns_from_the_data_and_from_every_sample_of_the_priors_in_no_window() -> None:
    detector, priors = "detectors={quak: {detector: quak}}", "priors={400-400: [x_to_yy_3000]}"
    search = searches.declare(searches.load("cms-dijet", None, (detector, priors, "priors_mjj_min=1500")))
    (hunt,) = search.hunts
    assert hunt.training == {"events": Source("signal"), "x_to_yy_3000": Source("prior", "x_to_yy_3000")}
    assert not hunt.windows
    kept = kept_columns(search)
    assert "jet2_sqrt_tau21_over_tau1" in kept["prior"]
    assert {*kept["prior"]} < {*kept["signal"]}
    with pytest.raises(MaplessError, match="QUAK needs priors"):
        searches.declare(searches.load("cms-dijet", None, (detector,)))


def test_the_windows_are_those_of_the_paper() -> None:
    overrides = (
        "windows=[A1, B3, B6]",
        "masses={low: 1800, high: 6000}",
        "spectrum.low=1500",
        "selection.mjj_min=1460",
    )
    settings = searches.load("cms-dijet", None, overrides)
    a1, b3, b6 = searches.declare(settings).hunts[0].windows
    assert (a1.low_sideband, a1.low, a1.high) == ((1450, 1650), 1650, 2017)
    assert (b3.low, b3.high, b3.high_sideband) == (2725, 3331, (3331, 4071))
    assert b6.high_sideband == (6081, 8000)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("detectors.cwola.fold=3", ["detectors.cwola.fold", "did you mean 'folds'"]),
        ("mases.low=2000", ["mases", "did you mean 'masses'"]),
        ("selection.mjj_min=3 TEV", ["selection.mjj_min", "'TEV' is not a unit", "GeV"]),
        ("selection.mjj_min=heavy", ["selection.mjj_min", "not an energy"]),
        ("spectrum.low=9 TeV", ["spectrum", "impossible range"]),
        ("masses.high=1 TeV", ["masses", "no masses rise"]),
        (
            "injections.x_to_yy_3000.n_events=-1",
            ["injections.x_to_yy_3000.n_events", "greater than or equal"],
        ),
        ("injections.x_to_yy_3000.cross_section=2", ["injections.x_to_yy_3000", "either n_events or cross"]),
        ("data=qcd_dijets", ["data", "no sample is called 'qcd_dijets'"]),
        ("samples.mine={role: data, files: [nowhere/*.root]}", []),
        ("seed", ["key=value"]),
        ("search.name=1", ["search holds a value"]),
        ("windows=[Z9]", ["windows", "no window is called 'Z9'", "own_windows"]),
        ("own_windows={mine: {low: 3 TeV, high: 2 TeV}}", ["own_windows.mine", "impossible range"]),
        ("spectrum.low=2 TeV", ["spectrum.low", "begins at 2000 GeV", "selection.mjj_min", "2232"]),
        ("windows=[A6]", ["tests no mass", "A6 (mjj from 4500 to 5500)", "widen masses"]),
        ("background.family=dijets", ["dijets", "dijet"]),
    ],
)
def test_a_mistake_is_named_with_its_path_and_the_way_out(override: str, words: list[str]) -> None:
    if not words:  # a sample that nobody names is not looked at
        searches.declare(searches.load("cms-dijet", None, (override,)))
        return
    with pytest.raises(MaplessError) as raised:
        searches.declare(searches.load("cms-dijet", None, (override,)))
    message = str(raised.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_a_search_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    for name, overrides in (("cms-dijets", ()), (None, ("search=cms-dijets",))):
        with pytest.raises(MaplessError, match="no search is called 'cms-dijets'; known: .*cms-dijet"):
            searches.load(name, None, overrides)


def test_own_samples_lie_beside_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text((searches.CONFIGURATIONS / "cms_dijet.yaml").read_text())
    (tmp_path / "data_1.root").touch()
    own = ("samples.mine={role: data, files: ['data_*.root'], luminosity: 10}", "data=mine")
    search = searches.declare(searches.load(None, file, own))
    assert search.samples["mine"].parts[0].files == (tmp_path / "data_1.root",)


def test_unreadable_and_broken_files_are_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match=r"absent\.yaml"):
        searches.load(None, tmp_path / "absent.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("search: [cms\ndata: }")
    with pytest.raises(MaplessError, match="not valid YAML") as raised:
        searches.load(None, broken)
    assert "\n" not in str(raised.value)


def test_a_search_that_names_what_there_is_not_is_refused() -> None:
    settings = searches.load("cms-dijet", None)
    search = searches.declare(settings)
    from dataclasses import replace

    with pytest.raises(MaplessError, match="no region is called 'nowhere'"):
        replace(search, spectra=(replace(search.spectra[0], region="nowhere"),))
    with pytest.raises(MaplessError, match="two hunts are called cwola"):
        replace(search, hunts=search.hunts * 2)


def test_a_file_without_a_search_is_laid_over_that_of_the_named_one(tmp_path):
    path = tmp_path / "samples.yaml"
    path.write_text(
        "samples: {mine: {role: background, files: [mine.root], luminosity: 2}}\nmasses: {low: 3 TeV}\n"
    )
    with pytest.raises(MaplessError, match="masses.high is missing"):  # whole keys are replaced
        searches.load("cms-dijet", path)
    settings = searches.load("cms-dijet", path, ("data=mine", "masses.high=4000", "masses.step=500"))
    assert settings.data == "mine"
    assert settings.samples["mine"].files == (str(tmp_path / "mine.root"),)
    assert settings.masses.values == (3000, 3500, 4000)
    assert settings.windows == searches.load("cms-dijet", None).windows
    with pytest.raises(MaplessError, match="search is missing; name one of .*, here or as SEARCH"):
        searches.load(None, path)


def test_a_detector_gets_the_roles_that_it_asks_for_and_windows_if_it_takes_them() -> None:
    side_by_side = "detectors.vae={detector: vae-qr}"
    cwola, vae = searches.declare(searches.load("cms-dijet", None, (side_by_side,))).hunts
    assert cwola.training == {"events": Source("signal")}
    assert [window.name for window in cwola.windows] == ["B3"]
    assert vae.training == {"events": Source("signal"), "background": Source("control")}
    assert (vae.windows, vae.cut.name) == ((), "quantile-regression")
    assert (vae.search, vae.limits) == ("merged", "together")
    elsewhere = searches.load("cms-dijet", None, (side_by_side, "control.sample=qcd_multijet"))
    assert searches.declare(elsewhere).hunts[1].training["background"] == Source("control", "qcd_multijet")
    with pytest.raises(MaplessError, match=r"control\.sample: no sample is called 'qcd_side'"):
        searches.declare(searches.load("cms-dijet", None, (side_by_side, "control.sample=qcd_side")))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("control.sample=x_to_yy_3000",), "control.sample: x_to_yy_3000 is a signal"),
        (("priors={a: [qcd_dijet]}",), "priors.a: qcd_dijet is background, not a signal"),
        (("injections.qcd_dijet.n_events=5",), "injections: qcd_dijet is background, not a signal"),
        (
            ("control={sample: qcd_dijet, delta_eta_min: 0.5}", "detectors.vae={detector: vae-qr}"),
            "control.delta_eta_min: jets 0.5 apart are in the signal region",
        ),
        (("masses.high=9 TeV",), "the mass 6100 GeV is outside of the spectrum mjj, 2232 to 6100 GeV"),
        (
            ("own_windows={W: {low: 2725, high: 3331, masses: [3300, 3000]}}", "windows=[W]"),
            "masses of mjj must rise, each once",
        ),
    ],
)
def test_samples_and_masses_that_no_search_can_mean_are_refused(
    overrides: tuple[str, ...], message: str
) -> None:
    with pytest.raises(MaplessError, match=re.escape(message)):
        searches.declare(searches.load("cms-dijet", None, overrides))


def test_a_sample_of_a_prior_is_not_called_as_a_role(tmp_path: Path) -> None:
    (tmp_path / "x.root").touch()
    sample = f"samples={{events: {{role: signal, mass: 3000, files: ['{tmp_path / 'x.root'}']}}}}"
    with pytest.raises(MaplessError, match=r"priors\.a: events is the name of a role"):
        searches.declare(searches.load("cms-dijet", None, (sample, "priors={a: [events]}")))


def test_a_cut_on_a_score_that_the_detector_does_not_give_is_refused() -> None:
    settings = searches.load("cms-dijet", None, ("detectors.cwola.cut_options={score: nothing}",))
    with pytest.raises(MaplessError, match="cuts on the score 'nothing', but cwola-hunting-trees gives"):
        _ = Plan(searches.declare(settings), settings).chains


def test_a_score_is_not_called_as_a_column_that_names_events() -> None:
    trees = "{detector: cwola-hunting-trees}"
    hunt = f"detectors.cwola={{detector: combination, options: {{how: each, detectors: {{event: {trees}}}}}}}"
    settings = searches.load("cms-dijet", None, (hunt, "detectors.cwola.cut_options={score: event}"))
    with pytest.raises(MaplessError, match="hunt cwola: a score cannot be called event"):
        _ = Plan(searches.declare(settings), settings).chains


@pytest.mark.parametrize(
    ("options", "inputs"),
    [
        ("", {"both_jets": 14, "event": 4}),
        ("options: {view: jets}", {"jet1": 7, "jet2": 7}),
        ("options: {inputs: {mine: [jet1_tau21]}, match: {}}", {"mine": 1}),
    ],
)
def test_trees_see_both_jets_and_the_event_unless_they_are_told_otherwise(
    options: str, inputs: dict[str, int]
) -> None:
    override = f"detectors={{trees: {{detector: cwola-hunting-trees, {options}}}}}"
    (hunt,) = searches.declare(searches.load("cms-dijet", None, (override,))).hunts
    detector = make_detector(hunt.detector, window=hunt.windows[0])
    assert {name: len(columns) for name, columns in detector.inputs.items()} == inputs


def test_quak_learns_from_a_control_sample_where_one_is_named() -> None:
    quak = ("detectors={quak: {detector: quak}}", "priors={400-400: [x_to_yy_3000]}")
    for control, role in (((), "events"), (("control.sample=qcd_multijet",), "background")):
        (hunt,) = searches.declare(searches.load("cms-dijet", None, (*quak, *control))).hunts
        assert set(hunt.training) == {role, "x_to_yy_3000"}


def test_a_set_of_detectors_has_a_name() -> None:
    priors = "priors={400-400: [x_to_yy_3000]}"
    everything = searches.declare(searches.load("cms-dijet", None, ("detectors=all", priors))).hunts
    assert [hunt.name for hunt in everything] == ["vae", "cwola", "tnt", "cathode", "quak"]
    with pytest.raises(MaplessError, match="no set of detectors is called 'five'; known: all"):
        searches.load("cms-dijet", None, ("detectors=five",))


def test_a_control_region_within_the_signal_region_is_refused_where_a_detector_learns_from_it() -> None:
    wide = "selection.delta_eta_max=1.5"
    searches.declare(searches.load("cms-dijet", None, (wide,)))
    with pytest.raises(MaplessError, match="jets 1.4 apart are in the signal region"):
        searches.declare(searches.load("cms-dijet", None, (wide, "detectors.vae={detector: vae-qr}")))


def test_constituents_and_the_control_region_are_there_for_a_detector_that_sees_them() -> None:
    alone = searches.declare(searches.load("cms-dijet", None))
    assert set(alone.regions) == {"signal"}
    assert not any("constituent_" in name for name in kept_columns(alone)["signal"])
    search = searches.declare(searches.load("cms-dijet", None, ("detectors={vae: {detector: vae-qr}}",)))
    kept = kept_columns(search)
    for region in ("signal", "control"):
        assert {"jet1_constituent_pt", "jet2_constituent_phi", "jet1_pt"} <= set(kept[region])
    titles = [cut.title for cut in search.regions["control"].cuts]
    assert titles[-1] == "1.4 < |delta eta| < 2.5"


def test_images_are_kept_only_where_a_detector_reads_them() -> None:
    kept, required = {}, {}
    for detector in ("tag-n-train", "cwola-hunting-trees"):
        override = f"detectors={{one: {{detector: {detector}}}}}"
        search = searches.declare(searches.load("cms-dijet", None, (override,)))
        kept[detector] = set(kept_columns(search)["signal"])
        required[detector] = search.regions["signal"].needed_for(tuple(kept[detector])).required_columns()
    images = {"jet1_image", "jet2_image"}
    assert images <= kept["tag-n-train"]
    assert "constituent_pt" in required["tag-n-train"]
    assert not images & kept["cwola-hunting-trees"]
    assert "constituent_pt" not in required["cwola-hunting-trees"]


def test_tag_n_train_takes_the_quantiles_of_the_paper() -> None:
    overrides = ("detectors={one: {detector: tag-n-train}}", "windows=[A4, A5, B4, B5]")
    (hunt,) = searches.declare(searches.load("cms-dijet", None, (*overrides, "masses.high=5000"))).hunts
    quantiles = {"A4": 0.8, "A5": 0.65, "B4": 0.65, "B5": 0.5}
    assert quantiles.items() <= hunt.detector.offered["signal_rich"].items()
