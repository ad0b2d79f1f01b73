"""TensorFlow as a good guest: so many threads, and its messages kept from the terminal."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from errors import MaplessError


@contextmanager
def tensorflow_reports_only_failures() -> Iterator[None]:
    """Keep aside what TensorFlow says of its build at any log level; show it when something breaks."""
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        standard_error = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        except MaplessError:
            raise
        except Exception:
            said.seek(0)
            os.write(standard_error, said.read().encode())
            raise
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)


def limit_tensorflow(threads: int) -> None:
    """Let TensorFlow use so many threads once it starts; it need not be imported to know."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(threads)
