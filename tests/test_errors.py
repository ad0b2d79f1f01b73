import errno

import numpy as np
import pytest

from errors import MaplessError, at_work, complaint


def told(raising, on="stage report"):
    with pytest.raises(Exception) as raised, at_work(on):  # noqa: PT011 - all kinds of them
        raising()
    return complaint(raised.value)


def test_own_errors_are_told_as_they_are():
    def mistake():
        raise MaplessError("two\nlines")

    assert told(mistake) == ("two lines", 2)


def test_disk_and_memory_are_told_with_what_was_at_work():
    def full():
        raise OSError(errno.ENOSPC, "No space left on device", "events.root")

    assert told(full) == (
        "No space left on device: events.root in stage report; check the disk, the path and its permissions",
        2,
    )
    text, code = told(lambda: np.empty(2**58))
    assert (text.partition(";")[0], code) == ("not enough memory in stage report", 2)


def test_a_fault_says_so_and_where_it_is():
    text, code = told(lambda: np.zeros(2)[5])
    assert code == 1
    assert text.startswith("unexpected IndexError: index 5 is out of bounds")
    assert "in stage report (test_errors.py, line " in text
    assert text.endswith("a fault in the code: --debug shows all of it")
