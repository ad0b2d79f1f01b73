"""Events with two or more large-radius jets, hardest first, for searches in masses of two and three jets."""

from collections.abc import Sequence
from typing import Any

from selections.graph import Selection
from selections.jets import finite_jets, jet_property
from selections.steps import Column, Cut, Variation

JET_PROPERTIES = ("pt", "softdrop_mass", "tau1", "tau2", "tau3", "tau21", "tau32", "n_constituents")
"""Columns of each of the two hardest jets, such as jet1_tau21."""

_MASS = "static_cast<float>(mapless::mass_of_jets(jet_pt, jet_eta, jet_phi, jet_mass, passing_jets, {}))"
_ETA = "mapless::pick(jet_eta, passing_jets, {})"
_COLUMNS = (
    Column("n_jets", "static_cast<int>(passing_jets.size())", "", "number of jets"),
    Column("mjj", _MASS.format(2), "GeV", r"$m_{jj}$ of the two hardest jets"),
    Column("mjjj", _MASS.format(3), "GeV", r"$m_{jjj}$ of the three hardest jets, 0 of fewer"),
    Column("delta_eta", f"{_ETA.format(0)} - {_ETA.format(1)}", "", r"$\Delta\eta_{jj}$"),
    Column("sum_pt", "ROOT::VecOps::Sum(ROOT::VecOps::Take(jet_pt, passing_jets))", "GeV", r"$\Sigma p_T$"),
    *(jet_property(name, number, "passing_jets") for number in (1, 2) for name in JET_PROPERTIES),
)


def multijet_preselection(
    *, jet_pt_min: float = 150.0, jet_eta_max: float = 2.5, variations: Sequence[Variation] = ()
) -> Selection:
    """What all multi-jet regions share: trigger, filters, two tight jets above `jet_pt_min` (GeV)."""
    thresholds = f"{float(jet_pt_min)}f, {float(jet_eta_max)}f"
    jets = Column("passing_jets", f"mapless::passing_jets(jet_pt, jet_eta, jet_tight_id, {thresholds})")
    return Selection(
        "multijet_preselection",
        columns=(jets, *_COLUMNS),
        cuts=(
            Cut("passes_trigger", "trigger"),
            Cut("passes_filters", "event filters"),
            finite_jets(),
            Cut("n_jets >= 2", f"two tight jets, pt > {jet_pt_min:g} GeV, |eta| < {jet_eta_max:g}"),
        ),
        variations=variations,
        headers=("mapless/jets.h",),
    )


def multijet(**preselection: Any) -> Selection:
    """The signal region: |delta eta| < 1.3 of the two hardest jets; arguments as `multijet_preselection`."""
    central = Cut("std::abs(delta_eta) < 1.3", "|delta eta| < 1.3")
    return multijet_preselection(**preselection).refine("multijet", central)


def multijet_control_region(**preselection: Any) -> Selection:
    """Beside the signal: 1.6 < |delta eta| < 2.5; arguments as `multijet_preselection`."""
    beside = Cut("std::abs(delta_eta) > 1.6 && std::abs(delta_eta) < 2.5", "1.6 < |delta eta| < 2.5")
    return multijet_preselection(**preselection).refine("multijet_control_region", beside)


def multijet_columns() -> tuple[str, ...]:
    """Names of the columns that a multi-jet selection makes, for snapshots."""
    return tuple(column.name for column in _COLUMNS)
