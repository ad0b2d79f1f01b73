"""What the columns of a table are, from their headers: edges of bins, events, densities, cross sections.

Nothing is guessed: a header that may be read in two ways is a question to the user.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from errors import MaplessError
from fits.spectrum import FloatArray

Kind = Literal["events", "density", "cross section"]

_GEV = {"mev": 1e-3, "gev": 1.0, "tev": 1e3}
_INVERSE_FEMTOBARN = {"nb": 1e6, "pb": 1e3, "fb": 1.0}
_MASS_UNIT = re.compile(r"(?<![a-z])([mgt]ev)(?![a-z])")
_INVERSE = r"\s*\$?\s*(?:\^|\*\*)?\s*\{?\(?\s*[-−]\s*1|⁻¹"
# A mass in the denominator, 4 in "Events / 4 GeV" being the first group.
_PER_MASS = re.compile(
    rf"(?:/|(?<![a-z])per(?![a-z]))[\s(]*(\d+\.?\d*)?\s*([mgt]ev)(?![a-z])|(?<![a-z])([mgt]ev)(?:{_INVERSE})"
)
_CROSS_SECTION_UNIT = re.compile(rf"(?<![a-z/])([npf]b)(?![a-z])(?!{_INVERSE})")
_CROSS_SECTION = re.compile(r"(?<![a-z])d?\s*\\?(?:sigma|σ)\s*(?:/|$|\[|\()|d\s*\\?(?:sigma|σ)|cross.section")
_SLOPE = re.compile(r"(?<![a-z])d\s*n[a-z]*\s*/\s*d")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOW = _words("low lo lower min minimum left start begin from")
_HIGH = _words("high hi upper max maximum right stop end to")
_ENDS = re.compile(r"(?:x|m|e|q|bin|edge|mass|m[a-z]{1,2})(low|lo|lower|min|left|high|hi|upper|max|right)")
_BESIDE_ENDS = _words("edge edges bin bound of the")
_ERRORS = _words("err error errors unc uncertainty uncertainties stat sys syst up down plus minus")
_OBSERVED = _words("observed obs data measured measurement nobs ndata")
_COUNTED = _words(
    "n count counts event events nevents nevent entries content contents yield number observation"
)
_OTHERS = _words(
    "expected exp expectation fit fitted background backgrounds bkg bg prediction predicted signal sig "
    "model mc simulation simulated theory sm ratio pull pulls residual residuals significance limit "
    "efficiency acceptance probability prefit postfit smoothed injected p"
)
_NOT_MASSES = _words("bin index number no i")


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table: its name, which no other has, the header that says what it is, and its numbers.

    `values` (n_bins,) are None where it holds text.
    """

    name: str
    header: str
    values: FloatArray | None

    @property
    def text(self) -> str:
        """The header in small letters, with spaces for underscores and between joinedWords."""
        return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", self.header.replace("_", " ")).lower()

    @property
    def words(self) -> list[str]:
        """Words of the header without units."""
        bare = re.sub(r"\$|\\(?:mathrm|text|rm)|(?:signal|control|validation) region", " ", self.text)
        words = re.findall(r"[a-z]+", _MASS_UNIT.sub(" ", bare))
        parts = [_ENDS.fullmatch(word) for word in words]
        return [part[1] if part else word for part, word in zip(parts, words, strict=True)]

    @property
    def is_error(self) -> bool:
        """Whether it is the uncertainty of another column."""
        return bool(_ERRORS.intersection(self.words)) or bool(re.search(r"[+\-−±]\s*$", self.text))

    @property
    def kind(self) -> Kind:
        """Events, events per mass, or a cross section per mass."""
        if _CROSS_SECTION_UNIT.search(self.text) or _CROSS_SECTION.search(self.text):
            return "cross section"
        return "density" if _PER_MASS.search(self.text) or _SLOPE.search(self.text) else "events"

    @property
    def mass_unit(self) -> float | None:
        """GeV per unit of the mass in the header, None if it names none."""
        found = _MASS_UNIT.search(self.text)
        return _GEV[found[1]] if found else None

    def events(self, widths: FloatArray, luminosity: float | None) -> FloatArray:
        """Events (n_bins,) in bins of these widths in GeV; `luminosity` in fb^-1 for cross sections."""
        values = self.numbers()
        if self.kind == "events":
            return values
        per_mass, unit = _PER_MASS.search(self.text), _CROSS_SECTION_UNIT.search(self.text)
        if self.kind == "cross section" and luminosity is None:
            raise MaplessError(f"'{self.name}' is a cross section, not events; give the luminosity in fb^-1")
        if per_mass is None or (self.kind == "cross section" and unit is None):
            example = "dsigma/dm [pb/TeV]" if self.kind == "cross section" else "dN/dm [1/GeV]"
            raise MaplessError(f"'{self.name}' names no unit; write it like '{example}'")
        width = float(per_mass[1] or 1) * _GEV[per_mass[2] or per_mass[3]]
        if unit is None or luminosity is None:
            return values * widths / width
        return values * _INVERSE_FEMTOBARN[unit[1]] * luminosity * widths / width

    def numbers(self) -> FloatArray:
        """The values, or MaplessError for text."""
        if self.values is None:
            raise MaplessError(f"'{self.name}' holds text; keep one table of numbers per file")
        return self.values


