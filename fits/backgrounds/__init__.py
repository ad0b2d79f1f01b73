"""Background functions of resonance searches."""

from fits.backgrounds.atlas import AtlasDijet, AtlasUA2
from fits.backgrounds.families import (
    UA2,
    Dijet,
    ExtendedDijet,
    LogLinearBackground,
    ModifiedDijet,
    ModifiedExponential,
    expected_counts,
)

__all__ = [
    "UA2",
    "AtlasDijet",
    "AtlasUA2",
    "Dijet",
    "ExtendedDijet",
    "LogLinearBackground",
    "ModifiedDijet",
    "ModifiedExponential",
    "expected_counts",
]
