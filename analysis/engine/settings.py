"""Settings of a command: validated models read from YAML, with overrides from the command line."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from analysis.engine.validation import one_line
from errors import MaplessError


class Settings(BaseModel):
    """Base of all settings: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SettingsKind = TypeVar("SettingsKind", bound=Settings)


def read_values(path: Path, overrides: tuple[str, ...] = ()) -> dict[str, Any]:
    """Keys and values of a YAML file with `key.sub=value` overrides; MaplessError if there are none."""
    import yaml

    try:
        values = yaml.safe_load(path.read_text())
    except OSError as error:
        raise MaplessError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MaplessError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise MaplessError(f"{path} must hold keys and values, written `key: value`")
    for override in overrides:
        _apply(values, override)
    return values


def validated(values: dict[str, Any], kind: type[SettingsKind], path: Path) -> SettingsKind:
    """Settings of a kind; MaplessError naming the file, the path of a wrong key and the nearest valid one."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise MaplessError(f"{path}: {one_line(error, kind)}") from error


def load_settings(path: Path, kind: type[SettingsKind], overrides: tuple[str, ...] = ()) -> SettingsKind:
    """Read settings of a kind from a YAML file, with overrides; MaplessError as its two parts."""
    return validated(read_values(path, overrides), kind, path)


def _apply(values: dict[str, Any], override: str) -> None:
    import yaml

    key, separator, text = override.partition("=")
    if not separator or not key:
        raise MaplessError(f"--set {override}: write it as key=value, for example seed=2")
    *parents, leaf = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise MaplessError(f"--set {override}: {parent} holds a value, not further keys")
    try:
        values[leaf] = yaml.safe_load(text)
    except yaml.YAMLError:
        raise MaplessError(f"--set {override}: '{text}' is not a value in YAML") from None
