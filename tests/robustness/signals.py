"""Shapes of signals for `fit`, which are JSON."""

import json
from pathlib import Path
from typing import Any

from tests.robustness.case import Case
from tests.robustness.damage import WHOLE, truncated
from tests.robustness.spectrum import fit, table

SIGNAL = {
    "mean": 2970,
    "sigma": 95,
    "alpha_low": 1.2,
    "n_low": 3.1,
    "alpha_high": 1.8,
    "n_high": 9,
    "mass": 3000,
}

WRONG_SIGNALS: dict[str, Any] = {
    "a number": 3,
    "nothing": None,
    "an empty list": [],
    "no sigma": {name: value for name, value in SIGNAL.items() if name != "sigma"},
    "a negative sigma": SIGNAL | {"sigma": -95},
    "a sigma of zero": SIGNAL | {"sigma": 0},
    "a sigma of text": SIGNAL | {"sigma": "wide"},
    "an infinite mean": SIGNAL | {"mean": 1e999},
    "a NaN mean": SIGNAL | {"mean": float("nan")},
    "a mean of true": SIGNAL | {"mean": True},
    "unknown key": SIGNAL | {"nothing": 3},
    "a mass twice": [SIGNAL, SIGNAL],
    "a mass of zero": SIGNAL | {"mass": 0},
    "a list of numbers": [1, 2],
    "a list of lists": [[SIGNAL]],
}


def cases() -> list[Case]:
    """All of them."""
    whole = json.dumps(SIGNAL).encode()
    damages = {**WHOLE, "half": truncated(0.5)}
    texts = {
        "a key twice": '{"mean": 3, "mean": 4}',
        "deep": "[" * 100_000,
        "long number": json.dumps(SIGNAL).replace("2970", "9" * 5000),
        **{name: json.dumps(content) for name, content in WRONG_SIGNALS.items()},
    }
    return [
        *(
            Case(f"signal, {name}", lambda folder, random, t=text: _signal(t.encode(), folder))
            for name, text in texts.items()
        ),
        *(
            Case(
                f"signal of bytes, {name}",
                lambda folder, random, d=damage: _signal(d(whole, random), folder),
            )
            for name, damage in damages.items()
            if name != "shifted"
        ),
    ]


def _signal(content: bytes, folder: Path) -> list[str]:
    (folder / "a.csv").write_text(table())
    (folder / "signal.json").write_bytes(content)
    return fit("a.csv", "--signal", "signal.json")
