"""C++ headers of the project: compiled once per machine, loaded in milliseconds afterwards.

Compiled code runs up to three times faster than what the interpreter makes of it. The interpreter still
reads the header, to know the declarations, and then calls the compiled symbols. A header may spare it that
work: the macro MAPLESS_COMPILED is defined while the interpreter reads a header that has been compiled, so
that bodies and heavy includes can be left out then.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from errors import MaplessError
from selections.root import import_root
from user_cache import cache_directory

HEADERS = Path(__file__).parent / "cpp"
FASTJET_LIBRARIES = ("libfastjet.so", "libfastjettools.so", "libfastjetcontribfragile.so")
LIBRARIES = {  # by what is included: the package, and where in it the libraries are
    "fastjet/": ("fastjet", [f"lib64/{name}" for name in FASTJET_LIBRARIES]),
    "<correction.h>": ("correctionlib", ["lib/libcorrectionlib.so"]),
}
COMPILER_OPTIONS = ("-std=c++17", "-O2", "-fPIC", "-shared", "-w")
# Gives inline functions a symbol; the interpreter prefers it to its own code, but for functions so short that
# it rather inlines them. Headers that hide their bodies from the interpreter compile much faster without.
KEEP_INLINE_FUNCTIONS = "-fkeep-inline-functions"
BODIES_ARE_HIDDEN = "#ifndef MAPLESS_COMPILED"
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def load(*names: str) -> None:
    """Make headers such as "mapless/fold.h" known to ROOT's interpreter, compiled where a compiler is found.

    Raises MaplessError when a header does not exist or the interpreter does not understand it.
    """
    for name in names:
        _load_once(name)


def graph_functions() -> Any:
    """The functions of "mapless/graph.h"."""
    load("mapless/graph.h")
    return import_root().mapless


def may_be_used(name: str, code: str) -> bool:
    """Whether code calls `mapless::` functions that a header itself names, not only those that it includes.

    True for headers that are not of the project.
    """
    if not (HEADERS / name).is_file():
        return True
    text = _read(name)
    return any(re.search(rf"\b{used}\b", text) for used in re.findall(r"\bmapless::(\w+)", code))


@cache
def _load_once(name: str) -> None:
    root = import_root()
    text = _source_with_includes(name)
    used = [library for included, library in LIBRARIES.items() if included in text]
    folders = [HEADERS, *(package_folder(package) / "include" for package, _ in used)]
    for folder in folders:
        root.gInterpreter.AddIncludePath(str(folder))
    for package, files in used:
        for file in files:
            root.gSystem.Load(str(package_folder(package) / file))
    library = _compiled(name, text, folders)
    loaded = library is not None and root.gSystem.Load(str(library)) >= 0
    define = "#define MAPLESS_COMPILED\n" if loaded else ""
    if not root.gInterpreter.Declare(f'{define}#include "{name}"\n#undef MAPLESS_COMPILED\n'):
        raise MaplessError(f"ROOT's interpreter does not understand the header {name}; its message is above")


def _source_with_includes(name: str) -> str:
    """Text of a header and of all project headers that it includes, in order of first use."""
    texts: dict[str, str] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in texts:
            texts[current] = _read(current)
            waiting += [other for other in INCLUDE.findall(texts[current]) if (HEADERS / other).is_file()]
    return "".join(f"// {key}\n{text}" for key, text in sorted(texts.items()))


def _read(name: str) -> str:
    path = HEADERS / name
    if not path.is_file():
        known = ", ".join(sorted(str(p.relative_to(HEADERS)) for p in HEADERS.rglob("*.h")))
        raise MaplessError(f"header {name} does not exist; there are {known}")
    return path.read_text(encoding="utf-8")


def package_folder(package: str) -> Path:
    """Folder of an installed package with C++ headers in include/."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise MaplessError(f"{package} is not installed; type `pip install {package}`")
    return Path(found.origin).parent


def _compiled(name: str, text: str, includes: Sequence[Path]) -> Path | None:
    """Shared library of a header, made if it is not in the cache; None without a working compiler."""
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")
    if not compiler:
        return None
    root = import_root()
    options = COMPILER_OPTIONS if BODIES_ARE_HIDDEN in text else (*COMPILER_OPTIONS, KEEP_INLINE_FUNCTIONS)
    parts = (text, root.gROOT.GetVersion(), _compiler_version(compiler), *options)
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
    try:
        library = cache_directory() / f"{Path(name).stem}-{key}.so"
    except MaplessError:  # nowhere to keep it: the interpreter does the work instead
        return None
    if library.exists():
        return library
    folders = [*includes, Path(str(root.TROOT.GetIncludeDir()))]
    command = [compiler, *options, *(f"-I{folder}" for folder in folders)]
    return library if _compile(name, command, library) else None


@cache
def _compiler_version(compiler: str) -> str:
    result = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    return result.stdout.partition("\n")[0]


def _compile(name: str, compile_command: list[str], library: Path) -> bool:
    """Compile beside the target and rename, so that two processes at once cannot harm each other."""
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as beside:
            source = Path(beside) / f"{Path(name).stem}.cxx"
            source.write_text(f'#include "{name}"\n', encoding="utf-8")
            made = source.with_suffix(".so")
            command = [*compile_command, str(source), "-o", str(made)]
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                return False
            made.replace(library)
    except OSError:  # no room, or the cache may not be written: the interpreter does the work instead
        return False
    return True
