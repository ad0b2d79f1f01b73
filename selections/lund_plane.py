"""Columns of the Lund jet plane of one large-radius jet, for selections that keep its constituents."""

from selections.steps import Column

HEADERS = ("mapless/lund_plane.h",)


def lund_plane_columns(number: int, n_prongs: int | None = None) -> tuple[Column, ...]:
    """Subjets and splittings of jet number 1 or 2, from jet1_constituent_pt and so on.

    One entry per subjet: jet1_lund_subjet_pt (GeV), _eta, _phi; per splitting: jet1_lund_subjet, its number
    from 0, jet1_lund_log_inverse_angle, ln(0.8 / Delta), and jet1_lund_log_kt, ln(kt / GeV). Without
    `n_prongs` there are as many prongs as quarks of the hard process in the jet, at least one.

    >>> [column.name for column in lund_plane_columns(1, n_prongs=2)][:2]
    ['jet1_n_prongs', 'jet1_lund_plane']
    """
    jet = f"jet{number}"
    quarks = f"mapless::n_prongs({jet}_eta, {jet}_phi, generator_quark_eta, generator_quark_phi)"
    parts = ", ".join(f"{jet}_constituent_{part}" for part in ("pt", "eta", "phi"))
    members = {
        "subjet_pt": ("GeV", "$p_T$ of the subjets"),
        "subjet_eta": ("", r"$\eta$ of the subjets"),
        "subjet_phi": ("", r"$\phi$ of the subjets"),
        "subjet": ("", "subjet of each splitting"),
        "log_inverse_angle": ("", r"$\ln(0.8/\Delta)$"),
        "log_kt": ("", r"$\ln(k_T/\mathrm{GeV})$"),
    }
    return (
        Column(f"{jet}_n_prongs", quarks if n_prongs is None else str(n_prongs), "", "number of prongs"),
        Column(f"{jet}_lund_plane", f"mapless::lund_plane(mapless::constituents({parts}), {jet}_n_prongs)"),
        *(
            Column(f"{jet}_lund_{name}", f"{jet}_lund_plane.{name}", unit, title)
            for name, (unit, title) in members.items()
        ),
    )
