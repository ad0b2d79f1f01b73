"""The table of docs/formats.md says what the readers give: it is made of their columns."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pytest
import uproot

from analysis.simulation.external import convert
from selections import canonical_writer
from selections.conversion.convert import from_root, to_root
from selections.conversion.inputs import JetDefinition
from selections.expressions import columns_used
from selections.sources import delphes, nanoaod, nanoaod_objects, physlite, simulation
from selections.sources.formats import Options, Recipe, Translation
from selections.sources.objects import Objects, ObjectSource
from tests.analysis.hepmc_files import generated, write_hepmc
from tests.analysis.test_converted_search import write_features

REPOSITORY = Path(__file__).parents[2]
SIGNAL = REPOSITORY / "analysis" / "samples" / "x_to_yy_3000.root"
GROUPS = {
    "momenta, masses": ("jet_pt", "jet_eta", "jet_phi", "jet_mass"),
    "soft-drop mass": ("jet_softdrop_mass",),
    "trimmed mass": ("jet_trimmed_mass",),
    "τ1 to τ3": ("jet_tau1", "jet_tau2", "jet_tau3"),
    "τ4": ("jet_tau4",),
    "LSF3": ("jet_lsf3",),
    "b tag": ("jet_b_tag",),
    "number of constituents": ("jet_n_constituents",),
    "constituents": ("constituent_pt", "constituent_eta", "constituent_phi"),
    "small jets": ("small_jet_pt",),
    "leptons": ("electron_pt", "muon_pt"),
    "photons": ("photon_pt",),
    "missing momentum": ("missing_pt", "missing_phi"),
    "label": ("truth_label",),
}
"""Columns by what the page calls them."""


def branches(
    recipes: Iterable[Recipe],
    sources: Mapping[str, ObjectSource],
    missing: Mapping[str, Mapping[str, Iterable[str]]],
) -> set[str]:
    """All columns of a format that some way of its reader needs."""
    ways = [way for kind in missing.values() for names in kind.values() for way in names]
    for source in sources.values():
        for names in (source.properties, source.identification, source.isolation):
            ways += [way for one in names.values() for way in one]
    needs = {need for recipe in recipes for _, needs in recipe.ways for need in needs}
    return needs | {name for way in ways for name in columns_used(way)}


def given(translation: Translation) -> set[str]:
    """Columns of a translation that are not the same for every event."""
    made = (*translation.definitions, *translation.offered)
    return {column.name for column in made if column.expression not in ("0", "true", "1.f")}


def opened() -> dict[str, set[str]]:
    """What readers of ROOT files give where a file has all branches that they know."""
    options = Options(triggers=[], filters=[], objects=Objects().model_dump())
    of_nanoaod = branches(nanoaod.RECIPES, nanoaod_objects.SOURCES, nanoaod_objects.MISSING)
    of_pfnano = of_nanoaod | nanoaod.CONSTITUENT_SOURCES
    of_physlite = branches(physlite.RECIPES, physlite.SOURCES, {})
    of_delphes = branches(delphes.RECIPES, delphes.SOURCES, {"any": delphes.MISSING})
    formats: dict[str, tuple[Any, set[str]]] = {
        "NanoAOD": (nanoaod, of_nanoaod),
        "PFNano": (nanoaod, of_pfnano),
        "DAOD_PHYSLITE": (physlite, of_physlite),
        "Delphes": (delphes, of_delphes),
    }
    found = {
        name: given(reader.translate(columns, columns, options))
        for name, (reader, columns) in formats.items()
    }
    ours = _columns(SIGNAL) & {*simulation.EXPECTED, "truth_label"}
    beside_jets = branches((), nanoaod_objects.SOURCES, nanoaod_objects.MISSING)
    with_leptons = ours | given(simulation.translate(ours | beside_jets, set(), options))
    return {"our simulation": ours, "our simulation, `lepton_…`": with_leptons} | found


def converted(folder: Path) -> dict[str, set[str]]:
    """What conversions give of small files."""
    events = uproot.open(SIGNAL)["Events"].arrays(entry_stop=20)
    with uproot.recreate(folder / "few.root") as file:
        columns = {name: events[name] for name in events.fields if "quark" not in name}
        missing = {name: np.arange(len(events), dtype="f4") for name in ("missing_pt", "missing_phi")}
        file.mkrntuple("Events", columns | missing)
    from_root(folder / "few.root", folder / "case.h5", "case")
    write_features(folder / "features.h5", events)
    rows = np.zeros((len(events), 2101))
    for row, event in zip(rows, events, strict=True):
        n = len(event["constituent_pt"])
        parts = [ak.to_numpy(event[f"constituent_{name}"]) for name in ("pt", "eta", "phi")]
        row[: 3 * n] = np.stack(parts, axis=1).ravel()
    with h5py.File(folder / "particles.h5", "w") as file:
        file.create_group("df")["block0_values"] = rows
    np.save(folder / "cathode.npy", np.column_stack([np.full((20, 5), 0.1), np.ones(20)]))
    found = {}
    for name, source, jets in (
        ("CASE h5", "case.h5", JetDefinition()),
        ("LHC Olympics, particles", "particles.h5", JetDefinition()),
        ("LHC Olympics, particles, `--trim`", "particles.h5", JetDefinition(trimming_fraction=0.05)),
        ("LHC Olympics, features", "features.h5", JetDefinition()),
        ("CATHODE", "cathode.npy", JetDefinition()),
    ):
        to_root([folder / source], folder / "converted.root", jets=jets)
        found[name] = _columns(folder / "converted.root")
    write_hepmc(folder / "few.hepmc", generated(["HardQCD:all = on", "PhaseSpace:pTHatMin = 600"], 5, 1))
    convert([folder / "few.hepmc"], folder / "converted.root")
    return found | {"HepMC, Les Houches": _columns(folder / "converted.root")}


def _columns(path: Path) -> set[str]:
    return set(uproot.open(path)[canonical_writer.TUPLE_NAME].keys())


def table(found: Mapping[str, set[str]]) -> list[str]:
    """The rows of the page."""
    header = f"| | {' | '.join(found)} |"
    rows = [
        f"| {title} | {' | '.join('yes' if columns >= set(names) else '–' for columns in found.values())} |"
        for title, names in GROUPS.items()
    ]
    return [header, "| --- |" + " --- |" * len(found), *rows]


@pytest.mark.parametrize("what", ["opened", "converted"])
def test_the_page_says_what_the_readers_give(what: str, tmp_path: Path) -> None:
    rows = table(opened() if what == "opened" else converted(tmp_path))
    page = (REPOSITORY / "docs" / "formats.md").read_text()
    assert "\n".join(rows) in page, "write into docs/formats.md:\n" + "\n".join(rows)
