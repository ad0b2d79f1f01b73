import pytest

from analysis.commands.output_folder import require_writable
from errors import MaplessError


def test_a_writable_folder_leaves_no_trace(tmp_path):
    (tmp_path / "kept").mkdir()
    require_writable(tmp_path / "new" / "deep")
    require_writable(tmp_path / "kept")
    assert [place.name for place in tmp_path.iterdir()] == ["kept"]


def test_what_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    for name, words in (
        ("file", "is a file"),
        ("file/deep", "Not a directory"),
        ("new/" + "n" * 300, "too long"),
        ("a\0b", "null byte"),
    ):
        with pytest.raises(MaplessError, match=words):
            require_writable(tmp_path / name)
    assert [place.name for place in tmp_path.iterdir()] == ["file"]
