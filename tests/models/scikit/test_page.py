"""The walk-through of docs/skcathode.md does what the page says."""

import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[3] / "docs" / "skcathode.md").read_text()


def test_the_walk_through_finds_the_signal():
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], names)
    assert names["background"].shape == (4 * names["inner"].sum(), 2)
    assert names["improvement"][names["at_one_percent"]] > 4
