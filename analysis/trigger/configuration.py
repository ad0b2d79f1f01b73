"""What a trigger run is told: sample, model, training, rates and firmware."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from analysis.engine.settings import Name, Seed, Settings, load_settings
from analysis.simulation.level1.processes import PROCESSES
from analysis.trigger.designs import DESIGNS
from analysis.trigger.samples import ZERO_BIAS
from errors import MaplessError
from firmware.performance.rates import require_possible
from firmware.routes.target import BACKENDS, Target, yosys_family
from firmware.training.schedule import TrainingSchedule

CONFIGURATION = Path(__file__).parents[1] / "configs" / "level1.yaml"
SIGNALS = tuple(name for name in PROCESSES if name != ZERO_BIAS)


def _one_of(names: Iterable[str]) -> Callable[[str], str]:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"choose from {', '.join(names)}")
        return name

    return check


def _local(file: object) -> object:
    if "://" in str(file):
        raise ValueError(f"{file} is not on this machine; copy the file here first")
    return file


class SampleSettings(Settings):
    """Zero-bias crossings and signals: simulated, or by name (zero bias: level1_zero_bias) from `files`."""

    n_zero_bias: Annotated[int, Field(ge=100)] = 1_000_000
    n_signal: Annotated[int, Field(ge=1)] = 1000
    signals: Annotated[tuple[str, ...], Field(min_length=1)] = SIGNALS
    files: dict[Name, Annotated[Path, BeforeValidator(_local)]] = {}
    pileup: Annotated[float, Field(ge=0, le=200)] = 50.0
    quality: Literal["fast", "tiny"] = "fast"
    seed: Annotated[Seed, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _signals_are_known(self) -> "SampleSettings":
        unknown = [name for name in self.signals if name not in SIGNALS and name not in self.files]
        if unknown:
            raise ValueError(f"no signal {unknown[0]!r}; choose from {', '.join(SIGNALS)}, or name its file")
        return self


class TrainingSettings(Settings):
    """How the network trains: on a `fraction` of the zero-bias events; the others give rates and comparisons.

    `outliers` names signals that the student of CICADA is shown too (outlier exposure).
    """

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    epochs: Annotated[int, Field(ge=1)] = 20
    batch_size: Annotated[int, Field(ge=1)] = 1024
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    seed: Seed = 1
    outliers: tuple[str, ...] = ()

    @property
    def schedule(self) -> TrainingSchedule:
        """How long and how fast the network trains."""
        return TrainingSchedule(self.epochs, self.batch_size, self.learning_rate, self.seed)


class RateSettings(Settings):
    """Colliding bunches of the machine, and the rates (kHz) at which thresholds are chosen."""

    bunches: Annotated[int, Field(ge=1)] = 2544
    targets: Annotated[tuple[float, ...], Field(min_length=1)] = (1.0, 10.0, 100.0)

    @model_validator(mode="after")
    def _rates_are_possible(self) -> "RateSettings":
        try:
            for target in self.targets:
                require_possible(target, self.bunches)
        except MaplessError as error:
            raise ValueError(str(error)) from None
        return self


class FirmwareSettings(Settings):
    """Vendor flow, FPGA, clock (ns), sharing of logic and version of the emulator, as for `trigger build`.

    `n_events` are compared route by route; with `yosys` cells are counted too (a minute).
    """

    backend: Annotated[str, AfterValidator(_one_of(BACKENDS))] = "Vitis"
    part: str | None = None
    clock_period: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 6.25
    reuse_factor: Annotated[int, Field(ge=1)] = 1
    initiation_interval: Annotated[int, Field(ge=1)] | None = None
    version: Annotated[str, Field(pattern=r"^\w+$")] | None = None
    n_events: Annotated[int, Field(ge=1)] = 5000
    yosys: bool = False

    @model_validator(mode="after")
    def _target_is_possible(self) -> "FirmwareSettings":
        try:
            target = self.target.complete(self.backend)
            if self.yosys:
                yosys_family(str(target.part))
        except MaplessError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def target(self) -> Target:
        """FPGA and pace."""
        return Target(self.part, self.clock_period, self.reuse_factor, self.initiation_interval)


class TriggerConfiguration(Settings):
    """Everything that decides the result of one trigger run."""

    model: Annotated[str, AfterValidator(_one_of(DESIGNS))] = "axol1tl"
    sample: SampleSettings = SampleSettings()
    training: TrainingSettings = TrainingSettings()
    rates: RateSettings = RateSettings()
    firmware: FirmwareSettings = FirmwareSettings()

    @model_validator(mode="after")
    def _outliers_are_signals(self) -> "TriggerConfiguration":
        unknown = [name for name in self.training.outliers if name not in self.sample.signals]
        if unknown:
            raise ValueError(f"training.outliers: {unknown[0]!r} is not among sample.signals")
        return self


def load_trigger_configuration(path: Path | None, overrides: tuple[str, ...] = ()) -> TriggerConfiguration:
    """Read the YAML file, by default `analysis/configs/level1.yaml`; errors as in `load_settings`.

    Relative files are looked up beside the YAML file.
    """
    path = path or CONFIGURATION
    configuration = load_settings(path, TriggerConfiguration, overrides)
    files = {name: (path.parent / file).resolve() for name, file in configuration.sample.files.items()}
    for name, file in files.items():
        if not file.exists():
            raise MaplessError(f"{path}: sample.files.{name}: {file} does not exist; check the path")
    sample = configuration.sample.model_copy(update={"files": files})
    return configuration.model_copy(update={"sample": sample})
