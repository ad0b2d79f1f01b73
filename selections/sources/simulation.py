"""Files of our own simulation and snapshots: their columns are the canonical ones already.

But for objects beside large jets, which the simulation writes as it finds them, under the names of NanoAOD.
"""

from collections.abc import Set

from selections.sources import nanoaod_objects, objects
from selections.sources.formats import Options, Translation
from selections.steps import Column

# What simulated events need not carry, and the value that then holds for all of them.
CONSTANTS = {
    "weight": "1.f",
    "truth_label": "0",
    "passes_trigger": "true",
    "passes_filters": "true",
}
REASONS = {
    "weight": "1 for every event",
    "passes_trigger": "true: the simulation has no trigger, which is fully efficient above the threshold",
    "passes_filters": "true: the simulation has no detector noise",
}
_JET_COLUMNS = tuple(
    f"jet_{name}"
    for name in (
        *("pt", "eta", "phi", "mass", "softdrop_mass", "trimmed_mass"),
        *("tau1", "tau2", "tau3", "tau4", "lsf3", "b_tag"),
    )
)
_CONSTITUENT_COLUMNS = tuple(f"constituent_{name}" for name in ("jet", "pt", "eta", "phi", "mass"))
COLLECTIONS = ("jet", "constituent", *nanoaod_objects.COLLECTIONS)
EXPECTED = (
    *("run", "luminosity_block", "event"),
    *_JET_COLUMNS,
    *("jet_n_constituents", "jet_tight_id"),
    *_CONSTITUENT_COLUMNS,
)


def recognises(columns: Set[str]) -> bool:
    """Whether columns are canonical: jets, or the two jets of a dijet selection."""
    return "jet_pt" in columns or "mjj" in columns


def translate(everywhere: Set[str], somewhere: Set[str], options: Options) -> Translation:  # noqa: ARG001
    """The columns that are missing and the same for every event; large jets are taken as they are.

    So are the other objects of snapshots, which have been chosen already.
    """
    absent = [name for name in CONSTANTS if name not in everywhere]
    definitions = [Column(name, CONSTANTS[name]) for name in absent]
    if "jet_pt" in everywhere and "jet_tight_id" not in everywhere:
        definitions.append(Column("jet_tight_id", "ROOT::RVecI(jet_pt.size(), 1)"))
    made = {definition.name for definition in definitions}
    beside_jets = objects.translate_objects(
        nanoaod_objects.SOURCES, nanoaod_objects.MISSING, objects.parse(options.objects), everywhere
    )
    reasons = {**dict.fromkeys(EXPECTED, "the simulation did not write it"), **beside_jets.lacks}
    lacks = {name: reason for name, reason in reasons.items() if name not in everywhere | made}
    notes = {"weight": "as stored, in pb by our own simulation"}
    notes |= {name: REASONS[name] for name in absent if name in REASONS}
    uniform = dict.fromkeys((*CONSTANTS, "jet_tight_id"), "make the files samples of their own")
    offered = tuple(column for column in beside_jets.offered if column.name not in everywhere)
    return Translation(
        tuple(definitions), lacks, notes, uniform=uniform, meanings=beside_jets.meanings, offered=offered
    )
