"""Weights measured on W jets turn jets of one shower into those of another."""

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from analysis.simulation import simulate
from selections.dijet import dijet
from selections.lund_measurement import measured_plane, measured_ratio
from selections.lund_ratio import Splittings
from selections.lund_weights import lund_weights
from selections.sources import open_events

SHOWERS = {"soft": "TimeShower:alphaSvalue = 0.11", "hard": "TimeShower:alphaSvalue = 0.15"}
PARTS = ("lund_subjet", "lund_subjet_pt", "lund_log_inverse_angle", "lund_log_kt", "tau1", "tau2", "tau3")


def jets(folder: Path, process: str, shower: str, **parameters: float) -> ak.Array:
    """Both jets of resonances of 1.3 TeV under a shower."""
    output = folder / f"{process}_{shower}.root"
    simulate(
        process,
        3000,
        output=output,
        seed=31,
        pythia_settings=[SHOWERS[shower]],
        resonance_mass=1300,
        mjj_min=900,
        max_constituents=100,
        **parameters,
    )
    selected = dijet(mjj_min=900.0, lund_planes=True)(open_events(output)).frame
    return ak.from_rdataframe(selected, columns=[f"jet{jet}_{part}" for jet in (1, 2) for part in PARTS])


def chi2(ratios: list[np.ndarray], weights: np.ndarray) -> float:
    """Per bin, of the shapes of two weighted samples, the second one without weights."""
    bins = np.linspace(*np.quantile(ratios[1], [0.01, 0.99]), 16)
    one, variance = (np.histogram(ratios[0], bins, weights=w)[0] for w in (weights, weights**2))
    other = np.histogram(ratios[1], bins)[0]
    difference = one / one.sum() - other / other.sum()
    return float(np.mean(difference**2 / (variance / one.sum() ** 2 + other / other.sum() ** 2)))


@pytest.mark.physics
def test_w_and_top_jets_of_one_shower_become_those_of_another(tmp_path: Path) -> None:
    """Weights are measured on the lighter W jets, and looked at on the heavier W and top jets."""
    w = {shower: jets(tmp_path, "x_to_yy", shower, y_mass=80, y_prime_mass=80) for shower in SHOWERS}
    top = {shower: jets(tmp_path, "wprime_to_bt", shower, b_prime_mass=170) for shower in SHOWERS}
    planes = {
        shower: measured_plane(
            Splittings.of_columns(some, "jet2"), ak.to_numpy(ak.flatten(some.jet2_lund_subjet_pt))
        )
        for shower, some in w.items()
    }
    ratio = measured_ratio(planes["hard"], planes["soft"])
    for sample, tau, left in ((w, (2, 1), 0.5), (top, (3, 2), 0.8)):
        weights = lund_weights(ratio, Splittings.of_columns(sample["soft"], "jet1"), len(sample["soft"]))
        tau_ratios = [
            ak.to_numpy(some[f"jet1_tau{tau[0]}"] / (some[f"jet1_tau{tau[1]}"] + 1e-6))
            for some in sample.values()
        ]
        before, after = chi2(tau_ratios, np.ones(len(tau_ratios[0]))), chi2(tau_ratios, weights["nom"])
        print(f"chi2 per bin of tau{tau[0]}{tau[1]}: {before:.1f} before, {after:.1f} after")
        assert before > 3
        assert after < left * before
