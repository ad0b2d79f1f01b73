"""CMS search for dijet resonances with anomalous jets, EXO-22-026 (arXiv:2412.03747)."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.sample import Sample
from analysis.search import Combination, Hunt, MassSpectrum, Search, SignalModel
from analysis.search_settings import DetectorSettings, require_selected
from analysis.searches.cms_dijet_settings import Settings
from analysis.searches.cms_dijet_signals import tested_signals
from analysis.searches.cms_dijet_windows import KEPT_OF_WINDOW, MASSES, SIGNAL_RICH_OF_WINDOW, WINDOWS
from analysis.searches.dijet_prongs import PRONGS
from analysis.source import Source
from errors import MaplessError
from fits.spectrum import four_gev_edges
from models.made import Made, arguments
from models.registry import CUTS, DETECTORS, make_detector
from models.window import Window
from selections.dijet import JET_MASSES, dijet, dijet_columns, dijet_control_region
from selections.graph import Selection
from selections.jets import JetImage

JET_FEATURES = ("tau21", "tau32", "tau43", "lsf3", "b_tag", "n_constituents")
"""What the networks of CWoLa Hunting see of each jet beside its mass."""
EVENT_FEATURES = ("mass_difference", "jet1_tau41", "jet2_tau41")
"""What CATHODE sees of an event beside the mass of the heavier jet."""
SHAPES = ("tau21", "tau32", "tau43", "sqrt_tau21_over_tau1", "b_tag", "n_constituents")
"""What QUAK sees of each jet beside its mass."""

JETS = {1: "heavier", 2: "lighter"}
MASS_NAMES = {"soft_drop": "Soft-drop mass", "trimmed": "Trimmed mass", "plain": "Mass"}
USUAL_CUTS = {
    "image-autoencoder": Made("quantile-regression", {"efficiencies": (0.01, 0.05, 0.10), "score": "sum"}),
    "quak": Made("moving-sidebands"),
    "vae-qr": Made("quantile-regression", {"efficiencies": (0.01, 0.05, 0.10)}),
}
"""Of detectors that do not keep a part of the sidebands of a window."""
CATEGORIES_COUNT: dict[str, tuple[Combination, Combination]] = dict.fromkeys(
    ("quantile-regression", "exclusive-scores"), ("merged", "together")
)
"""By cut, how its categories enter p-values and limits, where not each by itself."""
ROLES = ("events", "background")
"""Of detectors: the data, and what is to be background."""
AUTOENCODERS = {"first": "first_autoencoder", "second": "second_autoencoder"}
"""Scores of Tag N' Train that it takes to be independent for background."""


def _figures(settings: Settings) -> tuple[Made, ...]:
    jet_mass = settings.selection.jet_mass
    mass, name = JET_MASSES[jet_mass], MASS_NAMES[jet_mass]
    compared = {
        f"jet1_{mass}": (f"{name} of the heavier jet [GeV]", 0.0, 600.0),
        f"jet2_{mass}": (f"{name} of the lighter jet [GeV]", 0.0, 600.0),
        "jet1_tau21": (r"$\tau_{21}$ of the heavier jet", 0.0, 1.0),
        "jet2_tau21": (r"$\tau_{21}$ of the lighter jet", 0.0, 1.0),
    }
    kept = dijet_columns(settings.selection.jet_features, jet_mass)
    ratios = tuple(name for name in PRONGS if f"jet1_{name}" in kept)
    return (
        Made("analysis.report.compared_columns:ComparedColumns", {"compared": compared}),
        Made("analysis.searches.dijet_prongs:DijetProngs", {"ratios": ratios}),
        Made("analysis.searches.dijet_average_images:DijetAverageImages"),
        Made("analysis.searches.dijet_event_display:DijetEventDisplay", {"mass": mass}),
        Made("analysis.report.independent_scores:IndependentScores", AUTOENCODERS),
    )


