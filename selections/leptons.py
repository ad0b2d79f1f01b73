"""Events with an electron or a muon: those of searches for what stands beside a lepton, and boosted W bosons.

Objects are those that the reader chooses by the settings `objects`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from selections.graph import Selection
from selections.jets import finite_jets, jet_constituents, jet_property
from selections.lund_plane import HEADERS as LUND_HEADERS
from selections.lund_plane import lund_plane_columns
from selections.rapidity_mass_matrix import HEADERS as MATRIX_HEADERS
from selections.rapidity_mass_matrix import rapidity_mass_columns
from selections.steps import Column, Cut, Variation

_LEADING = "mapless::pick(leptons_{0}, leptons_order, 0)"
_COLUMNS = (
    *(
        Column(f"leptons_{name}", f"ROOT::VecOps::Concatenate(electron_{name}, muon_{name})")
        for name in ("pt", "eta", "phi")
    ),
    Column("leptons_order", "mapless::hardest_first(leptons_pt)"),
    Column("lepton_pt", _LEADING.format("pt"), "GeV", "$p_T$ of the leading lepton"),
    Column("lepton_eta", _LEADING.format("eta"), "", r"$\eta$ of the leading lepton"),
    Column("lepton_phi", _LEADING.format("phi"), "", r"$\phi$ of the leading lepton"),
    Column(
        "transverse_mass",
        "std::sqrt(2 * lepton_pt * missing_pt * (1 - std::cos(lepton_phi - missing_phi)))",
        "GeV",
        "transverse mass of the leading lepton and the missing momentum",
    ),
)


def lepton_preselection(*, lepton_pt_min: float = 60.0, variations: Sequence[Variation] = ()) -> Selection:
    """Trigger, filters, and an electron or a muon above `lepton_pt_min` (GeV), as arXiv:2307.01612."""
    return Selection(
        "lepton_preselection",
        columns=_COLUMNS,
        cuts=(
            Cut("passes_trigger", "trigger"),
            Cut("passes_filters", "event filters"),
            Cut(f"lepton_pt > {lepton_pt_min}", f"an electron or a muon, pt > {lepton_pt_min:g} GeV"),
        ),
        variations=variations,
        headers=("mapless/jets.h",),
    )


def jet_and_lepton(**preselection: Any) -> Selection:
    """Events with a lepton and a small jet, and their rapidity-mass matrices, as arXiv:2307.01612.

    Arguments as `lepton_preselection`; columns as `selections.rapidity_mass_matrix`.
    """
    region = lepton_preselection(**preselection).refine(
        "jet_and_lepton",
        Cut("small_jet_pt.size() > 0", "a small jet"),
        columns=rapidity_mass_columns(),
    )
    return replace(region, headers=(*region.headers, *MATRIX_HEADERS))


def boosted_w(
    *, jet_pt_min: float = 200.0, b_tag_min: float = 0.4, lund_planes: bool = True, **preselection: Any
) -> Selection:
    """Top pairs with a lepton and a large jet beside it, which often is a W boson to quarks.

    The lepton, missing momentum of 50 GeV, and both together above 100 GeV; a tight large jet above
    `jet_pt_min` (GeV), 0.8 apart from leptons, and a small jet with a b tag above `b_tag_min` 0.8 apart from
    it. Jets are measured in such events in CMS-DP-2023/046. `lund_planes` adds the columns of
    `selections.lund_plane` with two prongs; other arguments as `lepton_preselection`.
    """
    passing = f"mapless::passing_jets(jet_pt, jet_eta, jet_tight_id, {float(jet_pt_min)}f, 2.5f)"
    is_tagged = f"small_jet_b_tag > {float(b_tag_min)}f"
    tagged = f"mapless::passing_jets(small_jet_pt, small_jet_eta, {is_tagged}, 30.f, 2.5f)"
    away = "small_jet_eta, small_jet_phi, ROOT::RVecF{jet1_eta}, ROOT::RVecF{jet1_phi}, 0.8f"
    columns = [
        Column("leptonic_w_pt", _sum_pt("lepton", "missing"), "GeV", "$p_T$ of lepton and missing momentum"),
        Column("w_jets", f"mapless::apart({passing}, jet_eta, jet_phi, leptons_eta, leptons_phi, 0.8f)"),
        *(jet_property(name, 1, "w_jets") for name in ("pt", "eta", "phi", "softdrop_mass")),
        Column("b_jets", f"mapless::apart({tagged}, {away})"),
    ]
    if lund_planes:
        columns += [jet_constituents(part, 1, "w_jets") for part in ("pt", "eta", "phi")]
        columns += lund_plane_columns(1, n_prongs=2)
    region = lepton_preselection(**preselection).refine(
        "boosted_w",
        finite_jets(),
        Cut("missing_pt > 50", "missing momentum > 50 GeV"),
        Cut("leptonic_w_pt > 100", "lepton and missing momentum together, pt > 100 GeV"),
        Cut("w_jets.size() > 0", f"a large jet, pt > {jet_pt_min:g} GeV, 0.8 apart from leptons"),
        Cut("b_jets.size() > 0", f"a small jet with a b tag above {b_tag_min:g}, 0.8 apart from it"),
        columns=tuple(columns),
    )
    return replace(region, headers=(*region.headers, *LUND_HEADERS)) if lund_planes else region


def _sum_pt(one: str, other: str) -> str:
    components = (
        f"{one}_pt * std::{function}({one}_phi) + {other}_pt * std::{function}({other}_phi)"
        for function in ("cos", "sin")
    )
    return f"static_cast<float>(std::hypot({', '.join(components)}))"
