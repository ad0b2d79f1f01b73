"""Small-radius jets, leptons, photons and missing momentum of NanoAOD, under the names of all versions."""

from collections.abc import Mapping, Sequence

from selections.sources.objects import ObjectSource

# Relative isolation, as the muon group of CMS has its working points (pfIsoId 2, 3 and 4).
RELATIVE_ISOLATION = {"loose": 0.25, "medium": 0.20, "tight": 0.15}
_FRACTIONS = (  # tight identification of Run 3 for |eta| < 2.6, for versions that no longer store its result
    "Jet_neHEF < 0.99f && Jet_neEmEF < 0.90f && Jet_chHEF > 0.01f && Jet_chMultiplicity > 0"
    " && Jet_chMultiplicity + Jet_neMultiplicity > 1 && abs(Jet_eta) < 2.6f"
)


def _properties(collection: str, *names: str, **more: Sequence[str]) -> dict[str, Sequence[str]]:
    return {name: (f"{collection}_{name}",) for name in names} | more


def _isolation(*columns: str) -> dict[str, Sequence[str]]:
    return {
        point: tuple(f"{column} < {limit}f" for column in columns)
        for point, limit in RELATIVE_ISOLATION.items()
    }


SOURCES: Mapping[str, ObjectSource] = {
    "muon": ObjectSource(
        "muons",
        _properties("Muon", "pt", "eta", "phi", "charge"),
        {point: (f"Muon_{point}Id",) for point in RELATIVE_ISOLATION},
        _isolation("Muon_pfRelIso04_all"),
    ),
    "electron": ObjectSource(
        "electrons",
        _properties("Electron", "pt", "eta", "phi", "charge"),
        {name: (f"Electron_cutBased >= {n}",) for n, name in enumerate(RELATIVE_ISOLATION, start=2)},
        _isolation("Electron_pfRelIso03_all"),
    ),
    "photon": ObjectSource(
        "photons",
        _properties("Photon", "pt", "eta", "phi"),
        {
            name: (f"Photon_cutBased >= {n}", f"mapless::has_bit(Photon_cutBasedBitmap, {2 ** (n - 1)})")
            for n, name in enumerate(RELATIVE_ISOLATION, start=1)
        },
        _isolation("Photon_pfRelIso03_all", "Photon_pfRelIso03_all_quadratic"),
    ),
    "small_jet": ObjectSource(
        "small-radius jets",
        _properties(
            *("Jet", "pt", "eta", "phi", "mass"),
            b_tag=("Jet_btagDeepFlavB", "Jet_btagUParTAK4B", "Jet_btagPNetB"),
        ),
        {"tight": ("mapless::has_bit(Jet_jetId, 2)", _FRACTIONS)},
    ),
}
MISSING: Mapping[str, Mapping[str, Sequence[str]]] = {
    "puppi": {name: (f"PuppiMET_{name}",) for name in ("pt", "phi")},
    "particle-flow": {name: (f"PFMET_{name}", f"MET_{name}") for name in ("pt", "phi")},
}
COLLECTIONS = ("Muon", "Electron", "Photon", "Jet")