def edge_columns(columns: Sequence[Column], wanted: Sequence[str] | None) -> tuple[Column, Column] | None:
    """Columns of lower and upper edges: those `wanted`, by their names, or as touching bins; None without.

    Raises MaplessError where several pairs could be meant, or one end has no other.
    """
    if wanted is not None:
        low, high = (named(columns, name) for name in wanted)
        return low, high
    lows, highs = ([one for one in columns if _is_end(one, ends)] for ends in (_LOW, _HIGH))
    pairs = [(low, high) for low in lows for high in highs if _stem(low) == _stem(high)]
    pairs = pairs or [(low, high) for low in lows[:1] for high in highs[:1] if len(lows) == len(highs) == 1]
    pairs = pairs or [(a, b) for a in columns for b in columns if _touch(a, b)]
    if len(pairs) > 1:
        there = " or ".join(f"'{low.name}' and '{high.name}'" for low, high in pairs)
        raise MaplessError(f"which columns are the edges of the bins, {there}? Name them with --edge-columns")
    if not pairs and (lows or highs):
        (alone, *_), other = lows or highs, "upper" if lows else "lower"
        raise MaplessError(
            f"'{alone.name}' looks like one edge of the bins, and no column is the {other} one; it has "
            f"{', '.join(column.name for column in columns)}; name both with --edge-columns"
        )
    return pairs[0] if pairs else None


def centre_column(columns: Sequence[Column]) -> Column:
    """The first column, which holds the centres of bins where there are no edges."""
    first = columns[0]
    if _NOT_MASSES.intersection(first.words) or _COUNTED.intersection(first.words):
        raise MaplessError(
            f"'{first.name}' is no mass, and no columns are lower and upper edges of bins; there are "
            f"{', '.join(column.name for column in columns)}"
        )
    return first


def event_column(columns: Sequence[Column], wanted: str | None) -> Column:
    """The observed events among columns that are neither masses nor edges; events before densities.

    Raises MaplessError where none or several are, and asks for `--column`.
    """
    if wanted is not None:
        return named(columns, wanted)
    values = [column for column in columns if not column.is_error and not _OTHERS.intersection(column.words)]
    observed = [column for column in values if _OBSERVED.intersection(column.words)]
    found = observed or [
        column for column in values if _COUNTED.intersection(column.words) or column.kind != "events"
    ]
    for kind in ("events", "density", "cross section"):
        of_kind = [column for column in found if column.kind == kind]
        if len(of_kind) == 1:
            return of_kind[0]
        if of_kind:
            break
    there = ", ".join(column.name for column in (found or columns))
    raise MaplessError(f"which column holds the observed events? There are {there}; name one with --column")


def named(columns: Sequence[Column], name: str) -> Column:
    """The column of a name; MaplessError with those that there are."""
    there = {column.name: column for column in columns}
    if name not in there:
        raise MaplessError(f"no column {name}; it has {', '.join(there)}")
    return there[name]


def _is_end(column: Column, ends: frozenset[str]) -> bool:
    return bool(ends.intersection(column.words)) and not (_ERRORS | _OTHERS | _COUNTED).intersection(
        column.words
    )


def _stem(column: Column) -> list[str]:
    """Words of an edge beside the one that says which end it is."""
    return [word for word in column.words if word not in _LOW | _HIGH | _BESIDE_ENDS]


def _touch(low: Column, high: Column) -> bool:
    """Whether two columns of several rows are lower and upper edges of touching bins."""
    if low.values is None or high.values is None or len(low.values) < 3:  # noqa: PLR2004
        return False
    ends = zip(high.values[:-1].tolist(), low.values[1:].tolist(), strict=True)
    return bool((low.values < high.values).all()) and all(abs(a - b) <= 1e-6 * abs(b) for a, b in ends)
