"""Tables of a HEPData submission, and the submission itself, checked against the official schema."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from errors import MaplessError

if TYPE_CHECKING:
    from hepdata_lib import Table, Variable

DIGITS = 5
"""Significant ones of a number that is no count."""
COUNTED = 12


def write_submission(
    folder: Path, tables: Sequence["Table"], *, collision_energy: float, reaction: str
) -> None:
    """Write `submission.yaml`, one YAML file per table and `submission.tar.gz` into an existing folder.

    `collision_energy` in GeV. Raises MaplessError if the schema of HEPData is violated.
    """
    from hepdata_lib import Submission

    submission = Submission()
    for one in tables:
        one.keywords["cmenergies"] = [collision_energy]
        one.keywords["reactions"] = [reaction]
        submission.add_table(one)
    # hepdata_lib writes its archive into the current folder.
    with contextlib.chdir(folder):
        try:
            submission.create_files(".", validate=True)
        except AssertionError as error:
            raise MaplessError(f"HEPData refuses the submission: {error}") from None


def table(name: str, description: str, *variables: "Variable") -> "Table":
    """A table with its variables, the independent ones first."""
    from hepdata_lib import Table

    made = Table(name)
    made.description, made.location = description, f"Mapless, table {name}"
    for variable in variables:
        made.add_variable(variable)
    return made


def independent(name: str, values: list[Any], units: str = "", *, binned: bool = False) -> "Variable":
    """What the others depend on: numbers, pairs of edges if `binned`, or words."""
    from hepdata_lib import Variable

    variable = Variable(name, is_independent=True, is_binned=binned, units=units)
    variable.values = values
    return variable


def dependent(name: str, values: npt.ArrayLike, units: str = "", digits: int = DIGITS) -> "Variable":
    """Numbers (n,)."""
    from hepdata_lib import Variable

    variable = Variable(name, is_independent=False, is_binned=False, units=units)
    variable.digits = digits
    variable.values = np.asarray(values, dtype=float).tolist()
    return variable


def add_uncertainty(variable: "Variable", label: str, sizes: npt.NDArray[np.float64]) -> None:
    """Sizes (n,) up and down alike, or (n, 2) downwards and upwards."""
    from hepdata_lib import Uncertainty

    uncertainty = Uncertainty(label, is_symmetric=sizes.ndim == 1)
    uncertainty.values = sizes.tolist() if sizes.ndim == 1 else [tuple(pair) for pair in sizes.tolist()]
    variable.add_uncertainty(uncertainty)


def add_band(median: "Variable", expected: npt.ArrayLike) -> None:
    """The bands of 68 and 95 % of a median, from limits (n, 5) at -2, -1, 0, 1 and 2 standard deviations."""
    values = np.asarray(expected, dtype=float).reshape(-1, 5)
    for label, low, high in (("1 s.d.", 1, 3), ("2 s.d.", 0, 4)):
        add_uncertainty(median, label, values[:, [low, high]] - values[:, [2]])
