"""ATLAS DAOD_PHYSLITE, as TTree or RNTuple: MeV, and names with dots or colons, here with underscores."""

from collections.abc import Mapping, Sequence, Set

from errors import MaplessError
from selections.expressions import suggestion
from selections.sources import objects
from selections.sources.formats import Options, Recipe, Translation, translate_recipes
from selections.sources.objects import ObjectSource
from selections.steps import Column

LARGE_JETS, SMALL_JETS = "AnalysisLargeRJetsAuxDyn", "AnalysisJetsAuxDyn"
ELECTRONS, MUONS, PHOTONS = (f"Analysis{name}AuxDyn" for name in ("Electrons", "Muons", "Photons"))
COLLECTIONS = (LARGE_JETS, SMALL_JETS, ELECTRONS, MUONS, PHOTONS)
EVENT = "EventInfoAuxDyn"
CLEANING = f"{EVENT}_DFCommonJets_eventClean_LooseBad"
_GROOMED = "the jets are groomed by soft drop (beta = 1, z_cut = 0.1): both masses are the groomed one"
_LINKS = f"{LARGE_JETS}_constituentLinks___0_m_persIndex"


def _in_gev(column: str) -> str:
    return f"ROOT::RVecF({column} * 0.001)"  # in double precision: 250,000 MeV are 250 GeV


def _recipe(name: str, expression: str, *needs: str, reason: str = "not in the file") -> Recipe:
    return Recipe(name, [(expression, needs)], reason)


RECIPES: tuple[Recipe, ...] = (
    _recipe("run", f"{EVENT}_runNumber", f"{EVENT}_runNumber"),
    _recipe("luminosity_block", f"{EVENT}_lumiBlock", f"{EVENT}_lumiBlock"),
    _recipe("event", f"static_cast<ULong64_t>({EVENT}_eventNumber)", f"{EVENT}_eventNumber"),
    Recipe(
        "weight",
        [(f"mapless::value_at({EVENT}_mcEventWeights, 0)", (f"{EVENT}_mcEventWeights",)), ("1.f", ())],
    ),
    Recipe("truth_label", [("0", ())]),
    *(
        _recipe(f"jet_{name}", _in_gev(f"{LARGE_JETS}_{stored}"), f"{LARGE_JETS}_{stored}")
        for name, stored in (("pt", "pt"), ("mass", "m"), ("softdrop_mass", "m"))
    ),
    *(
        _recipe(f"jet_{name}", f"ROOT::RVecF({LARGE_JETS}_{stored})", f"{LARGE_JETS}_{stored}")
        for name, stored in (
            *(("eta", "eta"), ("phi", "phi"), ("b_tag", "GN2Xv01_phbb")),
            *((f"tau{n}", f"Tau{n}_wta") for n in (1, 2, 3)),
        )
    ),
    Recipe("jet_tau4", [], "PHYSLITE has no Tau4_wta"),
    Recipe("jet_lsf3", [], "ATLAS has no lepton subjet fraction"),
    _recipe(
        "jet_n_constituents",
        f"mapless::lengths({_LINKS})",
        _LINKS,
        reason="links to constituents that are not split need the classes of ATLAS",
    ),
    _recipe("jet_tight_id", f"ROOT::RVecI({LARGE_JETS}_pt.size(), 1)", f"{LARGE_JETS}_pt"),
)


