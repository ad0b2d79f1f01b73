"""Pythia 8 in batches: the particles of many events as flat arrays."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.processes import GeneratedProcess, Quality
from errors import MaplessError

BATCH_SIZE = 250
LARGEST_SEED = 900_000_000
STATUS_OUTGOING_HARD = 23
CHARM, BOTTOM = 4, 5
FIRST_HADRON, FIRST_EXOTIC = 100, 1_000_000  # in the PDG numbering


class Particles(NamedTuple):
    """Flat arrays, one entry a particle, ordered by event: integers, and floats in GeV and radians."""

    event: NDArray[Any]
    pdg_id: NDArray[Any]
    pt: NDArray[Any]
    eta: NDArray[Any]
    phi: NDArray[Any]
    energy: NDArray[Any]

    def select(self, mask: NDArray[Any]) -> "Particles":
        """The particles chosen by a mask or an index array."""
        return Particles(*(column[mask] for column in self))

    @classmethod
    def joined(cls, parts: list["Particles"]) -> "Particles":
        """The particles of several parts, one part after the other."""
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class GeneratedBatch(NamedTuple):
    """Stable particles, bottom and charm hadrons, and quarks of the hard process for `n_events` events.

    `hard_scale` (n_events,) is the transverse momentum of the hardest 2 -> 2 process in GeV, `weight`
    (n_events,) that of the generator.
    """

    n_events: int
    stable: Particles
    heavy_hadrons: Particles
    quarks: Particles
    hard_scale: NDArray[np.float64]
    weight: NDArray[np.float64]


def offsets(event: NDArray[np.int64], n_events: int) -> NDArray[np.int64]:
    """Where each event starts in flat arrays ordered by event: (n_events + 1,).

    >>> offsets(np.array([0, 0, 2]), 3).tolist()
    [0, 2, 2, 3]
    """
    return np.concatenate([[0], np.cumsum(np.bincount(event, minlength=n_events))])


def gather(starts: NDArray[np.int64], chosen: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Flat indices of the chosen rows of a jagged array, and the row each belongs to.

    >>> index, row = gather(np.array([0, 2, 5]), np.array([1, 0]))
    >>> index.tolist(), row.tolist()
    ([2, 3, 4, 0, 1], [0, 0, 0, 1, 1])
    """
    counts = starts[chosen + 1] - starts[chosen]
    row = np.repeat(np.arange(len(chosen)), counts)
    first = np.cumsum(counts) - counts
    return np.arange(counts.sum()) - first[row] + starts[chosen][row], row


def of_events(
    collection: str, rows: Mapping[str, NDArray[Any]], selected: NDArray[np.int64], n_events: int
) -> dict[str, NDArray[Any]]:
    """Columns of a collection in the selected events, and their numbers of items, from rows with an `event`.

    >>> rows = {"event": np.array([0, 2, 2]), "pt": np.array([5.0, 7.0, 6.0])}
    >>> jets = of_events("jet", rows, np.array([2]), 3)
    >>> jets["n_jet"].tolist(), jets["jet_pt"].tolist()
    ([2], [7.0, 6.0])
    """
    starts = offsets(rows["event"], n_events)
    index, _ = gather(starts, selected)
    columns = {f"{collection}_{name}": values[index] for name, values in rows.items() if name != "event"}
    return {f"n_{collection}": np.diff(starts)[selected]} | columns


