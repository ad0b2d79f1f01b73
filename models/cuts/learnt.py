"""What cuts here share: what they learnt as one JSON file, and for most of them which score they cut on."""

import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_cut import AnomalyCut
from models.anomaly_detector import Scores
from models.saving import saved_settings, write_folder, write_settings


@dataclass(kw_only=True)
class LearntCut(AnomalyCut):
    """A cut that is what it learnt.

    Args:
        weight_column: column of event weights; by default every event counts once.
    """

    weight_column: str | None = None
    _learnt: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    @abstractmethod
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, in order."""

    def learnt(self, name: str) -> Any:
        """What was learnt under a name; MaplessError if nothing was."""
        if name not in self._learnt:
            raise MaplessError("this cut has learnt nothing yet; call learn or load first")
        return self._learnt[name]

    def save(self, folder: Path) -> None:
        """Write settings and what was learnt into a folder; replaces what was there."""
        with write_folder(folder) as beside:
            write_settings(beside, self)
            (beside / "learnt.json").write_text(json.dumps(self._learnt, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a cut that `save` wrote; MaplessError if there is none."""
        with saved_settings(folder) as settings:
            cut = cls(**settings)
            cut._learnt = json.loads((folder / "learnt.json").read_text())
        return cut


@dataclass(kw_only=True)
class ScoreCut(LearntCut):
    """A cut on one score whose thresholds were learnt.

    Args:
        score: name of the score; by default the only one, or of several the one called "score".
    """

    score: str | None = None

    @property
    def scores(self) -> tuple[str, ...]:
        """The score, if it is named."""
        return (self.score,) if self.score else ()

    def the_score(self, scores: Scores) -> NDArray[np.float64]:
        """Take the score that is cut on (n_events,); MaplessError if it is not there or one of many."""
        if self.score is None and len(scores) == 1:
            return next(iter(scores.values()))
        if (self.score or "score") in scores:
            return scores[self.score or "score"]
        raise MaplessError(f"there is no score '{self.score}'; set `score` to one of {', '.join(scores)}")


def check_fractions(fractions: Mapping[str, float]) -> None:
    """Refuse fractions of events to keep that are not between 0 and 1, none at all, and names of no file."""
    if not fractions:
        raise MaplessError("a cut needs at least one fraction of events to keep")
    for name, fraction in fractions.items():
        if not re.fullmatch(r"[\w.%+ -]+", name):
            raise MaplessError(f"{name!r} becomes part of names of files; use letters, digits, . _ % + -")
        if not 0 < fraction < 1:
            raise MaplessError(f"'{name}' keeps a fraction of {fraction}; choose more than 0 and less than 1")
