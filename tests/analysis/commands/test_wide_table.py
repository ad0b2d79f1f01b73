import io
import re

import pytest
from rich.console import Console
from rich.table import Table

from analysis.commands.wide_table import print_table


@pytest.mark.parametrize("width", [20, 80, 200])
def test_no_digit_is_lost_however_narrow_the_terminal(width):
    table = Table("mass", *"abcdef", "remark", title="Limits")
    numbers = [f"1.{place}37e+02 ± 3.1" for place in range(6)]
    table.add_row("3000", *numbers, "too uncertain at [bold]the signal mass[/]")
    console = Console(width=width, file=io.StringIO())
    print_table(console, table)
    printed = console.file.getvalue()
    assert "…" not in printed
    for cell in ("3000", *numbers):
        assert cell in printed
    words = re.findall(r"[a-z]+", printed)
    assert {"too", "uncertain", "at", "the", "signal"} <= set(words)
