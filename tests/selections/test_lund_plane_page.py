"""The example of docs/lund_plane.md does what the page says."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.simulation import simulate

PAGE = (Path(__file__).parents[2] / "docs" / "lund_plane.md").read_text()


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two samples of the page, with fewer events."""
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {
        "resonance_mass": 1300,
        "y_mass": 80,
        "y_prime_mass": 80,
        "mjj_min": 900,
        "max_constituents": 100,
    }
    for alpha in ("0.11", "0.15"):
        shower = [f"TimeShower:alphaSvalue = {alpha}"]
        output = tmp_path / f"w_{alpha}.root"
        simulate("x_to_yy", 60, output=output, quality="tiny", workers=1, pythia_settings=shower, **given)


def test_jets_get_weights_by_their_splittings_and_the_ratio_is_read_as_it_was_written(samples: None) -> None:
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], names)
    weights = names["weights"]
    assert weights["stat_vars"].shape == (len(weights["nom"]), 100)
    for values in weights.values():
        np.testing.assert_allclose(values.mean(axis=0), 1)
    assert weights["nom"].std() > 0.1
    ratio, read = names["ratio"], names["read"]
    for shift in ("nominal", "up", "down"):
        np.testing.assert_allclose(read.values[shift], ratio.values[shift], rtol=1e-6)
        np.testing.assert_allclose(read.coefficients[shift], ratio.coefficients[shift], rtol=1e-12)
    np.testing.assert_allclose(read.errors, ratio.errors, rtol=1e-6)
    np.testing.assert_allclose(read.covariances, ratio.covariances, rtol=1e-5, atol=1e-6)
