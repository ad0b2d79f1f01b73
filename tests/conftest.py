"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

# Tests run side by side; threads that wait for each other would take most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public input files that the project does not ship; without it their tests are skipped."""
    default = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("MAPLESS_SHARED", default)) / "data"
    if not folder.is_dir():
        pytest.skip("public input files are not here: set MAPLESS_SHARED to the folder that holds data/")
    return folder


@pytest.fixture
def cms_spectrum() -> Path:
    """The dijet spectrum that CMS published (arXiv:1911.03947)."""
    return Path(__file__).parents[1] / "analysis" / "samples" / "cms_dijet_137fb.csv"
