"""The HDF5 files of CASE (CMS EXO-22-026): two jets an event, the heavier one first, and a third one.

`event_info` is stored in 32-bit floats, in which event numbers above 2^24 are no longer exact. What we write
holds run, luminosity block and event number as integers in `event_id` besides.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.canonical_writer import Columns
from selections.conversion.case_layout import (
    EVENT_INFO,
    FEATURES,
    N_CONSTITUENTS,
    THREE_JETS,
    check_layout,
    event_numbers_are_exact,
)
from selections.conversion.parts import hardest_first, invariant_mass, jets, open_hdf5, slices, write_hdf5

ENOUGH, MOST_WRONG = 0.99, 0.5
_STEPS = 60
_MISSING = ("pt", "phi")


def read(path: Path) -> Iterator[Columns]:
    """Canonical columns, some events at a time; constituents where the file has them.

    The files hold no ungroomed jet mass. The masses of the constituents, or one mass for both jets where
    there are none, are scaled to give the file's m_jj.
    """
    with open_hdf5(path) as file:
        check_layout(file)
        exact, missing = event_numbers_are_exact(file), _missing(file)
        for part in slices(len(file["jet_kinematics"])):
            columns = _read_part(file, part) | _event_columns(file, part, exact=exact)
            yield columns | {name: file["event_info"][part, place] for name, place in missing.items()}


def _read_part(file: Any, part: slice) -> Columns:
    kinematics = np.asarray(file["jet_kinematics"][part], np.float64)
    numbers = range(1, 3 if kinematics.shape[1] < THREE_JETS else 4)
    rectangles = {
        name: np.stack([kinematics[:, 4 * number - 2 + place] for number in numbers], axis=1)
        for place, name in enumerate(("pt", "eta", "phi", "softdrop_mass"))
    }
    for place, name in enumerate(FEATURES):
        columns = [np.asarray(file[f"jet{number}_extraInfo"][part, place], np.float64) for number in (1, 2)]
        unknown = np.full(len(kinematics), np.nan)
        rectangles[name] = np.stack([*columns, *[unknown] * (len(numbers) - 2)], axis=1)
    n_constituents = np.nan_to_num(rectangles.pop("n_constituents"), nan=-1)
    order = hardest_first(rectangles["pt"])
    mass = np.zeros_like(rectangles["pt"])
    constituents, masses = {}, np.ones((len(kinematics), 2))
    if "jet1_PFCands" in file:
        momenta = np.stack([np.asarray(file[f"jet{n}_PFCands"][part], np.float64) for n in (1, 2)], axis=1)
        constituents = _constituents(momenta, order)
        masses = np.maximum(_mass_of(momenta), 1.0)
    mass[:, :2] = _scaled(masses, rectangles, kinematics[:, 0])
    rectangles |= {"mass": mass, "n_constituents": n_constituents.astype(np.int64)}
    rectangles["tight_id"] = np.ones_like(rectangles["n_constituents"])
    found = jets(rectangles, order) | constituents
    _check_masses(rectangles, kinematics[:, 0])
    return found


def _check_masses(rectangles: Mapping[str, NDArray[Any]], mjj: NDArray[np.float64]) -> None:
    """Of other columns or units m_jj and the momenta do not belong to each other."""
    pt, eta, phi, mass = (rectangles[name][:, :2] for name in ("pt", "eta", "phi", "mass"))
    lightest = invariant_mass(pt, eta, phi, np.zeros_like(pt))
    too_small, too_large = mjj < ENOUGH * lightest, mass.max(axis=1) > pt.max(axis=1)
    if not np.mean(too_small | too_large) < MOST_WRONG:
        raise MaplessError(
            f"m_jj is about {np.median(mjj):g}, but {np.median(lightest):g} of jets without mass; are "
            "columns swapped, or not in GeV?"
        )


def _event_columns(file: Any, part: slice, *, exact: bool) -> Columns:
    """Identity as far as it is known, label and weight; events without a number get their row."""
    columns: Columns = {"event": np.arange(part.start, part.stop)}
    weight = np.ones(part.stop - part.start)
    if "event_info" in file:
        info = dict(zip(EVENT_INFO, np.asarray(file["event_info"][part], np.float64).T, strict=False))
        columns |= {"run": info["run"]} if "run" in info else {}
        columns |= {"event": info["event"]} if exact else {}
        weight = info["generator_weight"]
    if "event_id" in file:
        columns |= dict(zip(("run", "luminosity_block", "event"), file["event_id"][part].T, strict=True))
    if "sys_weights" in file:
        weight = weight * np.asarray(file["sys_weights"][part, 0], np.float64)
    if "truth_label" in file:
        columns["truth_label"] = np.asarray(file["truth_label"][part]).reshape(-1)
    return columns | {"weight": weight}


def _missing(file: Any) -> dict[str, int]:
    """Places of the missing momentum in `event_info`; none if it is zero everywhere, which is not known."""
    places = {f"missing_{name}": EVENT_INFO.index(f"met_{name}") for name in _MISSING}
    return places if "event_info" in file and file["event_info"][:, places["missing_pt"]].any() else {}


def _constituents(momenta: NDArray[np.float64], order: NDArray[np.intp]) -> Columns:
    """Flat constituents of the two jets (n_events, 2, n, 4) as px, py, pz, E, with the place of their jet."""
    px, py, pz, _ = np.moveaxis(momenta, -1, 0)
    pt = np.hypot(px, py)
    there = pt > 0
    place = np.argsort(order, axis=1)[:, :2]
    return {
        "n_constituent": np.count_nonzero(there, axis=(1, 2)),
        "constituent_pt": pt[there],
        "constituent_eta": np.arcsinh(pz[there] / pt[there]),
        "constituent_phi": np.arctan2(py, px)[there],
        "constituent_jet": np.broadcast_to(place[:, :, None], there.shape)[there],
    }


def _mass_of(momenta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mass of each jet's constituents, massless: the stored energies are too coarse."""
    total = momenta[..., :3].sum(axis=2)
    energy = np.sqrt((momenta[..., :3] ** 2).sum(axis=-1)).sum(axis=-1)
    return np.sqrt(np.maximum(energy**2 - (total**2).sum(axis=-1), 0))


