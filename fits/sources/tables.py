"""Spectra from tables: CSV with named columns, and the YAML tables of HEPData."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from errors import MaplessError
from fits.sources.columns import Column, centre_column, edge_columns, event_column
from fits.spectrum import FloatArray, Spectrum
from input_files import check_file, read_yaml

if TYPE_CHECKING:
    import pandas as pd


def read_csv(
    path: Path,
    *,
    column: str | None = None,
    edge_names: Sequence[str] | None = None,
    luminosity: float | None = None,
    hear: Callable[[str], None] = lambda said: None,
) -> Spectrum:
    """Table with one row per bin and named columns; lines starting with # are skipped.

    Bins are two columns of lower and upper edges, named like it or touching each other, or equidistant
    centres in the first column; their unit may stand in the header, GeV otherwise. Options: see
    `fits.sources.files.read_spectrum`.
    """
    table = _read_table(path)
    # pandas adds a number to a header that is repeated
    headers = [re.sub(r"(?<=[^\d.])\.\d+$", "", name) for name in table.columns]
    columns = [
        Column(name, header, _numbers(table[name]))
        for name, header in zip(table.columns, headers, strict=True)
    ]
    try:
        edges = edge_columns(columns, edge_names)
        low, high, said = _between(*edges) if edges else _about(centre_column(columns))
        used = edges or columns[:1]
        others = [one for one in columns if one not in used]
        return _spectrum(low, high, event_column(others or columns, column), luminosity, said, hear)
    except MaplessError as error:
        raise MaplessError(f"{path.name}: {error}") from None


def read_hepdata_yaml(
    path: Path,
    *,
    column: str | None = None,
    luminosity: float | None = None,
    hear: Callable[[str], None] = lambda said: None,
) -> Spectrum:
    """Data table of a HEPData submission: bins as its independent variable, events or cross section beside.

    Variables of the same name are told apart by their qualifiers. Options: see
    `fits.sources.files.read_spectrum`.
    """
    stored = read_yaml(path)
    try:
        mass, dependent = stored["independent_variables"][0], stored["dependent_variables"]
        low, high = np.array([(bin["low"], bin["high"]) for bin in mass["values"]], dtype=float).T
        bins = Column(_header(mass), _header(mass), None)
        columns = _variables(dependent)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise MaplessError(
            f"{path.name} is not a HEPData table with bins (independent_variables with low and high)"
        ) from None
    unit = bins.mass_unit or 1.0
    said = f"bins of '{bins.name}'{_assumed(bins.mass_unit)}"
    try:
        return _spectrum(unit * low, unit * high, event_column(columns, column), luminosity, said, hear)
    except MaplessError as error:
        raise MaplessError(f"{path.name}: {error}") from None


def from_bins(low: FloatArray, high: FloatArray, counts: FloatArray) -> Spectrum:
    """Spectrum of bins (n_bins,) that must touch each other; MaplessError names the place where they do not.

    >>> from_bins(np.array([1000.0, 1100]), np.array([1100.0, 1200]), np.array([3.0, 1])).high
    1200.0
    """
    apart = np.flatnonzero(~np.isclose(high[:-1], low[1:], rtol=1e-6))
    if apart.size:
        end, start = high[apart[0]], low[apart[0] + 1]
        raise MaplessError(
            f"bins are not contiguous: one ends at {end:g}, the next starts at {start:g} GeV; fill the gap, "
            "remove the overlap, or give a range beside it"
        )
    return Spectrum(np.append(low, high[-1:]), counts)


def _spectrum(
    low: FloatArray,
    high: FloatArray,
    column: Column,
    luminosity: float | None,
    bins: str,
    hear: Callable[[str], None],
) -> Spectrum:
    spectrum = from_bins(low, high, column.events(high - low, luminosity))
    what = {
        "events": "events",
        "density": "events per mass, times the widths of the bins,",
        "cross section": f"cross section per mass, times the widths and {luminosity} fb^-1,",
    }[column.kind]
    whole = np.array_equal(spectrum.counts, np.round(spectrum.counts))
    strange = "" if whole or column.kind != "events" else " (not whole numbers: weighted, or no counts?)"
    hear(f"{what} of '{column.name}'{strange} in {bins}")
    return spectrum


def _between(low: Column, high: Column) -> tuple[FloatArray, FloatArray, str]:
    """Lower and upper edges in GeV, and what to say of them; a unit of one is that of both."""
    ends = [one.mass_unit or other.mass_unit or 1.0 for one, other in ((low, high), (high, low))]
    said = f"bins from '{low.name}' to '{high.name}'{_assumed(low.mass_unit or high.mass_unit)}"
    return ends[0] * low.numbers(), ends[1] * high.numbers(), said


def _about(column: Column) -> tuple[FloatArray, FloatArray, str]:
    """The same from equidistant centres of bins."""
    centres = (column.mass_unit or 1.0) * column.numbers()
    widths = np.diff(centres)
    if not len(widths) or not np.allclose(widths, widths[0], rtol=1e-4):
        raise MaplessError(
            "no columns of lower and upper bin edges (name them with --edge-columns), and "
            f"'{column.name}' is not made of equidistant centres"
        )
    said = f"bins of {widths[0]:g} GeV about the centres '{column.name}'{_assumed(column.mass_unit)}"
    return centres - widths[0] / 2, centres + widths[0] / 2, said


def _assumed(unit: float | None) -> str:
    return " (no unit: taken as GeV)" if unit is None else ""


def _read_table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        table = pd.read_csv(check_file(path), comment="#", skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise MaplessError(f"{path.name} is not a CSV table: {str(error).splitlines()[0]}") from None
    table.columns = [str(name).strip() for name in table.columns]
    if all(re.fullmatch(r"[-+0-9.eE]+", name) for name in table.columns):
        raise MaplessError(f"{path.name} starts without a header; name its columns, e.g. low,high,events")
    return table


def _numbers(values: "pd.Series[Any]") -> FloatArray | None:
    try:
        return values.to_numpy(dtype=float)
    except (TypeError, ValueError):
        return None


def _variables(dependent: Sequence[dict[str, Any]]) -> list[Column]:
    """Dependent variables of a HEPData table."""
    headers = [_header(variable) for variable in dependent]
    columns: list[Column] = []
    for variable, header in zip(dependent, headers, strict=True):
        name = header
        if headers.count(header) > 1:
            kinds = (f"{one['name']}: {one['value']}" for one in variable.get("qualifiers") or ())
            name = f"{header} ({', '.join(kinds) or 'without qualifiers'})"
        if any(name == other.name for other in columns):
            name += f" {len(columns) + 1}"
        try:
            values = np.array([entry.get("value") for entry in variable["values"]], dtype=float)
        except (TypeError, ValueError):
            values = None
        columns.append(Column(name, header, values))
    return columns


def _header(variable: dict[str, Any]) -> str:
    header = variable["header"]
    if not isinstance(header["name"], str) or not isinstance(header.get("units") or "", str):
        raise TypeError("names and units are text")
    return f"{header['name']} [{header['units']}]" if header.get("units") else str(header["name"])
