"""Which columns a C++ expression of a selection needs, told without a compiler."""

import difflib
import re
from collections.abc import Iterable

_LITERALS_AND_COMMENTS = re.compile(
    r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|//[^\n]*|/\*.*?\*/|\b0[xX][0-9a-fA-F]+\w*|(?<!\w)[0-9.][\w.]*',
    re.DOTALL,
)
_LAMBDA_PARAMETERS = re.compile(r"\[[^\[\]]*\]\s*\(([^()]*)\)")
_DECLARED = re.compile(
    r"\bauto\s*[&*]+\s*([A-Za-z_]\w*)"
    r"|\b(?!return\b|new\b|and\b|or\b|not\b|else\b|case\b)[A-Za-z_]\w*\s+([A-Za-z_]\w*)"
)
_NAME = re.compile(r"(?<![\w.:])(?<!->)([A-Za-z_]\w*)(?!\w|\s*\(|\s*::|\s*<[\w:<>,\s*&]*>\s*[({:])")
_KEYWORDS = frozenset(
    [
        "alignas",
        "alignof",
        "and",
        "and_eq",
        "asm",
        "auto",
        "bitand",
        "bitor",
        "bool",
        "break",
        "case",
        "catch",
        "char",
        "class",
        "compl",
        "const",
        "constexpr",
        "const_cast",
        "continue",
        "decltype",
        "default",
        "delete",
        "do",
        "double",
        "dynamic_cast",
        "else",
        "enum",
        "explicit",
        "export",
        "extern",
        "false",
        "float",
        "for",
        "friend",
        "goto",
        "if",
        "inline",
        "int",
        "int8_t",
        "int16_t",
        "int32_t",
        "int64_t",
        "long",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "not",
        "not_eq",
        "nullptr",
        "operator",
        "or",
        "or_eq",
        "private",
        "protected",
        "public",
        "register",
        "reinterpret_cast",
        "return",
        "short",
        "signed",
        "size_t",
        "sizeof",
        "static",
        "static_cast",
        "struct",
        "switch",
        "template",
        "this",
        "throw",
        "true",
        "try",
        "typedef",
        "typeid",
        "typename",
        "uint8_t",
        "uint16_t",
        "uint32_t",
        "uint64_t",
        "union",
        "unsigned",
        "using",
        "virtual",
        "void",
        "volatile",
        "wchar_t",
        "while",
        "xor",
        "xor_eq",
    ]
)


def columns_used(expression: str) -> tuple[str, ...]:
    """Names in a C++ expression that must be columns, in order of appearance.

    Functions, types, members, numbers, local variables and constants in capitals are not columns.

    >>> columns_used("mapless::pick(jet_pt, pair, 0) > 3e2 && M_PI > weight")
    ('jet_pt', 'pair', 'weight')
    """
    bare = _LITERALS_AND_COMMENTS.sub(" 0 ", expression)
    names = (name for name in _NAME.findall(bare) if name not in _KEYWORDS and not name.isupper())
    local = _local_variables(bare)
    return tuple(dict.fromkeys(name for name in names if name not in local))


def _local_variables(bare: str) -> set[str]:
    parameters = {
        parameter.split()[-1].strip("&* ")
        for group in _LAMBDA_PARAMETERS.findall(bare)
        for parameter in group.split(",")
        if parameter.strip()
    }
    return parameters | {name for found in _DECLARED.findall(bare) for name in found}


def suggestion(name: str, known: Iterable[str]) -> str:
    """A question that names the column most like an unknown one, or nothing.

    >>> suggestion("jet_softdropmass", ["jet_pt", "jet_softdrop_mass"])
    '; did you mean jet_softdrop_mass?'
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""
