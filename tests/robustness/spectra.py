"""Spectra for `fit`: tables, lists of masses, histograms and shapes of signals, broken or merely unusual."""

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import uproot
import yaml

from tests.robustness.case import Case, Random
from tests.robustness.damage import WHOLE, Damage, flipped, overwritten, truncated

EDGES = np.arange(1500.0, 4001.0, 100.0)
LOW, HIGH = EDGES[:-1], EDGES[1:]
SIGNAL = {
    "mean": 2970,
    "sigma": 95,
    "alpha_low": 1.2,
    "n_low": 3.1,
    "alpha_high": 1.8,
    "n_high": 9,
    "mass": 3000,
}


def true_counts() -> np.ndarray:
    """What every accepted input must be read as."""
    falling = 4e4 * (1 - LOW / 13000) ** 9 * (LOW / 1500.0) ** -5.0
    return np.random.default_rng(4).poisson(falling).astype(float)


COUNTS = true_counts()


def table(header: str = "low,high,events", *columns: Any, separator: str = ",") -> str:
    """A CSV table; by default of the edges and counts."""
    rows = zip(*(columns or (LOW, HIGH, COUNTS)), strict=True)
    lines = [
        separator.join(f"{value:.12g}" if not isinstance(value, str) else value for value in row)
        for row in rows
    ]
    return "\n".join([header, *lines]) + "\n"


def changed(place: int, value: Any, column: int = 2) -> str:
    """The table with one entry that is something else."""
    columns: list[list[Any]] = [LOW.tolist(), HIGH.tolist(), COUNTS.tolist()]
    columns[column][place] = value
    return table("low,high,events", *columns)


RIGHT_TABLES = {
    "plain": table(),
    "byte order mark": "\ufeff" + table(),
    "line ends of Windows": table().replace("\n", "\r\n"),
    "spaces": table().replace(",", " , "),
    "comments": "# CMS\n" + table() + "# end\n",
    "empty lines": table().replace("\n", "\n\n"),
    "quotes": table('"low","high","events"'),
    "columns in another order": table("events,high,low", COUNTS, HIGH, LOW),
    "TeV": table("low [TeV],high [TeV],events", LOW / 1000, HIGH / 1000, COUNTS),
    "units behind edges": table("mass low [GeV],mass high [GeV],Events"),
    "xmin and xmax": table("xmin,xmax,N"),
    "centres": table("mjj,events", (LOW + HIGH) / 2, COUNTS),
    "density": table("low [GeV],high [GeV],Events per GeV", LOW, HIGH, COUNTS / 100),
    "expected beside": table("low,high,expected,observed", LOW, HIGH, COUNTS + 7, COUNTS),
}
"""Each must be read as `COUNTS`, or be refused with a question."""

WRONG_TABLES = {
    "only a header": "low,high,events\n",
    "no header": table().partition("\n")[2],
    "one bin": "low,high,events\n1500,4000,100\n",
    "semicolons": table(separator=";"),
    "decimal commas": table(separator=";").replace(".", ","),
    "tabs": table(separator="\t"),
    "a long row": table() + "1,2,3,4,5\n",
    "a short row": table() + "4000\n",
    "text": changed(5, "many"),
    "nothing": changed(5, ""),
    "NaN": changed(5, "nan"),
    "infinite": changed(5, "inf"),
    "negative": changed(5, -3),
    "huge": changed(5, 1e300),
    "a bin of no width": changed(5, 2000.0, 1),
    "a gap": changed(5, 2050.0, 0),
    "an overlap": changed(5, 1950.0, 0),
    "an infinite edge": changed(24, "inf", 1),
    "an edge that is no number": changed(5, "nan", 0),
    "falling": table("low,high,events", LOW[::-1], HIGH[::-1], COUNTS[::-1]),
    "swapped edges": table("low,high,events", HIGH, LOW, COUNTS),
    "a row twice": table() + table().splitlines()[-1] + "\n",
    "all zero": table("low,high,events", LOW, HIGH, COUNTS * 0),
    "a column twice": table("low,high,events,events", LOW, HIGH, COUNTS, COUNTS + 1),
    "two columns of events": table("low,high,events data,events control", LOW, HIGH, COUNTS, COUNTS * 2),
    "no events": table("low,high,luck"),
    "two tables": table() + "\n" + table(),
    "names of one letter": table("a,b,c"),
    "html inside": "<table>\n" + table() + "</table>\n",
}

RIGHT_HEPDATA = {
    "plain": {},
    "numbers as text": {"text": True},
    "with errors": {"errors": [{"symerror": 3}]},
}


