"""Files of our own simulation and snapshots: their columns are the canonical ones already."""

from collections.abc import Set

from selections.graph import Column
from selections.sources.formats import Options, Translation

# What simulated events need not carry, and the value that then holds for all of them.
CONSTANTS = {
    "run": "1u",
    "luminosity_block": "1u",
    "event": "static_cast<std::uint64_t>(rdfentry_)",
    "weight": "1.f",
    "truth_label": "0",
    "passes_trigger": "true",
    "passes_filters": "true",
}
REASONS = {
    "event": "numbered in the order of the files",
    "passes_trigger": "true: the simulation has no trigger, its selection is fully efficient above the threshold",
    "passes_filters": "true: the simulation has no detector noise",
}
REQUIRED = [
    "jet_pt",
    "jet_eta",
    "jet_phi",
    "jet_mass",
    "jet_softdrop_mass",
    "jet_tau1",
    "jet_tau2",
    "jet_tau3",
    "jet_tau4",
    "jet_lsf3",
    "jet_b_tag",
    "jet_n_constituents",
    "jet_tight_id",
    "constituent_jet",
    "constituent_pt",
    "constituent_eta",
    "constituent_phi",
    "constituent_mass",
]


def recognises(columns: Set[str]) -> bool:
    """Whether columns are canonical: jets, or the two jets of a dijet selection."""
    return "jet_pt" in columns or "mjj" in columns


def translate(everywhere: Set[str], somewhere: Set[str], options: Options) -> Translation:  # noqa: ARG001
    """The columns that are missing and the same for every event; jets in the file are taken as they are."""
    absent = [name for name in CONSTANTS if name not in everywhere]
    definitions = [Column(name, CONSTANTS[name]) for name in absent]
    if "jet_pt" in everywhere and "jet_tight_id" not in everywhere:
        definitions.append(Column("jet_tight_id", "ROOT::RVecI(jet_pt.size(), 1)"))
    made = {definition.name for definition in definitions}
    lacks = {name: "the simulation did not write it" for name in REQUIRED if name not in everywhere | made}
    return Translation(tuple(definitions), lacks, {name: REASONS[name] for name in absent if name in REASONS})
