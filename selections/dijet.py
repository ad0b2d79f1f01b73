"""The dijet selections of CMS EXO-22-026 (arXiv:2412.03747): two large-radius jets, heavier one first.

Working points as in case-team/CASEUtils and case-team/TagNTrain, where the control region is defined too.
"""

from collections.abc import Sequence
from typing import Any

from errors import MaplessError
from selections.graph import Selection
from selections.jets import RATIOS, ROOT_RATIO, JetImage, finite_jets, jet_constituents, jet_property
from selections.lund_plane import HEADERS as LUND_HEADERS
from selections.lund_plane import lund_plane_columns
from selections.steps import Column, Cut, Variation

KINEMATICS = ("pt", "eta", "phi", "mass")
JET_MASSES = {"soft_drop": "softdrop_mass", "trimmed": "trimmed_mass", "plain": "mass"}
"""Property of a jet that its mass is, by the way in which the jet is groomed."""
FEATURES = ("tau1", "tau2", "tau3", "tau4", "lsf3", "b_tag", "n_constituents")
"""What a jet has beyond its kinematics; their ratios, such as tau21, follow from the tau."""

HEADERS = ("mapless/jets.h", "mapless/kinematics.h", "mapless/jet_image.h")


def dijet_preselection(
    *,
    mjj_min: float = 1460.0,
    jet_pt_min: float = 300.0,
    jet_eta_max: float = 2.5,
    features: Sequence[str] = FEATURES,
    jet_mass: str = "soft_drop",
    constituents: bool = False,
    images: JetImage | None = None,
    lund_planes: bool = False,
    variations: Sequence[Variation] = (),
) -> Selection:
    """What all dijet regions share: trigger, filters, two tight jets, m_jj above a threshold (GeV).

    `features` are the properties of jets to keep, for files that do not have all; `jet_mass` says which mass
    (of JET_MASSES) orders the jets and is kept beside the plain one; `constituents` adds jagged columns
    jet1_constituent_pt and so on, `images` jet1_image and jet2_image, made of them, and `lund_planes` the
    columns of `selections.lund_plane`, with a prong for every quark of the hard process. The threshold in
    m_jj is the first edge of the dijet bins.
    """
    jets = f"two tight jets, pt > {jet_pt_min:g} GeV, |eta| < {jet_eta_max:g}"
    needs_constituents = constituents or images is not None or lund_planes
    columns = _columns(jet_pt_min, jet_eta_max, features, jet_mass, needs_constituents)
    return Selection(
        "dijet_preselection",
        columns=(
            *columns,
            *(images.column(number) for number in (1, 2) if images),
            *(lund_plane_columns(1) + lund_plane_columns(2) if lund_planes else ()),
        ),
        cuts=(
            Cut("passes_trigger", "trigger"),
            Cut("passes_filters", "event filters"),
            finite_jets(_mass_property(jet_mass)),
            Cut("passing_jets.size() >= 2", jets),
            Cut(f"mjj > {mjj_min}", f"m_jj > {mjj_min:g} GeV"),
        ),
        variations=variations,
        headers=(*HEADERS, *(LUND_HEADERS if lund_planes else ())),
    )


def dijet(*, delta_eta_max: float = 1.3, **preselection: Any) -> Selection:
    """The signal topology: small |delta eta|; other arguments are those of `dijet_preselection`."""
    small = Cut(f"std::abs(delta_eta) < {delta_eta_max}", f"|delta eta| < {delta_eta_max:g}")
    return dijet_preselection(**preselection).refine("dijet", small)


