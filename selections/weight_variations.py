"""Variations of weights: stored ratios, sets of them, a flat size, or files of correctionlib."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.corrections import Correction
from selections.expressions import suggestion
from selections.steps import Column, Variation
from selections.variations import VariationSource

WEIGHT = "weight"
UP_AND_DOWN = ("up", "down")
USUAL_INPUTS = {"NumTrueInteractions": ("Pileup_nTrueInt",), "run": ("run",)}
"""Columns for inputs of corrections of events."""

Combination = Literal["hessian", "replicas", "envelope"]


class WeightSource(VariationSource):
    """A variation that multiplies the weight with ratios, which are columns called NAME_up and NAME_down."""

    @property
    def variation(self) -> Variation:
        """The weight, up and down."""
        shifts = {tag: (f"static_cast<float>(weight * {self.name}_{tag})",) for tag in UP_AND_DOWN}
        return Variation(self.name, (WEIGHT,), shifts)

    @property
    def weights(self) -> Sequence[Column]:
        """Varied weights of every event: weight_NAME_up and weight_NAME_down."""
        return [Column(f"weight_{self.name}_{tag}", text) for tag, (text,) in self.variation.shifts.items()]

    def _columns(self, ratios: Mapping[str, str]) -> list[Column]:
        return [Column(f"{self.name}_{tag}", f"static_cast<float>({ratio})") for tag, ratio in ratios.items()]


@dataclass(frozen=True)
class FlatWeight(WeightSource):
    """The weight of every event up and down by a relative size."""

    size: float

    def columns(self, known: set[str]) -> Sequence[Column]:  # noqa: ARG002
        """One plus and minus the size."""
        return self._columns({"up": f"1.f + {self.size}f", "down": f"1.f - {self.size}f"})

    @property
    def origin(self) -> str:
        """The size."""
        return f"{self.size:.2%}"


@dataclass(frozen=True)
class StoredWeights(WeightSource):
    """Two numbers of a column of ratios to the nominal weight, such as PSWeight of NanoAOD."""

    column: str
    up: int
    down: int

    def columns(self, known: set[str]) -> Sequence[Column]:
        """The two ratios."""
        _check_known(self.name, self.column, known)
        places = {"up": self.up, "down": self.down}
        return self._columns({tag: f"mapless::value_at({self.column}, {i})" for tag, i in places.items()})

    @property
    def origin(self) -> str:
        """The column with the places."""
        return f"{self.column}[{self.up}], {self.column}[{self.down}]"


@dataclass(frozen=True)
class CorrectedWeight(WeightSource):
    """A weight by a correction whose input `systematic` takes words.

    They are that of the nominal value, which all events get, of up and of down.
    """

    file: Path
    correction: str
    systematic: str
    words: tuple[str, str, str]
    inputs: Mapping[str, str] = field(default_factory=dict)

    def columns(self, known: set[str]) -> Sequence[Column]:
        """The nominal value, and the ratios to it."""
        nominal, up, down = (self._value(word, known) for word in self.words)
        name = f"{self.name}_nominal"
        return [Column(name, nominal), *self._columns({"up": f"{up} / {name}", "down": f"{down} / {name}"})]

    def _value(self, word: str, known: set[str]) -> str:
        inputs = {**self.inputs, self.systematic: word}
        return f"{Correction(self.file, self.correction, inputs).expression('1', known, USUAL_INPUTS)}[0]"

    @property
    def corrects(self) -> bool:
        """The weight."""
        return True

    def nominal(self, known: set[str]) -> Mapping[str, str]:  # noqa: ARG002
        """The weight with the nominal value."""
        return {WEIGHT: f"static_cast<float>(weight * {self.name}_nominal)"}

    @property
    def origin(self) -> str:
        """The correction."""
        return self.correction


@dataclass(frozen=True)
class WeightSet(VariationSource):
    """Members of a column of ratios to the nominal weight, such as LHEPdfWeight: one uncertainty."""

    column: str
    members: tuple[int, ...]
    combination: Combination

    def columns(self, known: set[str]) -> Sequence[Column]:
        """The ratios of the members."""
        _check_known(self.name, self.column, known)
        places = ", ".join(map(str, self.members))
        ratios = f"mapless::at_indices({self.column}, ROOT::RVecI{{{places}}})"
        return [Column(self.ratios, f"ROOT::RVecF({ratios})")]

    @property
    def ratios(self) -> str:
        """The column with the ratios of the members."""
        return f"{self.name}_ratios"

    @property
    def variation(self) -> Variation:
        """The weight of every member."""
        shifts = {
            str(member): (f"static_cast<float>(weight * {self.name}_ratios[{i}])",)
            for i, member in enumerate(self.members)
        }
        return Variation(self.name, (WEIGHT,), shifts)

    @property
    def weights(self) -> Sequence[Column]:
        """One column weight_NAME with the weights of all members."""
        kind = f"std::array<float, {len(self.members)}>"
        loop = f"for (std::size_t i = 0; i < all.size(); ++i) all[i] = weight * {self.name}_ratios[i]"
        made = f"{kind} all; {loop}; return all;"
        return [Column(f"weight_{self.name}", made)]

    @property
    def origin(self) -> str:
        """The column, with how many members are combined and how."""
        return f"{self.column}, {self.combination} of {len(self.members)}"


def combined(
    nominal: NDArray[np.float64], members: NDArray[np.float64], combination: Combination
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Yields (n,) up and down of a set of members (n_members, n).

    "hessian" adds the differences of all members to the nominal in quadrature, "replicas" takes their
    standard deviation (arXiv:1510.03865, section 6.2), "envelope" the largest and the smallest.
    """
    if combination == "envelope":
        every = np.vstack([nominal, members])
        return every.max(axis=0), every.min(axis=0)
    if combination == "hessian":
        size = np.sqrt(((members - nominal) ** 2).sum(axis=0))
    else:
        size = members.std(axis=0, ddof=1)
    return nominal + size, nominal - size


def _check_known(name: str, column: str, known: set[str]) -> None:
    if column not in known:
        raise MaplessError(
            f"the variation {name} needs {column}, which the events lack{suggestion(column, known)}"
        )
