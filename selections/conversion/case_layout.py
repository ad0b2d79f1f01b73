"""The arrays in HDF5 files of CASE (CMS EXO-22-026), and whether a file has them."""

from typing import Any

from errors import MaplessError
from selections.conversion.checks import check_dataset

EVENT_INFO = ("event", "met_pt", "met_phi", "generator_weight", "leptonic", "run", "year", "n_jets")
FEATURES = ("tau1", "tau2", "tau3", "tau4", "lsf3", "b_tag", "n_constituents")
"""Of `jet1_extraInfo` and `jet2_extraInfo`, in order."""

TWO_JETS, THREE_JETS = 10, 14
"""Columns of `jet_kinematics`: m_jj, delta eta, and pt, eta, phi, softdrop mass of each jet."""

COLUMNS = {
    "jet1_extraInfo": len(FEATURES),
    "jet2_extraInfo": len(FEATURES),
    "event_info": 4,
    "event_id": 3,
    "sys_weights": 1,
    "truth_label": None,
    "jet1_PFCands": None,
    "jet2_PFCands": None,
}
"""Fewest columns of what else there is, all with one row an event."""

N_CONSTITUENTS = 100
LARGEST_EXACT = 2**24
NEEDED = ("jet_kinematics", "jet1_extraInfo", "jet2_extraInfo")


def recognises(file: Any) -> bool:
    """Whether an open HDF5 file has the layout."""
    return all(name in file for name in NEEDED)


def check_layout(file: Any) -> None:
    """Raise MaplessError for arrays that are missing, or of other shapes and lengths."""
    missing = [name for name in NEEDED if name not in file]
    if missing:
        raise MaplessError(f"there is no {missing[0]}: it is not a file of CASE")
    check_dataset(file, "jet_kinematics", n_columns=TWO_JETS)
    n_events = len(file["jet_kinematics"])
    for name, n_columns in COLUMNS.items():
        if name in file:
            check_dataset(file, name, n_columns, n_events)
    for name in ("jet1_PFCands", "jet2_PFCands"):
        if ("jet1_PFCands" in file) != (name in file):
            raise MaplessError(f"{name} is not there, but that of the other jet")
        if name in file and (file[name].ndim != 3 or file[name].shape[2] != 4):  # noqa: PLR2004
            raise MaplessError(f"{name} has the shape {file[name].shape}; a constituent has four numbers")


def event_numbers_are_exact(file: Any) -> bool:
    """Whether `event_info` tells events apart: in 32 bits not above 2^24."""
    if "event_info" not in file:
        return False
    info = file["event_info"]
    return info.dtype.itemsize > 4 or info[:, 0].max(initial=0) < LARGEST_EXACT  # noqa: PLR2004
