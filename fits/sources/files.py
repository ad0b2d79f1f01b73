"""Spectra from what analysts have: ROOT histograms, histogram objects, tables, lists of masses."""

import re
import warnings
from collections.abc import Callable, Sequence, Sized
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.likelihood.unbinned import unbinned_spectrum
from fits.sources.columns import Column
from fits.sources.tables import from_bins, read_csv, read_hepdata_yaml
from fits.spectrum import FloatArray, Spectrum, four_gev_edges
from input_files import check_file

_LISTS = (".txt", ".dat", ".npy")  # of masses
_LARGEST_WEIGHT_DIFFERENCE = 0.01  # of the mean event weight from one, before Poisson errors are called wrong


def read_spectrum(
    source: Any,
    *,
    mass_range: tuple[float, float] | None = None,
    edges: Sequence[float] | FloatArray | None = None,
    column: str | None = None,
    edge_columns: Sequence[str] | None = None,
    luminosity: float | None = None,
    unbinned: bool = False,
    hear: Callable[[str], None] = lambda said: None,
) -> Spectrum:
    """Spectrum from a file or an object; `hear` is told what was read as events and as bins.

    `source` is one of

    - `"file.root:folder/histogram"`, a one-dimensional ROOT histogram (the name may be left out if the file
      holds only one);
    - a table `.csv` with named columns for the bins and the events, as HEPData writes it;
    - a HEPData table `.yaml`;
    - `.txt`, `.dat` or `.npy` with one mass in GeV per event, or an array of them;
    - a histogram object: ROOT.TH1, the result of RDataFrame.Histo1D, hist, boost_histogram, uproot.

    `mass_range` in GeV keeps the bins inside it. Lists of masses are counted between `edges`, by default
    4 GeV bins in the `mass_range`, or stay `unbinned` (`fits.likelihood.unbinned`). `column` names the events
    of a table and `edge_columns` the lower and upper edges of its bins where headers leave a choice. Events
    per mass are multiplied by the widths of the bins, a cross section per mass by the `luminosity` in fb^-1
    too. Masses are in GeV unless a header or the title of an axis says otherwise. Under- and overflow are
    left out. Raises MaplessError if something is missing or can be meant in two ways, if bins have gaps, or
    if counts are negative or not numbers; warns if the errors of a histogram say that its events are
    weighted.

    >>> read_spectrum([1510.0, 1533.0, 1611.0], edges=[1500, 1600, 1700]).counts.tolist()
    [2.0, 1.0]
    """
    if unbinned:
        return _unbinned(source, mass_range, hear)
    if isinstance(source, Spectrum):
        spectrum = source
    elif isinstance(source, str | Path):
        spectrum = _from_file(str(source), mass_range, edges, column, edge_columns, luminosity, hear)
    elif hasattr(source, "GetValue") or hasattr(source, "axes"):
        spectrum = from_histogram(source, hear=hear)
    else:
        spectrum = _from_masses(source, mass_range, edges, "the list of masses", hear)
    return spectrum if mass_range is None else _inside(spectrum, *mass_range)


def from_histogram(
    histogram: Any, name: str = "histogram", hear: Callable[[str], None] = lambda said: None
) -> Spectrum:
    """Spectrum from an object that follows the protocol of Unified Histogram Interface: `axes`, `values()`.

    ROOT.TH1, hist, boost_histogram and uproot do; the result of RDataFrame.Histo1D is computed first. Masses
    are in GeV unless the title of the axis names another unit.
    """
    if hasattr(histogram, "GetValue"):
        histogram = histogram.GetValue()
    if not hasattr(histogram, "axes") or len(histogram.axes) != 1:
        raise MaplessError(f"{name} is not a one-dimensional histogram; project it to the mass first")
    axis = histogram.axes[0]
    if not all(isinstance(axis[i], Sized) and not isinstance(axis[i], str) for i in range(len(axis))):
        raise MaplessError(f"{name} has labels for bins; give a histogram in a mass")
    low, high = np.array([tuple(axis[i]) for i in range(len(axis))], dtype=float).T
    counts = np.asarray(histogram.values(), dtype=float)
    title = _axis_title(histogram)
    unit = Column(title, title, None).mass_unit
    try:
        spectrum = from_bins((unit or 1.0) * low, (unit or 1.0) * high, counts)
    except MaplessError as error:
        raise MaplessError(f"{name}: {error}") from None
    _warn_of_weights(counts, histogram.variances(), name)
    hear(f"events in bins of '{title}'{'' if unit else ' (no unit: taken as GeV)'}")
    return spectrum


def _from_file(
    source: str,
    mass_range: tuple[float, float] | None,
    edges: Sequence[float] | FloatArray | None,
    column: str | None,
    edge_columns: Sequence[str] | None,
    luminosity: float | None,
    hear: Callable[[str], None],
) -> Spectrum:
    file = re.fullmatch(r"(.*?\.root)(?::(.*))?", source, re.DOTALL)
    if file:
        return _read_root(file[1], file[2] or "", hear)
    path = check_file(source)
    if path.suffix == ".csv":
        return read_csv(path, column=column, edge_names=edge_columns, luminosity=luminosity, hear=hear)
    if path.suffix in {".yaml", ".yml"}:
        return read_hepdata_yaml(path, column=column, luminosity=luminosity, hear=hear)
    if path.suffix in _LISTS:
        return _from_masses(_read_masses(path), mass_range, edges, path.name, hear)
    raise MaplessError(f"cannot read a spectrum from {path.name}; give .root, .csv, .yaml, .txt or .npy")


