"""The direction of imports and the examples in docstrings."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
MAY_IMPORT = {
    "selections": {"selections"},
    "models": {"models"},
    "fits": {"fits"},
    "firmware": {"firmware"},
    "analysis": {"analysis", "selections", "models", "fits", "firmware"},
}
FILES = [file for room in MAY_IMPORT for file in sorted((REPOSITORY / room).rglob("*.py"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_lower_rooms_never_import_higher_ones(file: Path) -> None:
    room = file.relative_to(REPOSITORY).parts[0]
    imported = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert imported & set(MAY_IMPORT) <= MAY_IMPORT[room]


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if ">>> " in file.read_text()],
    ids=lambda file: str(file.relative_to(REPOSITORY)),
)
def test_examples_print_what_they_say(file: Path) -> None:
    name = ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