class Generator:
    """A Pythia instance for one process; raises MaplessError where Pythia refuses the settings."""

    def __init__(self, process: GeneratedProcess, quality: Quality, seed: int) -> None:
        import pythia8mc

        self.pythia = pythia8mc.Pythia("", False)
        multiparton = "on" if quality == "full" else "off"
        settings = [
            "Print:quiet = on",
            f"Beams:eCM = {process.beam_energy}",
            f"PartonLevel:MPI = {multiparton}",
            "Random:setSeed = on",
            f"Random:seed = {seed % LARGEST_SEED + 1}",
            *process.all_settings(),
        ]
        refused = [line for line in settings if not self.pythia.readString(line)]
        if refused:
            raise MaplessError(f"Pythia does not know the setting {refused[0]!r}; see its online manual")
        self.veto = process.veto()  # Pythia keeps no reference of its own
        if self.veto is not None:
            self.pythia.setUserHooksPtr(self.veto)
        if not self.pythia.init():
            raise MaplessError("Pythia does not start with these settings; check masses and pythia_settings")

    def batches(self, n_events: int) -> Iterator[GeneratedBatch]:
        """`n_events` events (that pass the veto), at most `BATCH_SIZE` at a time.

        Fewer where the hard processes come from a file that ends.
        """
        while n_events > 0:
            size = min(n_events, BATCH_SIZE)
            record = self.pythia.nextBatch(size)
            if not len(record):
                return
            yield flatten(record)
            n_events -= size

    @property
    def cross_section(self) -> float:
        """Cross section so far in pb, after the veto."""
        return float(self.pythia.infoPython().sigmaGen()) * 1e9

    @property
    def n_tried(self) -> int:
        """Number of phase-space points tried so far."""
        return int(self.pythia.infoPython().nTried())


def flatten(batch: Any) -> GeneratedBatch:
    """Flat arrays of the particles of interest from Pythia's awkward record."""
    import awkward as ak

    record = batch.prt
    counts = ak.to_numpy(ak.num(record.id))
    pdg_id, status = (ak.to_numpy(ak.flatten(column)) for column in (record.id, record.status))
    momentum = [ak.to_numpy(ak.flatten(record.p[name])) for name in ("px", "py", "pz", "e")]
    hard = np.abs(status) == STATUS_OUTGOING_HARD
    hard_scale, weight = np.sqrt(ak.to_numpy(batch.info.pT2Hat)), ak.to_numpy(batch.info.weights[:, 0])
    return generated_batch(counts, pdg_id, status > 0, hard, momentum, hard_scale, weight)


def generated_batch(
    counts: NDArray[Any],
    pdg_id: NDArray[Any],
    stable: NDArray[np.bool_],
    hard: NDArray[np.bool_],
    momentum: Sequence[NDArray[Any]],
    hard_scale: NDArray[Any],
    weight: NDArray[Any],
) -> GeneratedBatch:
    """A batch of the particles of events, `counts` in each: px, py, pz and E; which are stable or hard."""
    event = np.repeat(np.arange(len(counts)), counts)

    def pick(mask: NDArray[np.bool_]) -> Particles:
        px, py, pz, energy = (component[mask] for component in momentum)
        pt = np.hypot(px, py)
        eta = np.arcsinh(pz / np.maximum(pt, 1e-9))
        floats = (column.astype(np.float32) for column in (pt, eta, np.arctan2(py, px), energy))
        return Particles(event[mask], pdg_id[mask], *floats)

    quark = (np.abs(pdg_id) <= BOTTOM) & (pdg_id != 0)
    heavy = hadron_flavour(pdg_id) > 0
    return GeneratedBatch(len(counts), pick(stable), pick(heavy), pick(hard & quark), hard_scale, weight)


def hadron_flavour(pdg_id: NDArray[np.int32]) -> NDArray[np.int32]:
    """5 for bottom hadrons, 4 for charm hadrons, 0 for all else, by the PDG numbering scheme.

    >>> hadron_flavour(np.array([521, -4122, 443, 211, 5, 2212])).tolist()
    [5, 4, 4, 0, 0, 0]
    """
    code = np.abs(pdg_id)
    hadron = (code > FIRST_HADRON) & (code < FIRST_EXOTIC)
    heaviest = np.maximum(code // 100 % 10, code // 1000 % 10)
    return np.where(hadron & (heaviest >= CHARM) & (heaviest <= BOTTOM), heaviest, 0).astype(np.int32)
