"""Energies in configuration files: `3 TeV`, `2725 GeV`, or a bare number in GeV."""

import re
from typing import Annotated

from pydantic import BeforeValidator

GEV_PER_UNIT = {"MeV": 1e-3, "GeV": 1.0, "TeV": 1e3}
_QUANTITY = re.compile(r"^\s*([-+0-9.eE]+)\s*([A-Za-zµ]+)\s*$")


def parse_energy(value: object) -> float:
    """Read an energy and return it in GeV.

    >>> parse_energy("3 TeV"), parse_energy(2725), parse_energy("500 MeV")
    (3000.0, 2725.0, 0.5)

    Raises ValueError for an unknown unit or text that is not a number.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = _QUANTITY.match(str(value))
    if not match:
        raise ValueError(f"{value!r} is not an energy; write for example '3 TeV' or 3000 (GeV)")
    number, unit = match.groups()
    if unit not in GEV_PER_UNIT:
        raise ValueError(f"{unit!r} is not a unit of energy; use one of {', '.join(GEV_PER_UNIT)}")
    return float(number) * GEV_PER_UNIT[unit]


Energy = Annotated[float, BeforeValidator(parse_energy)]
