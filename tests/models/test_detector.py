import sys

import numpy as np
import pytest

from errors import MaplessError
from models import detector
from models.cwola import CWoLaHunting
from models.mass_windows import MassWindow


def test_detectors_are_made_by_name():
    made = detector.create("cwola-hunting", window=MassWindow(2725, 3331), seed=7)
    assert isinstance(made, CWoLaHunting)
    assert made.seed == 7


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(MaplessError, match="no detector 'oracle'; choose one of .*cwola-hunting"):
        detector.create("oracle")


def test_columns_are_checked():
    with pytest.raises(MaplessError, match="'mjj' is missing"):
        detector.column({}, "mjj")
    with pytest.raises(MaplessError, match="'mjj' is not a finite number in 1 of 2"):
        detector.column({"mjj": np.array([1.0, np.inf])}, "mjj")


def test_a_folder_appears_only_when_all_is_written(tmp_path):
    with pytest.raises(RuntimeError), detector.write_folder(tmp_path / "result") as folder:
        (folder / "half").write_text("")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failed_rewrite_keeps_the_old_folder(tmp_path):
    with detector.write_folder(tmp_path / "result") as folder:
        (folder / "old").write_text("")
    with pytest.raises(RuntimeError), detector.write_folder(tmp_path / "result"):
        raise RuntimeError
    assert [path.name for path in (tmp_path / "result").iterdir()] == ["old"]


def test_declaring_a_detector_does_not_import_tensorflow():
    import subprocess

    code = "import sys, models.cwola, models.mass_windows; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
