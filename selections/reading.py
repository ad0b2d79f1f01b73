"""Event loops that end in one line when a file cannot be read or written, whatever ROOT makes of it."""

import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import MaplessError
from selections.headers import graph_functions
from selections.root import one_line_errors

ENOUGH = 2**31
"""Bytes that the description of a tree may take; of a damaged one ROOT believes any size."""


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Let this process take at most so many bytes more: beyond, ROOT's request fails at once."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = [taken + ENOUGH, *(limit for limit in before if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def watched_loop(what_failed: str, unfinished: Iterable[Path] = ()) -> Iterator[None]:
    """Read or write with ROOT; MaplessError for what it complains about, with what failed and the file.

    ROOT may also crash over a damaged file. Then the process ends with a line on standard error and exit code
    2, and the `unfinished` files are removed.
    """
    mapless = graph_functions()
    with one_line_errors(what_failed) as standard_error:
        mapless.start_watching(standard_error, what_failed, [str(path) for path in unfinished])
        try:
            yield
        finally:
            complaint = str(mapless.stop_watching())
        if complaint:
            raise MaplessError(f"{what_failed}: {complaint}")
