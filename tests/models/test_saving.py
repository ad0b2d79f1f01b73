import pytest

from errors import MaplessError
from models.saving import read_settings, write_folder


def test_a_folder_appears_only_when_all_is_written(tmp_path):
    with pytest.raises(RuntimeError), write_folder(tmp_path / "result") as folder:
        (folder / "half").write_text("")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failed_rewrite_keeps_the_old_folder(tmp_path):
    with write_folder(tmp_path / "result") as folder:
        (folder / "old").write_text("")
    with pytest.raises(RuntimeError), write_folder(tmp_path / "result"):
        raise RuntimeError
    assert [path.name for path in (tmp_path / "result").iterdir()] == ["old"]


def test_a_folder_without_settings_is_refused(tmp_path):
    with pytest.raises(MaplessError, match="holds no trained detector or cut"):
        read_settings(tmp_path)
