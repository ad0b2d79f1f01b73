"""Configurations and options: YAML that is broken or hostile, and settings that nothing can mean."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from tests.robustness.case import Case, Random, Right
from tests.robustness.damage import WHOLE, truncated
from tests.robustness.warm import REPOSITORY

CONFIGURATION = REPOSITORY / "analysis" / "configs" / "cms_dijet.yaml"
TEXT = CONFIGURATION.read_text()
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
PLAN = ["run", "--dry-run", "--output", "out"]
SPECTRUM = str(REPOSITORY / "analysis" / "samples" / "cms_dijet_137fb.csv")

HOSTILE: dict[str, bytes] = {
    **{
        name: f"{TEXT}\n{more}".encode()
        for name, more in {
            "key twice": "data: qcd_dijet",
            "key of a number": "3: 4",
            "key of nothing": "~: 4",
            "key of a list": "? [1, 2]\n: 3",
            "tab": "\tlimits: {}",
            "open bracket": "limits: {signals: [a",
            "open quote": 'limits: "x',
            "unknown tag": "limits: !nonsense {}",
            "object": "limits: !!python/object/apply:os.system ['touch hacked']",
            "many aliases": LAUGHS,
            "alias of itself": "limits: &a {signals: *a}",
            "alias of nothing": "limits: *nothing",
            "deep list": f"limits: {'[' * 3000}{']' * 3000}",
            "deep keys": f"limits: {'{a: ' * 300}1{'}' * 300}",
            "second document": "---\nsearch: cms-dijet",
            "bell": "limits: \x07",
            "impossible date": "limits: 2021-02-31",
            "long number": f"limits: {{seed: {'9' * 5000}}}",
            "merge of a number": "limits: {<<: 3}",
        }.items()
    },
    "only a comment": b"# nothing\n",
    "only a list": b"- search: cms-dijet\n",
    "only a word": b"cms-dijet\n",
    "latin-1": TEXT.encode() + "\n# Größe\n".encode("latin-1"),
    "without search": TEXT.replace("search: cms-dijet", "").encode(),
    "search of a list": TEXT.replace("search: cms-dijet", "search: [cms-dijet]").encode(),
    "search of a path": TEXT.replace("search: cms-dijet", "search: ../cms-dijet").encode(),
    "search of dots": TEXT.replace("search: cms-dijet", "search: ...").encode(),
    "search of a module": TEXT.replace("search: cms-dijet", "search: os.path").encode(),
}
HARMLESS: dict[str, bytes] = {
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "line ends of Windows": TEXT.replace("\n", "\r\n").encode(),
    "anchors": TEXT.encode() + b"\nlimits: &a {seed: 2}\nglobal_significance: {<<: *a, toys: 10}\n",
}

SETTINGS = (
    *("seed", "=3", "masses.low", "data=", "data=[]", "data={a: 1}", "data=nothing", "data=1e400"),
    *(
        "samples=3",
        "samples={}.x=1",
        "samples={mine: 3}",
        "samples={mine: {}}",
        "samples={../x: {role: data}}",
    ),
    *(
        f"samples={{{name!r}: {{role: data, files: [x.root]}}}}"
        for name in ("../x", "a/b", "", "a b", "x" * 300)
    ),
    "samples={mine: {role: data, files: []}}",
    "samples={mine: {role: background, files: [none/*.root]}} & data=mine",
    "samples={mine: {role: background, files: [none.root]}} & data=mine",
    "samples={mine: {role: guess, files: [x.root]}}",
    "samples={mine: {role: data, files: x.root}}",
    "samples={mine: {role: data, files: [x.root], luminosity: .inf}}",
    "samples={mine: {role: data, files: [x.root], mass: -3 TeV}}",
    "samples={mine: {role: data, files: [x.root], acceptance: 2}}",
    "samples={mine: {role: data, files: [x.root], objects: {muon: {isolatoin: tight}}}}",
    "samples={mine: {role: data, files: [x.root], objects: {jets: {}}}}",
    "samples={mine: {role: data, files: [x.root], objects: {photon: {identification: 3}}}}",
    "samples={mine: {role: data, files: [x.root], branches: {event: {a: b}}}}",
    "samples={mine: {role: data, files: [x.root], factors: {jet_pt: many}}}",
    "selection.jet_mass=pruned",
    *(
        f"samples={{mine: {{{more}, role: data, files: [x.root]}}}} & data=mine"
        for more in (
            "parts: {}.x=1",
            "parts: {x: {files: [x.root]}}",
            "parts: {../x: {files: [x.root]}}",
            "parts: [x.root]",
            "cross_section: 3",
            "sum_of_weights: .nan",
            "certified: [golden.json]",
            "triggers: {1-5: 3}",
            "luminosity: -1",
            "corrections: {tracks: {file: x.json, names: [a]}}",
            "corrections: {jet: {file: x.json, names: []}}",
            "corrections: {jet: {file: x.json, names: [a], inputs: {a: 3}}}",
            "corrections: {jet: x.json}",
        )
    ),
    *(
        f"samples={{mine: {{variations: {{{more}}}, role: background, files: [x.root]}}}} & data=mine"
        for more in (
            "pdf: 3",
            "a: {}.x=1",
            "nothing: {size: 0.1}",
            "a b: {kind: pdf}",
            "jet_energy_scale: {}",
            "jet_energy_scale: {size: 2}",
            "jet_energy_scale: {size: .nan}",
            "jet_energy_scale: {size: 0.1, file: x.json}",
            "jet_energy_scale: {file: x.json, correction: a, small_jet: {correction: a}}",
            "jet_mass_scale: {file: x.json, correction: a, small_jet: {file: x.json, correction: a}}",
            "jet_mass_resolution: {file: x.json, correction: a}",
            "pdf: {members: 9-1}",
            "pdf: {members: 1-100000}",
            "pdf: {members: []}",
            "pdf: {combination: luck}",
            "initial_state_radiation: {up: -1}",
            "pileup: {file: x.json}",
            "pileup: {file: x.json, correction: a, words: [up, down]}",
        )
    ),
    "samples={mine: {role: data, files: [x.root], variations: {pdf: {}}}} & data=mine",
    "samples={mine: {role: background, files: [x.root], certified: x.json}} & data=mine",
    "samples={mine: {role: background, files: [x.root], cross_section: 3}} & data=mine",
    *(
        f"masses.{key}={value}"
        for key in ("low", "high", "step")
        for value in (".inf", ".nan", "-1", "0", "x")
    ),
    *("masses.step=1e-9", "masses.high=1e300", "masses.low=3 PeV", "masses.low=[1]", "masses.low=true"),
    *("spectrum.high=.inf", "spectrum.low=0", "spectrum.low=9 TeV", "spectrum.high=1e12", "spectrum=~"),
    *("windows=[]", "windows=[Z9]", "windows=B3", "windows=[B3, B3]", "windows=[[B3]]"),
    *("own_windows={../w: {low: 1 TeV, high: 2 TeV}}", "own_windows={w: {low: 2 TeV, high: 1 TeV}}"),
    *("detectors={}.cwola=3", "detectors={a/b: {detector: isolation-forest}}", "detectors.cwola.folds=1"),
    *("detectors.cwola.folds=.nan", "detectors.cwola.seed=-1", f"detectors.cwola.seed={10**30}"),
    *(
        "detectors.cwola.detector=nothing",
        "detectors.cwola.detector=a:b:c",
        "detectors.cwola.detector=os:path",
    ),
    *("detectors.cwola.detector=os:nothing", "detectors.cwola.detector=no.such.module:Class"),
    *("detectors.cwola.detector=quak", "priors={a: []}", "priors={a: [nowhere]}", "priors_mjj_min=-3"),
    *("detectors.cwola.options={nothing: 3}", "detectors.cwola.options={combine: sum}"),
    *("detectors.cwola.options={inputs: 3}", "detectors.cwola.options={inputs: {}}"),
    *("detectors.cwola.options={match: {jet9: x}}", "detectors.cwola.cut=nothing"),
    *("control.sample=nothing", "control.delta_eta_min=3", "control.unbalanced=7", "control=[]"),
    "detectors.vae={detector: vae-qr, options: {particles: 7}}",
    *("detectors.vae={detector: vae-qr, options: {frame: x}}", "detectors.vae={detector: vae-qr, cut: x}"),
    *("detectors.cwola.cut_options={kept: 3}", "detectors.cwola.cut_options={kept: x}"),
    *("detectors.cwola.cut_options={kept: .nan}", "detectors.cwola.cut_options=3"),
    *(
        f"detectors.cwola={{detector: tag-n-train, options: {{{option}}}}}"
        for option in (
            "autoencoders: 1",
            "filters: [32]",
            "n_images: 0",
            "signal_rich: 1.5",
            "classifier: forest",
            "classifier_options: {folds: 9}",
            "images: {jet3: x}",
        )
    ),
    *(
        f"detectors.cwola={{detector: combination, options: {{{options}}}}}"
        for options in (
            "detectors: 3",
            "detectors: {}",
            "detectors: {a: 3}",
            "detectors: {a: {detector: 3}}",
            "detectors: {a: {detector: nothing}}",
            "detectors: {a: {detector: isolation-forest, options: 3}}",
            "how: vote, detectors: {a: {detector: cathode}}",
        )
    ),
    *(
        f"detectors.cwola={{detector: {detector}, options: {{{options}}}}}"
        for detector, options in (
            ("cwola-hunting", "epochs: 0"),
            ("cwola-hunting", "hidden: [0]"),
            ("cwola-hunting", "inputs: {jet1: [mjj]}"),
            ("cwola-hunting-trees", "iterations: 0"),
            ("cathode", "flow_batch_size: -1"),
            ("cathode", "features: [mjj]"),
            ("isolation-forest", "n_trees: 0"),
            ("vae-qr", "learning_rate: 0"),
            ("variational-recurrent-network", "jets: [jet1_constituent], scored: jet2_constituent"),
            ("variational-recurrent-network", "jets: [jet1_lsf3], scored: jet1_lsf3, length: 2"),
            ("variational-recurrent-network", "jets: 3, scored: x"),
            ("image-autoencoder", "rates: [5, 2]"),
            ("image-autoencoder", "rates: [2]"),
            ("image-autoencoder", "images: [jet1_image]"),
        )
    ),
    *(
        f"detectors.cwola={{detector: quak, {more}}} & priors={{a: [x_to_yy_3000]}}"
        for more in (
            "options: {epochs: 0}",
            "options: {power: -1}",
            "options: {background: nothing}",
            "cut: quak-bins, cut_options: {axes: [x, y]}",
            "cut: moving-sidebands, cut_options: {score: nothing}",
            "cut: moving-sidebands, cut_options: {efficiencies: {a/b: 0.1}}",
        )
    ),
    *("priors={a: [qcd_dijet]}", "injections.qcd_dijet.n_events=5"),
    "control={sample: x_to_yy_3000} & detectors.vae={detector: vae-qr}",
    "control={sample: qcd_dijet, delta_eta_min: 0.5} & detectors.vae={detector: vae-qr}",
    *(
        f"own_windows={{w: {{low: 2725, high: 3331, masses: {masses}}}}} & windows=[w]"
        for masses in ("[9000]", "[-3]", "[3000, 3000]", "[3300, 3000]", "[]")
    ),
    *("injections={nothing: {n_events: 3}}", "injections.x_to_yy_3000.n_events=-1"),
    *("injections.x_to_yy_3000.cross_section=.inf", "injections.x_to_yy_3000.cross_section=3"),
    *("injections.x_to_yy_3000.shift=jet_energy_scale:up", "injections.x_to_yy_3000.shift=[up]"),
    *(
        "background.family=nothing",
        "background.family=",
        "background.parameters=[]",
        "background.parameters=[0]",
    ),
    *("background.parameters=[99]", "background.threshold=2", "background.choice=luck"),
    *("background.collision_energy=.nan", "background.collision_energy=-13 TeV"),
    *(
        f"signal_shape={shape}"
        for shape in (
            "3",
            "{}",
            "{shape: triangle}",
            "{shape: gaussian, width: 3}",
            "{shape: gaussian, width: wide}",
            "{shape: template, edges: [1, 2], counts: [], mass: 1.5}",
            "{shape: template, edges: [2, 1], counts: [1], mass: 1.5}",
            "{shape: template, edges: [1, 2], counts: [-1], mass: 1.5}",
            "{shape: template, edges: [1, 2], counts: [0], mass: 1.5}",
            "{shape: template, edges: [1, 2], counts: [.nan], mass: 1.5}",
            "{shape: template, edges: [1, 2], counts: [1], mass: 3}",
            "{shape: template, edges: [1, 2], counts: [x], mass: 1.5}",
        )
    ),
    *("signals=[nothing]", "signals=[qcd_dijet]", "signals=3"),
    *("fit.checks=[luck]", "fit.exports=[excel]", "fit.toys=-1", "fit.uncertainties={scale: 2}"),
    *("fit.expected_signal=0", "fit.uncertainties={scale: .nan}", "limits.signals=[nothing]"),
    *("limits.signals=[qcd_dijet]", "limits.largest_grid=1", "limits.trainings=0"),
    *("limits={signals: [x_to_yy_3000], rule: luck}", "limits.seed=-1"),
    *(
        f"selection.{key}"
        for key in (
            "cuts=3",
            "cuts=[jet1_pt > 3]",
            "cuts={a: 3}",
            "cuts={a: ''}",
            "cuts={'': jet1_pt > 3}",
            "cuts={a: nothing > 3}",
            "cuts={a: jet1_pt >}",
            "cuts={a: '}'}",
            "cuts={a: jet_pt}",
            "cuts={trigger: jet1_pt > 3}",
            "columns={../a: '1.'}",
            "columns={mjj: '1.'}",
            "columns={jet_pt: '1.'}",
            "columns={a: a + 1}",
            "columns={a: b, b: a}",
        )
    ),
    *("closure.seeds=0", "closure.control=true", "closure={background: qcd_dijet, control: 3}"),
    *("closure.n_signal_events=x", "selection.mjj_min=-1", "selection.jet_features=[nothing]"),
    *(
        "selection.jet_eta_max=.nan",
        "selection.jet_pt_min=.inf",
        "selection={}.a=3",
        "global_significance.toys=1.5",
    ),
)

SCANS = ("1:inf:1", "1:2:1e-9", "nan", "0", "-1", "3000:2000:100", "a:b:c", "1:2", "", "1:2:3:4")
FIT_OPTIONS = (
    ["--label", "$\\frac{1}$"],
    ["--label", "$\\nothing$"],
    ["--width", "nan"],
    ["--width", "-1"],
    ["--width", "1e9"],
    ["--range", "1:inf"],
    ["--range", "5000:1000"],
    ["--range", "1:2"],
    ["--luminosity", "nan"],
    ["--collision-energy", "inf"],
    ["--collision-energy", "10"],
    ["--expected-signal", "-3"],
    ["--parameters", "99"],
    ["--background", "x/../y"],
    ["--shares", "1,1"],
    ["--shares", "nan"],
    ["--uncertainties", "scale=nan"],
    ["--uncertainties", "x"],
    ["--uncertainties", "=0.1"],
    ["--check", ""],
    ["--export", "../x"],
    ["--toys", str(10**12)],
    ["--seed", str(10**30)],
    ["--workers", "0"],
    ["--column", "nothing"],
    ["--signal", "none.json"],
    ["--signal", "."],
    ["--output", SPECTRUM],
    ["--output", f"{SPECTRUM}/deeper"],
    ["--output", "/proc/nothing"],
    ["--output", "x" * 300],
    ["--nothing"],
)
CLASSES = (
    *(
        "backgrounds={}",
        "backgrounds=3",
        "backgrounds={qcd_dijet: {group: QCD}}",
        "backgrounds={none: {group: a}}",
    ),
    *("backgrounds={classes_wz: {}}", "backgrounds={classes_wz: {group: a, error: -1}}"),
    *("luminosity=-1", "luminosity=0", "luminosity=.inf", "data=nothing", "data=qcd_dijet"),
    *(
        "mock_data={planted: {none: 3}}",
        "mock_data={planted: {classes_wz: -3}}",
        "mock_data={samples: [none]}",
    ),
    *(
        "bins={low: 5, high: 1}",
        "bin_width=0",
        "bin_width=2",
        "classes={kinds: [all]}",
        "classes={quantities: []}",
    ),
    *("scan={n_rounds: 0}", "scan={statistic: luck}", "scan={vetoes: {neighbours: -1}}", "objects={muon: 3}"),
    *("variations={nonsense: {size: 0.1}}", "variations={jet_energy_scale: {size: 2}}"),
)
"""What event-classes cannot mean."""

OPTIONS: tuple[list[str], ...] = (
    *(["run", "event-classes", *PLAN[1:], "--set", text] for text in CLASSES),
    ["limits", "event-classes"],
    ["explain", "event-classes", "--output", "out"],
    *(["fit", SPECTRUM, "--scan", text] for text in SCANS),
    ["fit", SPECTRUM, "--width", "0.6"],
    ["fit", SPECTRUM, "--range", "2000:2100"],
    ["plot", "nowhere"],
    ["plot", ".", "--style", "none.mplstyle"],
    ["diff", "nowhere", "."],
    *(["fit", SPECTRUM, "--scan", "3000", *more] for more in FIT_OPTIONS),
    ["fit"],
    ["fit", "--scan", "3000"],
    ["fit", "", "--scan", "3000"],
    ["fit", "a=b=c", "--scan", "3000"],
    ["fit", SPECTRUM, SPECTRUM, "--scan", "3000"],
    ["run", "../cms-dijet"],
    ["run", ""],
    ["run", "cms-dijet", "--config", "."],
    ["run", "--config", "/dev/null"],
    ["run", "--output", "/proc/nothing"],
    ["run", "--max-events", "0"],
    ["run", "--threads", "-2"],
    ["show", "nothing"],
    ["show", "os.path"],
    ["simulate", "nothing", "-n", "3", "--output", "x.root"],
    ["simulate", "qcd", "-n", "3", "--output", "."],
    ["simulate", "qcd", "-n", "3", "--output", "x.root", "--quality", "best"],
    ["simulate", "qcd", "-n", "3", "--output", "x.root", "--quality", "tiny", "--set", "nothing=3"],
    ["simulate", "qcd", "-n", "3", "--output", "x.root", "--quality", "tiny", "--set", "mjj_min=[1"],
    ["simulate", "qcd", "-n", "3", "--output", "x.root", "--quality", "tiny", "--set", "mjj_min=heavy"],
    ["simulate", "qcd", "-n", "3", "--output", "x.root", "--quality", "tiny", "--set", "mjj_min=.nan"],
    ["trigger", "run", "--set", "model=nothing", "--output", "out"],
    ["trigger", "run", "--set", "rates.targets=[-1]", "--output", "out"],
    ["trigger", "run", "--set", "rates.targets=[.inf]", "--output", "out"],
    ["trigger", "run", "--set", "sample.files={../x: y}", "--output", "out"],
    ["trigger", "run", "--set", "sample.files={level1_zero_bias: none.root}", "--output", "out"],
    ["trigger", "run", "--set", "sample.seed=0", "--output", "out"],
    ["trigger", "run", "--set", "training.fraction=1", "--output", "out"],
    ["trigger", "run", "--output", "/proc/nothing"],
    ["trigger", "study", "--bits", "many", "--output", "out"],
    ["trigger", "study", "--bits", "0", "--output", "out"],
    ["trigger", "study", "--sparsity", "2", "--output", "out"],
    ["trigger", "study", "--rate", "-1", "--output", "out"],
    ["trigger", "study", "--seeds", "-1", "--output", "out"],
)


def cases() -> list[Case]:
    """All of them."""
    damages = {**WHOLE, "half": truncated(0.5), "nearly all": truncated(0.97)}
    del damages["shifted"]  # an empty line is harmless
    written = {name: partial(_damaged, damage) for name, damage in damages.items()}
    return [
        *_files(((f"yaml, {name}", make) for name, make in written.items()), None),
        *_files(((f"yaml, {name}", partial(_written, text)) for name, text in HOSTILE.items()), None),
        *_files(((f"yaml, {name}", partial(_written, text)) for name, text in HARMLESS.items()), _planned),
        *(Case(f"setting, {text[:130]}", partial(_set, text)) for text in SETTINGS),
        *(Case(f"option, {' '.join(words)[-90:]}", partial(_words, words)) for words in OPTIONS),
    ]


def _files(makes: Iterable[tuple[str, Callable[..., list[str]]]], right: Right | None) -> list[Case]:
    return [Case(name, make, right) for name, make in makes]


def _planned(folder: Path) -> None:
    """A plan writes nothing."""
    assert [file.name for file in folder.iterdir()] == ["search.yaml"]


def _written(text: bytes, folder: Path, random: Random) -> list[str]:
    (folder / "search.yaml").write_bytes(text)
    return [*PLAN, "--config", "search.yaml"]


def _damaged(damage: Any, folder: Path, random: Random) -> list[str]:
    return _written(damage(TEXT.encode(), random), folder, random)


def _set(text: str, folder: Path, random: Random) -> list[str]:
    return [*PLAN, "cms-dijet", *(word for one in text.split(" & ") for word in ("--set", one))]


def _words(words: list[str], folder: Path, random: Random) -> list[str]:
    return words
