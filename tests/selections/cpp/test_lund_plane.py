"""Lund planes in C++ against a declustering by hand with FastJet's Python binding."""

import math
from typing import Any

import fastjet
import numpy as np
import pytest

from selections import headers
from selections.root import import_root

ANY_ANGLE = 1000.0
RADIUS, SMALLEST_KT, SMALLEST_ANGLE = 0.8, 0.02, 0.005


@pytest.fixture(scope="module")
def mapless() -> Any:
    headers.load("mapless/lund_plane.h")
    return import_root().mapless


@pytest.fixture(scope="module")
def jets() -> list[np.ndarray]:
    """Constituents (pt, eta, phi) of jets with three prongs and between 1 and 90 particles."""
    rng = np.random.default_rng(11)
    found = []
    for size in [1, 2, *rng.integers(3, 90, 60)]:
        prong = rng.integers(3, size=size)
        pt = rng.exponential(15, size) + 0.5
        eta, phi = prong * 0.25 + rng.normal(0, 0.07, size), (prong == 1) * 0.3 + rng.normal(0, 0.1, size)
        found.append(np.array([pt, eta, phi], np.float32))
    return found


def in_python(jet: np.ndarray, n_prongs: int) -> tuple[list[float], list[tuple[int, float, float]]]:
    """Subjet pt, and (subjet, ln(0.8 / Delta), ln kt) of every splitting."""
    particles = []
    for pt, eta, phi in jet.astype(float).T:
        momentum = (pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta), pt * math.cosh(eta))
        particles.append(fastjet.PseudoJet(*momentum))
    kt = fastjet.ClusterSequence(particles, fastjet.JetDefinition(fastjet.kt_algorithm, ANY_ANGLE))
    subjets = sorted(kt.exclusive_jets_up_to(n_prongs), key=lambda subjet: -subjet.pt())
    splittings = []
    for number, subjet in enumerate(subjets):
        definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, ANY_ANGLE)
        tree = fastjet.ClusterSequence(list(subjet.constituents()), definition)
        waiting = [tree.inclusive_jets()[0]]
        while waiting:
            parents = [fastjet.PseudoJet(), fastjet.PseudoJet()]
            if not waiting.pop().has_parents(*parents):
                continue
            softer, harder = sorted(parents, key=lambda branch: branch.pt())
            angle = harder.delta_R(softer)
            if angle > SMALLEST_ANGLE and softer.pt() * angle > SMALLEST_KT:
                splittings.append((number, math.log(RADIUS / angle), math.log(softer.pt() * angle)))
            waiting.append(harder)
    return [subjet.pt() for subjet in subjets], splittings


@pytest.mark.parametrize("n_prongs", [1, 2, 3, 6])
def test_every_splitting_of_every_jet_is_that_of_fastjet_in_python(mapless, jets, n_prongs):
    for jet in jets:
        all_of_it = mapless.constituents(*(import_root().RVecF(part) for part in jet))
        plane = mapless.lund_plane(all_of_it, n_prongs)
        pts, splittings = in_python(jet, n_prongs)
        assert len(pts) == min(n_prongs, jet.shape[1])
        np.testing.assert_allclose(np.asarray(plane.subjet_pt), pts, rtol=1e-6)
        found = np.stack([np.asarray(plane.subjet), plane.log_inverse_angle, plane.log_kt], axis=1)
        np.testing.assert_allclose(found, np.reshape(splittings, (-1, 3)), rtol=1e-5, atol=1e-5)


def test_a_jet_without_constituents_has_an_empty_plane(mapless):
    nothing = import_root().RVecF()
    plane = mapless.lund_plane(mapless.constituents(nothing, nothing, nothing), 2)
    assert plane.subjet_pt.size() == plane.log_kt.size() == 0


def test_one_splitting_is_where_its_angle_and_transverse_momentum_say(mapless):
    values = [[500.0, 100.0], [0.0, 0.3], [0.0, 0.4]]
    plane = mapless.lund_plane(mapless.constituents(*(import_root().RVecF(part) for part in values)), 1)
    # both are massless, so that rapidity is pseudorapidity: Delta = 0.5, kt = 50 GeV
    np.testing.assert_allclose(plane.log_inverse_angle, [math.log(0.8 / 0.5)], rtol=1e-5)
    np.testing.assert_allclose(plane.log_kt, [math.log(50.0)], rtol=1e-5)


def test_prongs_are_the_quarks_in_the_jet_across_the_seam_of_the_azimuth_and_at_least_one(mapless):
    quarks = [import_root().RVecF(part) for part in ([0.1, 0.5, 2.0], [3.1, -3.1, 3.1])]
    assert mapless.n_prongs(0.0, 3.1, *quarks) == 2
    assert mapless.n_prongs(-2.0, 0.0, *quarks) == 1
