"""Stage `fetch`: files of web servers, which ROOT does not read, are copied before anything looks at them."""

import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from analysis.engine.job import Job, Tools
from errors import MaplessError

WEB = ("https://", "http://")
ATTEMPTS = 5
PAUSE = 1.0  # s before the second attempt, and twice as long before each further one
TIMEOUT = (10, 60)  # s to connect, and to wait for more
_AT_ONCE = 2**16  # bytes, the most that is read twice where a connection breaks


def is_on_web(file: Path | str) -> bool:
    """Whether a file is named by the address of a web server."""
    return isinstance(file, str) and file.startswith(WEB)


def fetch(job: Job, tools: Tools) -> None:
    """Write a copy of every file that is on the web.

    Arguments: `files`, paths and addresses.
    """
    files = job.arguments["files"]
    for number, (file, copy) in enumerate(zip(files, copies(files, job.folder), strict=True), start=1):
        if is_on_web(file):
            download(str(file), Path(copy))
        tools.progress(number, len(files))


def copies(files: Sequence[Path | str], folder: Path) -> tuple[Path | str, ...]:
    """The same files, with those in a folder of copies in place of those on the web."""
    return tuple(
        folder / f"{number}-{PurePosixPath(urlsplit(str(file)).path).name}" if is_on_web(file) else file
        for number, file in enumerate(files, start=1)
    )


def download(address: str, target: Path, pause: float = PAUSE) -> None:
    """Copy one file, going on where a connection broke; a file is complete or not there.

    Raises MaplessError for an address that does not answer, refuses, or breaks off in every attempt.
    """
    import requests

    beside = target.with_name(f"{target.name}.part")
    try:
        for attempt in range(ATTEMPTS):
            time.sleep(pause * 2 ** (attempt - 1) if attempt else 0)
            try:
                _go_on(address, beside)
            except requests.HTTPError as error:
                raise MaplessError(f"{address}: {error}; check the address") from None
            except (requests.RequestException, OSError) as error:
                broken = error
            else:
                beside.replace(target)
                return
        there = beside.stat().st_size if beside.exists() else 0
        raise MaplessError(
            f"{address} could not be read in {ATTEMPTS} attempts, {there:,} bytes came "
            f"({type(broken).__name__}); run the same command again when its server answers"
        )
    finally:
        beside.unlink(missing_ok=True)


def _go_on(address: str, beside: Path) -> None:
    """Append what is not there yet; an error where the connection breaks before the end."""
    import requests

    there = beside.stat().st_size if beside.exists() else 0
    rest = {"Range": f"bytes={there}-"} if there else {}
    headers = {"Accept-Encoding": "identity", **rest}
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        answer.raise_for_status()
        again = answer.status_code != requests.codes.partial_content  # a server that knows no parts of files
        expected = int(answer.headers.get("Content-Length", 0)) + (0 if again else there)
        with beside.open("wb" if again else "ab") as file:
            for block in answer.iter_content(_AT_ONCE):
                file.write(block)
    if beside.stat().st_size < expected:
        raise requests.ConnectionError(f"{beside.stat().st_size} of {expected} bytes")
