import doctest

import pytest

from selections import cutflow, expressions, folds
from selections.expressions import columns_used


@pytest.mark.parametrize(
    ("expression", "columns"),
    [
        ("jet_pt[0] > 300 && abs(jet_eta[0]) < 2.5", ("jet_pt", "jet_eta")),
        ("std::sqrt(x*x + y*y)", ("x", "y")),
        ("ROOT::VecOps::Take<float>(values, 2)", ("values",)),
        ("static_cast<float>(genWeight)", ("genWeight",)),
        ("ROOT::RVecI(FatJet_nConstituents)", ("FatJet_nConstituents",)),
        ("jets.size() >= 2", ("jets",)),
        ('name == "jet_pt"', ("name",)),
        ("1.5e3f * mjj + 0x1F", ("mjj",)),
        ("M_PI * delta_phi", ("delta_phi",)),
        ("[](float a, const ROOT::RVecF &b) { return a * b[0]; }(weight, jet_pt)", ("weight", "jet_pt")),
        ("{ float sum = 0; for (auto pt : jet_pt) sum += pt; return sum; }", ("jet_pt",)),
        ("passes_trigger ? weight : 0.f", ("passes_trigger", "weight")),
        ("a<b && c>d", ("a", "b", "c", "d")),
        ("true", ()),
        ("rdfentry_ % 2 == 0", ("rdfentry_",)),
    ],
)
def test_columns_of_an_expression_are_told_from_functions_types_and_local_variables(expression, columns):
    assert columns_used(expression) == columns


@pytest.mark.parametrize("module", [expressions, folds, cutflow])
def test_examples_of_docstrings_give_the_numbers_they_show(module):
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(module).attempted > 0