def dijet_control_region(
    *,
    delta_eta_min: float = 2.0,
    delta_eta_max: float = 2.5,
    unbalanced: bool = True,
    **preselection: Any,
) -> Selection:
    """Events unlike the signal: 2.0 < |delta eta| < 2.5, jets not balanced, and no hard third jet.

    Not balanced means |pt1 - pt2| / (pt1 + pt2) > 0.1, or 2 pt1 pt2 (cosh(delta eta) + 1) / m_jj^2 outside of
    [0.95, 1]; that ratio is 1 for two massless jets back to back. (TagNTrain, get_sideband_mask, with the
    cosh(x) + 1 of its comment, not the cosh(x + 1) of its code.) CMS VAE-QR learns where |delta eta| > 1.4,
    balanced or not (arXiv:2412.03747). Other arguments are those of `dijet_preselection`.
    """
    cuts = [
        Cut(
            f"std::abs(delta_eta) > {delta_eta_min} && std::abs(delta_eta) < {delta_eta_max}",
            f"{delta_eta_min} < |delta eta| < {delta_eta_max}",
        )
    ]
    if unbalanced:
        cuts += [
            Cut("pt_asymmetry > 0.1 || balanced_share < 0.95 || balanced_share > 1", "jets not balanced"),
            Cut("jet3_pt < 300", "third jet below 300 GeV"),
        ]
    return dijet_preselection(**preselection).refine(
        "dijet_control_region",
        *cuts,
        columns=(
            Column("jet3_pt", "mapless::pick(jet_pt, passing_jets, 2, 0.f)", "GeV", "$p_T$ of the third jet"),
            Column("pt_asymmetry", "std::abs(jet1_pt - jet2_pt) / (jet1_pt + jet2_pt)"),
            Column("balanced_share", "2 * jet1_pt * jet2_pt * (std::cosh(delta_eta) + 1) / (mjj * mjj)"),
        ),
    )


def jet_energy_scale(shift: float = 0.01) -> Variation:
    """Energies and masses of all jets shifted up and down by a fraction."""
    columns = ("jet_pt", "jet_mass", "jet_softdrop_mass")
    factors = {"up": 1 + shift, "down": 1 - shift}
    shifts = {
        tag: tuple(f"ROOT::RVecF({name} * {factor:.8g}f)" for name in columns)
        for tag, factor in factors.items()
    }
    return Variation("jet_energy_scale", columns, shifts)


def _mass_property(jet_mass: str) -> str:
    if jet_mass not in JET_MASSES:
        raise MaplessError(f"jet_mass: jets have no {jet_mass} mass; choose from {', '.join(JET_MASSES)}")
    return JET_MASSES[jet_mass]


def _columns(
    jet_pt_min: float, jet_eta_max: float, features: Sequence[str], jet_mass: str, constituents: bool
) -> tuple[Column, ...]:
    unknown = [name for name in features if name not in FEATURES]
    if unknown:
        raise MaplessError(f"jets have no {unknown[0]}; features are {', '.join(FEATURES)}")
    thresholds = f"{float(jet_pt_min)}f, {float(jet_eta_max)}f"  # 300f is no number in C++
    groomed = _mass_property(jet_mass)
    jets = [column for number in (1, 2) for column in _jet_columns(number, features, groomed, constituents)]
    first, second = (", ".join(f"jet{n}_{x}" for x in ("pt", "eta", "phi", "mass")) for n in (1, 2))
    mass = f"static_cast<float>(mapless::invariant_mass({first}, {second}))"
    return (
        Column("passing_jets", f"mapless::passing_jets(jet_pt, jet_eta, jet_tight_id, {thresholds})"),
        Column("dijet_jets", f"mapless::heavier_first(passing_jets, jet_{groomed})"),
        *jets,
        Column("mjj", mass, "GeV", r"$m_{jj}$"),
        Column("delta_eta", "jet1_eta - jet2_eta", "", r"$\Delta\eta_{jj}$"),
        Column("mass_difference", f"jet1_{groomed} - jet2_{groomed}", "GeV", r"$\Delta m$ of the jets"),
    )


def _jet_columns(number: int, features: Sequence[str], groomed_mass: str, constituents: bool) -> list[Column]:
    ratios = [name for name in RATIOS if {f"tau{name[-2]}", f"tau{name[-1]}"} <= set(features)]
    ratios += [ROOT_RATIO] if "tau21" in ratios else []
    names = dict.fromkeys((*KINEMATICS, groomed_mass, *features, *ratios))
    made = [jet_property(name, number, "dijet_jets") for name in names]
    if constituents:
        made += [jet_constituents(part, number, "dijet_jets") for part in ("pt", "eta", "phi")]
    return made


def dijet_columns(features: Sequence[str] = FEATURES, jet_mass: str = "soft_drop") -> tuple[str, ...]:
    """Names of the scalar columns that a dijet selection makes, for snapshots."""
    made = _columns(0.0, 0.0, features, jet_mass, constituents=False)
    return tuple(column.name for column in made if column.name not in ("passing_jets", "dijet_jets"))
