"""Particles that Pythia does not have, or not as the signals need them: their masses, widths and decays."""

from collections.abc import Sequence

Decay = tuple[float, tuple[int, ...]]
"""A branching fraction, and the PDG numbers of what a particle decays to."""

TWO_BODY, THREE_BODY = 103, 100
"""Pythia's ways to decay: by phase space, as often as told (three bodies have no threshold factor)."""

W_BOSON, Z_BOSON, HIGGS, TOP, BOTTOM = 24, 23, 25, 6, 5
W_MASS, Z_MASS, HIGGS_MASS, TOP_MASS, BOTTOM_MASS = 80.4, 91.2, 125.0, 172.5, 4.8
LIGHT_AND_HEAVY_QUARKS: tuple[Decay, ...] = tuple((0.2, (quark, -quark)) for quark in (1, 2, 3, 4, 5))
Z_DECAYS: tuple[Decay, ...] = (
    *((0.154, (quark, -quark)) for quark in (1, 3)),
    *((0.119, (quark, -quark)) for quark in (2, 4)),
    (0.151, (5, -5)),
    *((0.034, (lepton, -lepton)) for lepton in (11, 13, 15)),
    *((0.067, (neutrino, -neutrino)) for neutrino in (12, 14, 16)),
)
"""Decays of the Z boson (Particle Data Group), for one too far off its mass for Pythia."""


def resonance(code: int, mass: float, width: float) -> list[str]:
    """Settings for a resonance of fixed width, kept within ten widths of its mass."""
    return [
        f"{code}:m0 = {mass}",
        f"{code}:mWidth = {width}",
        f"{code}:mMin = {max(mass - 10 * width, 1)}",
        f"{code}:mMax = {mass + 10 * width}",
        f"{code}:doForceWidth = on",
    ]


def narrow_width(mass: float) -> float:
    """Width of a daughter of a resonance: 0.5 % of its mass, 0.1 GeV at least."""
    return max(0.005 * mass, 0.1)


def decays(code: int, channels: Sequence[Decay]) -> list[str]:
    """Settings that replace the decays of a particle.

    >>> decays(25, [(1.0, (5, -5))])
    ['25:oneChannel = 1 1.0 103 5 -5']
    """
    verbs = ["oneChannel", *["addChannel"] * (len(channels) - 1)]
    return [
        f"{code}:{verb} = 1 {share} {TWO_BODY if len(to) == 2 else THREE_BODY} {' '.join(map(str, to))}"  # noqa: PLR2004
        for verb, (share, to) in zip(verbs, channels, strict=True)
    ]


def scalar(
    code: int, name: str, mass: float, channels: Sequence[Decay] = LIGHT_AND_HEAVY_QUARKS
) -> list[str]:
    """Settings for a new narrow neutral scalar that decays, by default to the pairs of five quarks alike."""
    return _new_particle(code, f"{name} void 1 0 0", mass, channels)


def charged_vector(code: int, name: str, mass: float, channels: Sequence[Decay]) -> list[str]:
    """Settings for a new narrow vector of charge 1 that decays."""
    return _new_particle(code, f"{name}+ {name}- 3 3 0", mass, channels)


def _new_particle(code: int, kind: str, mass: float, channels: Sequence[Decay]) -> list[str]:
    """A narrow resonance; `kind` is its name, its antiparticle's, 2 spin + 1, charge in thirds and colour."""
    width = narrow_width(mass)
    return [
        f"{code}:new = {kind} {mass} {width} {max(mass - 10 * width, 1)} {mass + 10 * width} 0.0",
        f"{code}:isResonance = on",
        *decays(code, channels),
        f"{code}:doForceWidth = on",
    ]
