"""Tables on the terminal that lose no digit, however narrow it is, and wherever the output goes."""

import re

from rich.console import Console
from rich.table import Table

_NUMBER, _SHORT = re.compile(r"\d"), 40


def print_table(console: Console, table: Table) -> None:
    """Print a table whose words and numbers stay whole: only text between spaces goes to the next line.

    Where they need more room than the console has, lines are longer than it is.
    """
    for column in table.columns:
        cells = [str(column.header), *map(str, column.cells)]
        column.min_width = max(_room(cell) for cell in cells)
    console.print(table, crop=False, soft_wrap=False)


def _room(cell: str) -> int:
    """Characters that have to stay together: all of a short cell with a number, else the longest word.

    >>> _room("12.3 ± 4.5"), _room("too uncertain"), _room("[bold]needed, chosen[/]")
    (10, 9, 7)
    """
    text = re.sub(r"\[/?[a-z ]*\]", "", cell)
    if _NUMBER.search(text) and len(text) <= _SHORT:
        return len(text)
    return max(map(len, text.split()), default=0)
