"""The walk-throughs of docs/skcathode.md do what the page says."""

import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[3] / "docs" / "skcathode.md").read_text()


def test_the_walk_throughs_find_the_signal():
    weak, cathode, lacathode = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(weak, names)
    assert names["weak_at_one_percent"] > 6
    exec(cathode, names)
    assert names["background"].shape == (4 * names["inner"].sum(), 2)
    assert names["improvement"][names["at_one_percent"]] > 4
    exec(lacathode, names)
    assert names["latent_at_one_percent"] > 3
