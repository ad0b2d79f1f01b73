"""Columns of one large-radius jet: jet1_pt, jet1_tau21, jet1_constituent_pt, jet1_image and so on."""

from dataclasses import dataclass

from selections.steps import Column, Cut

RATIO_EPSILON = 1e-6
"""Added to the denominator of ratios of N-subjettiness."""
RATIOS = ("tau21", "tau32", "tau43", "tau41")
"""Of N-subjettiness; tau41 is tau4 by tau1."""
ROOT_RATIO = "sqrt_tau21_over_tau1"
"""How two-pronged and narrow a jet is: the root of tau21 by tau1, which QUAK sees."""

_UNITS = dict.fromkeys(("pt", "mass", "softdrop_mass", "trimmed_mass"), "GeV")
_TITLES = {
    "pt": "p_T",
    "eta": r"\eta",
    "phi": r"\phi",
    "mass": "m",
    "softdrop_mass": r"m_\mathrm{SD}",
    "trimmed_mass": r"m_\mathrm{trimmed}",
    "lsf3": r"\mathrm{LSF}_3",
    "b_tag": r"\mathrm{b\ tag}",
    "n_constituents": r"n_\mathrm{constituents}",
    **{f"tau{n}": rf"\tau_{n}" for n in (1, 2, 3, 4)},
    **{name: rf"\tau_{{{name[-2:]}}}" for name in RATIOS},
    ROOT_RATIO: r"\sqrt{\tau_{21}}/\tau_1",
}


@dataclass(frozen=True)
class JetImage:
    """How constituents become an image of `size` x `size` pixels within +-`half_width` in eta and phi.

    Images are centred and their pixels add up to 1. Rotated, the axis along which the jet is widest is that
    of phi; flipped, more of the transverse momentum lies at positive eta and phi. As they are, those of
    CMS EXO-22-026 (arXiv:2412.03747).
    """

    size: int = 32
    half_width: float = 0.6
    rotated: bool = False
    flipped: bool = False

    def column(self, number: int) -> Column:
        """The image of a jet, (size, size) with rows in eta, from the columns of its constituents."""
        parts = ", ".join(f"jet{number}_constituent_{part}" for part in ("pt", "eta", "phi"))
        treated = ", ".join(str(treatment).lower() for treatment in (self.rotated, self.flipped))
        image = f"mapless::jet_image<{self.size}>({parts}, {self.half_width}, {treated})"
        return Column(f"jet{number}_image", image, "", f"image of jet {number}")


def finite_jets(jet_mass: str = "softdrop_mass") -> Cut:
    """No large-radius jet of the event has a NaN or an infinity in its momentum or masses."""
    names = dict.fromkeys(("pt", "eta", "phi", "mass", jet_mass))
    return Cut(" && ".join(f"mapless::finite(jet_{name})" for name in names), "finite jets")


def jet_property(name: str, number: int, jets: str) -> Column:
    """A property, such as "pt" or "tau21", of jet number 1, 2, ... of the column `jets` of indices.

    NaN where there are fewer jets (n_constituents: -1). The ratio tau21 needs the columns of tau2 and tau1.

    >>> jet_property("tau21", 1, "dijet_jets").expression
    'jet1_tau2 / (jet1_tau1 + 1e-06f)'
    """
    pick = f"mapless::pick(jet_{name}, {jets}, {number - 1})"
    if name in RATIOS:
        pick = f"jet{number}_tau{name[-2]} / (jet{number}_tau{name[-1]} + {RATIO_EPSILON:g}f)"
    elif name == ROOT_RATIO:
        pick = f"std::sqrt(jet{number}_tau21) / (jet{number}_tau1 + {RATIO_EPSILON:g}f)"
    elif name == "lsf3":
        pick = f"std::clamp({pick}, 0.f, 1.f)"
    elif name == "b_tag":
        pick = f"std::max({pick}, 0.f)"
    elif name == "n_constituents":
        pick = pick.replace("pick(", "pick_number(")
    return Column(f"jet{number}_{name}", pick, _UNITS.get(name, ""), f"${_TITLES[name]}$ of jet {number}")


def jet_constituents(part: str, number: int, jets: str) -> Column:
    """The pt (GeV), eta or phi of all constituents of a jet, hardest first."""
    values = f"mapless::constituents_of_jet(constituent_{part}, constituent_jet, {jets}, {number - 1})"
    return Column(f"jet{number}_constituent_{part}", values, _UNITS.get(part, ""))
