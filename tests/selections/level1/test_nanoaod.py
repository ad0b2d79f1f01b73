from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections import headers
from selections.level1 import Level1Events, object_inputs, read
from selections.root import import_root


@pytest.fixture(scope="module")
def collisions(shared_data: Path) -> Path:
    return shared_data / "nanoaod" / "EGamma_2022E_v13.root"


@pytest.fixture(scope="module")
def events(collisions: Path) -> Level1Events:
    return read(collisions, seeds=("L1_SingleEG36er2p5", "L1_SingleJet180"))


def first(collisions: Path, kind: str, name: str) -> np.ndarray:
    """A coordinate of the first object in the right bunch crossing, 0 without."""
    columns = uproot.open(collisions)["Events"].arrays([f"{kind}_bx", f"{kind}_{name}"])
    inside = columns[f"{kind}_{name}"][columns[f"{kind}_bx"] == 0]
    return ak.to_numpy(ak.fill_none(ak.firsts(inside), 0))


def test_real_collisions_have_the_momenta_of_the_file(collisions: Path, events: Level1Events) -> None:
    objects = events.inputs("objects")
    assert len(events) == 100
    for kind, prefix in {"egamma": "L1EG", "jet": "L1Jet"}.items():
        pt = objects[:, object_inputs(kind)][:, 0]
        assert np.array_equal(pt * 0.5, first(collisions, prefix, "pt"))
    muon = objects[:, object_inputs("muon")][:, 0]
    assert np.array_equal((muon - (muon > 0)) * 0.5, first(collisions, "L1Mu", "pt"))


def test_directions_of_real_collisions_are_multiples_of_the_step(collisions: Path, events) -> None:
    jets = events.inputs("objects")[:, object_inputs("jet")]
    assert jets[:, 1] * 0.0435 == pytest.approx(first(collisions, "L1Jet", "eta"), abs=0.004)
    phi = np.remainder(first(collisions, "L1Jet", "phi"), 2 * np.pi)
    assert jets[:, 2] * 0.0435 == pytest.approx(phi, abs=0.004)


def test_triggers_of_real_collisions_agree_with_the_objects(events: Level1Events) -> None:
    fired = events.other_bits["L1_SingleEG36er2p5"]
    leading = events.inputs("objects")[:, 3] * 0.5
    assert fired.any()
    assert (leading[fired] >= 36).all()


def test_pileup_and_weight_of_collisions(events: Level1Events) -> None:
    assert 10 < np.median(events.n_pileup) < 60
    assert (events.weight == 1).all()


def test_all_physics_bits_are_read_by_default(collisions: Path) -> None:
    bits = read(collisions, max_events=5).other_bits
    assert "L1_SingleMu22" in bits
    assert not {"L1_AlwaysTrue", "L1_ZeroBias", "L1_BptxOR"} & bits.keys()
    assert all(len(values) == 5 for values in bits.values())


def test_other_bunch_crossings_are_left_out(shared_data: Path) -> None:
    path = shared_data / "nanoaod" / "DYto2E.root"
    assert set(uproot.open(path)["Events"]["L1EG_bx"].array().layout.content.data) == {-2, -1, 0, 1, 2}
    leading = read(path, seeds=(), max_events=200).inputs("objects")[:, 3] * 0.5
    assert np.array_equal(leading, first(path, "L1EG", "pt")[:200])


def test_file_without_level1_objects_is_told_in_one_line(shared_data: Path) -> None:
    with pytest.raises(MaplessError, match="has no level-1 objects; NanoAOD of 2022") as error:
        read(shared_data / "nanoaod" / "nano_tt_v12.root")
    assert "\n" not in str(error.value)


def test_unknown_bit_is_named(collisions: Path) -> None:
    with pytest.raises(MaplessError, match="no trigger bit L1_Nothing"):
        read(collisions, seeds=("L1_Nothing",))


def test_every_direction_that_nanoaod_stores_finds_its_integer() -> None:
    """CMS stores phi = n * 0.0435 (or n * 2 pi / 576) within (-pi, pi], with 10 bits of mantissa."""
    headers.load("mapless/level1_objects.h")
    level1 = import_root().mapless.level1
    for kind, step, n_phi in ((level1.jet, 0.0435, 144), (level1.muon, 2 * np.pi / 576, 576)):
        codes = np.arange(n_phi)
        angles = np.remainder(codes * step + np.pi, 2 * np.pi) - np.pi
        mantissa, exponent = np.frexp(angles)
        stored = np.ldexp(np.rint(mantissa * 2**11) / 2**11, exponent)
        inputs = np.zeros((n_phi, 57), np.int32)
        for phi, row in zip(stored, inputs, strict=True):
            level1.digitise(kind, 0, 50.0, 0.0, float(phi), row)
        assert inputs[:, 3 * kind.first_slot + 2].tolist() == codes.tolist()
