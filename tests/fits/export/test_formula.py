import numpy as np
import pytest

from fits.backgrounds.catalogue import BACKGROUND_NAMES, background
from fits.export.formula import Formula, FormulaFunctions


@pytest.mark.parametrize("name", BACKGROUND_NAMES)
def test_formulae_of_all_backgrounds_give_their_numbers_in_root(name):
    import ROOT

    family = background(name)
    columns = family.columns(Formula("x"), FormulaFunctions)
    masses = np.array([1500.0, 3000.0, 7000.0])
    formulae = [ROOT.TFormula(f"{name}_{place}", column.text) for place, column in enumerate(columns)]
    values = np.array([[formula.Eval(float(mass)) for formula in formulae] for mass in masses])
    assert values == pytest.approx(family.design(masses), rel=1e-12)


def test_negative_numbers_and_both_sides_of_operators_are_written_safely():
    import ROOT

    x = Formula("x")
    formula = ROOT.TFormula("f", (2 - x - (-3.5) + (-1) * x**-2 * (1 + x)).text)
    assert formula.Eval(2.0) == pytest.approx(2 - 2 + 3.5 - 3 / 4)
