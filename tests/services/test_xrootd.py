"""Events of a real XRootD server are those of the file, and one that goes ends a run in one line."""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from selections.dijet import dijet
from selections.sources import open_events
from tests.analysis import toy_search

READ = """
import os, signal
from selections.dijet import dijet
from selections.sources import open_events
selected = dijet(mjj_min=1000, features=())(open_events("{address}"))
if {server}:
    os.kill({server}, signal.SIGKILL)
print(selected.cutflow().events)
"""


@pytest.fixture
def served() -> Iterator[Path]:
    """A folder with a file of events, which any user may read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        toy_search.write_background(folder / "background.root", 3000, 1)
        folder.chmod(0o777)
        yield folder


@pytest.fixture
def server(served: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Address of the file, and the server that has it, which runs as another user where we are root."""
    if not shutil.which("xrootd"):
        pytest.skip("no xrootd is installed; see tests/services/README.md")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (served / "xrootd.cfg").write_text(
        f"xrd.port {port}\nall.export {served}\nall.adminpath {served}/admin\nall.pidpath {served}/admin\n"
    )
    command = ["xrootd", "-c", str(served / "xrootd.cfg"), "-l", str(served / "log"), "-R", "nobody"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        _wait_for(port)
        yield f"root://127.0.0.1:{port}/{served}/background.root", running
        running.kill()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as tried:
            if not tried.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    pytest.fail("the server does not answer")


def _read(address: str, killed: int = 0) -> "subprocess.CompletedProcess[str]":
    script = READ.format(address=address, server=killed)
    return subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)


def test_events_of_a_server_are_those_of_the_file_until_it_goes(
    server: tuple[str, "subprocess.Popen[bytes]"], served: Path
) -> None:
    address, running = server
    local = dijet(mjj_min=1000, features=())(open_events(served / "background.root")).cutflow()
    assert _read(address).stdout.strip() == str(local.events)
    ended = _read(address, running.pid)
    last = ended.stderr.splitlines()[-1]
    assert ended.returncode in (1, 2) and address in last, ended.stderr
