import os

import pytest

from errors import MaplessError
from input_files import DEEPEST, parse_yaml, read_json, read_text, read_yaml

LAUGHS = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "\n".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)
)


def test_anchors_and_merged_keys_are_yaml():
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n"
    assert parse_yaml(text) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}
    assert parse_yaml("") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "'a' stands twice, in lines 1 and 3"),
        ("a: &a [*a]\n", "an alias holds itself in line 1"),
        (LAUGHS, "aliases make more than"),
        ("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), f"deeper than {DEEPEST} levels"),
        ("[" * 5000 + "]" * 5000, f"deeper than {DEEPEST} levels"),
        ("a: [1\nb: 2\n", "in line 2"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("a: 2020-99-99", "month must be in 1..12"),
        ("a: \x07", "special characters are not allowed"),
        ("? {a: 1}\n: 2", "unhashable key"),
        ("--- 1\n--- 2\n", "another document"),
    ],
)
def test_hostile_yaml_is_refused_in_one_line(tmp_path, text, words):
    (tmp_path / "hostile.yaml").write_text(text)
    with pytest.raises(MaplessError, match="hostile.yaml is not valid YAML") as error:
        read_yaml(tmp_path / "hostile.yaml")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_hostile_json_is_refused_in_one_line(tmp_path):
    for text, words in (("[" * 100_000, "nested"), ("1" * 5000, "digits"), ("", "Expecting value")):
        (tmp_path / "hostile.json").write_text(text)
        with pytest.raises(MaplessError, match=words):
            read_json(tmp_path / "hostile.json")


def test_what_is_no_file_is_told_apart(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1"))
    for name, words in (
        ("none", "No such file"),
        ("", "is a folder"),
        ("pipe", "is a pipe or device"),
        ("latin.txt", "not text in UTF-8 .byte 0"),
        ("n" * 300, "too long"),
        ("a\0b", "null byte"),
    ):
        with pytest.raises(MaplessError, match=words):
            read_text(tmp_path / name)
