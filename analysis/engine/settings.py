"""Settings of a command: validated models read from YAML, with overrides from the command line."""

import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from analysis.engine.validation import one_line
from errors import MaplessError
from input_files import parse_yaml, read_yaml


def _check_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}", name):
        raise ValueError("is no name; take letters, digits and _ . + -, at most 80 of them")
    return name


Name = Annotated[str, AfterValidator(_check_name)]
"""What becomes part of the name of a folder."""

Seed = Annotated[int, Field(ge=0, lt=2**31)]
"""What every generator of random numbers takes."""


class Settings(BaseModel):
    """Base of all settings: frozen; an unknown key and a number that is not finite are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


SettingsKind = TypeVar("SettingsKind", bound=Settings)


def read_values(path: Path, overrides: tuple[str, ...] = ()) -> dict[str, Any]:
    """Keys and values of a YAML file with `key.sub=value` overrides; MaplessError if there are none."""
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise MaplessError(f"{path} must hold keys and values, written `key: value`")
    override(values, overrides)
    return values


def override(values: dict[str, Any], overrides: tuple[str, ...]) -> None:
    """Set `key.sub=value`, one after the other; MaplessError for what is not written so."""
    for one in overrides:
        _apply(values, one)


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
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise MaplessError(f"--set {override}: write it as key=value, for example seed=2")
    *parents, leaf = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise MaplessError(f"--set {override}: {parent} holds a value, not further keys")
    try:
        values[leaf] = parse_yaml(text)
    except ValueError as error:
        raise MaplessError(f"--set {key}: '{text}' is not a value in YAML: {error}") from None