def declare(settings: Settings) -> Search:
    """The search: dijet events, one detector per mass window, and the dijet spectrum that is left."""
    own = {name: Window(name, "mjj", one.low, one.high) for name, one in settings.own_windows.items()}
    windows = _chosen({**WINDOWS, **own}, settings.windows)
    edges = four_gev_edges(settings.spectrum.low, settings.spectrum.high).tolist()
    require_selected(edges, settings.selection.mjj_min, "selection.mjj_min")
    mjj = MassSpectrum(
        "mjj",
        "mjj",
        "signal",
        tuple(edges),
        settings.background.smooth,
        SignalModel(settings.signals),
        settings.masses.values,
        title=r"$m_{jj}$ [GeV]",
        blind=tuple((window.low, window.high) for window in windows),
    )
    hunts = tuple(_hunt(name, one, windows, settings) for name, one in settings.detectors.items())
    used = {"signal", *(source.region for hunt in hunts for source in hunt.training.values())}
    used |= {"control"} if settings.closure.control else set()
    control = settings.control
    of_data = control.sample in ("", settings.data) or settings.closure.control
    if "control" in used and of_data and control.delta_eta_min < settings.selection.delta_eta_max:
        raise MaplessError(
            f"control.delta_eta_min: jets {control.delta_eta_min:g} apart are in the signal region, up to "
            f"selection.delta_eta_max {settings.selection.delta_eta_max:g}; raise the one or lower the other"
        )
    named = [(name, "signals") for name in settings.signals]
    named += [(name, f"priors.{group}") for group, names in settings.priors.items() for name in names]
    named += [(control.sample, "control.sample")] if control.sample else []
    samples = settings.table(*named)
    _check_learnt_samples(settings, samples)
    mass, name = JET_MASSES[settings.selection.jet_mass], MASS_NAMES[settings.selection.jet_mass]
    seen = _features(settings)
    return Search(
        "cms-dijet",
        "Resonances decaying to two anomalous jets",
        "CMS EXO-22-026, arXiv:2412.03747",
        settings.data,
        samples,
        {name: region for name, region in _regions(settings).items() if name in used},
        (mjj,),
        hunts,
        settings.injected(),
        figures=_figures(settings),
        features=tuple(dict.fromkeys((*seen["views"]["both-jets"]["both_jets"], *seen["features"]))),
        described={f"jet{jet}_{mass}": f"{name} of the {which} jet" for jet, which in JETS.items()},
        roles=tuple(_sources(settings)),
        signals=tested_signals(
            settings.limits.signals,
            JET_MASSES[settings.selection.jet_mass],
            dijet_columns(settings.selection.jet_features, settings.selection.jet_mass),
        ),
        controls={"signal": "control"} if "control" in used else {},
    )


def _check_learnt_samples(settings: Settings, samples: Mapping[str, Sample]) -> None:
    """MaplessError for a prior that is no signal or called as a role, and for a signal as background."""
    for group, names in settings.priors.items():
        for name in names:
            if samples[name].role != "signal" or name in ROLES:
                what = (
                    f"is {samples[name].role}, not a signal" if name not in ROLES else "is the name of a role"
                )
                raise MaplessError(f"priors.{group}: {name} {what}; name another sample")
    control = settings.control.sample
    if control and samples[control].role == "signal":
        raise MaplessError(f"control.sample: {control} is a signal; name background or data")


def _regions(settings: Settings) -> dict[str, Selection]:
    """Signal region, control region, and that of signals of lower masses, which QUAK learns from."""
    common: dict[str, Any] = {
        "jet_pt_min": settings.selection.jet_pt_min,
        "jet_eta_max": settings.selection.jet_eta_max,
        "features": settings.selection.jet_features,
        "jet_mass": settings.selection.jet_mass,
        "constituents": True,  # these and images are made only where a detector sees them
        "images": JetImage(),
    }
    mjj_min, delta_eta_max = settings.selection.mjj_min, settings.selection.delta_eta_max
    control = settings.control
    return {
        "signal": dijet(mjj_min=mjj_min, delta_eta_max=delta_eta_max, **common),
        "prior": dijet(mjj_min=settings.priors_mjj_min, delta_eta_max=delta_eta_max, **common),
        "control": dijet_control_region(
            mjj_min=mjj_min,
            delta_eta_min=control.delta_eta_min,
            delta_eta_max=control.delta_eta_max,
            unbalanced=control.unbalanced,
            **common,
        ),
    }


