"""Corrections in files of correctionlib (cms-nanoaod.github.io/correctionlib) as expressions of columns."""

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from errors import MaplessError
from input_files import check_file, read_text
from selections import headers
from selections.expressions import suggestion
from selections.root import import_root, one_line_errors

LONGEST = 2_000
"""Characters of a formula: of CMS they have some hundreds."""


@dataclass(frozen=True)
class Correction:
    """A correction, or a compound one, of a file.

    `inputs` says by the names that the file gives them what inputs are: columns, or the text of inputs that
    take words, such as {"systematic": "nominal"}.
    """

    file: Path
    name: str
    inputs: Mapping[str, str] = field(default_factory=dict)

    def input_kinds(self) -> dict[str, str]:
        """The inputs in their order, each with its type: real, int or string.

        Raises MaplessError for a file that is none of correctionlib, and a name that it does not have.
        """
        corrections = _corrections(check_file(self.file))
        known = {**corrections, **corrections.compound}
        if self.name not in known:
            raise MaplessError(
                f"{self.file} has no correction {self.name}{suggestion(self.name, known)}; "
                f"it has {', '.join(known) if len(known) < 10 else f'{len(known)} others'}"  # noqa: PLR2004
            )
        return {one.name: one.type for one in known[self.name].inputs}

    def expression(self, size: str, columns: set[str], usual: Mapping[str, Sequence[str]]) -> str:
        """C++ for the values, ROOT::RVecF, of as many objects as the expression `size` says.

        `columns` are those that there are; `usual` names columns for inputs that `inputs` does not. Raises
        MaplessError for a name, an input or a column that is not there, with the nearest that is.
        """
        kinds = self.input_kinds()
        texts = {name: self._text(name) for name, kind in kinds.items() if kind == "string"}
        named = [self._column(name, columns, usual) for name, kind in kinds.items() if kind != "string"]
        headers.load("mapless/corrections.h")
        mapless = import_root().mapless
        with one_line_errors(f"{self.file} cannot be read"):
            number = mapless.load_correction(str(self.file), self.name, list(texts), list(texts.values()))
        values = ", ".join(f"mapless::input({name})" for name in named)
        return f"mapless::corrected({int(number)}, {size}, std::vector<ROOT::RVecD>{{{values}}})"

    def _text(self, name: str) -> str:
        if name not in self.inputs:
            raise MaplessError(
                f"{self.file}: {self.name} needs a word for its input {name}; write it into inputs"
            )
        return self.inputs[name]

    def _column(self, name: str, columns: set[str], usual: Mapping[str, Sequence[str]]) -> str:
        own = [self.inputs[name]] if name in self.inputs else []
        candidates = own or list(usual.get(name, ()))
        found = next((column for column in candidates if column in columns), None)
        if found is None:
            missing = f"the column {' or '.join(candidates)}" if candidates else "a column"
            nearest = suggestion(candidates[0] if candidates else name, columns)
            raise MaplessError(
                f"{self.file}: {self.name} needs {missing} for its input {name}, which the events lack"
                f"{nearest}; name one in inputs"
            )
        return found


@cache
def _corrections(file: Path) -> Any:
    import correctionlib

    try:
        text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else read_text(file)
        _check_expressions(json.loads(text))
        return correctionlib.CorrectionSet.from_string(text)
    except (
        RuntimeError,
        ValueError,
        OSError,
        EOFError,
        zlib.error,
    ) as error:  # a RecursionError is a RuntimeError
        reason = str(error).strip().partition("\n")[0]
        raise MaplessError(f"{file} is no file of correctionlib: {reason}") from None


def _check_expressions(content: Any) -> None:
    """ValueError for a formula that correctionlib might crash over, as it does over JSON without end."""
    waiting = [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        if isinstance(one, dict) and len(str(one.get("expression", ""))) > LONGEST:
            raise ValueError(f"a formula is longer than {LONGEST:,} characters")
