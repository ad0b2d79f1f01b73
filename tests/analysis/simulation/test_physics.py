"""What the simulated physics must show, on small samples; larger ones behind the physics marker."""

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from analysis.simulation import SimulatedSample, simulate
from tests.analysis.simulation.conftest import read


def dijet_mass(events: dict[str, np.ndarray]) -> np.ndarray:
    pt, eta, phi, mass = (
        ak.to_numpy(events[f"jet_{name}"][:, :2]).astype(float) for name in ("pt", "eta", "phi", "mass")
    )
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)
    momentum = [pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    return np.sqrt(energy.sum(axis=1) ** 2 - sum(component.sum(axis=1) ** 2 for component in momentum))


def mode(values: np.ndarray, low: float, high: float, width: float = 20) -> float:
    counts, edges = np.histogram(values, np.arange(low, high, width))
    return float(edges[counts.argmax()] + width / 2)


def soft_drop_masses(events: dict[str, np.ndarray]) -> np.ndarray:
    """(n, 2), the lighter jet first."""
    return np.sort(ak.to_numpy(events["jet_softdrop_mass"][:, :2]), axis=1)


def test_signal_masses_come_out(signal: SimulatedSample) -> None:
    events = read(signal.path)
    lighter, heavier = soft_drop_masses(events).T
    assert np.median(dijet_mass(events)) == pytest.approx(3000, rel=0.02)
    assert mode(heavier, 300, 500) == pytest.approx(400, rel=0.1)
    assert mode(lighter, 60, 300) == pytest.approx(170, rel=0.1)


def test_two_prong_jets_have_small_tau21(signal: SimulatedSample) -> None:
    events = read(signal.path)
    masses = ak.flatten(events["jet_softdrop_mass"])
    tau21 = ak.flatten(events["jet_tau2"]) / ak.flatten(events["jet_tau1"])
    assert np.median(tau21[(masses > 140) & (masses < 200)]) < 0.4
    assert ak.all(tau21 <= 1.05)


def test_jets_are_ordered_and_inside_the_acceptance(signal: SimulatedSample) -> None:
    events = read(signal.path)
    pt, eta = events["jet_pt"], events["jet_eta"]
    assert ak.all(pt[:, :-1] >= pt[:, 1:])
    assert ak.all(pt > 299.5)
    assert ak.all(abs(eta) < 2.501)
    assert ak.all(abs(eta[:, 0] - eta[:, 1]) < 1.302)
    assert set(ak.to_list(ak.num(pt))) <= {2, 3}
    assert ak.all(events["jet_n_constituents"] > 1)


def test_constituents_add_up_to_their_jets(signal: SimulatedSample) -> None:
    events = read(signal.path)
    few = events["jet_n_constituents"] <= 50
    px, py = (events["constituent_pt"] * function(events["constituent_phi"]) for function in (np.cos, np.sin))
    for jet in (0, 1):
        mine = events["constituent_jet"] == jet
        pt = np.hypot(ak.sum(px[mine], axis=1), ak.sum(py[mine], axis=1))
        complete = few[:, jet]
        assert ak.all(ak.num(mine[mine])[complete] == events["jet_n_constituents"][complete, jet])
        assert ak.to_list(pt[complete]) == pytest.approx(
            ak.to_list(events["jet_pt"][complete, jet]), rel=0.01
        )


def test_four_quarks_come_from_the_signal(signal: SimulatedSample) -> None:
    events = read(signal.path)
    assert ak.all(ak.num(events["generator_quark_pt"]) == 4)
    assert ak.all(ak.sum(events["generator_quark_pdg_id"], axis=1) == 0)
    assert set(abs(ak.flatten(events["generator_quark_pdg_id"])).tolist()) == {1, 2, 3, 4, 5}


def test_jets_with_bottom_quarks_score_high(signal: SimulatedSample) -> None:
    events = read(signal.path)
    has_bottom = ak.any(abs(events["generator_quark_pdg_id"]) == 5, axis=1)
    best = ak.to_numpy(ak.max(events["jet_b_tag"], axis=1)).data
    assert np.median(best[has_bottom]) > np.median(best[~has_bottom]) + 0.2


@pytest.mark.physics
def test_overlapping_slices_agree(tmp_path: Path) -> None:
    """The cross section above 2500 GeV is the same from the slices that start at 2200 and at 2450 GeV."""
    found = []
    for edge in (2200, 2450):
        sample = simulate(
            "qcd",
            8000,
            output=tmp_path / f"{edge}.root",
            seed=9,
            quality="tiny",
            mjj_min=edge,
            max_delta_eta=1.3,
        )
        events = read(sample.path)
        inside = dijet_mass(events) > 2500
        weight = float(events["weight"][0])
        found.append((weight * inside.sum(), weight * np.sqrt(inside.sum())))
    (low, low_error), (high, high_error) = found
    assert abs(low - high) < 3 * np.hypot(low_error, high_error)


@pytest.mark.physics
def test_overlaid_underlying_event_resembles_full_simulation(tmp_path: Path) -> None:
    medians = {}
    for quality in ("full", "fast"):
        sample = simulate(
            "qcd",
            2000,
            output=tmp_path / f"{quality}.root",
            seed=9,
            quality=quality,
            mjj_min=2200,
            max_delta_eta=1.3,
        )
        events = read(sample.path)
        tau21 = ak.flatten(events["jet_tau2"] / events["jet_tau1"])
        columns = (ak.flatten(events[name]) for name in ("jet_mass", "jet_n_constituents"))
        medians[quality] = [float(np.median(column)) for column in (*columns, tau21)]
    assert medians["fast"] == pytest.approx(medians["full"], rel=0.06)