def hepdata(**change: Any) -> dict[str, Any]:
    """A table of HEPData of the same spectrum."""
    convert = str if change.get("text") else float
    more = {"errors": change["errors"]} if "errors" in change else {}
    return {
        "independent_variables": [
            {
                "header": {"name": "mjj", "units": "GeV"},
                "values": [{"low": convert(a), "high": convert(b)} for a, b in zip(LOW, HIGH, strict=True)],
            }
        ],
        "dependent_variables": [
            {"header": {"name": "Events"}, "values": [{"value": convert(n), **more} for n in COUNTS]}
        ],
    }


def _without(content: dict[str, Any], *path: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(content))
    place = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return copy


def _with(content: dict[str, Any], value: Any, *path: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(content))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


X, Y = ("independent_variables", 0), ("dependent_variables", 0)
WRONG_HEPDATA = {
    "a list": [hepdata()],
    "no bins": _without(hepdata(), X[0]),
    "no values": _without(hepdata(), *Y, "values"),
    "no header": _without(hepdata(), *Y, "header"),
    "one value less": _without(hepdata(), *Y, "values", 3),
    "one bin less": _without(hepdata(), *X, "values", 3),
    "a bin without an end": _without(hepdata(), *X, "values", 3, "high"),
    "a header of nothing": _with(hepdata(), None, *X, "header"),
    "values of nothing": _with(hepdata(), None, *Y, "values"),
    "a value of nothing": _with(hepdata(), None, *Y, "values", 3, "value"),
    "a value of text": _with(hepdata(), "-", *Y, "values", 3, "value"),
    "a value of NaN": _with(hepdata(), ".nan", *Y, "values", 3, "value"),
    "a value of a list": _with(hepdata(), [1], *Y, "values", 3),
    "a negative value": _with(hepdata(), -4, *Y, "values", 3, "value"),
    "bins of text": _with(hepdata(), "all", *X, "values"),
    "units of a number": _with(hepdata(), 5, *X, "header", "units"),
    "a name of a list": _with(hepdata(), [5], *Y, "header", "name"),
}