def _kinematics(container: str, *flags: str) -> dict[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {"pt": (_in_gev(f"{container}_pt"),)}
    return found | {name: (f"ROOT::RVecF({container}_{name})",) for name in ("eta", "phi", *flags)}


def _is_set(container: str, flag: str) -> tuple[str, ...]:
    return (f"{container}_{flag} != 0",)


def _isolated(container: str, track_cone: str, calorimeter: float, tracks: float) -> tuple[str, ...]:
    """Energy in a calorimeter cone and momentum of tracks in a cone, over the transverse momentum."""
    pt = f"{container}_pt"
    return (
        f"{container}_topoetcone20 / {pt} < {calorimeter}f && {container}_{track_cone} / {pt} < {tracks}f",
    )


_OF_ELECTRONS = "ptvarcone30_Nonprompt_All_MaxWeightTTVALooseCone_pt1000"
_OF_MUONS = "ptvarcone30_Nonprompt_All_MaxWeightTTVA_pt1000"

# Quality of muons: 0 tight, 1 medium, 2 loose in the lowest three bits. Isolation: Loose_VarRad and
# Tight_VarRad of electrons (arXiv:1908.00005) and muons (arXiv:2012.00578), FixedCutLoose of photons.
SOURCES: Mapping[str, ObjectSource] = {
    "muon": ObjectSource(
        "muons",
        _kinematics(MUONS, "charge"),
        {name: (f"({MUONS}_quality & 7) <= {n}",) for n, name in enumerate(("tight", "medium", "loose"))},
        {"loose": _isolated(MUONS, _OF_MUONS, 0.30, 0.15), "tight": _isolated(MUONS, _OF_MUONS, 0.15, 0.04)},
    ),
    "electron": ObjectSource(
        "electrons",
        _kinematics(ELECTRONS, "charge"),
        {
            name: _is_set(ELECTRONS, f"DFCommonElectronsLH{name.title()}")
            for name in ("loose", "medium", "tight")
        },
        {
            "loose": _isolated(ELECTRONS, _OF_ELECTRONS, 0.20, 0.15),
            "tight": _isolated(ELECTRONS, _OF_ELECTRONS, 0.06, 0.06),
        },
    ),
    "photon": ObjectSource(
        "photons",
        _kinematics(PHOTONS),
        {
            name: _is_set(PHOTONS, f"DFCommonPhotonsIsEM{name.title()}")
            for name in ("loose", "medium", "tight")
        },
        {"loose": _isolated(PHOTONS, "ptcone20", 0.065, 0.05)},
    ),
    "small_jet": ObjectSource(
        "small-radius jets",
        _kinematics(SMALL_JETS) | {"mass": (_in_gev(f"{SMALL_JETS}_m"),)},
        {"tight": _is_set(SMALL_JETS, "NNJvtPass")},
    ),
}


def recognises(columns: Set[str]) -> bool:
    """Whether columns are those of PHYSLITE."""
    return f"{EVENT}_eventNumber" in columns


def translate(everywhere: Set[str], somewhere: Set[str], options: Options) -> Translation:
    """Canonical columns; of the missing momentum the files hold the soft term only."""
    soft = "PHYSLITE holds the soft term of the missing momentum; the whole is made with the tools of ATLAS"
    beside = objects.translate_objects(SOURCES, {}, objects.parse(options.objects), everywhere)
    notes = {"jet_softdrop_mass": _GROOMED} if f"{LARGE_JETS}_m" in everywhere else {}
    others = Translation(
        lacks={
            **{f"constituent_{x}": "constituents are links, which need the classes of ATLAS" for x in _PARTS},
            **{f"missing_{name}": soft for name in objects.PROPERTIES["missing"]},
        },
        notes=notes,
        uniform={f"{EVENT}_mcEventWeights": "data and simulation are samples of their own"},
    )
    return translate_recipes(RECIPES, everywhere) + beside + _conditions(somewhere, options) + others


_PARTS = ("jet", "pt", "eta", "phi", "mass")


def _conditions(somewhere: Set[str], options: Options) -> Translation:
    """Filters are flags by name, or the cleaning of events with bad jets; triggers are bits of a menu."""
    if options.triggers:
        raise MaplessError(
            "triggers: those of PHYSLITE are bits of a menu that is not read; ask for none by []"
        )
    filters = options.filters
    if filters is None:
        filters = [CLEANING] if CLEANING in somewhere else []
    for name in filters:
        if name not in somewhere:
            raise MaplessError(f"filters: the files have no {name}{suggestion(name, somewhere)}")
    passes = " && ".join(f"{name} != 0" for name in filters) or "true"
    asked = options.triggers is not None
    return Translation(
        (Column("passes_filters", passes), *([Column("passes_trigger", "true")] if asked else [])),
        {}
        if asked
        else {"passes_trigger": "triggers are bits of a menu that is not read; ask for none by triggers=[]"},
        {"passes_filters": " and ".join(filters) or "no filters"}
        | ({"passes_trigger": "no triggers are asked for"} if asked else {}),
        uniform=dict.fromkeys(filters, "leave it out of filters, or make the files samples of their own"),
    )
