"""Results as a HEPData submission: spectrum with its background, p-values and limits, ready to upload."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.fit import SpectrumFit
from fits.limits.mass_scan import LimitScan
from fits.significance.category_scan import CategoryScan
from fits.significance.mass_scan import MassPoints, MassScan

if TYPE_CHECKING:
    from hepdata_lib import Table, Variable

_DIGITS = 5  # significant ones


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
    from hepdata_lib import Submission

    for null in scan.nulls.values():
        null.result.require_convergence("background-only fit before its export")
    submission = Submission()
    several = len(scan.nulls) > 1
    tables = [_spectrum_table(f"spectrum {k}" if several else "spectrum", n) for k, n in scan.nulls.items()]
    tables += [_p_value_table(scan)] + ([_limit_table(limits)] if limits else [])
    for table in tables:
        table.keywords["cmenergies"] = [collision_energy]
        table.keywords["reactions"] = [reaction]
        submission.add_table(table)
    # hepdata_lib writes its archive into the current folder.
    with contextlib.chdir(folder):
        try:
            submission.create_files(".", validate=True)
        except AssertionError as error:
            raise MaplessError(f"HEPData refuses the submission: {error}") from None


def _spectrum_table(name: str, fit: SpectrumFit) -> "Table":
    table = _table(name, "Observed events and background-only fit in bins of the dijet mass.")
    spectrum, expected = fit.spectrum, fit.expected_background()
    bins = list(zip(spectrum.edges[:-1].tolist(), spectrum.edges[1:].tolist(), strict=True))
    observed = _variable("Observed events", spectrum.counts)
    fitted = _variable(f"Background ({fit.background.name})", expected)
    relative = fit.relative_background_error(spectrum.centres)
    _add_uncertainty(fitted, "fit", expected * relative)
    return _filled(table, _mass("Dijet mass", bins, binned=True), observed, fitted)


def _p_value_table(scan: MassPoints) -> "Table":
    table = _table("p-values", "Local p-value, significance and fitted signal at each resonance mass.")
    good = np.isfinite(scan.column("local_p_value"))
    signal = _variable("Signal events", scan.column("signal_yield")[good])
    _add_uncertainty(signal, "fit", np.nan_to_num(scan.column("signal_yield_error")[good]))
    return _filled(
        table,
        _mass("Resonance mass", scan.column("mass")[good].tolist()),
        _variable("Local p-value", scan.column("local_p_value")[good]),
        _variable("Local significance", scan.column("significance")[good]),
        signal,
    )


def _limit_table(limits: LimitScan) -> "Table":
    level = limits.limits[0].confidence_level
    table = _table("limits", f"Upper limits on the number of signal events at {level:.0%} confidence level.")
    frame = limits.to_frame()
    frame = frame[frame["status"] == "good"]
    columns = {name: frame[name].to_numpy(dtype=float) for name in frame.columns if name != "status"}
    median = _variable("Expected limit", columns["expected"])
    for label, size in (("1 s.d.", 1), ("2 s.d.", 2)):
        low, high = (columns[f"expected_{side}{size}"] - columns["expected"] for side in ("minus", "plus"))
        _add_uncertainty(median, label, np.column_stack([low, high]))
    observed = _variable("Observed limit", columns["observed"])
    return _filled(table, _mass("Resonance mass", columns["mass"].tolist()), observed, median)


def _table(name: str, description: str) -> "Table":
    from hepdata_lib import Table

    table = Table(name)
    table.description, table.location = description, f"Mapless, table {name}"
    return table


def _filled(table: "Table", *variables: "Variable") -> "Table":
    for variable in variables:
        table.add_variable(variable)
    return table


def _mass(name: str, values: list[Any], *, binned: bool = False) -> "Variable":
    from hepdata_lib import Variable

    mass = Variable(name, is_independent=True, is_binned=binned, units="GeV")
    mass.values = values
    return mass


def _variable(name: str, values: npt.ArrayLike) -> "Variable":
    from hepdata_lib import Variable

    variable = Variable(name, is_independent=False, is_binned=False, units="")
    variable.digits = _DIGITS if name != "Observed events" else 12
    variable.values = np.asarray(values, dtype=float).tolist()
    return variable


def _add_uncertainty(variable: "Variable", label: str, sizes: npt.NDArray[np.float64]) -> None:
    """Sizes (n,) up and down alike, or (n, 2) downwards and upwards."""
    from hepdata_lib import Uncertainty

    uncertainty = Uncertainty(label, is_symmetric=sizes.ndim == 1)
    uncertainty.values = sizes.tolist() if sizes.ndim == 1 else [tuple(pair) for pair in sizes.tolist()]
    variable.add_uncertainty(uncertainty)
