"""The same toys and models as CMS Combine, whose numbers are stored; see tests/data/combine/README.md."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from fits.backgrounds import Dijet
from fits.likelihood.binned import Constraint
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.profile_interval import profile_interval
from fits.likelihood.scan import scan_likelihood
from fits.likelihood.signal_term import Effect, template_effect
from fits.limits.asymptotic import BAND, UpperLimit, upper_limit
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import DoubleCrystalBall, Template
from fits.significance.asymptotic import expected_significance, observed_significance
from fits.spectrum import Spectrum

FOLDER = Path(__file__).parents[1] / "data" / "combine"
CASES = json.loads((FOLDER / "comparisons.json").read_text())["cases"]
QUANTILES = [0.025, 0.16, 0.5, 0.84, 0.975]  # Combine's bands; ours end at 1 and 2 standard deviations
TWO_PER_CENT = 0.02


@dataclass(frozen=True)
class EndlessTails(DoubleCrystalBall):
    """As in Combine: the power laws of a signal go on through the whole spectrum."""

    @property
    def reach(self) -> tuple[float, float]:
        return -np.inf, np.inf


@cache
def profile(name: str) -> ProfileLikelihood:
    case = CASES[name]
    with np.load(FOLDER / "toys.npz") as file:
        arrays = {key.removeprefix(f"{name}/"): file[key] for key in file.files if key.startswith(f"{name}/")}
    make = _of_templates if case["bins"] == "templates" else _of_functions
    categories = [make(case, arrays, key) for key in case["signal_events"]]
    ranges = {
        f"{category.name}_{process}": tuple(ends)
        for process, ends in case.get("rates", {}).items()
        for category in categories
    }
    constraints = tuple(Constraint(key, *known) for key, known in case.get("constraints", {}).items())
    return SearchModel(categories, constraints=constraints, ranges=ranges).profile_likelihood()


def _of_functions(case: dict, arrays: dict, key: str) -> SearchCategory:
    def process(shape, events, effects):
        return Process(EndlessTails(**shape), events, _effects(effects))

    return SearchCategory(
        key,
        Spectrum(arrays["edges"], arrays[key]),
        process(case["signal"], case["signal_events"][key], case["effects"]),
        Dijet(len(case["background_truth"])),
        {
            name: process(p["shape"], p["events"][key], p["effects"])
            for name, p in case.get("others", {}).items()
        },
    )


def _of_templates(case: dict, arrays: dict, key: str) -> SearchCategory:
    def process(name):
        nominal, effects = arrays[f"{key}/{name}"], _effects(case["process_effects"][name])
        for nuisance, deformed in case["shapes"].items():
            if name in deformed:
                down, up = (arrays[f"{key}/{name}_{nuisance}{side}"] for side in ("Down", "Up"))
                effects[nuisance] = template_effect(nominal, down, up)
        return Process(Template.of(Spectrum(arrays["edges"], nominal)), nominal.sum(), effects)

    others = {name: process(name) for name in case["process_effects"] if name != "signal"}
    errors = arrays.get(f"{key}/errors")
    if errors is not None:
        errors = errors / sum(arrays[f"{key}/{name}"] for name in others)
    spectrum = Spectrum(arrays["edges"], arrays[key])
    return SearchCategory(key, spectrum, process("signal"), None, others, errors)


def _effects(stored: dict) -> dict[str, Effect]:
    plain = {
        key: {k: tuple(v) if isinstance(v, list) else v for k, v in effect.items()}
        for key, effect in stored.items()
    }
    return {key: Effect(**effect) for key, effect in plain.items()}


@cache
def limit(name: str) -> UpperLimit:
    return upper_limit(profile(name))


@pytest.fixture(params=CASES)
def name(request) -> str:
    return request.param


@pytest.fixture
def combine(name) -> dict:
    return CASES[name]["results"]


def test_observed_limit_is_that_of_combine(name, combine):
    assert limit(name).observed == pytest.approx(combine["observed_limit"], rel=TWO_PER_CENT)


def test_expected_limits_are_those_of_combine(name, combine):
    assert limit(name).expected == pytest.approx(combine["expected_limits"], rel=TWO_PER_CENT)


def test_expected_limits_at_the_quantiles_of_combine_agree_better(name, combine):
    """Outer bands are 1.96 standard deviations there; in the deviation, ln(limit) is nearly a parabola."""
    parabola = np.polynomial.Polynomial.fit(BAND, np.log(limit(name).expected), 4)
    ours = np.exp(parabola(stats.norm.ppf(QUANTILES)))
    assert ours == pytest.approx(combine["expected_limits"], rel=0.01)


def test_observed_significance_is_that_of_combine(name, combine):
    ours = observed_significance(profile(name)).significance
    assert ours == pytest.approx(combine["significance"], abs=0.02, rel=TWO_PER_CENT)


def test_asimov_significance_is_that_of_combine(name, combine):
    ours = expected_significance(profile(name), CASES[name]["asimov_strength"]).significance
    assert ours == pytest.approx(combine["asimov_significance"], rel=TWO_PER_CENT)


def test_fitted_strength_is_that_of_combine(name, combine):
    low, high = combine["strength_interval"]
    error = (high - low) / 2
    interval = profile_interval(profile(name))
    assert interval.best == pytest.approx(combine["strength"], abs=0.02 * error)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.04 * error)


def test_likelihood_scan_is_that_of_combine(name, combine):
    """Combine's scan has its minimum at positive strengths only."""
    strengths, heights = np.transpose(combine["scan"])
    positive = profile(name).without_deficits()
    scan = scan_likelihood(positive, {"signal_strength": strengths})
    assert scan.differences == pytest.approx(heights, rel=0.01, abs=0.02)


def test_saturated_goodness_of_fit_is_that_of_combine(name, combine):
    null = profile(name).fit({"signal_strength": 0.0})
    assert 2 * null.nll == pytest.approx(combine["saturated"], rel=0.01)
