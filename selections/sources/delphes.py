"""Delphes: a tree of lists of objects, such as `FatJet.PT`, here with underscores."""

from collections.abc import Mapping, Sequence, Set

from errors import MaplessError
from selections.sources import objects
from selections.sources.formats import Options, Recipe, Translation, translate_recipes
from selections.sources.objects import ObjectSource
from selections.steps import Column

COLLECTIONS = ("FatJet", "Jet", "Electron", "Muon", "Photon")
_TAU, _TRIMMED = "FatJet_Tau_5_", "FatJet_TrimmedP4_5_"
_FROM = {  # column of a jet: expression of the columns of Delphes
    "pt": ("FatJet_PT", "FatJet_PT"),
    "eta": ("FatJet_Eta", "FatJet_Eta"),
    "phi": ("FatJet_Phi", "FatJet_Phi"),
    "mass": ("FatJet_Mass", "FatJet_Mass"),
    "softdrop_mass": ("mapless::masses(FatJet_SoftDroppedJet)", "FatJet_SoftDroppedJet"),
    # the first momentum is the trimmed jet, the others are its subjets
    "trimmed_mass": (f"mapless::first_masses({_TRIMMED})", _TRIMMED),
    **{f"tau{n}": (f"mapless::elements({_TAU}, {n - 1})", _TAU) for n in (1, 2, 3, 4)},
    "b_tag": ("ROOT::RVecF(mapless::has_bit(FatJet_BTag, 1))", "FatJet_BTag"),
    "tight_id": ("ROOT::RVecI(FatJet_PT.size(), 1)", "FatJet_PT"),
}
RECIPES: tuple[Recipe, ...] = (
    Recipe("run", [("1u", ())]),
    Recipe("luminosity_block", [("1u", ())]),
    Recipe("event", [("static_cast<ULong64_t>(mapless::value_at(Event_Number, 0))", ("Event_Number",))]),
    Recipe("weight", [("mapless::value_at(Event_Weight, 0)", ("Event_Weight",)), ("1.f", ())]),
    Recipe("truth_label", [("0", ())]),
    Recipe("passes_filters", [("true", ())]),
    *(
        Recipe(f"jet_{name}", [(way, (need,))], f"no {need} in the file")
        for name, (way, need) in _FROM.items()
    ),
    Recipe("jet_lsf3", [], "Delphes has no lepton subjet fraction"),
    Recipe(
        "jet_n_constituents",
        [("ROOT::RVecI(FatJet_NCharged + FatJet_NNeutrals)", ("FatJet_NCharged", "FatJet_NNeutrals"))],
        "no FatJet_NCharged and FatJet_NNeutrals in the file",
    ),
)

# What Delphes has found is identified: an efficiency of its card stands for every working point.
RELATIVE_ISOLATION = {"loose": 0.25, "medium": 0.20, "tight": 0.15}


def _source(title: str, collection: str, isolated: bool, **more: Sequence[str]) -> ObjectSource:
    names = {"pt": "PT", "eta": "Eta", "phi": "Phi"}
    found = f"ROOT::RVecI({collection}_PT.size(), 1)"
    limits = RELATIVE_ISOLATION if isolated else {}
    return ObjectSource(
        title,
        {name: (f"{collection}_{stored}",) for name, stored in names.items()} | more,
        dict.fromkeys(RELATIVE_ISOLATION, (found,)),
        {point: (f"{collection}_IsolationVar < {limit}f",) for point, limit in limits.items()},
    )


SOURCES: Mapping[str, ObjectSource] = {
    "muon": _source("muons", "Muon", True, charge=("Muon_Charge",)),
    "electron": _source("electrons", "Electron", True, charge=("Electron_Charge",)),
    "photon": _source("photons", "Photon", True),
    "small_jet": _source(
        "small-radius jets",
        "Jet",
        False,
        mass=("Jet_Mass",),
        b_tag=("ROOT::RVecF(mapless::has_bit(Jet_BTag, 1))",),
    ),
}
MISSING = {
    name: (f"mapless::value_at(MissingET_{stored}, 0)",) for name, stored in (("pt", "MET"), ("phi", "Phi"))
}


def recognises(columns: Set[str]) -> bool:
    """Whether columns are those of Delphes."""
    return {"Event", "Event_Number"} <= columns


def translate(everywhere: Set[str], somewhere: Set[str], options: Options) -> Translation:  # noqa: ARG001
    """Canonical columns; the simulation has no triggers, so that all events pass them."""
    if options.triggers or options.filters:
        raise MaplessError("triggers, filters: Delphes has none; ask for none by []")
    chosen = objects.parse(options.objects)
    missing = dict.fromkeys(("puppi", "particle-flow"), MISSING)
    others = Translation(
        (Column("passes_trigger", "true"),),
        {f"constituent_{x}": "constituents are references" for x in ("jet", "pt", "eta", "phi", "mass")},
        {"passes_trigger": "true: Delphes has no triggers"},
    )
    beside = objects.translate_objects(SOURCES, missing, chosen, everywhere)
    return translate_recipes(RECIPES, everywhere) + beside + others