def _read_root(path: str, name: str, hear: Callable[[str], None]) -> Spectrum:
    import uproot

    if "://" not in path:
        check_file(path)
    try:
        with uproot.open(path) as file:
            histogram = file[_histogram_name(file, path, name)]
            return from_histogram(histogram, f"histogram {name} of {path}", hear)
    except MaplessError:
        raise
    except Exception as error:  # what uproot raises of bytes that are no file of ROOT has no end of kinds
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise MaplessError(f"{path} cannot be read as a ROOT file: {reason}; copy it again") from None


def _histogram_name(file: Any, path: str, name: str) -> str:
    classes = file.classnames(cycle=False)
    histograms = [key for key, kind in classes.items() if kind.startswith("TH1")]
    if name in histograms:
        return name
    if not name and len(histograms) == 1:
        return histograms[0]
    there = f"it holds {', '.join(histograms)}" if histograms else "it holds no TH1"
    if not name:
        raise MaplessError(f"which histogram of {path}? {there}; write {path}:NAME")
    raise MaplessError(f"no one-dimensional histogram {name} in {path}; {there}")


def _read_masses(path: Path) -> FloatArray:
    try:
        return np.load(path) if path.suffix == ".npy" else np.loadtxt(path, comments="#", ndmin=1)
    except (ValueError, EOFError, OSError):
        raise MaplessError(
            f"{path.name} is not a list of numbers; give one mass in GeV per line, or a table as .csv"
        ) from None


def _from_masses(
    masses: npt.ArrayLike,
    mass_range: tuple[float, float] | None,
    edges: Sequence[float] | FloatArray | None,
    name: str,
    hear: Callable[[str], None],
) -> Spectrum:
    masses = np.asarray(masses)
    if masses.dtype.kind not in "iuf":
        raise MaplessError(f"{name} holds {masses.dtype}, not real numbers; give one mass in GeV per event")
    masses = masses.astype(float)
    if masses.ndim != 1:
        raise MaplessError(f"{name} has shape {masses.shape}; give one mass in GeV per event")
    if edges is None and mass_range is None:
        raise MaplessError(f"{name} holds masses without bins; give the mass range")
    bins = four_gev_edges(*mass_range) if edges is None and mass_range else np.asarray(edges, dtype=float)
    spectrum = Spectrum.from_values(masses, bins)
    hear(f"{spectrum.total:,.0f} of {masses.size:,} masses (taken as GeV)")
    return spectrum


def _unbinned(source: Any, mass_range: tuple[float, float] | None, hear: Callable[[str], None]) -> Spectrum:
    """Every mass of a list in a bin of its own."""
    path = Path(source) if isinstance(source, str | Path) else None
    if mass_range is None:
        raise MaplessError("an unbinned fit needs a mass range; give one in GeV")
    if path is not None and path.suffix not in _LISTS:
        raise MaplessError(f"{path.name} has bins; an unbinned fit takes masses from .txt, .dat or .npy")
    masses = source if path is None else _read_masses(check_file(path))
    spectrum = unbinned_spectrum(masses, *mass_range)
    hear(f"{spectrum.total:,.0f} of {np.size(masses):,} masses (taken as GeV), unbinned")
    return spectrum


def _axis_title(histogram: Any) -> str:
    """Title of the axis of a histogram of ROOT, uproot, hist or boost_histogram; empty if it has none."""
    if hasattr(histogram, "GetXaxis"):
        return str(histogram.GetXaxis().GetTitle())
    (axis,) = histogram.axes
    return str(axis.member("fTitle") if hasattr(axis, "member") else getattr(axis, "label", None) or "")


def _inside(spectrum: Spectrum, low: float, high: float) -> Spectrum:
    tolerance = 1e-9 * abs(high)
    kept = spectrum.edges[(spectrum.edges >= low - tolerance) & (spectrum.edges <= high + tolerance)]
    if len(kept) < 2:  # noqa: PLR2004
        raise MaplessError(
            f"no bin lies between {low:g} and {high:g} GeV; the spectrum has {spectrum.low:g} to "
            f"{spectrum.high:g} GeV"
        )
    return spectrum.rebin(kept)


def _warn_of_weights(counts: FloatArray, variances: npt.ArrayLike | None, name: str) -> None:
    if variances is None or not counts.sum() > 0:
        return
    mean_weight = float(np.sum(variances) / counts.sum())
    if abs(mean_weight - 1) > _LARGEST_WEIGHT_DIFFERENCE:
        warnings.warn(
            f"{name} is weighted (mean weight {mean_weight:.3g}): Poisson errors of the fit will be wrong",
            stacklevel=3,
        )
