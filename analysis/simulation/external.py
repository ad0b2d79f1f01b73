"""Events of other generators: final states in HepMC files, and hard processes in Les Houches files.

Hard processes are showered by Pythia first; then both go through our detector and jets like those of our own
simulation. Some events are in memory at a time.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from analysis.simulation.chunks import select
from analysis.simulation.columns import Columns
from analysis.simulation.detector import Detector
from analysis.simulation.generator import (
    BATCH_SIZE,
    STATUS_OUTGOING_HARD,
    GeneratedBatch,
    Generator,
    generated_batch,
)
from analysis.simulation.hepmc_lines import checked
from analysis.simulation.merge import describe
from analysis.simulation.processes import DijetProcess, Quality
from errors import MaplessError
from selections import canonical_writer
from selections.root import one_line_errors
from selections.sources.identical_files import check_all_differ

Format = Literal["hepmc", "lhe"]
SUFFIXES: dict[str, Format] = {".hepmc": "hepmc", ".hepmc2": "hepmc", ".hepmc3": "hepmc", ".lhe": "lhe"}
BEGINNINGS = {"hepmc": b"E ", "lhe": b"<event"}
ENDS = {"hepmc": b"END_EVENT_LISTING", "lhe": b"</LesHouchesEvents>"}


class External(DijetProcess):
    """Events of another generator, with two jets above a threshold; their weights are those of the file."""

    file: str = Field(description="of Les Houches or HepMC events, .gz or not")
    min_pt: float = Field(default=100, ge=100, description="smallest jet transverse momentum")
    mjj_min: float = Field(default=0, ge=0, description="smallest reconstructed dijet mass")
    max_constituents: int = Field(default=100, ge=0, le=100, description="hardest constituents to store")
    label: int = Field(default=1, description="truth label of the events: 1 for a signal, 0 QCD")

    def pythia(self) -> list[str]:
        """What to shower, and quietly."""
        return ["Beams:frameType = 4", f"Beams:LHEF = {self.file}", "SLHA:verbose = 0"]

    @property
    def truth_label(self) -> int:
        """As the user has it."""
        return self.label


def recognise(path: Path) -> Format | None:
    """The format of a file by its name, .gz or not; None where it is none of these."""
    name = path.with_suffix("") if path.suffix == ".gz" else path
    return SUFFIXES.get(name.suffix.lower())


def convert(
    files: Sequence[Path],
    output: Path,
    *,
    seed: int = 1,
    quality: Quality = "full",
    detector: Detector = Detector(),  # noqa: B008  (frozen)
    first_run: int = 1,
    progress: Callable[[int], None] = lambda n_events: None,
    **parameters: Any,
) -> int:
    """Write the events of files of one format to an RNTuple of canonical columns; return their number.

    `parameters` are the fields of `External`. Events of file k get run k, counted from `first_run`, and their
    place in the file as number. `quality` "tiny" showers hard processes without multiparton interactions.
    `output`.json holds the sum of all weights and the cross section that the last file states, in pb.
    `progress` is called with the number of events read.

    Raises MaplessError for a file that cannot be read or is not complete, and where no event is selected.
    """
    check_all_differ([str(file) for file in files], "name it once")
    n_read, n_selected, sum_of_weights = 0, 0, 0.0
    stated: dict[str, float] = {}

    def parts() -> Iterator[Columns]:
        nonlocal n_read, n_selected, sum_of_weights
        for number, file in enumerate(files, start=first_run):
            process = External(file=str(file), run=number, **parameters)
            rng = np.random.default_rng([seed, number])
            first = 0
            for batch in _batches(file, process, quality, seed + number, stated):
                selected, columns = select(batch, process, detector, None, rng)
                if len(selected):
                    yield columns | _identity(process, first + selected, batch.weight[selected])
                first += batch.n_events
                n_read += batch.n_events
                n_selected += len(selected)
                sum_of_weights += float(batch.weight.sum())
                progress(n_read)
        if not n_selected:
            raise MaplessError(
                f"none of {n_read:,} events of {files[0]} has two jets above {process.min_pt:g} GeV "
                f"with a mass above {process.mjj_min:g} GeV"
            )

    canonical_writer.write(output, parts())
    cross_section = stated.get("cross_section", -1.0)  # what the generators write where they do not know it
    describe(
        output,
        {
            "converted_from": [file.name for file in files],
            "format": recognise(files[0]),
            "n_events": n_selected,
            "n_read": n_read,
            "sum_of_weights": sum_of_weights,
            "cross_section_pb": cross_section if cross_section > 0 else None,
            "seed": seed,
            "detector": detector.model_dump(),
        },
    )
    return n_selected


def _identity(process: External, events: Any, weight: Any) -> Columns:
    size = len(events)
    return {
        "run": np.full(size, process.run),
        "luminosity_block": np.ones(size),
        "event": events,
        "weight": weight,
        "truth_label": np.full(size, process.truth_label),
        "passes_trigger": np.ones(size, bool),
        "passes_filters": np.ones(size, bool),
    }


def _batches(
    file: Path, process: External, quality: Quality, seed: int, stated: dict[str, float]
) -> Iterator[GeneratedBatch]:
    """All events of a file; what it states of its cross section goes into `stated`."""
    kind = recognise(file)
    if kind is None:
        raise MaplessError(f"{file}: name it {', '.join(SUFFIXES)}, with .gz where it is compressed")
    expected = count_events(file, kind)
    done = 0
    for batch in _read_hepmc(file, stated) if kind == "hepmc" else _shower(process, quality, seed, stated):
        numbers = [batch.weight, *batch.stable[2:]]
        if not all(np.isfinite(values).all() for values in numbers):
            raise MaplessError(
                f"{file}: a weight or momentum of the events {done + 1:,} to {done + batch.n_events:,} is "
                "NaN or infinite; leave that event out"
            )
        yield batch
        done += batch.n_events
    if done != expected:
        raise MaplessError(f"{file}: only {done:,} of {expected:,} events can be read; look at the next one")


def count_events(file: Path, kind: Format) -> int:
    """Number of events in a file, read through once; MaplessError if it cannot be read or breaks off."""
    count, complete = 0, False
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for line in checked(file, lines) if kind == "hepmc" else lines:
                count += line.startswith(BEGINNINGS[kind])
                complete = complete or ENDS[kind] in line
    except (OSError, EOFError, zlib.error) as problem:
        raise MaplessError(f"{file} cannot be read: {problem}") from None
    if not complete or not count:
        what = (
            "holds no events" if complete else f"has no {ENDS[kind].decode()} at its end: it is not complete"
        )
        raise MaplessError(f"{file} {what}")
    return count


def _read_hepmc(file: Path, stated: dict[str, float]) -> Iterator[GeneratedBatch]:
    import pyhepmc

    failed, numbers = f"{file} cannot be read as HepMC", set[int]()
    with one_line_errors(failed):
        opened = pyhepmc.open(file)
    with opened as events:
        remaining = iter(events)
        while True:
            with one_line_errors(failed):
                events_read = list(islice(remaining, BATCH_SIZE))
                batch = [_of_event(event, stated) for event in events_read]
            if not batch:
                return
            numbers |= {len(event.weights) for event in events_read}
            if len(numbers) > 1:  # HepMC stops at the first word that is no number
                raise MaplessError(
                    f"{file}: events have {min(numbers)} and {max(numbers)} weights; some are NaN?"
                )
            yield _joined(batch)


def _of_event(event: Any, stated: dict[str, float]) -> tuple[Any, ...]:
    """Identities, status codes and momenta (GeV) of an event, and its weight."""
    import pyhepmc

    event.set_units(pyhepmc.Units.GEV, pyhepmc.Units.MM)
    if event.cross_section is not None:
        stated["cross_section"] = float(event.cross_section.xsec())
    found = event.numpy.particles
    columns = (found.pid, found.status, found.px, found.py, found.pz, found.e)
    weight = event.weights[0] if len(event.weights) else 1.0
    return (*(np.array(column) for column in columns), float(weight))


def _joined(events: Iterable[tuple[Any, ...]]) -> GeneratedBatch:
    *columns, weights = zip(*events, strict=True)
    counts = np.array([len(one) for one in columns[0]])
    pdg_id, status, *momentum = (np.concatenate(column) for column in columns)
    nothing = np.zeros(len(counts))
    hard = np.abs(status) == STATUS_OUTGOING_HARD
    return generated_batch(counts, pdg_id, status == 1, hard, momentum, nothing, np.array(weights))


def _shower(
    process: External, quality: Quality, seed: int, stated: dict[str, float]
) -> Iterator[GeneratedBatch]:
    stated["cross_section"] = _stated_cross_section(Path(process.file))
    batches = Generator(process, "tiny" if quality == "tiny" else "full", seed).batches(2**62)
    while True:
        with one_line_errors(f"{process.file} cannot be read as Les Houches events"):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _stated_cross_section(file: Path) -> float:
    """Sum of the cross sections (pb) in the header of a Les Houches file."""
    import pylhe

    try:
        header = pylhe.LHEFile.fromfile(str(file)).init
        return float(sum(one.xSection for one in header.procInfo))
    except Exception as problem:  # of XML, numbers and structure alike
        reason = " ".join(str(problem).split())[:200]
        raise MaplessError(f"{file} cannot be read as Les Houches events: {reason}") from None
