"""Ratios of Lund planes: measured on jets whose answer is known, written and read, and applied."""

import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections.lund_measurement import EDGES, measured_plane, measured_ratio
from selections.lund_ratio import LundRatio, Splittings
from selections.lund_ratio_file import read_lund_ratio, write_lund_ratio
from selections.lund_weights import lund_weights

N_JETS, PER_JET = 20_000, 12


def toy(seed, n_jets=N_JETS):
    """Jets of one subjet with twelve splittings each, spread over part of the plane; and the subjets' pt."""
    random = np.random.default_rng(seed)
    pt = random.uniform(20, 600, n_jets)
    jet = np.repeat(np.arange(n_jets), PER_JET)
    where = random.uniform(0, 4, len(jet)), random.uniform(-1, 3, len(jet))
    return Splittings(jet, pt[jet], *where), pt


def hardened(splittings):
    """Weights of splittings in a world of harder ones: 20 % more above some ln kt, 10 % less below."""
    return np.where(splittings.log_kt > EDGES[2][11], 1.2, 0.9)


@pytest.fixture(scope="module")
def ratio():
    """Of the harder world, whose jets are weighted, and of jets without weight."""
    simulation, data = toy(1), toy(2)
    of_jet = np.exp(np.bincount(data[0].jet, np.log(hardened(data[0]))))
    weights = of_jet[data[0].jet], of_jet
    return measured_ratio(measured_plane(*data, weights), measured_plane(*simulation))


def test_a_sample_against_itself_gives_weights_of_one():
    splittings, pt = toy(3, 2000)
    plane = measured_plane(splittings, pt)
    weights = lund_weights(measured_ratio(plane, plane), splittings, 2000, toys=3)
    np.testing.assert_allclose(weights["nom"], 1, rtol=1e-12)
    assert weights["stat_vars"].shape == weights["pt_vars"].shape == (2000, 3)


def test_jets_are_turned_into_those_of_the_other_sample(ratio):
    splittings, _ = toy(4)
    weights = lund_weights(ratio, splittings, N_JETS, toys=20)
    truth = np.exp(np.bincount(splittings.jet, np.log(hardened(splittings))))
    hard = np.bincount(splittings.jet, splittings.log_kt > EDGES[2][11])
    wanted, before = np.average(hard, weights=truth), hard.mean()
    after = np.average(hard, weights=weights["nom"])
    assert before < wanted - 0.3
    # both samples have errors, which the toys know
    toys = [np.average(hard, weights=toy_weights) for toy_weights in weights["stat_vars"].T]
    assert abs(after - wanted) < 3 * np.std(toys) + 0.02
    assert np.corrcoef(weights["nom"], truth)[0, 1] > 0.85


def test_beyond_the_plane_nothing_changes_and_above_the_last_pt_a_polynomial_counts(ratio):
    splittings = Splittings(
        np.arange(3), np.array([200.0, 5.0, 500.0]), np.array([-3.0, 1.0, 1.0]), np.array([0.0, 0.0, 0.0])
    )
    changed = np.zeros_like(ratio.coefficients["nominal"])
    changed[..., 0], changed[..., 1] = 1.5, 100.0
    beyond = ratio.__class__(
        **{**vars(ratio), "coefficients": dict.fromkeys(("nominal", "up", "down"), changed)}
    )
    np.testing.assert_allclose(beyond.at(splittings), [1.0, 1.0, 1.5 + 100 / 500])


def test_what_is_no_ratio_is_one_line(tmp_path):
    with pytest.raises(MaplessError, match="no file"):
        read_lund_ratio(tmp_path / "none.root")
    with uproot.recreate(tmp_path / "other.root") as file:
        file["something"] = np.histogram([1.0])
    with pytest.raises(MaplessError, match="no ratio of Lund planes: it has no ratio_nom"):
        read_lund_ratio(tmp_path / "other.root")


def test_a_plane_without_subjets_is_refused_and_one_without_some_says_nothing_there():
    splittings, pt = toy(6, 100)
    with pytest.raises(MaplessError, match="no subjets above 10 GeV"):
        measured_plane(splittings, np.full(100, 5.0))
    plane = measured_plane(splittings._replace(subjet_pt=splittings.subjet_pt / 3), pt / 3)
    ratio = measured_ratio(plane, plane)
    assert not ratio.values["nominal"][4:].any()
    np.testing.assert_array_equal(ratio.at(splittings), 1)


def with_value(array, value):
    changed = array.copy()
    changed.flat[3] = value
    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: {"errors": r.errors[:-1]}, "have different bins"),
        (lambda r: {"values": {**r.values, "up": r.values["up"][:, :, :-1]}}, "have different bins"),
        (lambda r: {"coefficients": {**r.coefficients, "down": r.errors}}, "have different bins"),
        (
            lambda r: {"values": {**r.values, "nominal": with_value(r.errors, np.nan)}},
            "holds NaN or infinity",
        ),
        (lambda r: {"covariances": with_value(r.covariances, np.inf)}, "holds NaN or infinity"),
        (lambda r: {"bottom": with_value(r.bottom, -1.0)}, "a value or error below 0"),
        (lambda r: {"edges": (*r.edges[:2], r.edges[2][::-1])}, "do not rise"),
    ],
)
def test_a_ratio_that_cannot_be_is_refused(ratio, change, message):
    parts = {**vars(ratio), **change(ratio)}
    with pytest.raises(MaplessError, match=message):
        LundRatio(**parts)


@pytest.fixture(scope="module")
def small_file(ratio, tmp_path_factory):
    """A file of a few bins, with three terms of which two are correlated."""
    shape = (2, 2, 2)
    covariances = np.zeros((2, 2, 3, 3))
    covariances[..., 0, 1] = covariances[..., 1, 0] = 0.25
    covariances[..., range(3), range(3)] = 1.0
    made = LundRatio(
        tuple(np.arange(3.0) for _ in shape),
        {shift: np.arange(1.0, 9).reshape(shape) + n for n, shift in enumerate(("nominal", "up", "down"))},
        np.full(shape, 0.5),
        {shift: np.arange(12.0).reshape(2, 2, 3) for shift in ("nominal", "up", "down")},
        covariances,
        np.full(shape, 2.0),
    )
    path = tmp_path_factory.mktemp("lund") / "small.root"
    write_lund_ratio(made, path)
    return made, path


def test_a_ratio_of_three_terms_is_read_as_it_was_written(small_file):
    made, path = small_file
    read = read_lund_ratio(path)
    for name in ("values", "coefficients"):
        for shift, wanted in getattr(made, name).items():
            np.testing.assert_array_equal(getattr(read, name)[shift], wanted)
    for name in ("errors", "covariances", "bottom"):
        np.testing.assert_array_equal(getattr(read, name), getattr(made, name))


@pytest.mark.parametrize("part", np.linspace(0, 0.98, 25).round(2))
def test_damaged_bytes_of_a_ratio_are_one_line_or_change_numbers_alone(small_file, part, tmp_path):
    content = bytearray(small_file[1].read_bytes())
    place = int(part * len(content))
    content[place : place + 16] = np.random.default_rng(place).bytes(16)
    (tmp_path / "damaged.root").write_bytes(content)
    try:
        read = read_lund_ratio(tmp_path / "damaged.root")
    except MaplessError as error:
        assert "\n" not in str(error) and "damaged.root" in str(error)
    else:
        assert read.errors.shape == (2, 2, 2)
