"""The C++ substructure against FastJet's own Python binding, on random two-prong jets."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from selections import headers
from selections.root import import_root, use_threads

REPOSITORY = Path(__file__).parents[3]
N_JETS = 40


@pytest.fixture(scope="module")
def mapless() -> Any:
    headers.load("mapless/substructure.h")
    return import_root().mapless


@pytest.fixture(scope="module")
def jets() -> list[np.ndarray]:
    """Constituents (pt, eta, phi) of jets with two prongs and soft radiation between 3 and 80 particles."""
    rng = np.random.default_rng(7)
    found = []
    for size in rng.integers(3, 80, N_JETS):
        prong = rng.integers(2, size=size) * 0.4
        pt = rng.exponential(20, size) + 0.5
        found.append(np.array([pt, prong + rng.normal(0, 0.08, size), rng.normal(0, 0.12, size)], np.float32))
    return found


@pytest.fixture(scope="module")
def reference(jets: list[np.ndarray]) -> Any:
    """The same jets in FastJet's Python binding, each reclustered as one."""
    import fastjet
    import vector

    vector.register_awkward()
    pt, eta, phi = (ak.Array([jet[i].astype(float) for jet in jets]) for i in range(3))
    particles = ak.zip(
        {
            "px": pt * np.cos(phi),
            "py": pt * np.sin(phi),
            "pz": pt * np.sinh(eta),
            "E": pt * np.cosh(eta),
        },
        with_name="Momentum4D",
    )
    return fastjet.ClusterSequence(particles, fastjet.JetDefinition(fastjet.cambridge_algorithm, 100.0))


def constituents(mapless: Any, jet: np.ndarray) -> Any:
    return mapless.constituents(*(import_root().RVecF(column) for column in jet))


def test_soft_drop_mass_agrees_with_fastjet(mapless: Any, jets: list[np.ndarray], reference: Any) -> None:
    groomed = reference.exclusive_jets_softdrop_grooming(njets=1, beta=0, symmetry_cut=0.1, R0=0.8)
    expected = ak.to_numpy(ak.flatten(groomed.msoftdrop, axis=None))
    found = [mapless.soft_drop_mass(constituents(mapless, jet)) for jet in jets]
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-3)
    assert np.ptp(found) > 10


def test_n_subjettiness_agrees_with_fastjet(mapless: Any, jets: list[np.ndarray], reference: Any) -> None:
    expected = reference.njettiness(
        measure_definition="NormalizedMeasure",
        axes_definition="OnePass_KT_Axes",
        njets=[1, 2, 3, 4],
        beta=1,
        R0=0.8,
    )
    found = [list(mapless.n_subjettiness(constituents(mapless, jet))) for jet in jets]
    assert np.array(found) == pytest.approx(ak.to_numpy(expected).reshape(N_JETS, 4), abs=2e-5)


def test_jet_without_constituents_has_no_substructure(mapless: Any) -> None:
    nothing = mapless.constituents([], [], [])
    assert mapless.soft_drop_mass(nothing) == 0
    assert list(mapless.n_subjettiness(nothing)) == [0, 0, 0, 0]
    assert mapless.lepton_subjet_fraction(nothing, 30, 0, 0) == 0


def test_single_constituent_has_no_mass(mapless: Any) -> None:
    alone = mapless.constituents([100.0], [0.5], [1.0])
    assert mapless.soft_drop_mass(alone) == pytest.approx(0, abs=1e-3)
    assert list(mapless.n_subjettiness(alone)) == [0, 0, 0, 0]


def test_soft_wide_angle_radiation_is_groomed_away(mapless: Any) -> None:
    hard = ([500.0, 400.0], [0.0, 0.2], [0.0, 0.0])
    soft = ([500.0, 400.0, 20.0], [0.0, 0.2, -0.6], [0.0, 0.0, 0.3])
    alone, groomed = (mapless.soft_drop_mass(mapless.constituents(*jet)) for jet in (hard, soft))
    assert groomed == pytest.approx(alone, rel=1e-6)
    assert alone == pytest.approx(np.sqrt(2 * 500 * 400 * (np.cosh(0.2) - 1)), rel=1e-5)


