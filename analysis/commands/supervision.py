"""The command line in a process of its own, so that a signal ends it at once, whatever it is doing.

Python hears of a signal when it is back from C++, and event loops, trainings and Pythia may stay there for
minutes. Here another process hears of it, which does nothing else.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from errors import MaplessError

GRACE = 1.0  # seconds to tidy up before the end comes by force
STOPPED = "stopped; what was finished is kept, run the same again to go on"
DIED = "the process died {}; what was finished is kept, run the same again to go on"


def supervised(work: Callable[[], int]) -> int:
    """Run `work` in a child and return its exit code, or 128 + N after signal N and one line about it.

    Call it before any thread starts. The child and all that it starts are one process group, which ends when
    it ends, and also if this process is killed. In the child a signal is a SystemExit.
    """
    heard = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP}
    heard = {number for number in heard if signal.getsignal(number) is not signal.SIG_IGN} | {signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, _end_in_silence)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)
        return work()
    with suppress(OSError):  # it has done so itself
        os.setpgid(child, child)
    with _guard(child) as guard:
        by = _wait(child, heard)
        if by:
            _stop(child)
        code = _end(child)
        guard.kill()
    if by:
        print(f"mapless: {STOPPED}", file=sys.stderr)
        return 128 + by
    if 0 <= code < 128:  # noqa: PLR2004
        return code
    print(f"mapless: {DIED.format(_reason(code))}", file=sys.stderr)
    return code if code > 0 else 128 - code


def _end_in_silence(number: int, frame: FrameType | None) -> None:
    """Leave and say nothing more: foreign code may make another error of it, which blames its file."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.exit(128 + number)


def _reason(code: int) -> str:
    """How a process died, by minus its signal or by the code with which ROOT and others end one."""
    if code > 0:
        return f"with code {code}, perhaps as it could not write"
    memory = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
    return f"by {signal.Signals(-code).name}{memory}"


def _guard(child: int) -> "subprocess.Popen[bytes]":
    """A process that ends the group of the child when this one is gone, however that happened."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _; kill -9 -"$0"', str(child)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(child: int, heard: set[signal.Signals]) -> int:
    """Wait for the end of the child (0) or for a signal that stops it, which is returned."""
    while not _has_ended(child):
        number = signal.sigwait(heard)
        if number == signal.SIGTSTP:  # Ctrl-Z
            os.killpg(child, signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)
            os.killpg(child, signal.SIGCONT)
        elif number != signal.SIGCHLD:
            return int(number)
    return 0


def _has_ended(child: int) -> bool:
    """Whether the child has ended; its number stays taken until `_end`."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _stop(child: int) -> None:
    """Let the child tidy up, then end it and remove what it leaves half-written."""
    from analysis.engine.output_folder import MARKER, claimed

    outputs = [file.parent for file in _open_files(child) if file.name == MARKER]
    os.kill(child, signal.SIGTERM)
    latest = time.monotonic() + GRACE
    while not _has_ended(child) and time.monotonic() < latest:
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    for output in outputs:
        with suppress(MaplessError, OSError), claimed(output):
            pass


def _open_files(process: int) -> list[Path]:
    found: list[Path] = []
    with suppress(OSError):
        for link in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                found.append(link.readlink())
    return found


def _end(child: int) -> int:
    """End what the child has left behind, and return its exit code, or minus the signal that ended it."""
    with suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
