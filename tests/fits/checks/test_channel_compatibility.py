import json

import pytest

from errors import MaplessError
from fits.checks.channel_compatibility import channel_compatibility
from fits.likelihood.signal_term import Effect
from fits.results import FitStatus
from fits.search_model import SearchModel
from tests.fits.search_models import category, three_categories

EFFECTS = {"efficiency": Effect(1.05)}


def parts(first: float, second: float) -> SearchModel:
    return SearchModel(
        [
            category(name, 1e4, injected, seed=None, effects=EFFECTS)
            for name, injected in (("one", first), ("other", second))
        ]
    )


def test_categories_that_agree_have_no_chi_square():
    result = channel_compatibility(parts(3.0, 3.0))
    assert result.status == FitStatus.CONVERGED
    assert result.chi_square == pytest.approx(0, abs=0.01)
    assert result.n_degrees == 1
    assert result.categories["one"].best == pytest.approx(result.common.best, rel=0.02)


def test_tension_is_the_distance_in_errors():
    result = channel_compatibility(parts(5.0, 1.0))
    one, other = result.categories["one"], result.categories["other"]
    assert (one.best, other.best) == pytest.approx((5.0, 1.0), abs=0.1)
    # The common efficiency hardly matters for the difference.
    variance = one.errors[0] ** 2 + other.errors[1] ** 2
    assert result.chi_square == pytest.approx((one.best - other.best) ** 2 / variance, rel=0.25)
    assert result.p_value < 0.01
    assert json.loads(json.dumps(result.to_json()))["categories"].keys() == {"one", "other"}


def test_three_categories_have_two_degrees_of_freedom():
    result = channel_compatibility(three_categories(2.0))
    assert result.n_degrees == 2
    assert 0 < result.p_value <= 1


def test_failed_fits_leave_a_status_and_no_number(monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 2)
    result = channel_compatibility(parts(5.0, 1.0))
    assert result.status != FitStatus.CONVERGED
    assert result.chi_square is result.p_value is None


def test_one_category_is_refused():
    with pytest.raises(MaplessError, match="two categories"):
        channel_compatibility(SearchModel([category("one", 1e3)]))