def _hunt(name: str, detector: DetectorSettings, windows: tuple[Window, ...], settings: Settings) -> Hunt:
    """A detector with what it asks for: features, windows, and sources of its roles."""
    kept = KEPT_OF_WINDOW | {name: one.kept for name, one in settings.own_windows.items()}
    sources = _sources(settings)
    options = {**_usual_options(detector, settings), **detector.options}
    made = detector.model_copy(update={"options": options}).made(
        **_features(settings),
        match={"jet1": "jet1_pt", "jet2": "jet2_pt"},
        signal_rich=SIGNAL_RICH_OF_WINDOW | dict.fromkeys(settings.own_windows, 0.8),
        priors=settings.priors,
    )
    usual = USUAL_CUTS.get(detector.detector, Made("sideband-efficiency", {"kept": kept}))
    cut = detector.made_cut(usual)
    windowed = "window" in {*arguments(made, DETECTORS), *arguments(cut, CUTS)}
    search, limits = CATEGORIES_COUNT.get(cut.name, ("separately", "separately"))
    roles = make_detector(made, window=windows[0]).roles
    return Hunt(
        name,
        made,
        {role: sources[role] for role in roles if role in sources},
        ("mjj",),
        cut,
        learn_on=Source("signal"),
        windows=windows if windowed else (),
        masses={window.name: _masses(window, settings) for window in windows} if windowed else {},
        search=search,
        limits=limits,
    )


def _usual_options(detector: DetectorSettings, settings: Settings) -> dict[str, str]:
    """What a detector is told in this search, unless it is told otherwise (docs/detectors.md).

    CWoLa Hunting sees more than each jet alone; QUAK learns the background where a signal is not part of it.
    """
    if detector.detector in ("cwola-hunting", "cwola-hunting-trees") and "inputs" not in detector.options:
        return {"view": "jets-and-event"}
    if detector.detector == "quak" and settings.control.sample:
        return {"background": ROLES[1]}
    return {}


def _sources(settings: Settings) -> dict[str, Source]:
    """What detectors may learn from, by role."""
    sources = dict(zip(ROLES, (Source("signal"), Source("control", settings.control.sample)), strict=True))
    return sources | {
        prior: Source("prior", prior) for priors in settings.priors.values() for prior in priors
    }


def _features(settings: Settings) -> dict[str, Any]:
    """What detectors may see, as far as the selection keeps it: of jets, of events, and of both jets."""
    kept = dijet_columns(settings.selection.jet_features, settings.selection.jet_mass)
    mass = JET_MASSES[settings.selection.jet_mass]

    def of_jet(jet: str, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{jet}_{name}" for name in (mass, *names) if f"{jet}_{name}" in kept)

    jets = {jet: of_jet(jet, JET_FEATURES) for jet in ("jet1", "jet2")}
    both = {"both_jets": (*jets["jet1"], *jets["jet2"])}
    event = {"event": (f"jet1_{mass}", *(name for name in EVENT_FEATURES if name in kept))}
    return {
        "inputs": jets,
        "views": {"jets": jets, "both-jets": both, "event": event, "jets-and-event": both | event},
        "features": event["event"],
        "observables": (*of_jet("jet1", SHAPES), *of_jet("jet2", SHAPES)),
    }


def _chosen(known: Mapping[str, Window], names: Sequence[str]) -> tuple[Window, ...]:
    missing = [name for name in names if name not in known]
    if missing:
        raise MaplessError(
            f"windows: no window is called {missing[0]!r}; known: {', '.join(known)}; or use own_windows"
        )
    return tuple(known[name] for name in names)


def _masses(window: Window, settings: Settings) -> tuple[float, ...]:
    """Those of the search that the paper gives to a window, or that an own window names or holds."""
    searched = settings.masses.values
    own = settings.own_windows.get(window.name)
    if own is None:
        return tuple(mass for mass in searched if mass in MASSES[window.name])
    if own.masses is not None:
        return own.masses
    return tuple(mass for mass in searched if window.low <= mass < window.high)
