"""QUAK finds signals that nobody thought of by the help of others, on simulated events."""

from pathlib import Path

import numpy as np
import pytest

from analysis.sample_table import SHIPPED
from analysis.searches.cms_dijet import SHAPES
from analysis.simulation.production import simulate
from models.quak.detector import Quak
from selections import snapshot
from selections.dijet import dijet
from selections.events import EventColumns, StoredEvents
from selections.sources import open_events

OBSERVABLES = tuple(f"jet{number}_{name}" for number in (1, 2) for name in ("softdrop_mass", *SHAPES))
BACKGROUND_KEPT = 0.01


def _selected(file: Path, folder: Path, lowest_mass: float, max_events: int | None = None) -> EventColumns:
    chosen = dijet(mjj_min=lowest_mass)(open_events(file, max_events=max_events))
    return StoredEvents(
        snapshot.write(chosen, folder / f"selected_{file.name}", ("mjj", "weight", *OBSERVABLES))
    )


def _improvement(detector: Quak, background: EventColumns, signal: EventColumns, score: str) -> float:
    """Significance improvement at 1 % of the background near 3 TeV."""
    found = [
        detector.score(events)[score][np.abs(events["mjj"] - 3000) < 300] for events in (background, signal)
    ]
    threshold = np.quantile(found[0], 1 - BACKGROUND_KEPT)
    return float(np.mean(found[1] > threshold) / np.sqrt(BACKGROUND_KEPT))


@pytest.mark.physics
def test_priors_raise_the_significance_improvement_of_a_signal_that_is_none_of_them(tmp_path: Path) -> None:
    """The tested one has two daughters of 400 GeV at 3 TeV, the prior one of 400 and one of 170 at 2 TeV."""
    prior = tmp_path / "prior.root"
    masses = {"resonance_mass": 2000.0, "y_mass": 400.0, "y_prime_mass": 170.0}
    simulate("x_to_yy", 500, output=prior, workers=1, **masses, mjj_min=1460.0, max_delta_eta=1.3)
    samples = SHIPPED.parent
    background = _selected(samples / "qcd_dijet.root", tmp_path, 2232.0, max_events=60_000)
    training = {
        "events": background,
        "other": _selected(prior, tmp_path, 1460.0),
        "tested": _selected(samples / "x_to_yy_3000.root", tmp_path, 2232.0),
    }
    found = {}
    for priors in ({"170-400": ("other",)}, {"170-400": ("other",), "400-400": ("tested",)}):
        detector = Quak(OBSERVABLES, priors, folds=3, largest=20_000, epochs=10).fit(training)
        for score in ("background_loss", "score"):
            names = f"{score}, priors {', '.join(priors)}"
            found[len(priors), score] = _improvement(detector, background, training["tested"], score)
            print(f"{names}: significance improvement {found[len(priors), score]:.2f}")
    for priors in (1, 2):
        assert found[priors, "score"] > 2 * found[priors, "background_loss"]
