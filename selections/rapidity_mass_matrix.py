"""Rapidity-mass matrices: an event with a lepton as one matrix, and masses of pairs (arXiv:2307.01612)."""

from selections.steps import Column

HEADERS = ("mapless/rapidity_mass_matrix.h",)
KINDS = {"jet": 10, "b_jet": 10, "electron": 5, "muon": 5, "photon": 5}
"""Kinds of objects in the order of rows, and how many of each there are; row 0 is the missing momentum."""
SIZE = 1 + sum(KINDS.values())
ROWS = {kind: 1 + sum(list(KINDS.values())[:place]) for place, kind in enumerate(KINDS)}
"""Row of the hardest object of each kind."""
PAIRS = {
    "jj": ("jet", "jet"),
    "jb": ("jet", "b_jet"),
    "je": ("jet", "electron"),
    "jmu": ("jet", "muon"),
    "jgamma": ("jet", "photon"),
    "bb": ("b_jet", "b_jet"),
    "be": ("b_jet", "electron"),
    "bmu": ("b_jet", "muon"),
    "bgamma": ("b_jet", "photon"),
}
"""Pairs of the hardest objects whose masses are searched, so that no detector sees them."""
LEFT_OUT = tuple((ROWS[one], ROWS[other] + (one == other)) for one, other in PAIRS.values())
"""Cells (row, column) of these masses, row by row."""
N_INPUTS = SIZE**2 - len(LEFT_OUT)

MATRIX, INPUTS = "rapidity_mass_matrix", "rapidity_mass_inputs"


def rapidity_mass_columns(
    *, collision_energy: float = 13000.0, b_tag_min: float = 0.4, missing_min: float = 30.0
) -> tuple[Column, ...]:
    """The matrix (36, 36), its 1287 cells without the nine masses, and these masses as m_jj, m_jb, ... (GeV).

    Small jets with a b tag above `b_tag_min` are b jets and no other jets; a missing momentum below
    `missing_min` (GeV) counts as none. Masses of pairs that are not there are -1.

    >>> SIZE, N_INPUTS, LEFT_OUT[:3]
    (36, 1287, ((1, 2), (1, 11), (1, 21)))
    """
    tagged = {
        "jet": f"small_jet_b_tag <= {float(b_tag_min)}f",
        "b_jet": f"small_jet_b_tag > {float(b_tag_min)}f",
    }
    lists = [
        Column(f"{kind}_list", f"mapless::objects({_parts('small_jet', mask)})")
        for kind, mask in tagged.items()
    ]
    lists += [
        Column(f"{kind}_list", f"mapless::objects({kind}_pt, {kind}_eta, {kind}_phi)")
        for kind in ("electron", "muon", "photon")
    ]
    most = ", ".join(map(str, KINDS.values()))
    lists_of = ", ".join(f"&{kind}_list" for kind in KINDS)
    missing = f"missing_pt > {missing_min:g} ? missing_pt : 0., missing_phi"
    without = ", ".join(f"{{{row}, {column}}}" for row, column in LEFT_OUT)
    cells = f"std::array<std::array<std::size_t, 2>, {len(LEFT_OUT)}>{{{{{without}}}}}"
    return (
        *lists,
        Column(
            MATRIX,
            f"mapless::rapidity_mass_matrix<{most}>({missing}, {collision_energy:.1f}, {{{lists_of}}})",
            title="rapidity-mass matrix",
        ),
        Column(INPUTS, f"mapless::cells_without({MATRIX}, {cells})", title="cells without leading masses"),
        *(
            Column(
                f"m_{pair}",
                f"mapless::pair_mass({one}_list, {other}_list, {int(one == other)})",
                "GeV",
                f"mass of the hardest {pair}",
            )
            for pair, (one, other) in PAIRS.items()
        ),
    )


def _parts(kind: str, mask: str) -> str:
    return ", ".join(f"{kind}_{name}[{mask}]" for name in ("pt", "eta", "phi", "mass"))
