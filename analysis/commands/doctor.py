"""Examines this machine: what Mapless needs, what is here, and how to get what is missing."""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from analysis.commands.wide_table import print_table
from analysis.engine.provenance import REPOSITORY

KEY_PACKAGES = (
    "root",
    "tensorflow",
    "keras",
    "zfit",
    "numpy",
    "uproot",
    "fastjet",
    "pythia8mc",
    "qkeras-v3",
    "hls4ml",
    "alkaid",
)
NEEDED_MEMORY_GB = 4.0
VENDOR_TOOLS = ("vitis-run", "vivado_hls", "catapult", "i++")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, whether it will do, and the way out if not."""

    name: str
    found: str
    good: bool
    way_out: str = ""


def examine() -> bool:
    """Print one row per finding and return whether everything will do."""
    findings = list(_findings())
    table = Table("what", "found", "", title="Mapless doctor")
    for finding in findings:
        table.add_row(
            finding.name, finding.found, "[green]ok[/]" if finding.good else f"[red]{finding.way_out}[/]"
        )
    print_table(Console(), table)
    return all(finding.good for finding in findings)


def _findings() -> Iterator[Finding]:
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding("Python", platform.python_version(), good, "use Python 3.11, 3.12 or 3.13")
    compiler = shutil.which("g++") or shutil.which("clang++")
    yield Finding(
        "C++ compiler",
        compiler or "none",
        bool(compiler),
        "install g++; headers are just-in-time compiled until then",
    )
    for program in ("make", "perl"):
        found = shutil.which(program)
        yield Finding(
            program, found or "none", bool(found), f"install {program}; firmware simulations need it"
        )
    yield from (
        _package(name, version) for name, version in locked_versions().items() if name in KEY_PACKAGES
    )
    yield _root()
    yield _headers()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    yield Finding(
        "memory",
        f"{memory:.0f} GB",
        memory >= NEEDED_MEMORY_GB,
        f"the default run needs {NEEDED_MEMORY_GB:g} GB",
    )
    yield Finding("cores", str(os.cpu_count()), True)
    yield _vendor_tools()
    sample = REPOSITORY / "analysis" / "samples" / "qcd_dijet.root"
    yield Finding(
        "embedded sample",
        sample.name if sample.is_file() else "none",
        sample.is_file(),
        "clone the repository whole, or run analysis/samples/make.sh",
    )


def _vendor_tools() -> Finding:
    """What synthesises firmware; nothing else needs it."""
    here = [name for name in VENDOR_TOOLS if shutil.which(name)]
    return Finding(
        "vendor synthesis", ", ".join(here) or "none: projects are written, synthesis is left out", True
    )


def locked_versions() -> dict[str, str]:
    """Return package versions as the lock pins them."""
    lines = (
        line.split(";")[0].strip() for line in (REPOSITORY / "requirements.lock").read_text().splitlines()
    )
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def _package(name: str, locked: str) -> Finding:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "missing", False, "source setup.sh")
    return Finding(name, found, found == locked, f"the lock says {locked}; source setup.sh")


def _root() -> Finding:
    try:
        from selections.root import root_version

        return Finding("ROOT", root_version(), True)
    except ImportError as error:
        return Finding("ROOT", f"does not import: {error}", False, "source setup.sh")


def _headers() -> Finding:
    good = "selections/cpp" in os.environ.get("ROOT_INCLUDE_PATH", "")
    return Finding(
        "headers for a ROOT prompt",
        "on ROOT_INCLUDE_PATH" if good else "not exported",
        good,
        "source setup.sh",
    )
