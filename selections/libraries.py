"""Shared libraries that the C++ compiler of a machine makes once, in the user's cache."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from selections.root import import_root, root_version

OPTIONS = ("-std=c++17", "-O2", "-fPIC", "-shared", "-w")


@cache
def compiler() -> str | None:
    """The C++ compiler: CXX, or the first one that is found."""
    return os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")


@cache
def compiler_key() -> str:
    """What decides a library beside its source and options: the versions of ROOT and of the compiler."""
    result = subprocess.run([str(compiler()), "--version"], capture_output=True, text=True, check=False)
    return f"{root_version()} {result.stdout.partition(chr(10))[0]}"


def compile_library(
    code: str, library: Path, folders: Sequence[Path], options: Sequence[str] = OPTIONS
) -> str | None:
    """Compile C++ into a library, which appears complete or not at all; what the compiler says if it cannot.

    Two processes at once cannot harm each other. A cache that cannot be written is a complaint as well.
    """
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as beside:
            source = Path(beside) / f"{library.stem}.cxx"
            source.write_text(code, encoding="utf-8")
            made = source.with_suffix(".so")
            includes = [f"-I{folder}" for folder in (*folders, str(import_root().TROOT.GetIncludeDir()))]
            command = [str(compiler()), *options, *includes, str(source), "-o", str(made)]
            result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            if result.returncode != 0:
                return result.stderr
            made.replace(library)
    except OSError as error:  # no compiler, no room, or the cache may not be written
        return str(error)
    return None
