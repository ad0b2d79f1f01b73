"""The page of wishes counts what it says, and names only commands and options that there are."""

import re
from collections import Counter
from pathlib import Path

from typer.main import get_command

import run_analysis

PAGE = (Path(__file__).parents[1] / "docs" / "wishes.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| .* \| (yes|partly|no) \| (.*) \|$", PAGE, re.MULTILINE)


def test_every_wish_has_an_answer_and_they_are_counted() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 26))
    assert Counter(answer for _, answer, _ in ROWS) == {"yes": 21, "partly": 2, "no": 2}
    assert "Twenty-one are answered, two partly, two not." in PAGE


def test_commands_and_options_are_there() -> None:
    verbs = get_command(run_analysis.app).commands
    found = 0
    for code in re.findall(r"`(?:\./run_analysis\.py )?([a-z][^`]*)`", "".join(text for *_, text in ROWS)):
        verb, *words = code.split()
        if verb not in verbs:
            continue
        options = {name for parameter in verbs[verb].params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, code
        found += 1
    assert found > 8
