"""Corrections of the energies of jets, before anything is selected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from errors import MaplessError
from selections.corrections import Correction
from selections.headers import graph_functions
from selections.nodes import column_names
from selections.sources.opened import OpenedEvents

NANOAOD = {"jet": "FatJet", "small_jet": "Jet"}
"""How NanoAOD calls the collections of jets."""

INPUTS = {
    "JetPt": ("{}_pt",),
    "JetA": ("{}_area",),
    "JetEta": ("{}_eta",),
    "JetPhi": ("{}_phi",),
    "JetMass": ("{}_mass",),
    "Rho": ("Rho_fixedGridRhoFastjetAll", "fixedGridRhoFastjetAll"),
    "run": ("run",),
    "Run": ("run",),
}
"""Columns for the inputs of corrections of CMS; {} is the collection."""


@dataclass(frozen=True)
class JetCorrections:
    """Corrections of momentum and mass of a collection of jets, single or compound ones, one after the other.

    `inputs` are those of all of them (`selections.corrections.Correction`). The first is of the uncorrected
    jets: what NanoAOD has corrected already (`rawFactor`) is undone where
    `undo` says so. Each sees as JetPt what the ones before it have made. Soft-drop masses, which NanoAOD
    makes of corrected subjets, stay as they are.
    """

    collection: str
    file: Path
    names: tuple[str, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    undo: bool = True

    def correct(self, events: OpenedEvents) -> OpenedEvents:
        """The events with corrected jets, hardest first.

        Raises MaplessError for jets or inputs that the events do not have, and as `Correction.expression`.
        """
        mapless, columns = graph_functions(), column_names(events.frame)
        jets = prefix(self.collection, columns)
        if jets is None:
            raise MaplessError(f"{events.files[0]} has no {self.collection}_pt to be corrected")
        raw = f"{jets}_rawFactor"
        if self.undo and raw not in columns:
            raise MaplessError(
                f"{events.files[0]} lacks {raw}, earlier corrections cannot be undone; say undo: false"
            )
        factor = f"{self.collection}_correction"
        start = f"1.f - {raw}" if self.undo else f"{jets}_pt.size(), 1.f"
        frame = mapless.define(events.frame, f"{factor}_0", f"ROOT::RVecF({start})")
        for i, correction in enumerate(self._corrections()):
            pt = f"{factor}_pt_{i}"
            frame = mapless.define(frame, pt, f"ROOT::RVecF({jets}_pt * {factor}_{i})")
            usual = usual_inputs(self.collection, columns) | {"JetPt": [pt]}
            made = correction.expression(f"{jets}_pt.size()", columns | {pt}, usual)
            frame = mapless.define(frame, f"{factor}_{i + 1}", f"ROOT::RVecF({factor}_{i} * {made})")
        for name in ("pt", "mass"):
            if f"{jets}_{name}" in columns:
                scaled = f"ROOT::RVecF({jets}_{name} * {factor}_{len(self.names)})"
                frame = mapless.redefine(frame, f"{jets}_{name}", scaled)
        note = " × ".join(self.names)
        notes = {**events.notes, f"{self.collection} corrections": note}
        return _hardest_first(replace(events, frame=frame, notes=notes), self.collection, columns)

    def _corrections(self) -> list[Correction]:
        """Each with those of the inputs that it has; raises MaplessError for an input that none has."""
        for name in self.names:
            if self.names.count(name) > 1:
                raise MaplessError(f"{self.file}: {name} is named twice; a correction is applied once")
        inputs = {name: Correction(self.file, name).input_kinds() for name in self.names}
        known = {given for some in inputs.values() for given in some}
        for given in self.inputs:
            if given not in known:
                raise MaplessError(
                    f"{self.file}: {' and '.join(self.names)} have no input {given}; "
                    f"there are {', '.join(sorted(known))}"
                )
        return [
            Correction(self.file, name, {key: text for key, text in self.inputs.items() if key in own})
            for name, own in inputs.items()
        ]


def prefix(collection: str, columns: set[str]) -> str | None:
    """How columns of a collection begin: as NanoAOD has them, or as they are canonical; None without it."""
    names = (NANOAOD.get(collection, collection), collection)
    return next((name for name in names if f"{name}_pt" in columns), None)


def usual_inputs(collection: str, columns: set[str]) -> dict[str, list[str]]:
    """Columns for the inputs of corrections of a collection."""
    jets = prefix(collection, columns) or collection
    return {name: [text.format(jets) for text in texts] for name, texts in INPUTS.items()}


def _hardest_first(events: OpenedEvents, collection: str, columns: set[str]) -> OpenedEvents:
    """With all columns of a collection in decreasing order of the momentum."""
    mapless, order = graph_functions(), f"{collection}_order"
    if f"{collection}_pt" not in columns:
        return events
    frame = mapless.define(events.frame, order, f"mapless::hardest_first({collection}_pt)")
    targets = {events.aliases.get(name, name) for name in _lists(frame, collection, columns)}
    for target in sorted(targets):
        frame = mapless.in_order(frame, target, order)
    if collection == "jet" and "constituent_jet" in columns:
        moved = f"mapless::renumbered(constituent_jet, {order})"
        frame = mapless.redefine(frame, "constituent_jet", moved)
    return replace(events, frame=frame)


def _lists(frame: object, collection: str, columns: set[str]) -> Sequence[str]:
    """Columns with a value for every jet, canonical ones and those of NanoAOD."""
    named = [name for name in columns if name.startswith((f"{collection}_", f"{NANOAOD[collection]}_"))]
    return [name for name in named if "RVec" in str(graph_functions().column_type(frame, name))]
