"""Event loops are watched one inside of the other, in whatever thread ROOT crashes."""

import pytest

from errors import MaplessError
from selections.reading import watched_loop
from selections.root import import_root

NESTED = """
from selections.root import import_root
from selections.reading import watched_loop
with watched_loop("the outer loop"):
    with watched_loop("the inner loop"):
        pass
    import_root().Error("here", "still watched")
"""
AFTERWARDS = """
from selections.root import import_root
from selections.reading import watched_loop
with watched_loop("the outer loop"), watched_loop("the inner loop"):
    pass
import_root().Error("here", "nobody watches")
"""
LOST_SERVER = """
import ctypes, threading
from selections.headers import graph_functions
from selections.reading import watched_loop
with watched_loop("the events cannot be counted"):
    graph_functions().note_file("root://server//events.root")
    thread = threading.Thread(target=ctypes.string_at, args=(0,))
    thread.start()
    thread.join()
"""


def test_the_outer_loop_is_still_watched_when_the_inner_one_has_ended(ended_process):
    ended = ended_process(NESTED, timeout=60)
    assert ended.stderr.splitlines()[-1].endswith("MaplessError: the outer loop: still watched")


def test_errors_after_nested_loops_are_only_told(ended_process):
    """Put in twice, the handler of ROOT's errors would call itself without end."""
    ended = ended_process(AFTERWARDS, timeout=60)
    assert ended.returncode == 0
    assert ended.stderr.endswith("Error in <here>: nobody watches\n")


def test_an_error_of_the_inner_loop_is_its_own():
    inner = pytest.raises(MaplessError, match="the inner loop: broken")
    with watched_loop("the outer loop"), inner, watched_loop("the inner loop"):
        import_root().Error("here", "broken")


def test_a_crash_in_a_thread_of_its_own_names_the_file_and_the_way_out(ended_process):
    """As where the server of a remote file goes: a thread of the connection crashes, which reads no file."""
    ended = ended_process(LOST_SERVER, timeout=60)
    last = ended.stderr.splitlines()[-1]
    assert ended.returncode == 2
    assert "ROOT crashed while it read root://server//events.root" in last
    assert "again when its server answers" in last
