"""Names that C++ and Verilog keep for themselves, which no layer and no trigger model can have."""

import re
from collections.abc import Mapping

from errors import MaplessError

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CPP_WORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t
    class compl concept const consteval constexpr constinit const_cast continue co_await co_return
    co_yield decltype default delete do double dynamic_cast else enum explicit export extern false float
    for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or
    or_eq private protected public register reinterpret_cast requires return short signed sizeof static
    static_assert static_cast struct switch template this thread_local throw true try typedef typeid
    typename union unsigned using virtual void volatile wchar_t while xor xor_eq std main
"""
_VERILOG_WORDS = """
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before
    begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class
    clocking cmos config const constraint context continue cover covergroup coverpoint cross deassign
    default defparam design disable dist do edge else end endcase endchecker endclass endclocking
    endconfig endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram
    endproperty endsequence endspecify endtable endtask enum event eventually expect export extends
    extern final first_match for force foreach forever fork forkjoin function generate genvar global
    highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import incdir include initial
    inout input inside instance int integer interconnect interface intersect join join_any join_none
    large let liblist library local localparam logic longint macromodule matches medium modport module
    nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package
    packed parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown
    pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real
    realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1
    s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
    showcancelled signed small soft solve specify specparam static string strong strong0 strong1 struct
    super supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time
    timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union
    unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait wait_order
    wand weak weak0 weak1 while wildcard wire with within wor xnor xor
"""
CPP = dict.fromkeys(_CPP_WORDS.split(), "C++")
VERILOG = dict.fromkeys(_VERILOG_WORDS.split(), "Verilog")


def require_name(what: str, name: str, words: Mapping[str, str]) -> None:
    """Make sure that a name can stand in code of a language.

    Args:
        what: is named; starts the message.
        name: of it.
        words: that it cannot be, and the language of each.

    Raises:
        MaplessError: no identifier of ASCII letters, digits and underscores, or one of the words.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise MaplessError(f"{what} {name!r}: use letters, digits and underscores only, a letter first")
    if name in words:
        raise MaplessError(f"{what} {name!r}: this is a word of {words[name]}; choose another name")
