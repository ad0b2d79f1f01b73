"""Jets of every signal have the prongs that it says, by the ratios of N-subjettiness, in full simulation.

Expected medians of the heavier jet are those of another chain: Pythia, a simpler detector, and FastJet's own
binding for Python.
"""

from collections.abc import Callable
from typing import Any

import awkward as ak
import numpy as np
import pytest

from analysis.simulation import simulate
from tests.analysis.simulation.conftest import read
from tests.analysis.simulation.test_physics import dijet_mass

pytestmark = pytest.mark.physics

N_EVENTS = 300
TOLERANCE = 0.07  # of medians; 0.015 is statistical
Ratios = tuple[float, float, float]
EXPECTED: dict[str, tuple[str, dict[str, Any], Ratios]] = {
    "1 + 2": ("qstar_to_qw", {"w_prime_mass": 170}, (0.33, 0.73, 0.81)),
    "2 + 2": ("x_to_yy", {"y_mass": 170, "y_prime_mass": 170}, (0.27, 0.70, 0.82)),
    "3 + 3": ("wprime_to_bt", {"b_prime_mass": 400}, (0.39, 0.63, 0.82)),
    "2 + 4": ("wkk_to_rw", {"radion_mass": 170}, (0.48, 0.61, 0.76)),
    "5 + 5": ("zprime_to_tt", {"t_prime_mass": 400}, (0.49, 0.57, 0.64)),
    "6 + 6": ("y_to_hh", {"h_mass": 400}, (0.59, 0.60, 0.66)),
}
Sample = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Events of a process, simulated once."""
    folder, made = tmp_path_factory.mktemp("prongs"), dict[str, dict[str, Any]]()

    def events(process: str, **parameters: Any) -> dict[str, Any]:
        name = f"{process} {parameters}"
        if name not in made:
            path = folder / f"{len(made)}.root"
            simulate(process, N_EVENTS, output=path, seed=21, workers=1, quality="full", **parameters)
            made[name] = read(path)
        return made[name]

    return events


def medians(events: dict[str, Any], lighter: bool = False) -> Ratios:
    """Median tau21, tau32 and tau43 of the heavier of two jets, or of the lighter one."""
    heavier = ak.argmax(events["jet_softdrop_mass"][:, :2], axis=1, keepdims=True)
    jet = 1 - heavier if lighter else heavier
    tau = [ak.to_numpy(ak.flatten(events[f"jet_tau{n}"][jet])).astype(float) for n in (1, 2, 3, 4)]
    split = np.asarray(tau[2]) > 0  # no lone lepton
    first, second, third = (float(np.median(tau[n + 1][split] / tau[n][split])) for n in range(3))
    return first, second, third


@pytest.mark.parametrize("prongs", EXPECTED)
def test_ratios_and_masses_are_as_expected(sample: Sample, prongs: str) -> None:
    process, parameters, expected = EXPECTED[prongs]
    events = sample(process, resonance_mass=3000, **parameters)
    print(prongs, process, [round(one, 3) for one in medians(events)], expected)
    assert medians(events) == pytest.approx(expected, abs=TOLERANCE)
    high = float(np.percentile(dijet_mass(events), 84))
    assert 0.9 < high / 3000 < 1.06  # neutrinos pull only the lower half down


def test_more_prongs_give_smaller_ratios(sample: Sample) -> None:
    """All W and Z bosons decay to quarks here; X -> Y H is a jet of four prongs twice."""
    hadronic = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5", "23:onMode = off", "23:onIfAny = 1 2 3 4 5")
    found = {"QCD": medians(sample("qcd", mjj_min=2600, max_delta_eta=1.3))}
    found["2"] = medians(sample("x_to_yy", resonance_mass=3000, y_mass=170, y_prime_mass=170))
    for prongs, process, parameters in (
        ("3", "wprime_to_bt", {"b_prime_mass": 170}),
        ("4", "x_to_yh", {"y_mass": 170, "h_mass": 400}),
        ("6", "y_to_hh", {"h_mass": 400}),
    ):
        events = sample(process, resonance_mass=3000, pythia_settings=hadronic, **parameters)
        found[prongs] = medians(events)
        found[f"{prongs}, lighter"] = medians(events, lighter=True)
    print({name: [round(one, 3) for one in ratios] for name, ratios in found.items()})
    tau21, tau32, tau43 = ({name: ratios[place] for name, ratios in found.items()} for place in range(3))
    assert tau21["2"] < tau21["QCD"] - 0.15
    assert tau32["3"] < min(tau32["2"], tau32["QCD"]) - 0.04
    assert tau43["4"] < min(tau43["3"], tau43["2"]) - 0.02
    assert tau43["4, lighter"] < tau43["2"] - 0.02
    assert tau43["6"] < tau43["3"] - 0.05
    tau41 = {name: float(np.prod(ratios)) for name, ratios in found.items()}
    assert tau41["4"] < 0.8 * tau41["6"]  # four axes describe four prongs, not six


def test_the_four_kinds_of_x_differ_as_they_should(sample: Sample) -> None:
    kinds = {
        decay: sample("y_to_hx", resonance_mass=3000, x_mass=200, x_decay=decay)
        for decay in ("two-prong", "three-prong", "heavy-flavour", "dark")
    }
    found = {decay: medians(events) for decay, events in kinds.items()}
    print({name: [round(one, 3) for one in ratios] for name, ratios in found.items()})
    for decay in ("two-prong", "heavy-flavour"):
        assert found[decay][0] < 0.4
        assert found[decay][1] > 0.63
    assert found["three-prong"][0] > found["two-prong"][0] + 0.08
    assert found["three-prong"][1] < found["two-prong"][1]
    assert found["dark"][1] > found["two-prong"][1] + 0.05  # many dark mesons instead of hard prongs
    heavier = {
        decay: ak.flatten(
            events["jet_b_tag"][ak.argmax(events["jet_softdrop_mass"][:, :2], axis=1, keepdims=True)]
        )
        for decay, events in kinds.items()
    }
    tagged = {decay: float(ak.mean(scores > 0.4)) for decay, scores in heavier.items()}
    assert tagged["heavy-flavour"] > 0.85  # two bottom quarks, 70 % each
    assert tagged["heavy-flavour"] > max(tagged["two-prong"], tagged["dark"]) + 0.3
