"""Which files and packages a task runs, told from imports, so that new code redoes exactly its stages."""

import ast
import hashlib
import importlib.metadata
import importlib.util
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"[\w./-]+\.(h|j2)")
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
_TEMPLATE = re.compile(r'{%-?\s*(?:extends|import|from|include)\s+"([^"]+)"')
_DISTRIBUTIONS = {"ROOT": "root", "sklearn": "scikit-learn", "yaml": "pyyaml", "qkeras": "qkeras-v3"}
"""Packages that are installed under another name than they are imported."""


@cache
def code_key(*modules: str) -> str:
    """SHA-256 over the files that these modules import, directly or not, and the headers and templates named.

    Imports inside functions count, those for types only do not. Of modules outside of this project the named
    ones count and what they import from beside them; of Python and the packages that all of these import the
    versions count. Headers may be named like modules, as "mapless/fold.h".
    """
    digest, files = hashlib.sha256(platform.python_version().encode()), source_files(*modules)
    packages = sorted({name for file in files for name in _read(file).packages})
    digest.update("".join(f"{name} {_version(name)}\n" for name in packages).encode())
    for file in sorted(files):
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
        waiting += _read(file).files
    return frozenset(found)


@dataclass(frozen=True)
class _Needed:
    """What a file needs: files of the project or beside it, and packages by the names of their modules."""

    files: tuple[Path, ...]
    packages: frozenset[str]


@cache
def _read(file: Path) -> _Needed:
    """What a module imports and names, or a header or template includes."""
    text = file.read_text()
    if file.suffix != ".py":
        included = [*_INCLUDE.findall(text), *_TEMPLATE.findall(text)]
        return _Needed(_named(file, included), _packages([name for name in included if "/" in name]))
    tree = ast.parse(text)
    modules = [module for name in _imported(tree, file) for module in _with_packages(name)]
    imported = [path for module in modules if (path := _file_of(module) or _beside(file, module))]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    names = [text for text in texts if isinstance(text, str) and _NAME.fullmatch(text)]
    return _Needed((*imported, *_named(file, names)), _packages(modules))


def _packages(names: list[str]) -> frozenset[str]:
    """Where imported modules or included headers come from, without Python itself and this project."""
    first = {re.split(r"[./]", name)[0] for name in names} - sys.stdlib_module_names
    return frozenset(name for name in first if not _file_of(name))


@cache
def _version(module: str) -> str:
    """Version of an installed package; empty for what is none, such as the C++ library."""
    try:
        return importlib.metadata.version(_DISTRIBUTIONS.get(module, module))
    except importlib.metadata.PackageNotFoundError:
        return ""


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
