"""Background forms of the ATLAS weakly supervised dijet search.

The search (arXiv:2005.02983) tries three forms in turn: `AtlasDijet` with two shape parameters, with three,
and `AtlasUA2`. Constants that ATLAS mixes into the parameters so that their estimates do not correlate are
left out: they change what the parameters mean, and neither fits, limits nor significances.
"""

from dataclasses import dataclass
from typing import Any

from fits.backgrounds.families import CollisionBackground


@dataclass(frozen=True)
class _Atlas(CollisionBackground):
    """Parameters called as published."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names p0, p2, p3 (and p4) as published; p0 is the logarithm of the published p1."""
        return ("p0", "p2", "p3", "p4")[: self.n_parameters + 1]


@dataclass(frozen=True)
class AtlasDijet(_Atlas):
    """exp(p0) (1 - x)^p2 x^(-p3), and with three parameters x^(p4 ln x) more.

    First and second form of ATLAS, arXiv:2005.02983; the first is in arXiv:1708.04445. As functions of mass
    they are dijet functions.

    >>> AtlasDijet(2).parameters
    ('p0', 'p2', 'p3')
    """

    label = "ATLAS dijet"
    sizes = (2, 3)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns ln(1-x), -ln x, ln^2 x."""
        logs = numpy.log(x)
        return [numpy.log1p(-x), -logs, logs**2]


@dataclass(frozen=True)
class AtlasUA2(_Atlas):
    """exp(p0) x^p2 exp(-p3 x + p4 x^2), three parameters.

    Third form of ATLAS, arXiv:2005.02983. As a function of mass it is that of UA2.
    """

    n_parameters: int = 3
    label = "ATLAS UA2"
    sizes = (3, 3)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns ln x, -x, x^2."""
        return [numpy.log(x), -x, x**2]