WRONG_SIGNALS: dict[str, Any] = {
    "a number": 3,
    "nothing": None,
    "an empty list": [],
    "no sigma": _without(SIGNAL, "sigma"),
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
    return [*_tables(), *_hepdata(), *_masses(), *_histograms(), *_signals()]


def _fit(file: str, *more: str) -> list[str]:
    return ["fit", file, "--scan", "2500:3500:500", "--workers", "1", "--output", "out", *more]


def _as_text(name: str, text: str, folder: Path, random: Random) -> list[str]:
    (folder / name).write_text(text)
    return _fit(name)


def _as_bytes(name: str, whole: bytes, damage: Damage, folder: Path, random: Random) -> list[str]:
    (folder / name).write_bytes(damage(whole, random))
    return _fit(name)


def _right(folder: Path) -> None:
    """The spectrum in the results is the true one."""
    (stored,) = json.loads((folder / "out" / "results.json").read_text())["spectra"].values()
    np.testing.assert_allclose(stored["spectrum"]["edges"], EDGES, rtol=1e-9)
    np.testing.assert_allclose(stored["spectrum"]["counts"], COUNTS, rtol=1e-9)


def _tables() -> list[Case]:
    whole = table().encode()
    damages = {**WHOLE, "half": truncated(0.5), "garbage": overwritten(0.2, 0.9, 20)}
    return [
        *(
            Case(f"table, {name}", partial(_as_text, "a.csv", text), _right)
            for name, text in RIGHT_TABLES.items()
        ),
        *(Case(f"table, {name}", partial(_as_text, "a.csv", text)) for name, text in WRONG_TABLES.items()),
        *(
            Case(f"table of bytes, {name}", partial(_as_bytes, "a.csv", whole, damage))
            for name, damage in damages.items()
            if name not in ("shifted", "half")
        ),
    ]


def _hepdata() -> list[Case]:
    whole = yaml.safe_dump(hepdata()).encode()
    damages = {**WHOLE, "half": truncated(0.5), "nearly all": truncated(0.97)}
    return [
        *(
            Case(f"hepdata, {name}", partial(_as_text, "a.yaml", yaml.safe_dump(hepdata(**change))), _right)
            for name, change in RIGHT_HEPDATA.items()
        ),
        *(
            Case(f"hepdata, {name}", partial(_as_text, "a.yaml", yaml.safe_dump(content)))
            for name, content in WRONG_HEPDATA.items()
        ),
        *(
            Case(f"hepdata of bytes, {name}", partial(_as_bytes, "a.yaml", whole, damage))
            for name, damage in damages.items()
            if name != "shifted"
        ),
    ]


def _masses() -> list[Case]:
    """Lists of masses, as text and as arrays."""
    masses = np.repeat((LOW + HIGH) / 2, COUNTS.astype(int))
    arrays: Mapping[str, Any] = {
        "two dimensions": masses.reshape(1, -1),
        "one number": np.array(3000.0),
        "none": masses[:0],
        "true and false": masses > 2000,
        "complex": masses + 1j,
        "words": masses.astype(str),
        "objects": np.array([{"mass": 3000}], dtype=object),
        "fields": np.array([(3000.0, 1)], dtype=[("mass", "f8"), ("n", "i4")]),
        "NaN": np.append(masses, np.nan),
        "infinite": np.append(masses, np.inf),
        "outside": masses + 1e6,
    }
    buffer = io.BytesIO()
    np.save(buffer, masses)
    damages = {**WHOLE, "half": truncated(0.5), "flip in the header": flipped(0, 0.0005)}
    lines = "\n".join(f"{mass:g}" for mass in masses)
    texts = {
        "words": "heavy\nlight\n",
        "two columns": "1 2\n3 4\n",
        "nothing": "",
        "NaN": f"{lines}\nnan\n",
        "a word at the end": f"{lines}\nmany\n",
    }
    more = ("--range", "1500:4000")
    return [
        *(
            Case(f"masses, {name}", lambda folder, random, a=array: _saved(a, folder, more))
            for name, array in arrays.items()
        ),
        *(
            Case(
                f"masses of bytes, {name}",
                lambda folder, random, d=damage: _as_bytes("a.npy", buffer.getvalue(), d, folder, random),
            )
            for name, damage in damages.items()
        ),
        *(
            Case(
                f"masses of text, {name}",
                lambda folder, random, t=text: [*_as_text("a.txt", t, folder, random), *more],
            )
            for name, text in texts.items()
        ),
    ]


def _saved(array: Any, folder: Path, more: tuple[str, ...]) -> list[str]:
    np.save(folder / "a.npy", array, allow_pickle=True)
    return _fit("a.npy", *more)


def _histograms() -> list[Case]:
    damages = {
        **WHOLE,
        **{f"first {part:.0%}": truncated(part) for part in (0.1, 0.5, 0.9)},
        **{f"flip {n}": flipped(0, 1) for n in range(8)},
        **{f"garbage {n}": overwritten(0, 1, 32) for n in range(6)},
    }
    objects: Mapping[str, Callable[[Any], Any]] = {
        "two dimensions": lambda file: np.histogram2d(*np.ones((2, 5))),
        "a tree": lambda file: {"mass": LOW},
        "words": lambda file: "no histogram",
        "NaN": lambda file: (COUNTS * np.nan, EDGES),
        "negative": lambda file: (-COUNTS, EDGES),
        "no events": lambda file: (COUNTS * 0, EDGES),
        "labelled bins": lambda file: _labelled(),
    }
    names = ("a.root", "a.root:", "a.root:nothing", "a.root:h;1", "a.root:h;9", "a.root:../h", "a.root:h:h")
    return [
        Case("histogram, plain", lambda folder, random: _written_histogram(folder), _right),
        *(
            Case(f"histogram, the name {name}", lambda folder, random, n=name: _named(n, folder), _right)
            for name in names
        ),
        *(
            Case(f"histogram of bytes, {name}", partial(_damaged_histogram, damage), _right_or_as_uproot)
            for name, damage in damages.items()
        ),
        *(
            Case(f"histogram, {name}", lambda folder, random, m=make: _object(m, folder))
            for name, make in objects.items()
        ),
    ]


def _object(make: Callable[[Any], Any], folder: Path) -> list[str]:
    with uproot.recreate(folder / "a.root") as file:
        file["h"] = make(file)
    return _fit("a.root:h")


def _labelled() -> Any:
    import hist

    labelled = hist.Hist(hist.axis.StrCategory([f"bin {n}" for n in range(len(COUNTS))]))
    labelled.values()[:] = COUNTS
    return labelled


def _written_histogram(folder: Path) -> list[str]:
    with uproot.recreate(folder / "a.root") as file:
        file["h"] = (COUNTS, EDGES)
    return _fit("a.root:h")


def _named(name: str, folder: Path) -> list[str]:
    _written_histogram(folder)
    return _fit(name)


def _damaged_histogram(damage: Damage, folder: Path, random: Random) -> list[str]:
    arguments = _written_histogram(folder)
    (folder / "a.root").write_bytes(damage((folder / "a.root").read_bytes(), random))
    return arguments


def _right_or_as_uproot(folder: Path) -> None:
    """A flipped bit of a number without a checksum is another number."""
    with uproot.open(folder / "a.root") as file:
        counts, edges = file["h"].to_numpy()
    (stored,) = json.loads((folder / "out" / "results.json").read_text())["spectra"].values()
    np.testing.assert_allclose(stored["spectrum"]["edges"], edges, rtol=1e-9)
    np.testing.assert_allclose(stored["spectrum"]["counts"], counts, rtol=1e-9)


def _signals() -> list[Case]:
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
    return _fit("a.csv", "--signal", "signal.json")