def _scaled(
    masses: NDArray[np.float64], rectangles: Mapping[str, NDArray[Any]], mjj: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Masses of the two jets of each event by the factor that gives m_jj, by bisection; 0 where none does."""
    pt, eta, phi = (rectangles[name][:, :2] for name in ("pt", "eta", "phi"))
    low, high = np.zeros(len(mjj)), mjj / masses.max(axis=1)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        above = invariant_mass(pt, eta, phi, middle[:, None] * masses) > mjj
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return low[:, None] * masses


def write(path: Path, parts: Iterator[Mapping[str, Any]]) -> int:
    """Write events with two jets or more; return their number. The file appears when it is complete.

    `parts` are awkward records of canonical columns. Of the weights the nominal one is written.
    """
    n_written = 0

    def arrays() -> Iterator[dict[str, NDArray[Any]]]:
        nonlocal n_written
        for part in parts:
            written = _case_arrays(part)
            n_written += len(written["event_id"])
            yield written

    write_hdf5(path, arrays())
    return n_written


def _case_arrays(part: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Arrays of the layout; jets that the events do not have are zeros."""
    import awkward as ak

    part = {name: part[name][ak.num(part["jet_pt"]) > 1] for name in ak.fields(part)}
    n_events = len(part["jet_pt"])

    def rectangle(name: str) -> NDArray[np.float64]:
        padded = ak.fill_none(ak.pad_none(part[name], 3, clip=True), 0)
        return np.asarray(ak.to_numpy(padded), np.float64)

    order = np.argsort(-rectangle("jet_softdrop_mass")[:, :2], axis=1, kind="stable")
    order = np.concatenate([order, np.full((n_events, 1), 2)], axis=1)
    pt, eta, phi, mass, groomed = (
        np.take_along_axis(rectangle(f"jet_{name}"), order, axis=1)
        for name in ("pt", "eta", "phi", "mass", "softdrop_mass")
    )
    mjj = invariant_mass(pt[:, :2], eta[:, :2], phi[:, :2], mass[:, :2])
    of_jets = np.stack([pt, eta, phi, groomed], axis=2).reshape(n_events, THREE_JETS - 2)
    kinematics = np.column_stack([mjj, eta[:, 0] - eta[:, 1], of_jets])
    identity = [ak.to_numpy(part[name]) for name in ("run", "luminosity_block", "event")]
    weight = ak.to_numpy(part["weight"])
    nothing = np.zeros(n_events)
    missing = [ak.to_numpy(part[f"missing_{name}"]) if "missing_pt" in part else nothing for name in _MISSING]
    n_jets = np.asarray(ak.sum(part["jet_pt"] > 50, axis=1))  # noqa: PLR2004 - GeV
    info = [identity[2], *missing, weight, nothing, identity[0], nothing, n_jets]
    label = ak.to_numpy(part["truth_label"])
    if len(label) and np.abs(label).max() > np.iinfo(np.int8).max:
        raise MaplessError(f"truth_label goes up to {np.abs(label).max()}, but CASE stores 127 at most")
    arrays = {
        "jet_kinematics": kinematics.astype(np.float32),
        "event_info": np.column_stack(info).astype(np.float32),
        "event_id": np.column_stack(identity).astype(np.uint64),
        "truth_label": label.astype(np.int8)[:, None],
    }
    features = [np.take_along_axis(rectangle(f"jet_{name}"), order, axis=1) for name in FEATURES]
    for place, number in enumerate((1, 2)):
        arrays[f"jet{number}_extraInfo"] = np.column_stack([one[:, place] for one in features]).astype("f4")
    if "constituent_pt" in part:
        for place, number in enumerate((1, 2)):
            arrays[f"jet{number}_PFCands"] = _momenta(part, order[:, place])
    return arrays


def _momenta(part: Mapping[str, Any], jet: NDArray[np.intp]) -> NDArray[np.float16]:
    """Momenta px, py, pz, E of the hardest constituents of one jet of each event, (n_events, 100, 4)."""
    import awkward as ak

    mine = part["constituent_jet"] == jet
    columns = []
    for name in ("pt", "eta", "phi"):
        padded = ak.fill_none(ak.pad_none(part[f"constituent_{name}"][mine], N_CONSTITUENTS, clip=True), 0)
        columns.append(np.asarray(ak.to_numpy(padded), np.float64))
    pt, eta, phi = columns
    return np.stack(
        [pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], axis=2
    ).astype(np.float16)
