"""Formulas in labels are tried before a fit, not when its figures are drawn."""

from errors import MaplessError


def require_drawable(text: str) -> None:
    """Raise MaplessError for text whose formulas between dollar signs matplotlib cannot draw.

    >>> require_drawable(r"CMS, $\\sqrt{s}=13$ TeV"), require_drawable("5 $")
    (None, None)
    """
    if "$" not in text:
        return
    from matplotlib.cbook import is_math_text
    from matplotlib.mathtext import MathTextParser

    try:
        if is_math_text(text):
            MathTextParser("path").parse(text)
    except ValueError as error:
        reason = str(error).strip().splitlines()[-1]
        raise MaplessError(f"{text} cannot be drawn: {reason}; write \\$ for a dollar sign") from None
