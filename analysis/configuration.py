"""What a run is told: validated settings read from YAML, with overrides from the command line."""

import glob
import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from analysis.units import Energy
from analysis.validation import one_line
from errors import MaplessError


class Settings(BaseModel):
    """Base of all settings: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SettingsKind = TypeVar("SettingsKind", bound=Settings)


class EventSettings(Settings):
    """Where the events come from; `is_data` closes the signal region until `--unblind`.

    `triggers` and `filters` replace the published ones of the `year` (NanoAOD only).
    """

    files: Annotated[tuple[Path, ...], Field(min_length=1)]
    is_data: bool = False
    year: Annotated[str, BeforeValidator(str)] = "2018"  # YAML reads 2018 as a number
    triggers: tuple[str, ...] | None = None
    filters: tuple[str, ...] | None = None
    skip_bad_files: bool = False


class InjectionSettings(Settings):
    """Simulated signal added to the events: `n_events` of those that pass the selection, drawn by `seed`."""

    files: tuple[Path, ...] = ()
    n_events: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _files_for_events(self) -> "InjectionSettings":
        if self.n_events and not self.files:
            raise ValueError("n_events asks for signal, but injection.files is empty")
        return self


class SelectionSettings(Settings):
    """Signal topology of the dijet selection (arXiv:2412.03747); energies in GeV.

    `jet_features` are kept beside the kinematics; leave out those that the files do not have.
    """

    mjj_min: Annotated[Energy, Field(gt=0)] = 1460.0
    jet_pt_min: Annotated[Energy, Field(gt=0)] = 300.0
    jet_eta_max: Annotated[float, Field(gt=0)] = 2.5
    delta_eta_max: Annotated[float, Field(gt=0)] = 1.3
    jet_features: tuple[str, ...] = ("tau1", "tau2", "tau3", "tau4", "lsf3", "b_tag", "n_constituents")


class WindowSettings(Settings):
    """A mass window of one's own (GeV); its side-bands touch it and have its relative width."""

    low: Annotated[Energy, Field(gt=0)]
    high: Annotated[Energy, Field(gt=0)]

    @model_validator(mode="after")
    def _window_is_ordered(self) -> "WindowSettings":
        if self.low >= self.high:
            raise ValueError(f"impossible window: low {self.low:g} >= high {self.high:g} GeV")
        return self


class DetectorSettings(Settings):
    """The anomaly detector, the mass windows it hunts in and the share of side-band events it keeps.

    `windows` names windows of the search or of `own_windows`; `options` go to the detector as they are.
    """

    name: str = "cwola-hunting"
    windows: Annotated[tuple[str, ...], Field(min_length=1)] = ("B3",)
    own_windows: dict[str, WindowSettings] = {}
    kept_fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    folds: Annotated[int, Field(ge=2, le=40)] = 5
    seed: Annotated[int, Field(ge=0)] = 1
    options: dict[str, Any] = {}


class FitSettings(Settings):
    """Dijet function and the range of m_jj in which it is fitted (GeV)."""

    mjj_low: Annotated[Energy, Field(gt=0)] = 1460.0
    mjj_high: Annotated[Energy, Field(gt=0)] = 6800.0
    parameters: Annotated[tuple[Literal[2, 3, 4, 5], ...], Field(min_length=1)] = (2, 3, 4)
    f_test_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.1
    largest_relative_error: Annotated[float, Field(gt=0)] = 0.15

    @model_validator(mode="after")
    def _range_is_ordered(self) -> "FitSettings":
        if self.mjj_low >= self.mjj_high:
            raise ValueError(f"impossible range: mjj_low {self.mjj_low:g} >= mjj_high {self.mjj_high:g} GeV")
        return self


class ScanSettings(Settings):
    """Resonance masses at which a local p-value is computed (GeV)."""

    mass_low: Annotated[Energy, Field(gt=0)] = 1800.0
    mass_high: Annotated[Energy, Field(gt=0)] = 6000.0
    mass_step: Annotated[Energy, Field(gt=0)] = 100.0
    signal_files: tuple[Path, ...] = ()
    signal_mass: Annotated[Energy, Field(gt=0)] = 3000.0

    @model_validator(mode="after")
    def _range_is_ordered(self) -> "ScanSettings":
        if self.mass_low > self.mass_high:
            raise ValueError(
                f"impossible scan: mass_low {self.mass_low:g} > mass_high {self.mass_high:g} GeV"
            )
        return self


class ClosureSettings(Settings):
    """Background-only simulation and signal that must behave before data are unblinded."""

    background_files: tuple[Path, ...] = ()
    signal_files: tuple[Path, ...] = ()
    n_signal_events: Annotated[int, Field(ge=0)] = 0


class Configuration(Settings):
    """Everything that decides the result of one search."""

    search: str
    events: EventSettings
    injection: InjectionSettings = InjectionSettings()
    selection: SelectionSettings = SelectionSettings()
    detector: DetectorSettings = DetectorSettings()
    fit: FitSettings = FitSettings()
    scan: ScanSettings = ScanSettings()
    closure: ClosureSettings = ClosureSettings()


def load_configuration(path: Path, overrides: tuple[str, ...] = ()) -> Configuration:
    """Read a YAML file, apply `key.sub=value` overrides and validate.

    Relative event files are looked up beside the YAML file. Raises MaplessError as `load_settings` does.
    """
    return _with_absolute_files(load_settings(path, Configuration, overrides), path.resolve().parent)


def load_settings(path: Path, kind: type[SettingsKind], overrides: tuple[str, ...] = ()) -> SettingsKind:
    """Read settings of a kind from a YAML file, apply `key.sub=value` overrides and validate.

    Raises MaplessError naming the file, the path of the offending key and the nearest valid one.
    """
    values = _read_yaml(path)
    for override in overrides:
        _apply(values, override)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise MaplessError(f"{path}: {one_line(error, kind)}") from error


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(path.read_text())
    except OSError as error:
        raise MaplessError(f"cannot read the configuration {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise MaplessError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise MaplessError(f"{path} must hold keys and values; see `./run_analysis.py show cms-dijet`")
    return values


def _apply(values: dict[str, Any], override: str) -> None:
    import yaml

    key, separator, text = override.partition("=")
    if not separator or not key:
        raise MaplessError(f"--set {override}: write it as key=value, for example injection.n_events=0")
    *parents, leaf = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise MaplessError(f"--set {override}: {parent} holds a value, not further keys")
    values[leaf] = yaml.safe_load(text)


def _with_absolute_files(configuration: Configuration, folder: Path) -> Configuration:
    def absolute(files: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(match for file in files for match in _matches(folder / file))

    updates = {
        room: settings.model_copy(
            update={
                name: absolute(getattr(settings, name))
                for name in type(settings).model_fields
                if name.endswith("files") and isinstance(getattr(settings, name), tuple)
            }
        )
        for room, settings in configuration
        if isinstance(settings, Settings)
    }
    return configuration.model_copy(update=updates)


def _matches(file: Path) -> list[Path]:
    """Expand a pattern such as `data/*.root`; a plain name stays as it is."""
    if not glob.has_magic(str(file)):
        return [Path(os.path.normpath(file))]
    found = sorted(glob.glob(str(file), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise MaplessError(f"no file matches {file}; check the pattern")
    return [Path(name) for name in found]
