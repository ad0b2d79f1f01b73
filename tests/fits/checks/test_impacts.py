import json
from dataclasses import replace

import numpy as np
import pytest

from fits.checks.impacts import group_errors, impacts
from fits.likelihood.binned import Constraint, Likelihood
from fits.likelihood.profile_interval import profile_interval
from fits.likelihood.signal_term import Effect
from fits.results import FitStatus
from fits.search_model import SearchModel
from tests.fits.search_models import category, three_categories

# So much signal that the efficiency is what the strength is uncertain by.
STRONG = SearchModel(
    [category("one", 1e3, 10.0, seed=None, effects={"efficiency": Effect(1.1), "luminosity": Effect(1.016)})]
).profile_likelihood()


def test_efficiency_moves_the_strength_by_its_kappa():
    result = impacts(STRONG)
    assert [row.parameter for row in result.nuisances] == ["efficiency", "luminosity"]
    best, row = result.interval.best, result.nuisances[0]
    assert row.pull == pytest.approx(0, abs=0.02)
    assert row.pull_errors == pytest.approx((1, 1), abs=0.01)
    # Downwards the efficiency is smaller, so the strength is larger.
    assert row.impacts == pytest.approx((0.1 * best, (1 / 1.1 - 1) * best), rel=0.02)
    assert json.loads(json.dumps(result.to_json()))["nuisances"][0]["parameter"] == "efficiency"


def test_groups_and_the_rest_add_up_to_the_total_error():
    profile = three_categories(4.0, seed=None).profile_likelihood()
    jets, yields = ["mass_scale", "mass_resolution"], ["efficiency", "luminosity"]
    own = ["efficiency_a", "efficiency_b", "efficiency_c"]
    parts = group_errors(profile, {"jets": jets, "yields": yields, "categories": own})
    total = profile_interval(profile).errors
    summed = np.sqrt(np.sum(np.square(list(parts.values())), axis=0))
    assert summed == pytest.approx(total, rel=0.02)
    assert parts["yields"][1] == pytest.approx(4 * np.hypot(0.1, 0.016), rel=0.1)


def test_pull_shows_a_scale_that_the_data_know_better():
    model = SearchModel([category("one", 1e3, 10.0, seed=None)])
    rows = {row.parameter: row for row in impacts(model.profile_likelihood()).nuisances}
    assert max(rows["mass_scale"].pull_errors) < 0.5
    assert rows["luminosity"].pull_errors == pytest.approx((1, 1), abs=0.01)


def test_pull_is_in_units_of_the_constraint_and_from_its_centre():
    """Data that know the parameter to be zero, a constraint of 3 +- 4."""
    profile = SearchModel([category("one", 1e4, 40.0, seed=None)]).profile_likelihood()
    terms = profile.likelihood
    others = [c for c in terms.constraints if c.parameter != "mass_scale"]
    wide = Likelihood(terms.categories, [*others, Constraint("mass_scale", centre=3.0, width=4.0)])
    rows = {row.parameter: row for row in impacts(replace(profile, likelihood=wide)).nuisances}
    assert rows["mass_scale"].pull == pytest.approx(-0.75, abs=0.02)


def test_failed_fits_leave_a_status_and_no_number(monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    result = impacts(STRONG)
    assert result.interval.status == FitStatus.NOT_CONVERGED
    assert all(np.isnan(row.pull) for row in result.nuisances)
    assert np.isnan(group_errors(STRONG, {"all": ["efficiency"]})["all else"]).all()
