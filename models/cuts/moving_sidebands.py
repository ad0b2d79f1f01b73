"""Keeps a fraction of the sidebands around every mass hypothesis, with thresholds that move with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.learnt import ScoreCut, check_fractions
from models.events import Events, Mask, column, event_weights
from models.quantiles import weighted_quantile
from models.window import Window


@dataclass
class MovingSidebands(ScoreCut):
    """Nested categories per mass hypothesis: events above what fractions of its sidebands exceed.

    For mass m the sidebands go from m (1 - outer) to m (1 - inner) and from m (1 + inner) to m (1 + outer);
    both count equally (CMS QUAK, arXiv:2412.03747, moves its sidebands likewise).

    Args:
        column: the mass that sidebands are in.
        efficiencies: fraction of each category.
        inner, outer: edges of the sidebands relative to the mass.
        score, weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: an impossible setting; in `learn`, a sideband without events; in `masks`, a mass that
            was not learnt.
    """

    per_mass: ClassVar[bool] = True

    column: str
    efficiencies: Mapping[str, float] = field(default_factory=lambda: {"kept": 0.01})
    inner: float = 0.1
    outer: float = 0.25

    def __post_init__(self) -> None:
        check_fractions(self.efficiencies)
        if not 0 < self.inner < self.outer < 1:
            raise MaplessError(
                f"sidebands from {self.inner} to {self.outer} of the mass are impossible; edges must rise "
                "between 0 and 1"
            )

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the efficiencies."""
        return tuple(self.efficiencies)

    @property
    def columns(self) -> tuple[str, ...]:
        """The mass, and the weights."""
        return (self.column, *((self.weight_column,) if self.weight_column else ()))

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Find the thresholds of every mass hypothesis (GeV)."""
        values, weight = column(events, self.column), event_weights(events, self.weight_column)
        score = self.the_score(scores)
        self._learnt = {}
        for mass in masses:
            sidebands = self._around(mass).sideband_weights(values, weight)
            self._learnt[str(float(mass))] = {
                name: weighted_quantile(score, sidebands, 1 - kept)
                for name, kept in self.efficiencies.items()
            }
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events above the thresholds of a mass hypothesis (GeV)."""
        if mass is None or str(float(mass)) not in self._learnt:
            raise MaplessError(
                f"there are no sidebands around {mass}; learnt were {', '.join(self._learnt) or 'none'}"
            )
        thresholds = self.learnt(str(float(mass)))
        return {name: self.the_score(scores) > thresholds[name] for name in self.categories}

    def _around(self, mass: float) -> Window:
        low, high = mass * (1 - self.inner), mass * (1 + self.inner)
        return Window(
            f"around {mass:g}",
            self.column,
            low,
            high,
            (mass * (1 - self.outer), low),
            (high, mass * (1 + self.outer)),
        )
