"""Limits and significances against pyhf, run on the same templates."""

import numpy as np
import pytest

from fits.likelihood.signal_term import Effect, template_effect
from fits.limits.asymptotic import upper_limit
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import Gaussian, Template
from fits.significance.asymptotic import observed_significance
from fits.spectrum import Spectrum

pyhf = pytest.importorskip("pyhf")

EDGES = np.arange(2000.0, 4001.0, 200.0)
PEAK = np.round(100 * Gaussian(3000, 250).bin_fractions(EDGES), 2)
FALLING = np.round(300 * np.exp(-(EDGES[:-1] - 2000) / 600), 2)

# Signal and background per channel, with normsys (down, up) by name; names in two channels are shared.
ONE = [(PEAK, {"efficiency": (1 / 1.1, 1.1)}, FALLING, {"norm": (1 / 1.05, 1.05)})]
TWO = [
    (PEAK, {"efficiency": (1 / 1.1, 1.1), "tag": (1 / 1.2, 1.2)}, FALLING, {"norm": (1 / 1.05, 1.05)}),
    (
        0.5 * PEAK,
        {"efficiency": (1 / 1.1, 1.1), "tag": (1.1, 1 / 1.1)},
        3 * FALLING,
        {"norm2": (0.98, 1 / 0.98)},
    ),
]

CODES = {"normsys": {"interpcode": "code1"}, "histosys": {"interpcode": "code4p"}}


def ours(channels, data) -> SearchModel:
    def process(counts, effects):
        spread = {name: Effect(pair) for name, pair in effects.items()}
        return Process(Template.of(Spectrum(EDGES, counts)), counts.sum(), spread)

    return SearchModel(
        [
            SearchCategory(
                f"channel{i}",
                Spectrum(EDGES, counts),
                process(signal, effects),
                others={"background": process(background, uncertainties)},
            )
            for i, ((signal, effects, background, uncertainties), counts) in enumerate(
                zip(channels, data, strict=True)
            )
        ]
    )


def theirs(channels):
    def sample(name, counts, effects, extra=()):
        systematics = [
            {"name": key, "type": "normsys", "data": {"lo": low, "hi": high}}
            for key, (low, high) in effects.items()
        ]
        return {"name": name, "data": counts.tolist(), "modifiers": [*systematics, *extra]}

    strength = {"name": "mu", "type": "normfactor", "data": None}
    specification = {
        "channels": [
            {
                "name": f"channel{i}",
                "samples": [
                    sample("signal", signal, effects, [strength]),
                    sample("background", background, uncertainties),
                ],
            }
            for i, (signal, effects, background, uncertainties) in enumerate(channels)
        ]
    }
    return pyhf.Model(specification, poi_name="mu", modifier_settings=CODES)


@pytest.fixture
def precise_pyhf():
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-4))
    yield
    pyhf.set_backend("numpy", "scipy")


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver")
@pytest.mark.usefixtures("precise_pyhf")
@pytest.mark.parametrize(
    ("channels", "strength"), [(ONE, 0.0), (ONE, 0.8), (TWO, 0.8)], ids=["one", "excess", "two"]
)
def test_limits_and_significance_are_those_of_pyhf(channels, strength):
    rng = np.random.default_rng(12)
    data = [rng.poisson(strength * channel[0] + channel[2]) for channel in channels]
    assert_like_pyhf(ours(channels, data), theirs(channels), data)


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver")
@pytest.mark.usefixtures("precise_pyhf")
def test_deformed_templates_with_statistical_errors_are_those_of_pyhf():
    tilt = 0.3 * (np.arange(len(FALLING)) / 5 - 0.8)
    deformed = {"signal": ("scale", np.roll(PEAK, -1), np.roll(PEAK, 1))}
    deformed["background"] = ("tilt", FALLING * (1 - tilt), FALLING * (1 + 0.7 * tilt))
    errors = 1.5 * np.sqrt(FALLING)

    def process(name, nominal, effects):
        nuisance, down, up = deformed[name]
        effects = effects | {nuisance: template_effect(nominal, down, up, separate_yield=False)}
        return Process(Template.of(Spectrum(EDGES, nominal)), nominal.sum(), effects)

    def sample(name, nominal, *extra):
        nuisance, down, up = deformed[name]
        sides = {"lo_data": down.tolist(), "hi_data": up.tolist()}
        modifiers = [{"name": nuisance, "type": "histosys", "data": sides}, *extra]
        return {"name": name, "data": nominal.tolist(), "modifiers": modifiers}

    samples = [
        sample("signal", PEAK, {"name": "mu", "type": "normfactor", "data": None}),
        sample(
            "background",
            FALLING,
            {"name": "norm", "type": "normsys", "data": {"lo": 1 / 1.05, "hi": 1.05}},
            {"name": "simulation", "type": "staterror", "data": errors.tolist()},
        ),
    ]
    model = pyhf.Model(
        {"channels": [{"name": "channel", "samples": samples}]}, poi_name="mu", modifier_settings=CODES
    )
    counts = np.random.default_rng(13).poisson(0.8 * PEAK + FALLING)
    category = SearchCategory(
        "channel",
        Spectrum(EDGES, counts),
        process("signal", PEAK, {}),
        others={"background": process("background", FALLING, {"norm": Effect(1.05)})},
        statistical_errors=errors / FALLING,
        errors_follow_shape=True,
    )
    assert_like_pyhf(SearchModel([category]), model, [counts])


def assert_like_pyhf(search: SearchModel, model, data) -> None:
    """At our limits CLs of pyhf is 5 % to two in a thousand, which is less than that of the limit."""
    observations = [*np.concatenate(data).tolist(), *model.config.auxdata]
    profile = search.profile_likelihood()
    limit = upper_limit(profile)
    observed = pyhf.infer.hypotest(limit.observed, observations, model, test_stat="qtilde")
    assert float(observed) == pytest.approx(0.05, rel=2e-3)
    for place, value in enumerate(limit.expected):
        _, band = pyhf.infer.hypotest(
            value, observations, model, test_stat="qtilde", return_expected_set=True
        )
        assert float(band[place]) == pytest.approx(0.05, rel=2e-3)
    p_value = pyhf.infer.hypotest(0.0, observations, model, test_stat="q0")
    assert observed_significance(profile).p_value == pytest.approx(float(p_value), rel=1e-3)
