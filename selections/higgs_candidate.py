"""Events of ATLAS's Y -> H X (arXiv:2306.03637): two large jets, a Higgs candidate and another one, X."""

from typing import Any

from selections.dijet import dijet_preselection
from selections.graph import Selection
from selections.steps import Column, Cut

PROPERTIES = ("pt", "eta", "phi", "mass", "softdrop_mass", "b_tag", "tau21", "tau32")
"""Columns of both jets, such as higgs_softdrop_mass and x_tau21."""
_FEATURES = ("tau1", "tau2", "tau3", "b_tag")
_PARTS = ("pt", "eta", "phi")


def higgs_and_other_jet(
    *, mjj_min: float = 1300.0, leading_pt_min: float = 500.0, jet_pt_min: float = 200.0, **preselection: Any
) -> Selection:
    """Two jets, the harder one above `leading_pt_min` (GeV); the one with the higher b tag is called higgs.

    The other one is x; both have the columns of PROPERTIES and constituents, higgs_constituent_pt and so on.
    Whether the candidate has a tag and the mass of a Higgs boson is not asked. Other arguments are those of
    `selections.dijet.dijet_preselection`.
    """
    both = dijet_preselection(
        mjj_min=mjj_min, jet_pt_min=jet_pt_min, features=_FEATURES, constituents=True, **preselection
    )
    return both.refine(
        "higgs_and_other_jet",
        Cut(f"std::max(jet1_pt, jet2_pt) > {leading_pt_min}", f"a jet, pt > {leading_pt_min:g} GeV"),
        columns=(
            Column("higgs_is_first", "jet1_b_tag >= jet2_b_tag"),
            *(_of(role, name) for role in ("higgs", "x") for name in (*PROPERTIES, *_constituents())),
        ),
    )


def _constituents() -> tuple[str, ...]:
    return tuple(f"constituent_{part}" for part in _PARTS)


def _of(role: str, name: str) -> Column:
    """A property of the Higgs candidate, or of the other jet."""
    first, second = ("jet1", "jet2") if role == "higgs" else ("jet2", "jet1")
    unit = "GeV" if name.endswith(("pt", "mass")) else ""
    return Column(
        f"{role}_{name}", f"higgs_is_first ? {first}_{name} : {second}_{name}", unit, f"{name} of {role}"
    )
