"""Results as a HEPData submission: spectrum with its background, p-values and limits, ready to upload."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fits.checks.fit_quality import flag
from fits.export.hepdata_tables import (
    COUNTED,
    add_band,
    add_uncertainty,
    dependent,
    independent,
    table,
    write_submission,
)
from fits.fit import SpectrumFit
from fits.limits.mass_scan import LimitScan
from fits.significance.category_scan import CategoryScan
from fits.significance.mass_scan import MassPoints, MassScan

if TYPE_CHECKING:
    from hepdata_lib import Table


def write_hepdata(
    folder: Path,
    scan: MassScan | CategoryScan,
    limits: LimitScan | None = None,
    *,
    collision_energy: float = 13000.0,
    reaction: str = "P P --> X",
) -> None:
    """Write `submission.yaml`, one YAML file per table and `submission.tar.gz` into an existing folder.

    Tables: each spectrum with its background-only fit of the scan, local p-values, and limits if there are
    any. Masses whose fit failed are left out. `collision_energy` in GeV. The submission is validated against
    the schema of HEPData. Raises MaplessError if the background-only fit failed or the schema is violated.
    """
    for null in scan.nulls.values():
        null.result.require_convergence("background-only fit before its export")
    several = len(scan.nulls) > 1
    tables = [_spectrum_table(f"spectrum {k}" if several else "spectrum", n) for k, n in scan.nulls.items()]
    tables += [_p_value_table(scan)] + ([_limit_table(limits)] if limits else [])
    write_submission(folder, tables, collision_energy=collision_energy, reaction=reaction)


def _spectrum_table(name: str, fit: SpectrumFit) -> "Table":
    spectrum, expected = fit.spectrum, fit.expected_background()
    bins = list(zip(spectrum.edges[:-1].tolist(), spectrum.edges[1:].tolist(), strict=True))
    fitted = dependent(f"Background ({fit.background.name})", expected)
    add_uncertainty(fitted, "fit", expected * fit.relative_background_error(spectrum.centres))
    return table(
        name,
        "Observed events and background-only fit in bins of the dijet mass.",
        independent("Dijet mass", bins, "GeV", binned=True),
        dependent("Observed events", spectrum.counts, digits=COUNTED),
        fitted,
    )


def _p_value_table(scan: MassPoints) -> "Table":
    words = "Local p-value, significance and fitted signal at each resonance mass."
    for quality in sorted({p.quality for p in scan.points if p.quality and flag(p.quality)}):
        masses = ", ".join(f"{point.mass:g}" for point in scan.points if point.quality == quality)
        words += f" At {masses} GeV: {quality}."
    good = np.isfinite(scan.column("local_p_value"))
    signal = dependent("Signal events", scan.column("signal_yield")[good])
    add_uncertainty(signal, "fit", np.nan_to_num(scan.column("signal_yield_error")[good]))
    return table(
        "p-values",
        words,
        independent("Resonance mass", scan.column("mass")[good].tolist(), "GeV"),
        dependent("Local p-value", scan.column("local_p_value")[good]),
        dependent("Local significance", scan.column("significance")[good]),
        signal,
    )


def _limit_table(limits: LimitScan) -> "Table":
    level = limits.limits[0].confidence_level
    frame = limits.to_frame()
    frame = frame[frame["status"] == "good"]
    names = ("expected_minus2", "expected_minus1", "expected", "expected_plus1", "expected_plus2")
    median = dependent("Expected limit", frame["expected"])
    add_band(median, frame[list(names)])
    return table(
        "limits",
        f"Upper limits on the number of signal events at {level:.0%} confidence level.",
        independent("Resonance mass", frame["mass"].tolist(), "GeV"),
        dependent("Observed limit", frame["observed"]),
        median,
    )
