"""Formulae of RooFit from our functions of mass, so that each is written down only once."""

from typing import Any


class Formula:
    """Text of a formula; arithmetic on it gives longer text.

    Numpy functions that backgrounds use are class attributes of `FormulaFunctions`.

    >>> x = Formula("mass") / 13000.0
    >>> (-FormulaFunctions.log1p(-x)).text
    '(-log(1+(-(mass/(13000.0)))))'
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __neg__(self) -> "Formula":
        return Formula(f"(-{self.text})")

    def __add__(self, other: Any) -> "Formula":
        return Formula(f"({self.text}+{_text(other)})")

    def __sub__(self, other: Any) -> "Formula":
        return Formula(f"({self.text}-{_text(other)})")

    def __mul__(self, other: Any) -> "Formula":
        return Formula(f"({self.text}*{_text(other)})")

    def __truediv__(self, other: Any) -> "Formula":
        return Formula(f"({self.text}/{_text(other)})")

    def __pow__(self, other: Any) -> "Formula":
        return Formula(f"pow({self.text},{_text(other)})")

    def __radd__(self, other: Any) -> "Formula":
        return Formula(f"({_text(other)}+{self.text})")

    def __rsub__(self, other: Any) -> "Formula":
        return Formula(f"({_text(other)}-{self.text})")

    def __rmul__(self, other: Any) -> "Formula":
        return Formula(f"({_text(other)}*{self.text})")


class FormulaFunctions:
    """Takes the place of numpy in `LogLinearBackground.columns`."""

    @staticmethod
    def ones_like(x: Formula) -> Formula:
        """The number one."""
        del x
        return Formula("1")

    @staticmethod
    def log(x: Formula) -> Formula:
        """Natural logarithm."""
        return Formula(f"log({x.text})")

    @staticmethod
    def log1p(x: Formula) -> Formula:
        """Natural logarithm of 1 + x."""
        return Formula(f"log(1+{x.text})")


def _text(value: Any) -> str:
    if isinstance(value, Formula):
        return value.text
    return f"({value})" if isinstance(value, int) else f"({float(value)!r})"
