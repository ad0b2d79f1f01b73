import json

import numpy as np
import pytest

from errors import MaplessError
from fits.signals import (
    BreitWignerSignal,
    DoubleCrystalBall,
    GaussianSignal,
    InterpolatedSignal,
    ScaledSignal,
    TemplateSignal,
    signal_from_json,
    signal_to_json,
)

SHAPE = DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0, mass=3000)


@pytest.mark.parametrize(
    "signal",
    [
        GaussianSignal(0.05),
        GaussianSignal(0.05, natural_width=0.1),
        BreitWignerSignal(0.03, natural_width=0.1),
        ScaledSignal(SHAPE),
        InterpolatedSignal([SHAPE.scaled_to(2000), SHAPE.varied(3900, 150).scaled_to(4000)]),
    ],
)
def test_stored_signals_come_back(signal):
    again = signal_from_json(signal_to_json(signal))
    assert again(3100) == signal(3100)


def test_a_template_is_scaled_to_other_masses_and_comes_back():
    signal = TemplateSignal((2500.0, 2900.0, 3100.0, 3500.0), (1.0, 8.0, 1.0), 3000.0)
    again = signal_from_json(json.loads(json.dumps(signal_to_json(signal))))
    for one in (signal, again):
        edges = np.array([2500.0, 2900.0, 3100.0, 3500.0]) * 2
        assert one(6000).bin_fractions(edges) == pytest.approx([0.1, 0.8, 0.1])
        assert one(6000).mass == 6000


def test_a_function_without_a_stored_form_has_none():
    assert signal_to_json(SHAPE.scaled_to) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"shape": "gaussian", "width": 2.0}, "relative width of 2"),
        ({"shape": "square"}, "is no signal; give the shape gaussian"),
        ({"shape": "breit_wigner", "width": 0.1}, "is no signal; give the shape gaussian"),
        ({"shape": "template", "edges": [1, 2], "counts": [3]}, "or template with edges, counts and a mass"),
        ({"shape": "template", "edges": [1, 2], "counts": [3], "mass": 3}, "does not hold its own mass"),
        ({"shape": "template", "edges": [1, 2], "counts": [0], "mass": 1.5}, "has no events"),
        ({"mean": 3000}, "not a stored double Crystal Ball"),
        (SHAPE.to_json() | {"mass": None}, "without its mass"),
        ([SHAPE.to_json()], "two or more different masses"),
        (3, "neither one shape nor a list"),
        ([], "neither one shape nor a list"),
    ],
)
def test_what_is_no_signal_is_refused(content, words):
    with pytest.raises(MaplessError, match=words):
        signal_from_json(content)
