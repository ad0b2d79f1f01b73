"""One malformed input with the command that reads it, and what may come of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SEED = 20261126
LIMIT = 300.0  # seconds until a case hangs, on a busy machine

Random = np.random.Generator
Make = Callable[[Path, Random], list[str]]
Right = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """What is made in a folder, and the command that reads it there.

    `make(folder, random)` writes the inputs and gives the arguments of the command line, which runs in the
    folder. `right(folder)` asserts that what an accepted input gave is right; without it the input must be
    refused. `kind` is what a process must have loaded to be quick: "events" or "networks".
    """

    name: str
    make: Make
    right: Right | None = None
    kind: str = "events"

    @property
    def random(self) -> Random:
        """The generator of this case: by the seed and its name."""
        digest = hashlib.sha256(f"{SEED} {self.name}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def network_case(name: str, make: Make, right: Right | None = None) -> Case:
    """A case for a process that has the networks loaded."""
    return Case(name, make, right, kind="networks")


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code (negative: a signal), what it printed, whether it hung."""

    code: int
    out: str
    err: str
    hung: bool


def content(folder: Path) -> dict[str, Any]:
    """All files below a folder, with what is in them; pipes and the like by their kind."""
    files = [file for file in sorted(folder.rglob("*")) if not file.is_dir()]
    return {
        str(file.relative_to(folder)): file.read_bytes() if file.is_file() else file.lstat().st_mode
        for file in files
    }


def judge(case: Case, outcome: Outcome, folder: Path, before: dict[str, Any]) -> None:
    """Assert one line, exit code 2 and nothing written; or the right number of what was accepted.

    A crash of ROOT ends the process where it is, as SIGKILL does: the empty folder of results with its marker
    stays, and belongs to whoever runs next.
    """
    assert not outcome.hung, f"hangs: {outcome.err[-2000:]}"
    assert "Traceback" not in outcome.err, outcome.err
    if outcome.code == 0:
        assert case.right is not None, f"accepted:\n{outcome.out[-2000:]}"
        case.right(folder)
        return
    assert outcome.code == 2, f"ends with {outcome.code}: {outcome.err[-2000:]}"
    lines = [line for line in outcome.err.splitlines() if not line.startswith("mapless: warning: ")]
    assert len(lines) == 1, f"{len(lines)} lines: {outcome.err[-3000:]}"
    assert lines[0].startswith("mapless: "), lines[0]
    changed = {name for name, held in content(folder).items() if before.get(name) != held}
    if "ROOT crashed" in outcome.err:
        changed.discard("out/.mapless")
    assert not changed | (set(before) - set(content(folder))), changed
