"""One cell of the benchmark of detectors: what a hunt finds in one simulated sample.

Counted are signal and background that are kept in the window; fitted is the spectrum that is left.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.job import Tools
from analysis.engine.running import run_stage
from analysis.kept_columns import offered_cut
from analysis.plan import Plan
from analysis.search import Hunt, Search
from analysis.source import Source
from analysis.stages.data_set import EVENTS
from errors import MaplessError
from fits.resonance_categories import ResonanceCategory
from fits.resonance_search import search_for_resonance
from fits.resonance_settings import ResonanceSettings
from fits.signals import DoubleCrystalBall, SignalOfMass, signal_from_json
from fits.spectrum import unweighted_spectrum
from models.anomaly_detector import Scores
from models.registry import make_cut, make_detector
from models.window import Window
from selections.events import EventColumns, StoredEvents, draw, inject
from selections.folds import mix_bits

INCLUSIVE = "inclusive"
MASS = 3000.0
_INCLUSIVE_SIGMA = 2.0  # of an injection of strength 1, by counting in the window


@dataclass(frozen=True)
class Sample:
    """Background with so many times the signal that counting sees at two sigma, or a part of it without."""

    signal: str = ""
    strength: int = 0
    seed: int = 1
    part: int = 0
    parts: int = 1

    @property
    def name(self) -> str:
        """As files are called, such as "wprime_3000_400-x2-seed1" or "part03of20"."""
        if self.parts > 1:
            return f"part{self.part:02}of{self.parts}"
        signal = f"{self.signal}-x{self.strength}" if self.strength else "nothing"
        return f"{signal}-seed{self.seed}"


@dataclass(frozen=True)
class SelectedSearch:
    """A search with one window, whose events are selected into a folder when they are first asked for."""

    plan: Plan
    folder: Path
    _read: dict[Source, EventColumns] = field(default_factory=dict)

    @property
    def search(self) -> Search:
        """What is searched, and how."""
        return self.plan.search

    def events(self, source: Source) -> EventColumns:
        """The events of a source."""
        if source not in self._read:
            (stage,) = self.plan.selected([self.plan.data_set(source)]).values()
            self._read[source] = StoredEvents(run_stage(stage, self.folder, Tools(threads=1)) / EVENTS)
        return self._read[source]

    @cached_property
    def window(self) -> Window:
        """The one in which events are counted."""
        return next(window for hunt in self.search.hunts for window in hunt.windows)

    @cached_property
    def masses(self) -> tuple[float, ...]:
        """Those of the search that the window holds."""
        searched = self.search.spectra[0].masses
        return tuple(mass for mass in searched if self.window.low <= mass < self.window.high)

    @cached_property
    def background(self) -> EventColumns:
        """All events of the sample that is searched."""
        return self.events(Source("signal"))

    @cached_property
    def resonance(self) -> SignalOfMass:
        """What the fit looks for: a resonance as wide as the first signal of the search."""
        events = self.events(Source("signal", self.search.spectra[0].signal.samples[0]))
        return signal_from_json(DoubleCrystalBall.fit(events["mjj"], MASS, np.ones(len(events))).to_json())

    def number(self, sample: Sample) -> int:
        """Signal events that are injected."""
        inside = self.window.in_signal_region(self.events(Source("signal", sample.signal))["mjj"]).mean()
        background = self.window.in_signal_region(self.background["mjj"]).sum()
        return round(sample.strength * _INCLUSIVE_SIGMA * np.sqrt(background) / inside)

    def sample(self, sample: Sample) -> EventColumns:
        """The events that are searched."""
        if sample.parts > 1:
            return self.background.where(self._in_part(sample))
        if not sample.strength:
            return self.background
        signal = self.events(Source("signal", sample.signal))
        return inject(self.background, signal, self.number(sample), sample.seed)

    def _in_part(self, sample: Sample) -> NDArray[np.bool_]:
        # mixed again: the remainder of the key is the fold
        return mix_bits(self.background["key"]) % np.uint64(sample.parts) == sample.part

    def scores(self, hunt: Hunt, sample: Sample) -> Scores:
        """Scores of the events that are searched.

        What learns from a control region is trained once, without a signal in the data, from which it has no
        more than the spectrum of pt; its scores of all events are stored.
        """
        if "background" not in hunt.training:
            events = self.sample(sample)
            training = {role: self.events(source) for role, source in hunt.training.items()}
            detector = make_detector(hunt.detector, window=self.window, threads=1, seed=sample.seed)
            return detector.fit(training | {"events": events}).score(events)
        scores = self._stored_scores(hunt, "")
        if sample.parts > 1:
            return {name: values[self._in_part(sample)] for name, values in scores.items()}
        if not sample.strength:
            return scores
        signal = self._stored_scores(hunt, sample.signal)
        rows = draw(self.events(Source("signal", sample.signal)), self.number(sample), sample.seed)
        return {name: np.concatenate([values, signal[name][rows]]) for name, values in scores.items()}

    def _stored_scores(self, hunt: Hunt, sample: str) -> Scores:
        """Scores of all events of a sample by the one detector of a hunt, made if they are not there."""
        file = self.folder / f"scores-{hunt.name}-{sample or self.search.data}.npz"
        if not file.exists():
            detector = make_detector(hunt.detector, window=self.window, threads=1)
            trained = self.folder / f"trained-{hunt.name}"
            if not trained.exists():
                training = {role: self.events(source) for role, source in hunt.training.items()}
                detector.fit(training).save(trained)
            scores = type(detector).load(trained).score(self.events(Source("signal", sample)))
            beside = file.with_name(f"partial-{file.name}")
            np.savez(beside, **scores)
            beside.replace(file)
        with np.load(file) as stored:
            return dict(stored)


def cell(search: SelectedSearch, hunt: Hunt | None, sample: Sample, toys: int = 0) -> Mapping[str, Any]:
    """Counts in the window, their expected significance, and the fit; of all events without a hunt.

    With `toys` the global p-value of the masses that are tested comes with it.
    """
    start, events = time.process_time(), search.sample(sample)
    kept, masses = np.ones(len(events), bool), search.masses
    if hunt is not None:
        scores = search.scores(hunt, sample)
        cut = make_cut(offered_cut(search.search, hunt), window=search.window).learn(events, scores, masses)
        if cut.per_mass:
            masses = (MASS,)  # each has a cut of its own
        of_categories = cut.masks(events, scores, MASS if cut.per_mass else None)
        kept = np.any(list(of_categories.values()), axis=0)
    inside = kept & search.window.in_signal_region(events["mjj"])
    injected = events["injected"] > 0
    signal, background = int((inside & injected).sum()), int((inside & ~injected).sum())
    return {
        "detector": INCLUSIVE if hunt is None else hunt.name,
        **vars(sample),
        "n_injected": int(injected.sum()),
        "signal_kept": signal,
        "background_kept": background,
        "counted": counted_significance(signal, background),
        **_fitted(search, events["mjj"][kept], masses, toys),
        "cpu_seconds": time.process_time() - start,
    }


def counted_significance(signal: float, background: float) -> float:
    """Median significance of so many signal events on a known Poisson background (arXiv:1007.1727, eq. 97).

    Smaller than S / sqrt(B), which is no significance where the background is a few events. A background of
    less than one event counts as one.
    """
    background = max(background, 1.0)
    return float(np.sqrt(2 * ((signal + background) * np.log1p(signal / background) - signal)))


def _fitted(
    search: SelectedSearch, mjj: NDArray[Any], masses: tuple[float, ...], toys: int
) -> dict[str, Any]:
    """Local significance of every mass, and the global p-value if there are toys."""
    spectrum = search.search.spectra[0]
    binned = unweighted_spectrum(mjj, np.array(spectrum.edges), np.ones(len(mjj)))
    settings = ResonanceSettings(masses, spectrum.background, choice_mass=MASS, toys=toys)
    try:
        found = search_for_resonance([ResonanceCategory("all", binned)], search.resonance, settings)
    except MaplessError as error:
        return {"failed": str(error), "fitted": {}}
    fitted = {f"{point.mass:g}": point.significance for point in found.scan.points}
    if found.global_significance is None:
        return {"fitted": fitted}
    one = found.global_significance
    return {"fitted": fitted, "global_p_value": one.p_value or one.upcrossings_p_value}
