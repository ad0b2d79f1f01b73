"""Ratios of Lund planes in ROOT files of the public layout, that of OzAmram/LundReweighting.

Older files have no covariances of the two terms of a polynomial; they count as uncorrelated.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import uproot
from numpy.typing import NDArray

from errors import MaplessError
from input_files import check_file
from selections.lund_ratio import LAST_MEASURED_PT, LundRatio
from selections.root import import_root

Array = NDArray[np.float64]
TAGS = {"nominal": "", "up": "sys_tot_up", "down": "sys_tot_down"}
FUNCTIONS = "pt_extrap"


def read_lund_ratio(path: Path) -> LundRatio:
    """Read a ratio; MaplessError for a file without one, and for one that is none."""
    check_file(path)
    try:
        with uproot.open(path) as file:
            return _read(file)
    except KeyError as missing:
        raise MaplessError(f"{path} is no ratio of Lund planes: it has no {missing.args[0]}") from None
    except Exception as error:  # of uproot, whatever the bytes and objects make it raise
        reason = " ".join(str(error).split())[:200]
        raise MaplessError(f"{path} is no ratio of Lund planes: {reason}") from None


def _read(file: Any) -> LundRatio:
    nominal, bottom = file["ratio_nom"], file["h_bl_ratio"]
    varied = {shift: file[f"ratio_{tag or 'nom'}"] for shift, tag in TAGS.items()}
    pt, angle, kt = (np.asarray(axis.edges(), float) for axis in nominal.axes)
    for one in (bottom, *varied.values()):
        if not all(map(np.array_equal, (axis.edges() for axis in one.axes), (pt, angle, kt))):
            raise MaplessError(f"{one.name} has other bins than ratio_nom")
    shape = len(angle) - 1, len(kt) - 1
    functions = {shift: [file[_function(tag, i, j)] for i, j in _bins(shape)] for shift, tag in TAGS.items()}
    n_terms = max(len(_parameters(one)) for of_shift in functions.values() for one in of_shift)
    names = [_function("covar", i, j) for i, j in _bins(shape)]
    off_diagonal = [file[name].member("fVal") if name in file else 0.0 for name in names]
    covariances = np.zeros((len(off_diagonal), n_terms, n_terms))
    for covariance, one, off in zip(covariances, functions["nominal"], off_diagonal, strict=True):
        errors = np.asarray(one.member("fParErrors"))
        covariance[: len(errors), : len(errors)] = np.diag(errors**2)
        if len(errors) > 1:
            covariance[0, 1] = covariance[1, 0] = off
    return LundRatio(
        (pt, angle, kt),
        {shift: one.values().astype(float) for shift, one in varied.items()},
        np.sqrt(nominal.variances()),
        {
            shift: np.array(
                [np.resize([*_parameters(one), *[0.0] * n_terms], n_terms) for one in of_shift]
            ).reshape(*shape, n_terms)
            for shift, of_shift in functions.items()
        },
        covariances.reshape(*shape, n_terms, n_terms),
        bottom.values().astype(float),
    )


def write_lund_ratio(ratio: LundRatio, path: Path) -> None:
    """Write a ratio, complete or not at all."""
    root = import_root()
    beside = path.with_name(f".{path.name}")
    file = root.TFile.Open(str(beside), "RECREATE")
    for name, values, errors in (
        *((f"ratio_{tag or 'nom'}", ratio.values[shift], ratio.errors) for shift, tag in TAGS.items()),
        ("h_bl_ratio", ratio.bottom, np.zeros_like(ratio.bottom)),
    ):
        _histogram(root, name, ratio, values, errors).Write()
    file.mkdir(FUNCTIONS).cd()
    terms = range(ratio.covariances.shape[-1])
    formula = "+".join(f"[{term}]*pow(x,{term})" for term in terms)
    for shift, tag in TAGS.items():
        for i, j in _bins(ratio.covariances.shape[:2]):
            function = root.TF1(_function(tag, i, j).split("/")[1], formula, 0.0, 1 / LAST_MEASURED_PT)
            for term in terms:
                function.SetParameter(term, ratio.coefficients[shift][i - 1, j - 1, term])
                function.SetParError(term, np.sqrt(ratio.covariances[i - 1, j - 1, term, term]))
            function.Write()
    for i, j in _bins(ratio.covariances.shape[:2]):
        off_diagonal = ratio.covariances[i - 1, j - 1, 0, 1] if len(terms) > 1 else 0.0
        root.TParameter["float"](_function("covar", i, j).split("/")[1], off_diagonal).Write()
    file.Close()
    beside.replace(path)


def _histogram(root: Any, name: str, ratio: LundRatio, values: Array, errors: Array) -> Any:
    axes = [part for edges in ratio.edges for part in (len(edges) - 1, np.asarray(edges, float))]
    histogram = root.TH3F(name, "ratio of Lund planes;subjet p_{T} [GeV];ln(0.8/#Delta);ln(k_{T}/GeV)", *axes)
    for bins in np.ndindex(values.shape):
        place = histogram.GetBin(*(one + 1 for one in bins))
        histogram.SetBinContent(place, values[bins])
        histogram.SetBinError(place, errors[bins])
    histogram.SetDirectory(root.nullptr)
    return histogram


def _bins(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(i, j) for i in range(1, shape[0] + 1) for j in range(1, shape[1] + 1)]


def _function(tag: str, i: int, j: int) -> str:
    return f"{FUNCTIONS}/{'_'.join(filter(None, ('func', tag, str(i), str(j))))}"


def _parameters(function: Any) -> list[float]:
    """Of a polynomial, the constant first; MaplessError for another function."""
    formula = function.member("fFormula")
    values = list(formula.member("fClingParameters"))
    written = re.sub(r"[\s()p]", "", str(formula.member("fFormula")).replace("pow", "^"))
    if written != "+".join(f"[{term}]*^x,{term}" for term in range(len(values))):
        raise MaplessError(f"{function.name} is no sum of powers of x, but {formula.member('fFormula')}")
    return values
