"""Files that a user names: looked at before they are read, so that each complaint names the file."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import MaplessError

if TYPE_CHECKING:
    import yaml

DEEPEST = 50
"""Levels of keys and lists within each other."""
MOST_VALUES = 2_000_000
"""Values of a YAML file once its aliases are written out."""


def check_file(path: str | Path) -> Path:
    """The path of a file that can be read.

    Raises MaplessError for none, a folder, a pipe or device (it might never end), and one without permission.
    """
    try:
        kind = Path(path).stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        raise MaplessError(f"no file {path!s}: {reason}; check the path") from None
    if stat.S_ISDIR(kind):
        raise MaplessError(f"{path} is a folder, not a file; name a file in it")
    if not stat.S_ISREG(kind):
        raise MaplessError(f"{path} is a pipe or device, not a file; write its content to a file first")
    if not os.access(path, os.R_OK):
        raise MaplessError(f"{path} may not be read; ask for the permission")
    return Path(path)


def read_text(path: str | Path) -> str:
    """The text of a file; MaplessError as `check_file`, and for what is not UTF-8."""
    try:
        return check_file(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise MaplessError(f"{path} is not text in UTF-8 (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise MaplessError(f"{path} cannot be read: {error.strerror}") from None


def read_json(path: str | Path) -> Any:
    """The content of a JSON file; MaplessError as `read_text`, and for what JSON does not know."""
    try:
        content = json.loads(read_text(path), object_pairs_hook=_once_each, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise MaplessError(f"{path} is not JSON: {_reason(error)}") from None
    return content


def read_yaml(path: str | Path) -> Any:
    """The content of a YAML file; MaplessError as `read_text`, and as `parse_yaml`."""
    text = read_text(path)
    try:
        return parse_yaml(text)
    except ValueError as error:
        raise MaplessError(f"{path} is not valid YAML: {error}") from None


def parse_yaml(text: str) -> Any:
    """The value of a YAML text without tags that make objects.

    Raises ValueError in one line: not YAML, a key that stands twice, aliases within themselves or that
    multiply without end, or too many levels.
    """
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            return None
        _count(node, {}, ())
        return yaml.SafeLoader("").construct_document(node)
    except yaml.MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"{error.problem}{place}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(_reason(error)) from None


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"it is nested deeper than {DEEPEST} levels"
    return " ".join(str(error).split())


def _count(node: "yaml.Node", known: dict[int, int], above: tuple[int, ...]) -> int:
    """Values below a node with its aliases written out; ValueError for what `parse_yaml` refuses."""
    line = node.start_mark.line + 1
    if id(node) in above:
        raise ValueError(f"an alias holds itself in line {line}")
    if len(above) > DEEPEST:
        raise ValueError(f"it is nested deeper than {DEEPEST} levels in line {line}")
    if id(node) not in known:
        children = list(_children(node))
        known[id(node)] = 1 + sum(_count(child, known, (*above, id(node))) for child in children)
    if known[id(node)] > MOST_VALUES:
        raise ValueError(f"its aliases make more than {MOST_VALUES:,} values in line {line}")
    return known[id(node)]


def _children(node: Any) -> Iterator["yaml.Node"]:
    """Values of a list, or keys and values of a mapping; ValueError for a key that stands twice."""
    import yaml

    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    if isinstance(node, yaml.MappingNode):
        seen: dict[tuple[str, Any], int] = {}
        for key, value in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else None
            line = key.start_mark.line + 1
            if name in seen:
                raise ValueError(f"{key.value!r} stands twice, in lines {seen[name]} and {line}")
            if name and key.tag != "tag:yaml.org,2002:merge":
                seen[name] = line
            yield key
            yield value


def _once_each(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice")
    return content


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
