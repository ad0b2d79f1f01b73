"""Rapidity-mass matrices against numpy, cell by cell, and cells whose values are known."""

import math

import numpy as np
import pytest

from selections import headers
from selections.rapidity_mass_matrix import (
    HEADERS,
    INPUTS,
    KINDS,
    LEFT_OUT,
    MATRIX,
    N_INPUTS,
    PAIRS,
    ROWS,
    SIZE,
    rapidity_mass_columns,
)
from selections.root import import_root

ENERGY = 13000.0
TWO_JETS = {kind: np.empty((0, 4)) for kind in KINDS} | {
    "jet": np.array([[500.0, 1.0, 0.0, 0.0], [300.0, -1.0, np.pi, 0.0]]),
    "missing": (20.0, 1.0),
}


def four_momentum(pt, eta, phi, mass):
    px, py, pz = pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta)
    return np.array([math.sqrt(px**2 + py**2 + pz**2 + mass**2), px, py, pz])


def mass_of(momentum):
    return math.sqrt(max(momentum[0] ** 2 - (momentum[1:] ** 2).sum(), 0.0))


def rapidity(momentum):
    return 0.5 * math.log((momentum[0] + momentum[3]) / (momentum[0] - momentum[3]))


def transverse_energy(momentum):
    return momentum[0] * math.hypot(*momentum[1:3]) / math.sqrt((momentum[1:] ** 2).sum())


def numpy_matrix(event):
    """The definition of arXiv:1805.11650 in plain loops; objects (pt, eta, phi, mass) by kind."""
    matrix = np.zeros((SIZE, SIZE))
    missing, angle = event["missing"]
    missing = missing if missing > 30 else 0.0
    matrix[0, 0] = missing / ENERGY
    rows = []
    for kind, most in KINDS.items():
        momenta = [four_momentum(*one) for one in event[kind][:most]]
        for i, momentum in enumerate(momenta):
            now, before = transverse_energy(momentum), transverse_energy(momenta[max(i - 1, 0)])
            row = ROWS[kind] + i
            matrix[row, row] = now / ENERGY if i == 0 else max(0.0, before - now) / (before + now)
            rows.append((row, momentum))
    for row, one in rows:
        matrix[row, 0] = 0.15 * (math.cosh(rapidity(one)) - 1)
        if missing:
            px, py = one[1] + missing * math.cos(angle), one[2] + missing * math.sin(angle)
            square = (transverse_energy(one) + missing) ** 2 - px**2 - py**2
            matrix[0, row] = math.sqrt(max(square, 0.0)) / ENERGY
        for column, other in rows:
            if column > row:
                matrix[row, column] = mass_of(one + other) / ENERGY
                matrix[column, row] = 0.15 * (math.cosh((rapidity(one) - rapidity(other)) / 2) - 1)
    return np.minimum(matrix, 1.0)


def random_event(rng):
    def some(most, mass):
        n = rng.integers(0, most + 3)  # more than there are rows for
        pt = np.sort(30 + rng.exponential(200, n))[::-1]
        columns = [pt, rng.uniform(-2.4, 2.4, n), rng.uniform(-3.1, 3.1, n), mass * pt * rng.uniform(size=n)]
        return np.stack(columns, axis=1).astype(np.float32).astype(float)

    masses = {"jet": 0.2, "b_jet": 0.2, "electron": 0, "muon": 0, "photon": 0}
    event = {kind: some(most, masses[kind]) for kind, most in KINDS.items()}
    return event | {
        "missing": (float(np.float32(rng.exponential(60))), float(np.float32(rng.uniform(-3, 3))))
    }