def test_lepton_fraction_is_that_of_its_own_subjet(mapless: Any) -> None:
    jet = mapless.constituents([200.0, 100.0, 60.0, 20.0], [0.0, 0.5, -0.5, -0.55], [0.0, 0.3, 0.4, 0.4])
    assert mapless.lepton_subjet_fraction(jet, 60, -0.5, 0.4) == pytest.approx(60 / 80, rel=1e-3)
    assert mapless.lepton_subjet_fraction(jet, 100, 0.5, 0.3) == pytest.approx(1, rel=1e-6)
    assert mapless.lepton_subjet_fraction(jet, 0, 0, 0) == 0


def test_header_works_in_rdataframe(mapless: Any) -> None:
    root = import_root()
    frame = root.RDataFrame(1).Define("index", "ROOT::RVecI{0, 1, 0}")
    for name, values in (("pt", "500, 40, 300"), ("eta", "0, 2, 0.2"), ("phi", "0, 3, 0.1")):
        frame = frame.Define(name, f"ROOT::RVecF{{{values}}}")
    frame = frame.Define("mass", "mapless::soft_drop_mass(mapless::constituents_of(0, index, pt, eta, phi))")
    assert frame.Sum("mass").GetValue() == pytest.approx(86.7109, abs=1e-3)


def test_threads_do_not_change_the_result(mapless: Any) -> None:
    def spread(step: int, scale: str) -> str:
        return f"(number * int(rdfentry_ + 1) * {step}) % 97 * {scale}"

    def totals() -> list[float]:
        frame = import_root().RDataFrame(3000).Define("number", "ROOT::VecOps::Range(1, 40)")
        for name, step, scale in (("pt", 37, "1.f"), ("eta", 41, "0.01f"), ("phi", 29, "0.01f")):
            frame = frame.Define(name, spread(step, scale))
        frame = frame.Define("jet", "mapless::constituents(pt + 1.f, eta, phi)")
        frame = frame.Define("tau", "mapless::n_subjettiness(jet)").Define(
            "mass", "mapless::soft_drop_mass(jet)"
        )
        return [result.GetValue() for result in (frame.Sum("tau"), frame.Sum("mass"))]

    alone = totals()
    use_threads(2)
    try:
        assert totals() == pytest.approx(alone, rel=1e-5)
    finally:
        use_threads(1)


def test_header_works_at_the_root_prompt() -> None:
    fastjet = headers.package_folder("fastjet")
    environment = os.environ | {
        "ROOT_INCLUDE_PATH": f"{REPOSITORY}/selections/cpp:{fastjet}/include",
        "LD_LIBRARY_PATH": f"{fastjet}/lib64",
    }
    lines = [
        '#include "mapless/substructure.h"',
        "mapless::soft_drop_mass(mapless::constituents({500, 300}, {0, 0.2}, {0, 0.1}))",
    ]
    root = Path(sys.executable).parent / "root"
    command = [str(root), "-b", "-q", "-l", *(part for line in lines for part in ("-e", line))]
    # the prompt's exit status is the value of the last expression
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "(float) 86.7109f" in result.stdout


@pytest.mark.parametrize(("mass1", "mass2"), [(0, 0), (80, 0), (170, 400), (1e-3, 1e-3)])
def test_invariant_mass_is_that_of_the_summed_momenta(mass1: float, mass2: float) -> None:
    headers.load("mapless/kinematics.h")
    first, second = (1200, 0.4, 3.0, mass1), (900, -0.7, -2.9, mass2)

    def momentum(pt: float, eta: float, phi: float, mass: float) -> np.ndarray:
        spatial = pt * np.array([np.cos(phi), np.sin(phi), np.sinh(eta)])
        return np.array([np.sqrt(mass**2 + spatial @ spatial), *spatial])

    total = momentum(*first) + momentum(*second)
    expected = np.sqrt(total[0] ** 2 - total[1:] @ total[1:])
    found = import_root().mapless.invariant_mass(*first, *second)
    assert found == pytest.approx(expected, rel=1e-9)


def test_invariant_mass_does_not_cancel_for_collinear_objects() -> None:
    headers.load("mapless/kinematics.h")
    found = import_root().mapless.invariant_mass(1e4, 2, 1, 1e-3, 1e4, 2, 1, 1e-3)
    assert found == pytest.approx(2e-3, rel=1e-9)


def test_angles_fold_into_one_turn() -> None:
    headers.load("mapless/kinematics.h")
    fold = import_root().mapless.fold_angle
    assert [fold(angle) for angle in (0, 4, -4)] == pytest.approx([0, 4 - 2 * np.pi, 2 * np.pi - 4])
    assert fold(-np.pi) == fold(np.pi) == np.pi
