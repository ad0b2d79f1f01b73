"""The one door to ROOT: imported when first used, quiet, in batch mode, threads only when asked for."""

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from errors import MaplessError


@cache
def import_root() -> Any:
    """ROOT, without graphics and without the notice that its wheel prints on import."""
    # event loops a fifth faster than as ROOT compiles by itself
    os.environ.setdefault("EXTRA_CLING_ARGS", "-O2")
    # a server that does not answer is given up after seconds; by itself ROOT tries for ten minutes
    os.environ.setdefault("XRD_CONNECTIONRETRY", "1")
    os.environ.setdefault("XRD_CONNECTIONWINDOW", "30")
    if os.path.expanduser("~") == "~":  # noqa: PTH111 - which does not raise
        os.environ["HOME"] = os.devnull  # ROOT ends the process of who has none
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"[\s\S]*alpha stage")
        import ROOT
    ROOT.gROOT.SetBatch(True)
    return ROOT


def root_version() -> str:
    """Version of ROOT, such as "6.40.00"."""
    return str(import_root().gROOT.GetVersion())


def use_threads(number: int) -> None:
    """Run the event loops of frames opened from now on with so many threads (1: none).

    With more than one thread the order of events is not kept, see `selections.snapshot`.
    """
    root = import_root()
    if number > 1:
        root.EnableImplicitMT(number)
    elif root.IsImplicitMTEnabled():
        root.DisableImplicitMT()


def threads() -> int:
    """Number of threads that an event loop opened now would use."""
    root = import_root()
    return int(root.GetThreadPoolSize()) if root.IsImplicitMTEnabled() else 1


@contextmanager
def one_line_errors(what_failed: str) -> Iterator[int]:
    """Turn ROOT's pages of compiler output into one line: what failed, and the first error.

    Gives the descriptor of the true standard error. Raises MaplessError for any exception of ROOT.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as diagnostics:
        try:
            with _standard_error_to(diagnostics.fileno()) as kept:
                yield kept
        except MaplessError:
            raise
        except Exception as error:
            diagnostics.seek(0)
            first = _first_error(diagnostics.read(), str(error))
            raise MaplessError(f"{what_failed}: {first}") from None


@contextmanager
def _standard_error_to(descriptor: int) -> Iterator[int]:
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(descriptor, 2)
    try:
        yield kept
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def _first_error(diagnostics: str, message: str) -> str:
    """The compiler's first error, else the text of the C++ exception, else the first line of anything."""
    compiler = re.search(r"\berror: (.*)", diagnostics)
    exception = re.search(
        r"\b(?:\w+_error|\w*[Ee]xception|invalid_argument|out_of_range|bad_alloc): (.*)", message
    )
    found = compiler or exception
    return found.group(1) if found else (message.strip() or diagnostics.strip()).partition("\n")[0]


def show_progress(frame: Any) -> None:
    """Show a progress bar of the event loop of a frame on a terminal; in a log file nothing."""
    if sys.stdout.isatty():
        root = import_root()
        root.RDF.Experimental.AddProgressBar(root.RDF.AsRNode(frame))