def in_event_loop(events):
    """All columns of events as RDataFrame makes them."""
    headers.load(*HEADERS)
    root = import_root()
    frame = root.RDataFrame(len(events))
    store = {}
    for name in ("pt", "eta", "phi", "mass", "b_tag"):
        store[f"small_jet_{name}"] = [small_jets(event)[name] for event in events]
    for kind in ("electron", "muon", "photon"):
        for place, name in enumerate(("pt", "eta", "phi")):
            store[f"{kind}_{name}"] = [event[kind][:, place] for event in events]
    for name, values in store.items():
        held = root.std.vector["ROOT::RVecF"]()
        for value in values:
            held.push_back(root.RVecF(np.asarray(value, np.float32)))
        root.gInterpreter.Declare(f"namespace rmm_test {{ std::vector<ROOT::RVecF> {name}; }}")
        setattr(root.rmm_test, name, held)
        frame = frame.Define(name, f"rmm_test::{name}[rdfentry_]")
    for place, name in enumerate(("missing_pt", "missing_phi")):
        numbers = ", ".join(f"{event['missing'][place]!r}" for event in events)
        root.gInterpreter.Declare(f"namespace rmm_test {{ std::vector<float> {name} = {{{numbers}}}; }}")
        frame = frame.Define(name, f"rmm_test::{name}[rdfentry_]")
    for column in rapidity_mass_columns():
        frame = frame.Define(column.name, column.expression)
    return frame


def small_jets(event):
    """Jets and b jets in one collection, hardest first."""
    both = np.concatenate([event["jet"], event["b_jet"]])
    tags = np.repeat([0.1, 0.9], [len(event["jet"]), len(event["b_jet"])])
    order = np.argsort(-both[:, 0], kind="stable")
    return dict(zip(("pt", "eta", "phi", "mass"), both[order].T, strict=True)) | {"b_tag": tags[order]}


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(11)
    events = [TWO_JETS, *(random_event(rng) for _ in range(60))]
    frame = in_event_loop(events)
    names = [MATRIX, INPUTS, *(f"m_{pair}" for pair in PAIRS)]
    taken = {name: frame.Take[frame.GetColumnType(name)](name) for name in names}
    return events, {name: [np.array(one) for one in values.GetValue()] for name, values in taken.items()}


def test_all_cells_agree_with_numpy(made):
    events, columns = made
    filled = np.zeros((SIZE, SIZE), bool)
    for event, matrix, cells in zip(events, columns[MATRIX], columns[INPUTS], strict=True):
        expected = numpy_matrix(event)
        np.testing.assert_allclose(matrix, expected, atol=2e-6)
        kept = [expected[i, j] for i in range(SIZE) for j in range(SIZE) if (i, j) not in LEFT_OUT]
        assert cells.shape == (N_INPUTS,) == (1287,)
        np.testing.assert_allclose(cells, kept, atol=2e-6)
        assert matrix.min() >= 0 and matrix.max() <= 1
        filled |= matrix > 0
    assert filled.mean() > 0.95  # so that no cell went untested


def test_masses_of_pairs_are_those_that_the_inputs_lack(made):
    events, columns = made
    for (pair, (one, other)), (row, column) in zip(PAIRS.items(), LEFT_OUT, strict=True):
        for event, mass, matrix in zip(events, columns[f"m_{pair}"], columns[MATRIX], strict=True):
            there = len(event[one]) > 0 and len(event[other]) > (one == other)
            assert mass == (pytest.approx(ENERGY * matrix[row][column], rel=1e-4, abs=0.05) if there else -1)


def test_two_back_to_back_jets_are_known(made):
    matrix = made[1][MATRIX][0]
    assert matrix[1][1] == pytest.approx(500 / ENERGY)
    assert matrix[2][2] == pytest.approx((500 - 300) / 800)
    assert matrix[2][1] == matrix[1][0] == pytest.approx(0.15 * (math.cosh(1) - 1))
    assert matrix[1][2] == pytest.approx(math.sqrt(2 * 500 * 300 * (math.cosh(2) + 1)) / ENERGY)
    assert matrix[0][1] == matrix[0][0] == 0  # a missing momentum of 20 GeV counts as none
    assert np.count_nonzero(matrix) == 6


def test_lists_of_different_lengths_are_refused():
    headers.load(*HEADERS)
    root = import_root()
    with pytest.raises(Exception, match="objects have 1 pt, 2 eta"):
        root.mapless.objects(root.RVecF([1.0]), root.RVecF([1.0, 2.0]), root.RVecF([1.0]))
