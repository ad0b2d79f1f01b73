"""What every simulated process has: its parameters, and its settings in Pythia's language.

A process is a pydantic model: its fields are the parameters of the command line, and `pythia()` says them
in Pythia's language. A new process is one new class in `backgrounds`, `signals` or a file of its own, and
a line in `catalogue`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.simulation.vetoes import dijet_veto
from errors import MaplessError
from selections.clustering import JetCriteria

Quality = Literal["full", "fast", "tiny"]
Shower = Literal["simple", "vincia"]
LARGE_RADIUS = 0.8
AnyProcess = TypeVar("AnyProcess", bound="GeneratedProcess")


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

    def all_settings(self) -> list[str]:
        """Pythia settings of the hard process and of all that follows it."""
        return [*self.pythia(), *self.pythia_settings]

    def veto(self) -> Any:
        """A hook of `vetoes` that stops events early, or None."""
        return None


class SelectedProcess(GeneratedProcess):
    """A process of which selected events are stored: their shower, and what is stored of large jets."""

    max_constituents: int = Field(
        default=0, ge=0, le=100, description="hardest constituents to store of each large jet"
    )
    store_quarks: bool = Field(default=True, description="store the generator quarks")
    run: int = Field(default=1, ge=1, lt=2**32, description="run number given to the events")
    shower: Shower = Field(default="simple", description="shower model: Pythia's own or Vincia")
    final_state_radiation_scale: float = Field(
        default=1, gt=0, description="renormalisation scale of final-state radiation over its usual one"
    )

    @model_validator(mode="after")
    def shower_can_be_scaled(self) -> Self:
        """The scale is a setting of Pythia's own shower."""
        if self.shower != "simple" and self.final_state_radiation_scale != 1:
            raise ValueError("final_state_radiation_scale belongs to the shower 'simple'")
        return self

    def all_settings(self) -> list[str]:
        """Also the shower; Pythia scales the square of the transverse momentum."""
        settings = super().all_settings()
        if self.shower == "vincia":
            settings += ["PartonShowers:model = 2", "Print:verbosity = 0"]
        if self.final_state_radiation_scale != 1:
            settings.append(f"TimeShower:renormMultFac = {self.final_state_radiation_scale**2}")
        return settings

    @property
    @abstractmethod
    def jet_criteria(self) -> JetCriteria:
        """Which large jets are stored, and which of them an event must have."""

    @property
    def truth_label(self) -> int:
        """1 for a signal; 0 QCD, -1 single top, -2 top pairs, -3 vector bosons (as CASE's files have it)."""
        return 1

    @property
    def enhancement(self) -> float:
        """How many times more often than in nature selected events are made."""
        return 1.0


class DijetProcess(SelectedProcess):
    """A process of the dijet search: the slice of events to keep."""

    min_pt: float = Field(default=300, ge=100, description="smallest jet transverse momentum")
    max_eta: float = Field(default=2.5, gt=0, le=2.5, description="largest absolute jet pseudorapidity")
    mjj_min: float = Field(default=1200, ge=0, description="smallest reconstructed dijet mass")
    mjj_max: float = Field(default=1e5, gt=0, description="largest reconstructed dijet mass")
    max_delta_eta: float = Field(default=2.5, gt=0, description="largest |delta eta| of the two leading jets")
    min_delta_eta: float = Field(default=0, ge=0, description="smallest |delta eta| of the two leading jets")
    max_jets: int = Field(default=3, ge=2, le=3, description="leading jets to store")
    jet_radius: float = Field(
        default=LARGE_RADIUS,
        gt=0,
        le=1,
        description="radius of the large jets",
        exclude_if=lambda radius: radius == LARGE_RADIUS,  # what is usual changes no recipe of a sample
    )

    @model_validator(mode="after")
    def slice_is_not_empty(self) -> Self:
        """The dijet slice must have widths."""
        if self.mjj_min >= self.mjj_max:
            raise ValueError("mjj_min must be below mjj_max")
        if self.min_delta_eta >= self.max_delta_eta:
            raise ValueError("min_delta_eta must be below max_delta_eta")
        return self

    @property
    def jet_criteria(self) -> JetCriteria:
        """Two jets in the slice."""
        return JetCriteria(
            *(self.min_pt, self.max_eta, self.mjj_min, self.mjj_max),
            *(self.min_delta_eta, self.max_delta_eta, self.max_jets, self.max_constituents),
            radius=self.jet_radius,
        )

    def veto(self) -> Any:
        """Showers whose two leading jets are far outside of the slice."""
        if self.veto_mass is None:
            return None
        return dijet_veto(self.veto_mass, 0.8 * self.min_pt, self.max_delta_eta + 0.1, self.jet_radius)

    @property
    def veto_mass(self) -> float | None:
        """Dijet mass below which an event is dropped during the shower, to save time; None: none is."""
        return None


def create(name: str, known: Mapping[str, type[AnyProcess]], /, **parameters: Any) -> AnyProcess:
    """The process called `name` among the `known` ones, with the given parameters.

    Raises MaplessError for an unknown process or parameter, or a value out of range.

    >>> from analysis.simulation.backgrounds import QCD
    >>> create("qcd", {"qcd": QCD}, mjj_min=2000).mjj_min
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
