"""How the command line ends: by itself, by a signal, by a crash, at once and with all that it has started."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from analysis.commands.supervision import GRACE
from tests.analysis.engine.tasks import wait_for

REPOSITORY = Path(__file__).parents[3]
SCRIPT = """
import os, signal, subprocess, sys, time
from pathlib import Path
from analysis.commands.supervision import supervised
from analysis.engine.output_folder import claimed

place = Path(sys.argv[1])

def work():
    with claimed(place / "output"):
        (place / "output" / "stages" / "train.partial-1").mkdir(parents=True)
        sleeper = subprocess.Popen(["sleep", "600"])
        (place / "processes").write_text(f"{os.getpid()} {sleeper.pid}")
        BUSY
    return 7

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored, and nohup the other
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.exit(supervised(work))
"""
IN_PYTHON, IN_C = "time.sleep(600)", "sum(range(10**12))"  # the second one heeds no signal
IN_ROOT = """
        try:
            time.sleep(600)
        except:  # as ROOT looks up its classes
            print("mapless: events.root cannot be read", file=sys.stderr)
            return 2
"""
SLOW = 20  # seconds that a busy machine may take for what needs none


@contextmanager
def running(place: Path, busy: str):
    (place / "script.py").write_text(SCRIPT.replace("BUSY", busy))
    command = [sys.executable, str(place / "script.py"), str(place)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: (place / "processes").is_file() and (place / "processes").read_text())
        try:
            yield process
        finally:
            process.kill()


def processes(place: Path) -> list[int]:
    return [int(number) for number in (place / "processes").read_text().split()]


def state(process: int) -> str:
    """Of a process, such as R, S, T or Z; X when it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "X"


def all_gone(place: Path) -> bool:
    return all(state(process) in "XZ" for process in processes(place))


@pytest.mark.parametrize("busy", [IN_PYTHON, IN_C, IN_ROOT])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_processes_at_once_with_one_line(tmp_path, busy, number):
    with running(tmp_path, busy) as process:
        start = time.monotonic()
        process.send_signal(number)
        _, complaint = process.communicate(timeout=SLOW)
    assert time.monotonic() - start < GRACE + SLOW / 2
    assert process.returncode == 128 + number
    assert complaint == "mapless: stopped; what was finished is kept, run the same again to go on\n"
    assert all_gone(tmp_path)
    assert not list(tmp_path.glob("output/stages/*"))


def test_a_killed_command_leaves_no_process_behind(tmp_path):
    with running(tmp_path, IN_C) as process:
        process.kill()
        wait_for(lambda: all_gone(tmp_path))


def test_a_command_may_be_stopped_and_go_on(tmp_path):
    with running(tmp_path, IN_C) as process:
        process.send_signal(signal.SIGTSTP)
        wait_for(lambda: {state(one) for one in (process.pid, *processes(tmp_path))} == {"T"})
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: "T" not in {state(one) for one in (process.pid, *processes(tmp_path))})
        process.terminate()


@pytest.mark.parametrize(
    ("busy", "code", "words"),
    [
        ("pass", 7, ""),
        ("sys.exit(2)", 2, ""),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 139, "the process died by SIGSEGV;"),
        ("os._exit(133)", 133, "the process died with code 133, perhaps as it could not write;"),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137, "perhaps for want of memory"),
    ],
)
def test_how_a_command_ends_by_itself_is_told(tmp_path, busy, code, words):
    with running(tmp_path, busy) as process:
        _, complaint = process.communicate(timeout=SLOW)
    assert process.returncode == code
    assert words in complaint
    assert complaint.count("\n") == bool(words)
    assert all_gone(tmp_path)
