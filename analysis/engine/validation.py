"""Turns a pydantic validation error into one line that names the key and the way out."""

import difflib
from collections.abc import Sequence
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

LONGEST = 80
"""Characters of a wrong value that are shown."""


def one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """Describe a problem: its path in the file, what is wrong and the nearest valid key.

    A key that nobody knows comes first: where one is misspelt, the right one is missing as well.
    """
    problems = error.errors()
    first = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    path = ".".join(str(part) for part in first["loc"] if part != "[key]")
    if first["type"] == "extra_forbidden":
        return _unknown_key(path, _keys_at(model, first["loc"][:-1]))
    if first["type"] == "missing":
        return f"{path} is missing; add it"
    message = first["msg"].removeprefix("Value error, ")
    if not path:
        return message
    if not isinstance(first["input"], str | int | float | bool):
        return f"{path}: {message}"
    got = repr(first["input"])
    return f"{path}: {message} (got {got if len(got) <= LONGEST else f'{got[:LONGEST]}…'})"


def _unknown_key(path: str, valid: Sequence[str]) -> str:
    near = difflib.get_close_matches(path.rpartition(".")[2], valid, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"valid here: {', '.join(valid)}"
    return f"{path}: unknown key; {hint}"


def _keys_at(model: type[BaseModel], path: Sequence[Any]) -> list[str]:
    """Keys that are valid at a path of keys, through models and mappings of models."""
    kind: Any = model
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = field and _without_none(field.annotation)
        else:
            kind = get_args(kind)[-1] if get_args(kind) else None
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _without_none(annotation: Any) -> Any:
    """The kind of an optional value."""
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return kinds[0] if NoneType in get_args(annotation) and len(kinds) == 1 else annotation
