"""Headers of the simulation, compiled by ROOT against FastJet's wheel."""

import importlib.util
import warnings
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


def load(header: str) -> Any:
    """Compile a header of `analysis/simulation/cpp` and return ROOT's Python module."""
    warnings.filterwarnings("ignore", message=r"[\s\S]*alpha stage")
    import ROOT

    fastjet = Path(str(importlib.util.find_spec("fastjet").origin)).parent  # type: ignore[union-attr]
    for folder in (REPOSITORY / "selections/cpp", fastjet / "include", Path(__file__).parent / "cpp"):
        ROOT.gInterpreter.AddIncludePath(str(folder))
    for library in ("libfastjet", "libfastjettools", "libfastjetcontribfragile"):
        ROOT.gSystem.Load(str(fastjet / "lib64" / f"{library}.so"))
    ROOT.gInterpreter.Declare(f'#define MAPLESS_FASTJET_LOADED\n#include "{header}"')
    return ROOT
