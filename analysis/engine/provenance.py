"""Where a result comes from: versions, source, platform and command."""

import importlib.metadata
import platform
import resource
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
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
    """Return the largest resident memory in GB so far of this process, or of one that it has started."""
    per_gb = 1e9 if sys.platform == "darwin" else 1e9 / 1024  # bytes, or KiB
    processes = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in processes) / per_gb


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
