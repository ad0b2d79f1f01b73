"""A search on two-jet events of a generator with a known answer: a falling background, and odd heavy jets."""

from pathlib import Path

import awkward as ak
import numpy as np
import uproot

from analysis.search import Hunt, MassSpectrum, Search, SignalModel, TestedSignal
from analysis.search_settings import SearchSettings
from analysis.source import Source
from fits.background_choice.smooth import Smooth
from models.made import Made
from models.window import Window
from selections.dijet import dijet
from selections.steps import Cut

MASS, JET_MASS = 1500.0, 150.0
LOWEST = 1000.0
EDGES = tuple(np.geomspace(LOWEST, 4000, 100).tolist())
WINDOW = Window("W", "mjj", 1350.0, 1650.0)
JETS = ("jet1_softdrop_mass", "jet2_softdrop_mass")
LUMINOSITY = 10.0  # 1/fb
TRADITIONAL = Cut(" && ".join(f"std::abs({jet} - {JET_MASS}) < 20" for jet in JETS), "two heavy jets")


class Settings(SearchSettings):
    """What the YAML may say."""

    hunts: tuple[str, ...] = ("weak", "forest")
    kept: float = 0.05


def declare(settings: Settings) -> Search:
    """One spectrum, a detector that learns from the signal, and one that does not."""
    spectrum = MassSpectrum(
        "mjj",
        "mjj",
        "signal",
        EDGES,
        Smooth(family="dijet", parameters=(2,), choice="f-test"),
        SignalModel(width=0.04),
        (MASS,),
    )
    common = {"spectra": ("mjj",), "learn_on": Source("signal"), "windows": (WINDOW,)}
    hunts = {
        "weak": Hunt(
            "weak",
            Made("tests.analysis.weak_histogram:WeakHistogram", {"features": JETS}, {"seed": 1}),
            {"events": Source("signal")},
            cut=Made("sideband-efficiency", {"kept": settings.kept}),
            masses={"W": (MASS,)},
            **common,  # type: ignore[arg-type]
        ),
        "forest": Hunt(
            "forest",
            Made("isolation-forest", {"features": JETS, "n_trees": 10}),
            {"background": Source("signal")},
            cut=Made("sideband-efficiency", {"kept": settings.kept}),
            masses={"W": (MASS,)},
            **common,  # type: ignore[arg-type]
        ),
    }
    signals = tuple(
        TestedSignal(name, "X → two odd jets", f"{JET_MASS:g}", (TRADITIONAL,))
        for name in settings.limits.signals
    )
    return Search(
        "toy",
        "Two odd jets",
        "tests",
        settings.data,
        settings.table(),
        {"signal": dijet(mjj_min=LOWEST, features=())},
        (spectrum,),
        tuple(hunts[name] for name in settings.hunts),
        settings.injected(),
        features=("jet1_eta", "jet2_eta", "delta_eta"),
        described={name: f"mass of jet {name[3]}" for name in JETS},
        signals=signals,
    )


def write_background(path: Path, n: int, seed: int) -> None:
    """Events above 950 GeV, some of which pass the selection."""
    rng = np.random.default_rng(seed)
    _write(path, 1, 950 * (1 + rng.pareto(5.5, n)), 40 + rng.exponential(40, (n, 2)), rng)


def write_signal(path: Path, n: int, seed: int, run: int = 2, mass: float = MASS) -> None:
    """Events of a resonance with two heavy jets."""
    rng = np.random.default_rng(seed)
    _write(path, run, rng.normal(mass, 0.04 * mass, n), rng.normal(JET_MASS, 12, (n, 2)), rng)


def _write(path: Path, run: int, mjj: np.ndarray, masses: np.ndarray, rng: np.random.Generator) -> None:
    """Events of two jets, back to back in the transverse plane."""
    n = len(mjj)
    eta = rng.uniform(-0.4, 0.4, (n, 2))
    pt = mjj / np.sqrt(2 * (np.cosh(eta[:, 0] - eta[:, 1]) + 1))
    phi = np.tile([0.0, np.pi], (n, 1))
    jets = {"pt": np.stack([pt, pt], axis=1), "eta": eta, "phi": phi, "mass": np.full((n, 2), 10.0)}
    with uproot.recreate(path) as file:
        file["Events"] = {
            "run": np.full(n, run, np.uint32),
            "luminosity_block": np.ones(n, np.uint32),
            "event": np.arange(n, dtype=np.uint64),
            "weight": np.ones(n),
            **{f"jet_{name}": _jagged(values) for name, values in jets.items()},
            "jet_softdrop_mass": _jagged(masses),
        }


def _jagged(values: np.ndarray) -> ak.Array:
    return ak.from_regular(values.astype(np.float32))
