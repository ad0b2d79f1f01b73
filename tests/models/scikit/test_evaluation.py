import numpy as np
import pytest

from errors import MaplessError
from models.scikit.evaluation import sic_curve


def test_the_improvement_of_normal_scores_is_the_calculated_one():
    random = np.random.default_rng(1)
    truth = np.repeat([0, 1], 20000)[:, None]
    scores = random.normal(size=(40000, 1)) + 2 * truth
    improvement, background, signal, threshold = sic_curve(truth, scores)
    assert background.min() == pytest.approx(25 / 20000)
    one_percent = np.argmin(np.abs(background - 0.01))
    assert threshold[one_percent] == pytest.approx(2.326, abs=0.1)
    assert improvement[one_percent] == pytest.approx(0.372 / 0.1, rel=0.1)
    np.testing.assert_allclose(improvement, signal / np.sqrt(background))


def test_a_sample_that_is_too_small_says_so():
    with pytest.raises(MaplessError, match="leaves 25 background events"):
        sic_curve([0, 1, 0], [0.1, 0.9, 0.3])
