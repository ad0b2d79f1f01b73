"""A process that has everything loaded and forks a child for every command, which may crash or hang alone.

`python -m tests.robustness.warm events` reads one request a line, {"arguments", "folder", "limit"}, and
answers with one line, {"code", "out", "err", "hung"}.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from tests.robustness.case import LIMIT, Outcome

REPOSITORY = Path(__file__).parents[2]


class Warm:
    """The process, as the tests see it."""

    def __init__(self, kind: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.robustness.warm", kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=environment,
        )

    def run(self, arguments: list[str], folder: Path) -> Outcome:
        """Run `./run_analysis.py` with these arguments in a folder."""
        request = {"arguments": arguments, "folder": str(folder), "limit": LIMIT}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _load(kind: str) -> None:
    """Import what commands import, and let ROOT compile what every selection needs."""
    import analysis.commands.fit.command
    import analysis.commands.run
    import analysis.commands.show  # noqa: F401
    import run_analysis  # noqa: F401

    if kind == "networks":
        import keras  # noqa: F401
        import qkeras  # noqa: F401

        import analysis.commands.trigger_firmware  # noqa: F401

        return
    import mplhep  # noqa: F401
    import pandas  # noqa: F401
    import uproot  # noqa: F401

    from tests.robustness.event_files import valid

    with tempfile.TemporaryDirectory() as folder:
        assert _run_here(valid(Path(folder)), Path(folder)) == 0


def _run_here(arguments: list[str], folder: Path) -> int:
    """Run the command line in this process; its exit code, as the interpreter would give it."""
    import run_analysis

    os.chdir(folder)
    sys.argv = ["run_analysis.py", *arguments]
    try:
        code = run_analysis.main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(REPOSITORY)
    return code


def _run_in_child(arguments: list[str], folder: str, limit: float) -> dict[str, Any]:
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(_run_here(arguments, Path(folder)))
        code, hung = _ended(child, limit)
        out.seek(0)
        err.seek(0)
        return {"code": code, "out": out.read(), "err": err.read(), "hung": hung}


def _ended(child: int, limit: float) -> tuple[int, bool]:
    """Wait for a child, and end it with its own children where it takes too long."""
    latest = time.monotonic() + limit
    while time.monotonic() < latest:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), False
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), True


def _serve(kind: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what is printed here is no answer
    _load(kind)
    for line in sys.stdin:
        print(json.dumps(_run_in_child(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1])
