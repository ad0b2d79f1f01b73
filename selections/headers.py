"""C++ headers of the project: compiled once per machine, loaded in milliseconds afterwards.

Compiled code runs up to three times faster than what the interpreter makes of it. The interpreter still
reads the header, to know the declarations, and then calls the compiled symbols. A header may spare it that
work: the macro MAPLESS_COMPILED is defined while the interpreter reads a header that has been compiled, so
that bodies and heavy includes can be left out then.
"""

import hashlib
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

from errors import MaplessError
from selections.libraries import OPTIONS, compile_library, compiler, compiler_key
from selections.root import import_root
from user_cache import cache_directory

HEADERS = Path(__file__).parent / "cpp"
FASTJET_LIBRARIES = ("libfastjet.so", "libfastjettools.so", "libfastjetcontribfragile.so")
LIBRARIES = {  # by what is included: the package, and where in it the libraries are
    "fastjet/": ("fastjet", [f"lib64/{name}" for name in FASTJET_LIBRARIES]),
    "<correction.h>": ("correctionlib", ["lib/libcorrectionlib.so"]),
}
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


def loaded() -> tuple[str, ...]:
    """The headers that are known to the interpreter by now, in order."""
    return tuple(_loaded)


@cache
def may_be_used(name: str, code: str) -> bool:
    """Whether code calls `mapless::` functions that a header itself names, not only those that it includes.

    True for headers that are not of the project.
    """
    if not (HEADERS / name).is_file():
        return True
    text = _read(name)
    return any(re.search(rf"\b{used}\b", text) for used in re.findall(r"\bmapless::(\w+)", code))


def include_folders(*names: str) -> list[Path]:
    """Folders in which a compiler finds headers and what they include."""
    packages = [package for included, (package, _) in LIBRARIES.items() if included in source_of(*names)]
    return [HEADERS, *(package_folder(package) / "include" for package in packages)]


def source_of(*names: str) -> str:
    """Text of headers and of all project headers that they include."""
    return "".join(_source_with_includes(name) for name in names)


_loaded: dict[str, None] = {}


@cache
def _load_once(name: str) -> None:
    root = import_root()
    text = _source_with_includes(name)
    for folder in include_folders(name):
        root.gInterpreter.AddIncludePath(str(folder))
    for included, (package, files) in LIBRARIES.items():
        for file in files if included in text else ():
            root.gSystem.Load(str(package_folder(package) / file))
    library = _compiled(name, text)
    loads = library is not None and root.gSystem.Load(str(library)) >= 0
    define = "#define MAPLESS_COMPILED\n" if loads else ""
    if not root.gInterpreter.Declare(f'{define}#include "{name}"\n#undef MAPLESS_COMPILED\n'):
        raise MaplessError(f"ROOT's interpreter does not understand the header {name}; its message is above")
    _loaded[name] = None


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


def _compiled(name: str, text: str) -> Path | None:
    """Shared library of a header, made if it is not in the cache; None without a working compiler."""
    if compiler() is None:
        return None
    options = OPTIONS if BODIES_ARE_HIDDEN in text else (*OPTIONS, KEEP_INLINE_FUNCTIONS)
    key = hashlib.sha256("\0".join((text, compiler_key(), *options)).encode()).hexdigest()[:20]
    try:
        library = cache_directory() / f"{Path(name).stem}-{key}.so"
    except MaplessError:  # nowhere to keep it: the interpreter does the work instead
        return None
    if library.exists():
        return library
    complaint = compile_library(f'#include "{name}"\n', library, include_folders(name), options)
    return library if complaint is None else None
