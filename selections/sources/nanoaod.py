"""CMS NanoAOD of all versions, as TTree or RNTuple, and PFNano with its jet constituents."""

from collections.abc import Mapping, Sequence, Set

from errors import MaplessError
from selections.expressions import suggestion
from selections.sources import nanoaod_objects, objects
from selections.sources.formats import Options, Recipe, Translation, plain, translate_recipes
from selections.sources.run_ranges import triggers_by_run
from selections.steps import Column

# Triggers and filters of CMS EXO-22-026, as in case-team/CASEUtils H5_maker; Run 3 keeps the paths of 2018.
TRIGGERS: Mapping[str, tuple[str, ...]] = {
    "2016": ("HLT_PFHT800", "HLT_PFJet450"),
    "2016H": ("HLT_PFHT900", "HLT_PFJet450", "HLT_AK8PFJet450"),
    "2017": ("HLT_PFHT1050", "HLT_AK8PFJet500"),
    "2018": ("HLT_PFHT1050", "HLT_AK8PFJet500"),
    "2022": ("HLT_PFHT1050", "HLT_AK8PFJet500"),
}
_COMMON_FILTERS = (
    "Flag_goodVertices",
    "Flag_globalSuperTightHalo2016Filter",
    "Flag_HBHENoiseFilter",
    "Flag_HBHENoiseIsoFilter",
    "Flag_EcalDeadCellTriggerPrimitiveFilter",
    "Flag_BadPFMuonFilter",
    "Flag_BadPFMuonDzFilter",
    "Flag_eeBadScFilter",
)
FILTERS: Mapping[str, tuple[str, ...]] = {
    "2016": (*_COMMON_FILTERS, "Flag_CSCTightHaloFilter"),
    "2016H": (*_COMMON_FILTERS, "Flag_CSCTightHaloFilter"),
    "2017": (*_COMMON_FILTERS, "Flag_ecalBadCalibFilter"),
    "2018": (*_COMMON_FILTERS, "Flag_ecalBadCalibFilter"),
    "2022": (*_COMMON_FILTERS, "Flag_ecalBadCalibFilter"),
}


GENERATOR_WEIGHTS = "genWeight, in the units of the generator, not scaled to a cross section"

_TIGHT_ID_PARTS = tuple(
    f"FatJet_{part}" for part in ("neHEF", "neEmEF", "chHEF", "chMultiplicity", "neMultiplicity", "eta")
)
# Tight jet identification of Run 3 for |eta| < 2.6, for versions that no longer store its result.
_TIGHT_ID = (
    "ROOT::RVecI(FatJet_neHEF < 0.99f && FatJet_neEmEF < 0.90f && FatJet_chHEF > 0.01f"
    " && FatJet_chMultiplicity > 0 && FatJet_chMultiplicity + FatJet_neMultiplicity > 1"
    " && abs(FatJet_eta) < 2.6f)"
)

RECIPES: tuple[Recipe, ...] = (
    plain("run", "run", "not a NanoAOD file"),
    plain("luminosity_block", "luminosityBlock", "no luminosityBlock, which is part of an event's name"),
    plain("event", "event", "not a NanoAOD file"),
    Recipe("weight", [("static_cast<float>(genWeight)", ("genWeight",)), ("1.f", ())], ""),
    Recipe("truth_label", [("0", ())], ""),
    plain("jet_pt", "FatJet_pt", "the file has no large-radius jets"),
    plain("jet_eta", "FatJet_eta", "the file has no large-radius jets"),
    plain("jet_phi", "FatJet_phi", "the file has no large-radius jets"),
    plain("jet_mass", "FatJet_mass", "the file has no large-radius jets"),
    plain("jet_softdrop_mass", "FatJet_msoftdrop", "no FatJet_msoftdrop in this version of NanoAOD"),
    *(
        plain(f"jet_tau{n}", f"FatJet_tau{n}", f"no FatJet_tau{n} in this version of NanoAOD")
        for n in (1, 2, 3, 4)
    ),
    plain("jet_lsf3", "FatJet_lsf3", "no FatJet_lsf3 in this version of NanoAOD"),
    Recipe(
        "jet_b_tag",
        [
            (
                "mapless::largest_of_subjets(FatJet_subJetIdx1, FatJet_subJetIdx2, SubJet_btagDeepB)",
                ("FatJet_subJetIdx1", "FatJet_subJetIdx2", "SubJet_btagDeepB"),
            ),
            ("FatJet_btagDeepB", ("FatJet_btagDeepB",)),
            ("FatJet_particleNet_XbbVsQCD", ("FatJet_particleNet_XbbVsQCD",)),
        ],
        "no DeepB or ParticleNet score of large-radius jets",
        note=True,
    ),
    Recipe(
        "jet_n_constituents",
        [
            ("ROOT::RVecI(FatJet_nConstituents)", ("FatJet_nConstituents",)),
            (
                "mapless::count_constituents(FatJetPFCands_jetIdx, FatJet_pt.size())",
                ("FatJetPFCands_jetIdx",),
            ),
        ],
        "NanoAOD before version 9 has no FatJet_nConstituents, and this is not PFNano",
        note=True,
    ),
    Recipe(
        "jet_tight_id",
        [("mapless::has_bit(FatJet_jetId, 2)", ("FatJet_jetId",)), (_TIGHT_ID, _TIGHT_ID_PARTS)],
        "neither FatJet_jetId nor the energy fractions that define it are there",
        note=True,
        equivalent=True,
    ),
)

