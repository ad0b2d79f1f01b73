"""Event loops are watched one inside of the other."""

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
