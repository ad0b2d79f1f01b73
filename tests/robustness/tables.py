"""Spectra as tables of CSV and HEPData, broken or merely unusual."""

import json
from functools import partial
from typing import Any

import yaml

from tests.robustness.case import Case
from tests.robustness.damage import WHOLE, overwritten, truncated
from tests.robustness.spectrum import COUNTS, HIGH, LOW, as_bytes, as_text, changed, right, table

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
    "two columns of events": table("low,high,events in A,events in B", LOW, HIGH, COUNTS, COUNTS * 2),
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


def cases() -> list[Case]:
    """All of them."""
    return [*_tables(), *_hepdata()]


def _tables() -> list[Case]:
    whole = table().encode()
    damages = {**WHOLE, "half": truncated(0.5), "garbage": overwritten(0.2, 0.9, 20)}
    return [
        *(
            Case(f"table, {name}", partial(as_text, "a.csv", text), right)
            for name, text in RIGHT_TABLES.items()
        ),
        *(Case(f"table, {name}", partial(as_text, "a.csv", text)) for name, text in WRONG_TABLES.items()),
        *(
            Case(f"table of bytes, {name}", partial(as_bytes, "a.csv", whole, damage))
            for name, damage in damages.items()
            if name not in ("shifted", "half")
        ),
    ]


def _hepdata() -> list[Case]:
    whole = yaml.safe_dump(hepdata()).encode()
    damages = {**WHOLE, "half": truncated(0.5), "nearly all": truncated(0.97)}
    return [
        *(
            Case(f"hepdata, {name}", partial(as_text, "a.yaml", yaml.safe_dump(hepdata(**change))), right)
            for name, change in RIGHT_HEPDATA.items()
        ),
        *(
            Case(f"hepdata, {name}", partial(as_text, "a.yaml", yaml.safe_dump(content)))
            for name, content in WRONG_HEPDATA.items()
        ),
        *(
            Case(f"hepdata of bytes, {name}", partial(as_bytes, "a.yaml", whole, damage))
            for name, damage in damages.items()
            if name != "shifted"
        ),
    ]
