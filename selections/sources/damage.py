"""Files whose events cannot be read, found by reading them in a process of its own, which may crash."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from errors import MaplessError
from selections.headers import graph_functions
from selections.reading import watched_loop
from selections.sources.files import OpenedFile
from selections.sources.opened import LostFile

FAULT = "cannot be read"


def damaged(opened: Sequence[OpenedFile], columns: Callable[[OpenedFile], Sequence[str]]) -> list[LostFile]:
    """Those of some files of which `columns` cannot be read, with the reason."""
    lost: list[LostFile] = []
    waiting = [
        (file.path, file.tree, file.kind == "TTree", _readable(file, columns(file))) for file in opened
    ]
    while waiting:
        results, last_words = _read_apart(waiting)
        lost += [LostFile(task[0], reason) for task, reason in zip(waiting, results, strict=False) if reason]
        waiting = waiting[len(results) :]
        if waiting:  # the process did not survive the next one
            path = waiting.pop(0)[0]
            lost.append(LostFile(path, last_words or f"{path} {FAULT}: ROOT crashed; copy it again"))
    return lost


def _readable(file: OpenedFile, columns: Sequence[str]) -> list[str]:
    """Names in the file of columns that are read by themselves, unlike parts of a structure in RNTuples."""
    names = [file.stored.get(name, name) for name in columns]
    return names if file.kind == "TTree" else [name for name in names if "." not in name]


def _read_apart(tasks: Sequence[tuple[str, str, bool, list[str]]]) -> tuple[list[str], str]:
    """For each file a reason or nothing, up to the first that ends the process; and its last words."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import read_files; read_files()"],
        input=json.dumps(tasks),
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return results, done.stderr.strip().rpartition("\n")[2].removeprefix("mapless: ")


def read_files() -> None:
    """Read the files that standard input names, and print for each a reason or nothing."""
    for path, tree, is_tree, columns in json.load(sys.stdin):
        reason = ""
        try:
            with watched_loop(f"{path} {FAULT}"):
                graph_functions().read_through(path, tree, is_tree, columns)
        except MaplessError as error:
            reason = str(error)
        print(json.dumps(reason), flush=True)
