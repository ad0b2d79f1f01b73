"""The physics processes that can be simulated: for each, its parameters and its Pythia settings.

A process is a pydantic model: its fields are the parameters of the command line, and `pythia()` says them
in Pythia's language. A new process is one new class here and one line in `PROCESSES`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import cosh
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from errors import MaplessError

QUARKS = (1, 2, 3, 4, 5)


class GeneratedProcess(BaseModel, ABC):
    """What every process shares: the beams and the hard process (energies in GeV)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    beam_energy: float = Field(default=13000, gt=0, description="proton-proton centre-of-mass energy")
    pythia_settings: tuple[str, ...] = Field(
        default=(), description="further Pythia settings, such as a tune"
    )

    @abstractmethod
    def pythia(self) -> list[str]:
        """Pythia settings of the hard process."""


class DijetProcess(GeneratedProcess):
    """A process of the dijet search: the slice of events to keep, and what is stored of them."""

    min_pt: float = Field(default=300, ge=100, description="smallest jet transverse momentum")
    max_eta: float = Field(default=2.5, gt=0, le=2.5, description="largest absolute jet pseudorapidity")
    mjj_min: float = Field(default=1200, ge=0, description="smallest reconstructed dijet mass")
    mjj_max: float = Field(default=1e5, gt=0, description="largest reconstructed dijet mass")
    max_delta_eta: float = Field(default=2.5, gt=0, description="largest |delta eta| of the two leading jets")
    max_jets: int = Field(default=3, ge=2, le=3, description="leading jets to store")
    max_constituents: int = Field(
        default=0, ge=0, le=100, description="hardest constituents to store of each jet"
    )
    store_quarks: bool = Field(default=True, description="store the generator quarks")
    run: int = Field(default=1, ge=1, description="run number given to the events")

    @model_validator(mode="after")
    def slice_is_not_empty(self) -> Self:
        """The dijet slice must have a width."""
        if self.mjj_min >= self.mjj_max:
            raise ValueError("mjj_min must be below mjj_max")
        return self

    @property
    def truth_label(self) -> int:
        """1 for a signal, 0 for a background."""
        return 1

    @property
    def veto_mass(self) -> float | None:
        """Dijet mass below which an event is dropped during the shower, to save time; None: none is."""
        return None


class QCD(DijetProcess):
    """Multijet production, all 2 -> 2 QCD processes at leading order, in a slice of the dijet mass.

    The slice is cut on the reconstructed mass. The cuts on partons and shower only save time: the margins are
    their ratio to the reconstructed cuts. From 2.2 TeV on the defaults lose 1.3 +- 0.3 % of the events, of
    which the shower margin alone 0.5 %; smaller margins lose fewer and take longer.
    """

    parton_margin: float = Field(default=0.75, gt=0, lt=1, description="parton cuts over reconstructed ones")
    shower_margin: float = Field(
        default=0.9, gt=0, lt=1, description="dijet mass in the shower over reconstructed"
    )

    def pythia(self) -> list[str]:
        """At given mass the smallest momentum is reached at the largest |delta eta|."""
        smallest_pt = max(self.min_pt, self.mjj_min / 2 / cosh(self.max_delta_eta / 2))
        return [
            "HardQCD:all = on",
            f"PhaseSpace:pTHatMin = {self.parton_margin * smallest_pt}",
            f"PhaseSpace:mHatMin = {self.parton_margin * self.mjj_min}",
        ]

    @property
    def truth_label(self) -> int:
        """0: a background."""
        return 0

    @property
    def veto_mass(self) -> float:
        """Most QCD events fail the slice, and the shower tells early."""
        return self.shower_margin * self.mjj_min


class XToYY(DijetProcess):
    """X -> Y Y' -> 4 quarks: a narrow spin-2 resonance and two scalars, flavours u d s c b alike.

    The spin-2 resonance decays isotropically to the two scalars. Its cross section is only a tag.
    """

    resonance_mass: float = Field(default=3000, gt=0, description="mass of X")
    y_mass: float = Field(default=170, gt=0, description="mass of Y")
    y_prime_mass: float = Field(default=170, gt=0, description="mass of Y'")
    relative_width: float = Field(default=0.01, gt=0, lt=0.3, description="width of X over its mass")

    @model_validator(mode="after")
    def decay_is_open(self) -> Self:
        """X must be heavier than what it decays to."""
        if self.y_mass + self.y_prime_mass >= self.resonance_mass:
            raise ValueError("resonance_mass must be above y_mass + y_prime_mass")
        return self

    def pythia(self) -> list[str]:
        """X is Pythia's excited graviton with one decay channel; Y and Y' are new particles."""
        return [
            "ExtraDimensionsG*:gg2G* = on",
            *resonance(5100039, self.resonance_mass, self.relative_width * self.resonance_mass),
            *scalar(9000001, "Y", self.y_mass),
            *scalar(9000002, "Yprime", self.y_prime_mass),
            "5100039:oneChannel = 1 1.0 103 9000001 9000002",
        ]


def resonance(code: int, mass: float, width: float) -> list[str]:
    """Settings for a resonance of fixed width, kept within ten widths of its mass."""
    return [
        f"{code}:m0 = {mass}",
        f"{code}:mWidth = {width}",
        f"{code}:mMin = {max(mass - 10 * width, 1)}",
        f"{code}:mMax = {mass + 10 * width}",
        f"{code}:doForceWidth = on",
    ]


def scalar(code: int, name: str, mass: float) -> list[str]:
    """Settings for a new neutral scalar of 0.5 % width (0.1 GeV at least) that decays to quark pairs."""
    width = max(0.005 * mass, 0.1)
    share = 1 / len(QUARKS)
    channels = [f"{code}:addChannel = 1 {share} 103 {quark} -{quark}" for quark in QUARKS[1:]]
    return [
        f"{code}:new = {name} void 1 0 0 {mass} {width} {max(mass - 10 * width, 1)} {mass + 10 * width} 0.0",
        f"{code}:isResonance = on",
        f"{code}:oneChannel = 1 {share} 103 {QUARKS[0]} -{QUARKS[0]}",
        *channels,
        f"{code}:doForceWidth = on",
    ]


PROCESSES: dict[str, type[DijetProcess]] = {"qcd": QCD, "x_to_yy": XToYY}
Quality = Literal["full", "fast", "tiny"]
AnyProcess = TypeVar("AnyProcess", bound=GeneratedProcess)


def create(name: str, known: Mapping[str, type[AnyProcess]], /, **parameters: Any) -> AnyProcess:
    """The process called `name` among the `known` ones, with the given parameters.

    Raises MaplessError for an unknown process or parameter, or a value out of range.

    >>> create("x_to_yy", PROCESSES, resonance_mass=2000).resonance_mass
    2000.0
    """
    if name not in known:
        raise MaplessError(f"no process {name!r}; choose from {', '.join(known)}")
    try:
        return known[name](**parameters)
    except ValidationError as problem:
        first = problem.errors()[0]
        wrong = "no such parameter" if first["type"] == "extra_forbidden" else first["msg"]
        where = " ".join((name, *map(str, first["loc"])))
        fields = ", ".join(known[name].model_fields)
        raise MaplessError(f"{where}: {wrong}; parameters are {fields}") from None