# PUPPI jets are made of weighted candidates: the weighted ones add up to the uncorrected jet within 0.1 %.
_TAKE = "mapless::at_indices"
_INDEX = "FatJetPFCands_pFCandsIdx"
CONSTITUENTS: tuple[Column, ...] = (
    Column(
        "constituent_unsorted_pt", f"{_TAKE}(ROOT::RVecF(PFCands_pt * PFCands_puppiWeight), {_INDEX})", "GeV"
    ),
    Column(
        "constituent_order", "mapless::hardest_constituents(FatJetPFCands_jetIdx, constituent_unsorted_pt)"
    ),
    Column("constituent_jet", f"{_TAKE}(FatJetPFCands_jetIdx, constituent_order)"),
    Column("constituent_pt", f"{_TAKE}(constituent_unsorted_pt, constituent_order)", "GeV"),
    Column("constituent_eta", f"{_TAKE}(PFCands_eta, {_TAKE}({_INDEX}, constituent_order))"),
    Column("constituent_phi", f"{_TAKE}(PFCands_phi, {_TAKE}({_INDEX}, constituent_order))"),
    Column("constituent_mass", f"{_TAKE}(PFCands_mass, {_TAKE}({_INDEX}, constituent_order))", "GeV"),
)
COLLECTIONS = ("FatJet", "SubJet", "FatJetPFCands", "PFCands", *nanoaod_objects.COLLECTIONS)
BITS = ("FatJet_jetId", "Jet_jetId", "Photon_cutBasedBitmap")
CONSTITUENT_SOURCES = frozenset(
    ("FatJetPFCands_jetIdx", _INDEX, *(f"PFCands_{x}" for x in ("pt", "eta", "phi", "mass", "puppiWeight")))
)


_RECOGNISED = ("FatJet", *nanoaod_objects.COLLECTIONS)


def recognises(columns: Set[str]) -> bool:
    """Whether columns are those of NanoAOD, whose names our simulation uses beside large jets."""
    return "jet_pt" not in columns and any({f"{one}_pt", f"n{one}"} & columns for one in _RECOGNISED)


def translate(everywhere: Set[str], somewhere: Set[str], options: Options) -> Translation:
    """Canonical columns of files that have some columns everywhere, and others in some files only."""
    made = translate_recipes(RECIPES, everywhere)
    if everywhere >= CONSTITUENT_SOURCES:
        constituents = Translation(definitions=CONSTITUENTS)
    else:
        constituents = Translation(
            lacks={c.name: "only PFNano has jet constituents" for c in CONSTITUENTS[2:]}
        )
    weights = Translation(
        notes={"weight": GENERATOR_WEIGHTS if "genWeight" in everywhere else "1 for every event"},
        uniform={"genWeight": "data and simulation are samples of their own"},
    )
    triggers, filters = _triggers(somewhere, options), _filters(somewhere, options)
    beside_jets = objects.translate_objects(
        nanoaod_objects.SOURCES, nanoaod_objects.MISSING, objects.parse(options.objects), everywhere
    )
    return made + weights + constituents + triggers + filters + beside_jets


def _triggers(somewhere: Set[str], options: Options) -> Translation:
    if isinstance(options.triggers, Mapping):
        return triggers_by_run(options.triggers, somewhere)
    used, note = _chosen("triggers", options.triggers, TRIGGERS, somewhere, options)
    if used is None:
        return Translation(lacks={"passes_trigger": note})
    definition = Column("passes_trigger", " || ".join(used) or "true")
    # a path that was not in the menu of some runs did not fire in them
    return Translation((definition,), notes={"passes_trigger": note}, defaults=dict.fromkeys(used, False))


def _filters(somewhere: Set[str], options: Options) -> Translation:
    used, note = _chosen("filters", options.filters, FILTERS, somewhere, options)
    if used is None:
        return Translation(lacks={"passes_filters": note})
    definition = Column("passes_filters", " && ".join(used) or "true")
    uniform = dict.fromkeys(used, "leave it out of filters, or make the files samples of their own")
    return Translation((definition,), notes={"passes_filters": note}, uniform=uniform)


def _chosen(
    what: str,
    named: Sequence[str] | None,
    published: Mapping[str, tuple[str, ...]],
    somewhere: Set[str],
    options: Options,
) -> tuple[tuple[str, ...] | None, str]:
    """Columns of triggers or filters and a note on them; None and the reason if no published one is there.

    Published ones that no file has are left out, since skims and versions differ; named ones must be there.
    """
    if named is not None:
        for name in named:
            if name not in somewhere:
                raise MaplessError(f"{what}: the files have no {name}{suggestion(name, somewhere)}")
        joined = (" or " if what == "triggers" else " and ").join(named)
        return tuple(named), joined or f"no {what} are asked for"
    if options.year not in published:
        raise MaplessError(
            f"no published triggers and filters for {options.year}; known years are {', '.join(published)}"
        )
    wanted = published[options.year]
    used = tuple(name for name in wanted if name in somewhere)
    if not used:
        return None, (
            f"none of {', '.join(wanted)} is there, which {options.year} wants; name others by {what}=, or "
            f"none by {what}=[]"
        )
    absent = ", ".join(name for name in wanted if name not in used)
    joined = (" or " if what == "triggers" else " and ").join(used)
    return used, f"{joined} ({options.year}{absent and f'; not in the files: {absent}'})"
