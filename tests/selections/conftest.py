"""Small inputs for the tests of selections."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def data():
    """Folder of small real event files that come with the project."""
    return REPOSITORY / "tests" / "data"


@pytest.fixture(scope="session")
def ended_process():
    """Run Python code in a process of its own, for what may crash or must start fresh; gives how it ended."""

    def run(code: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        import os

        return subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def in_subprocess(ended_process):
    """The output of Python code in a process of its own, which must end well."""

    def run(code: str, timeout: float = 120, **environment: str) -> str:
        result = ended_process(code, timeout, **environment)
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout

    return run


N_EVENTS = 20_000


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """A snapshot of 20,000 events in many clusters; `number` counts them, constituents follow from it."""
    from selections import headers, snapshot
    from selections.root import import_root

    headers.load("mapless/fold.h")
    frame = import_root().RDataFrame(N_EVENTS)
    definitions = {
        "number": "static_cast<float>(rdfentry_)",
        "run": "static_cast<unsigned int>(1 + rdfentry_ / 7000)",
        "luminosity_block": "static_cast<unsigned int>(rdfentry_ / 100)",
        "event": "rdfentry_",
        "fold": "mapless::fold(run, luminosity_block, event, 5)",
        "weight": "0.5f + 0.001f * (rdfentry_ % 1000)",
        "mjj": "1500.f + 0.1f * rdfentry_",
        "jet1_constituent_pt": "ROOT::RVecF(1 + rdfentry_ % 120, 1.f + number)",
        "jet1_constituent_eta": "ROOT::RVecF(1 + rdfentry_ % 120, 0.5f)",
        "jet1_constituent_phi": "ROOT::RVecF(1 + rdfentry_ % 120, -0.25f)",
    }
    for name, expression in definitions.items():
        frame = frame.Define(name, expression)
    path = tmp_path_factory.mktemp("sample") / "events.root"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "CLUSTER_BYTES", 2**18)
        return snapshot.write(frame, path, list(definitions))


@pytest.fixture(scope="session")
def shapes(tmp_path_factory):
    """A snapshot of 500 events with an image (5,) and a matrix (2, 3) each."""
    from selections import snapshot
    from selections.root import import_root

    frame = import_root().RDataFrame(500)
    definitions = {
        "run": "1u",
        "luminosity_block": "1u",
        "event": "rdfentry_",
        "small": "static_cast<short>(rdfentry_ % 100)",
        "image": "std::array<float, 5> values{}; values[4] = rdfentry_; return values;",
        "matrix": "std::array<std::array<double, 3>, 2> rows{}; "
        "rows[1] = {-1. * rdfentry_, 0, 1. + rdfentry_}; return rows;",
    }
    for name, expression in definitions.items():
        frame = frame.Define(name, expression)
    return snapshot.write(frame, tmp_path_factory.mktemp("shapes") / "shapes.root", list(definitions))


@pytest.fixture
def rng():
    """Random numbers that are the same in every run."""
    return np.random.default_rng(1)
