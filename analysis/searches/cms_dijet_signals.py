"""The signals of CMS EXO-22-026 (arXiv:2412.03747), and what a search for each of them alone asks for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from analysis.search import TestedSignal
from selections.steps import Cut

LOOSE, LOOSE_BELOW = 0.2, 0.4
"""Half width of a mass window over the mass; below masses of many prongs, some of which a jet may lack."""
NARROWEST = 10.0  # GeV, half width of a window
MANY = 4  # prongs
RATIOS = {2: ("tau21", 0.4), 3: ("tau32", 0.65)}
"""Ratio and its largest value by the number of prongs; more than three are as three."""


@dataclass(frozen=True)
class _Jet:
    """What a daughter looks like: mass in GeV and prongs."""

    mass: float
    prongs: int


_QUARK = _Jet(0.0, 1)
_TOP, _W = _Jet(172.5, 3), _Jet(80.4, 2)
_LIGHT = (25, 80, 170, 400)
FAMILIES: dict[str, tuple[str, dict[str, tuple[_Jet, _Jet]]]] = {
    "qstar": ("Q* → qW′", {f"{m}": (_Jet(m, 2), _QUARK) for m in _LIGHT}),
    "x_to_yy": (
        "X → YY′ → 4q",
        {f"{m}/{n}": (_Jet(m, 2), _Jet(n, 2)) for i, m in enumerate(_LIGHT) for n in _LIGHT[i:]},
    ),
    "wprime": ("W′ → B′t → bZt", {f"{m}": (_Jet(m, 3), _TOP) for m in _LIGHT}),
    "wkk": ("W_KK → RW → 3W", {f"{m}": (_Jet(m, 4), _W) for m in (170, 400)}),
    "zprime": ("Z′ → T′T′ → tZtZ", {"400": (_Jet(400, 5), _Jet(400, 5))}),
    "y_to_hh": ("Y → HH → 4t", {"400": (_Jet(400, 6), _Jet(400, 6))}),
}
"""By the beginning of the name of a sample: what decays into what, and both jets by masses of daughters."""
MASSES = (2000, 3000, 5000)  # GeV, of the resonances
EMBEDDED = {"x_to_yy_3000": "x_to_yy_3000_400_400"}
"""Samples that come with the suite under a name of their own."""


def tested_signals(names: Sequence[str], mass: str, kept: Collection[str]) -> tuple[TestedSignal, ...]:
    """Signals by the names of their samples, which are those of the table or of one's own.

    `mass` is the property of jets that their mass is, `kept` are the columns that the selection has.
    """
    return tuple(_tested(name, mass, kept) for name in names)


def _tested(name: str, mass: str, kept: Collection[str]) -> TestedSignal:
    known = {
        f"{family}_{resonance}_{daughters.replace('/', '_')}": (title, daughters, jets)
        for family, (title, decays) in FAMILIES.items()
        for daughters, jets in decays.items()
        for resonance in MASSES
    }
    if EMBEDDED.get(name, name) not in known:
        return TestedSignal(name, name)
    title, daughters, jets = known[EMBEDDED.get(name, name)]
    heavier_first = sorted(jets, key=lambda jet: -jet.mass)
    cuts = [
        cut
        for number, jet in enumerate(heavier_first, start=1)
        for cut in _cuts(f"jet{number}", jet, mass)
        if cut.expression.split()[0] in kept
    ]
    return TestedSignal(name, title, daughters, tuple(cuts))


def _cuts(name: str, jet: _Jet, mass: str) -> list[Cut]:
    """Mass window and N-subjettiness ratio of a jet; none for that of a quark."""
    if jet.prongs == 1:
        return []
    above = max(LOOSE * jet.mass, NARROWEST)
    below = max((LOOSE_BELOW if jet.prongs >= MANY else LOOSE) * jet.mass, NARROWEST)
    low, high = jet.mass - below, jet.mass + above
    ratio, largest = RATIOS[min(jet.prongs, max(RATIOS))]
    column = f"{name}_{mass}"
    return [
        Cut(f"{column} > {low:g} && {column} < {high:g}", f"{low:g} < m({name}) < {high:g} GeV"),
        Cut(f"{name}_{ratio} < {largest:g}", f"{ratio} of {name} below {largest:g}"),
    ]
