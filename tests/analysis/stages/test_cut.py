"""What is read of a cut afterwards."""

from pathlib import Path

import numpy as np
import pytest

from analysis.engine.json_file import write_json
from analysis.stages.cut import CATEGORIES, cut_first


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        (["first_loss"], ["first_loss", "score", "autoencoder"]),
        ([], ["score", "autoencoder", "first_loss"]),
        (["first_loss", "autoencoder"], ["first_loss", "autoencoder", "score"]),
    ],
)
def test_the_score_that_is_cut_on_comes_first(tmp_path: Path, asked: list[str], order: list[str]) -> None:
    write_json(tmp_path / CATEGORIES, {"scores": asked})
    stored = {name: np.zeros(3) for name in ("autoencoder", "first_loss", "score")}  # as files have them
    assert list(cut_first(tmp_path, stored)) == order
