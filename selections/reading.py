"""Event loops that end in one line when a file cannot be read or written, whatever ROOT makes of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import MaplessError
from selections.headers import graph_functions
from selections.root import one_line_errors


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
