"""Spectra from tables: CSV with named columns, and the YAML tables of HEPData."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from errors import MaplessError
from fits.spectrum import FloatArray, Spectrum

if TYPE_CHECKING:
    import pandas as pd

_LOW = re.compile(r"(^|[\s_.]|bin|x|mjj)(low|lo|lower|min|left)([\s_]?edge)?$", re.IGNORECASE)
_HIGH = re.compile(r"(^|[\s_.]|bin|x|mjj)(high|hi|up|upper|max|right)([\s_]?edge)?$", re.IGNORECASE)
_COUNTS = re.compile(
    r"^(n|counts?|events?|n[\s_]?events?|number of events|entries|n[\s_]?obs|obs|observed|data|contents?)\b",
    re.IGNORECASE,
)
_CROSS_SECTION = re.compile(r"sigma|(^|[^a-z])[npf]b([^a-z]|$)", re.IGNORECASE)
_ERROR = re.compile(r"(^|[\s_])(err|error|errors|unc|stat|sys|syst|up|down)([\s_\[(.]|$)|[+-]\s*$", re.I)
_GEV = {"mev": 1e-3, "gev": 1.0, "tev": 1e3}
_INVERSE_FEMTOBARN = {"nb": 1e6, "pb": 1e3, "fb": 1.0}
_MASS_UNIT = re.compile(r"(?<![a-z])(mev|gev|tev)(?![a-z])", re.IGNORECASE)
_CROSS_SECTION_UNIT = re.compile(r"(?<![a-z])(nb|pb|fb)(?![a-z])", re.IGNORECASE)


def read_csv(path: Path, *, column: str | None = None, luminosity: float | None = None) -> Spectrum:
    """Table with one row per bin and named columns; lines starting with # are skipped.

    Bins are two columns that end in LOW and HIGH (or min and max, ...), or equidistant centres in the first
    column; their unit may stand in the header, GeV otherwise. `column` and `luminosity`: see
    `fits.sources.files.read_spectrum`.
    """
    table = _read_table(path)
    low, high = _bins(table, path.name)
    counts_column = _counts_column(list(table.columns), column, path.name)
    values = _numbers(table, counts_column, path.name)
    counts = _events(counts_column, values, high - low, luminosity)
    return from_bins(low, high, counts, path.name)


def read_hepdata_yaml(path: Path, *, column: str | None = None, luminosity: float | None = None) -> Spectrum:
    """Data table of a HEPData submission: bins as its independent variable, events or cross section beside.

    `column` and `luminosity`: see `fits.sources.files.read_spectrum`.
    """
    import yaml

    try:
        stored = yaml.safe_load(path.read_text())
        mass, dependent = stored["independent_variables"][0], stored["dependent_variables"]
        headers = [_header(variable) for variable in dependent]
        low, high = np.array([(bin["low"], bin["high"]) for bin in mass["values"]], dtype=float).T
    except (yaml.YAMLError, KeyError, IndexError, TypeError, ValueError):
        raise MaplessError(
            f"{path.name} is not a HEPData table with bins (independent_variables with low and high)"
        ) from None
    unit = _mass_unit(_header(mass))
    header = _counts_column(headers, column, path.name)
    entries = [entry.get("value") for entry in dependent[headers.index(header)]["values"]]
    try:
        values = np.array(entries, dtype=float)
    except (TypeError, ValueError):
        raise MaplessError(f"'{header}' of {path.name} holds text; leave those bins out") from None
    counts = _events(header, values, unit * (high - low), luminosity)
    return from_bins(unit * low, unit * high, counts, path.name)


def from_bins(low: FloatArray, high: FloatArray, counts: FloatArray, name: str) -> Spectrum:
    """Spectrum of bins (n_bins,) that must touch each other; MaplessError names the place where they do not.

    >>> from_bins(np.array([1000.0, 1100]), np.array([1100.0, 1200]), np.array([3.0, 1]), "table").high
    1200.0
    """
    apart = np.flatnonzero(~np.isclose(high[:-1], low[1:], rtol=1e-6))
    if apart.size:
        end, start = high[apart[0]], low[apart[0] + 1]
        raise MaplessError(
            f"bins of {name} are not contiguous: one ends at {end:g}, the next starts at {start:g} GeV; "
            "fill the gap, remove the overlap, or give a range beside it"
        )
    try:
        return Spectrum(np.append(low, high[-1:]), counts)
    except MaplessError as error:
        raise MaplessError(f"{name}: {error}") from None


def _read_table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        table = pd.read_csv(path, comment="#", skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise MaplessError(f"{path.name} is not a CSV table: {str(error).splitlines()[0]}") from None
    table.columns = [str(name).strip() for name in table.columns]
    if all(re.fullmatch(r"[-+0-9.eE]+", name) for name in table.columns):
        raise MaplessError(f"{path.name} starts without a header; name its columns, e.g. low,high,events")
    return table


def _bins(table: "pd.DataFrame", name: str) -> tuple[FloatArray, FloatArray]:
    """Lower and upper edges in GeV."""
    columns = list(table.columns)
    low, high = _first(_LOW, columns), _first(_HIGH, [c for c in columns if not _ERROR.search(c)] or columns)
    if low and high:
        unit = _mass_unit(low)
        return unit * _numbers(table, low, name), unit * _numbers(table, high, name)
    centres = _mass_unit(columns[0]) * _numbers(table, columns[0], name)
    widths = np.diff(centres)
    if not len(widths) or not np.allclose(widths, widths[0], rtol=1e-4):
        raise MaplessError(
            f"{name} has no columns of lower and upper bin edges, and '{columns[0]}' is not made of "
            f"equidistant centres; its columns: {', '.join(columns)}"
        )
    return centres - widths[0] / 2, centres + widths[0] / 2


def _counts_column(columns: Sequence[str], wanted: str | None, name: str) -> str:
    """Events if there are any, else a cross section."""
    if wanted is not None:
        if wanted in columns:
            return wanted
        raise MaplessError(f"{name} has no column {wanted}; it has {', '.join(columns)}")
    if len(columns) == 1:
        return columns[0]
    values = [column for column in columns if not _ERROR.search(column)]
    found = _first(_COUNTS, values) or _first(_CROSS_SECTION, [c.replace("_", " ") for c in values])
    if found is None:
        raise MaplessError(f"which column of {name} holds the events? It has {', '.join(columns)}")
    return next(column for column in columns if found in (column, column.replace("_", " ")))


def _events(header: str, values: FloatArray, widths: FloatArray, luminosity: float | None) -> FloatArray:
    """Events (n_bins,) of a column, which may be a cross section per mass; widths in GeV, fb^-1."""
    words = header.replace("_", " ")
    if not _CROSS_SECTION.search(words):
        return values
    mass, cross_section = _MASS_UNIT.search(words), _CROSS_SECTION_UNIT.search(words)
    if luminosity is None:
        raise MaplessError(f"'{header}' is a cross section, not events; give the luminosity in fb^-1")
    if not mass or not cross_section:
        raise MaplessError(f"'{header}' names no unit; write it like 'dsigma/dm [pb/TeV]'")
    per_gev = _INVERSE_FEMTOBARN[cross_section[1].lower()] / _GEV[mass[1].lower()]
    return values * per_gev * widths * luminosity


def _numbers(table: "pd.DataFrame", column: str, name: str) -> FloatArray:
    try:
        return table[column].to_numpy(dtype=float)
    except (TypeError, ValueError):
        raise MaplessError(f"'{column}' of {name} holds text; keep one table of numbers per file") from None


def _first(pattern: re.Pattern[str], columns: Sequence[str]) -> str | None:
    return next((column for column in columns if pattern.search(column)), None)


def _mass_unit(header: str) -> float:
    """GeV per unit in a header."""
    found = _MASS_UNIT.search(header.replace("_", " "))
    return _GEV[found[1].lower()] if found else 1.0


def _header(variable: dict[str, Any]) -> str:
    header = variable["header"]
    return f"{header['name']} [{header['units']}]" if header.get("units") else str(header["name"])
