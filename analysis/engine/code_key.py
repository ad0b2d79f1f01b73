"""Which source files a task runs, told from imports, so that new code redoes exactly its stages."""

import ast
import hashlib
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"[\w./-]+\.(h|j2)")
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
_TEMPLATE = re.compile(r'{%-?\s*(?:extends|import|from|include)\s+"([^"]+)"')


@cache
def code_key(*modules: str) -> str:
    """SHA-256 over the files that these modules import, directly or not, and the headers and templates named.

    Imports inside functions count, those for types only do not. Of modules outside of this project the named
    ones count and what they import from beside them. Headers may be named like modules, as "mapless/fold.h".
    """
    digest = hashlib.sha256()
    for file in sorted(source_files(*modules)):
        name = file.relative_to(REPOSITORY) if file.is_relative_to(REPOSITORY) else Path(file.name)
        digest.update(name.as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def source_files(*modules: str) -> frozenset[Path]:
    """The files that decide what modules do: themselves, what they import, headers and templates."""
    headers = [name for name in modules if _NAME.fullmatch(name)]
    waiting = [file for name in modules if name not in headers and (file := _file_of(name, anywhere=True))]
    waiting += [found for found in _headers_and_templates() if any(found.match(name) for name in headers)]
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        waiting += _needed_by(file)
    return frozenset(found)


@cache
def _needed_by(file: Path) -> tuple[Path, ...]:
    """Files that a module imports and names, or that a header or template includes."""
    text = file.read_text()
    if file.suffix != ".py":
        return _named(file, [*_INCLUDE.findall(text), *_TEMPLATE.findall(text)])
    tree = ast.parse(text)
    modules = (module for name in _imported(tree, file) for module in _with_packages(name))
    imported = [path for module in modules if (path := _file_of(module) or _beside(file, module))]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    names = [text for text in texts if isinstance(text, str) and _NAME.fullmatch(text)]
    return (*imported, *_named(file, names))


def _beside(file: Path, module: str) -> Path | None:
    """A module that lies in the folder of one outside of this project, or in the folder around it."""
    if file.is_relative_to(REPOSITORY):
        return None
    for folder in file.parents[:2]:
        path = folder.joinpath(*module.split("."))
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def _imported(node: ast.AST, file: Path) -> Iterator[str]:
    """Names that are imported as modules or may be modules, those under TYPE_CHECKING left out."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        origin = [*_package(file, node.level), *filter(None, [node.module])]
        yield ".".join(origin)
        yield from (".".join([*origin, alias.name]) for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imported(child, file)


def _package(file: Path, level: int) -> tuple[str, ...]:
    """Where an import with so many dots in front begins to look."""
    inside = level and file.is_relative_to(REPOSITORY)
    return file.relative_to(REPOSITORY).parts[:-level] if inside else ()


def _with_packages(module: str) -> list[str]:
    """A module and the packages around it, whose `__init__` runs first."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


@cache
def _file_of(module: str, *, anywhere: bool = False) -> Path | None:
    """Source file of a module of this project, or of any module that can be found."""
    path = REPOSITORY.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    if not anywhere:
        return None
    found = importlib.util.find_spec(module)
    return Path(found.origin) if found and found.origin and Path(found.origin).is_file() else None


def _named(file: Path, names: list[str]) -> tuple[Path, ...]:
    """Headers and templates by the end of their path, anywhere in the project, or beside the file."""
    beside = [file.parent / name for name in names if (file.parent / name).is_file()]
    anywhere = [found for found in _headers_and_templates() if any(found.match(name) for name in names)]
    return (*beside, *anywhere)


@cache
def _headers_and_templates() -> tuple[Path, ...]:
    """All of the project, so of its packages: the environment lies beside them."""
    packages = sorted(file.parent for file in REPOSITORY.glob("*/__init__.py"))
    files = [file for package in packages for file in package.rglob("*")]
    return tuple(file for file in files if file.suffix in {".h", ".j2"})
