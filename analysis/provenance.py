"""Where a result comes from: versions, source, inputs and checksums."""

import hashlib
import importlib.metadata
import platform
import resource
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
RECORDED_PACKAGES = (
    "root",
    "tensorflow",
    "keras",
    "zfit",
    "numpy",
    "scikit-learn",
    "uproot",
    "fastjet",
    "pythia8mc",
)
WHOLE_CHECKSUM_BELOW = 256 * 2**20


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file; beyond 256 MiB of its size, first and last MiB (marked `ends:`)."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        if size < WHOLE_CHECKSUM_BELOW:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        ends = hashlib.sha256(f"{size}".encode() + stream.read(2**20))
        stream.seek(-(2**20), 2)
        ends.update(stream.read())
    return f"ends:{ends.hexdigest()}"


@cache
def source_checksum(place: str) -> str:
    """Return the SHA-256 of a source file or of all in a folder, so that new code redoes its stages."""
    digest = hashlib.sha256()
    root = REPOSITORY / place
    for file in [root] if root.is_file() else sorted(root.rglob("*")):
        if file.suffix in {".py", ".h", ".j2"}:
            digest.update(file.relative_to(REPOSITORY).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Mapless, Python and the packages that decide numbers."""
    found = {"mapless": _git_commit(), "python": platform.python_version()}
    return found | {name: _package_version(name) for name in RECORDED_PACKAGES}


def environment() -> dict[str, Any]:
    """Return versions, platform and command line as written into every manifest."""
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }


def peak_memory() -> float:
    """Return the largest resident memory of this process so far in GB."""
    per_gb = 1e9 if sys.platform == "darwin" else 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_gb


def _package_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


@cache
def _git_commit() -> str:
    command = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"
