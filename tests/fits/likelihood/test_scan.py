import json

import numpy as np
import pytest

from errors import MaplessError
from fits.likelihood.profile_interval import profile_interval
from fits.likelihood.scan import scan_likelihood
from fits.search_model import SearchModel
from tests.fits.search_models import category

PROFILE = SearchModel([category("one", 3e3, 2.0, seed=3, events=40.0)]).profile_likelihood()


def test_scan_is_zero_at_the_minimum_and_one_at_the_ends_of_the_interval():
    interval = profile_interval(PROFILE)
    scan = scan_likelihood(PROFILE, {"signal_strength": [interval.low, interval.best, interval.high]})
    assert scan.converged
    assert scan.differences == pytest.approx([1, 0, 1], abs=1e-2)
    assert len(json.loads(json.dumps(scan.to_json()))["values"]["signal_strength"]) == 3


def test_scan_with_nuisances_held_is_narrower():
    best = PROFILE.fit().parameters
    held = PROFILE.holding({name: best[name] for name in ("mass_scale", "efficiency", "luminosity")})
    values = {"signal_strength": [0.5 * best["signal_strength"], 1.5 * best["signal_strength"]]}
    assert (scan_likelihood(held, values).differences > scan_likelihood(PROFILE, values).differences).all()


def test_plane_has_one_row_per_second_value_and_touches_the_line():
    strengths, scales = np.linspace(1, 3, 3), np.linspace(-1, 1, 5)
    plane = scan_likelihood(PROFILE, {"signal_strength": strengths, "mass_scale": scales})
    assert plane.differences.shape == (5, 3)
    line = scan_likelihood(PROFILE, {"signal_strength": strengths}).differences
    assert (plane.differences.min(axis=0) >= line - 1e-6).all()
    alone = PROFILE.fit({"signal_strength": 3.0, "mass_scale": -1.0}).nll
    assert plane.differences[0, 2] == pytest.approx(2 * (alone - plane.best.nll), abs=1e-6)


def test_points_that_fail_are_missing(monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    scan = scan_likelihood(PROFILE, {"signal_strength": [1.0, 2.0]})
    assert not scan.converged
    assert scan.to_json()["differences"] == [None, None]


def test_scan_of_three_parameters_is_refused():
    with pytest.raises(MaplessError, match="one or two parameters, not 3"):
        scan_likelihood(PROFILE, {"signal_strength": [1], "mass_scale": [0], "efficiency": [0]})
