"""The examples of docs/fits.md run as they stand there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "fits.md").read_text()


def test_examples_of_zfit_and_of_templates_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, names)
    fit, result = names["fit"].result, names["result"]
    values = [result.params[parameter]["value"] for parameter in names["loss"].parameters]
    assert values == pytest.approx(fit.values.tolist(), rel=1e-4)
    total = float(names["model"].get_yield().value())
    assert total == pytest.approx(names["spectrum"].total, rel=1e-4)
    assert 0.5 < names["observed_significance"](names["profile"]).significance < 2.5
