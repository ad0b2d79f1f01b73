from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from errors import MaplessError
from selections.level1 import OBJECT_SLOTS, object_inputs, read
from selections.level1.hdf5 import CLASSES

N = 40
NAMES = {"egamma": ("egammas", "egI"), "muon": ("muons", "muonI"), "jet": ("jets", "jetI")}


@pytest.fixture
def objects() -> np.ndarray:
    """Valid hardware integers with empty slots."""
    rng = np.random.default_rng(3)
    pt = -np.sort(-rng.geometric(0.03, (N, 19)), axis=1) % 500
    eta, phi = rng.integers(-60, 60, (N, 19)), rng.integers(0, 144, (N, 19))
    eta[:, 0] = 0
    return (np.stack([pt, eta, phi], axis=2) * (pt > 0)[:, :, None]).reshape(N, 57)


def write_h5(path: Path, **datasets: np.ndarray) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name.replace("__", "/")] = values
    return path


@pytest.mark.parametrize("shape", [(N, 57), (N, 19, 3), (N, 19, 4)])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_hdf5_objects_come_back(tmp_path: Path, objects, shape: tuple[int, ...], dtype: type) -> None:
    stored = objects.reshape(N, 19, 3)
    if shape[-1] == 4:
        classes = CLASSES * (stored[:, :, 0] > 0)
        stored = np.concatenate([stored, classes[:, :, None]], axis=2)
    path = write_h5(tmp_path / "x.h5", Particles=stored.reshape(shape).astype(dtype))
    assert np.array_equal(read(path).inputs("objects"), objects)


def test_hdf5_in_gev_is_digitised(tmp_path: Path, objects) -> None:
    stored = objects.reshape(N, 19, 3).astype(float)
    stored[:, 5:9, 0] = 0  # no muons
    step = np.array([0.5, 0.0435, 2 * np.pi / 144])
    path = write_h5(tmp_path / "x.h5", Particles=stored * step)
    expected = stored * (stored[:, :, :1] > 0)
    assert np.array_equal(read(path).inputs("objects"), expected.reshape(N, 57))
    with pytest.raises(MaplessError, match="not made of hardware integers; say units='gev'"):
        read(path, units="hardware")


@pytest.mark.parametrize("name", ["CaloRegions", "CaloRegions__et"])
def test_hdf5_regions_come_back_with_pileup_and_acceptance(tmp_path: Path, name: str) -> None:
    regions = np.random.default_rng(1).integers(0, 1024, (N, 18, 14))
    accepted = np.arange(N) % 3 == 0
    path = write_h5(
        tmp_path / "x.h5", **{name: regions}, PV_npvs=np.arange(N)[:, None], AcceptanceFlag=accepted
    )
    events, everything = read(path), read(path, accepted_only=False, max_events=10)
    assert np.array_equal(events.inputs("regions"), regions[accepted])
    assert events.n_pileup.tolist() == np.flatnonzero(accepted).tolist()
    assert len(everything) == 10


def test_hdf5_bits_of_other_triggers_come_back(tmp_path: Path, objects) -> None:
    bits = np.arange(N) % 2 == 0
    path = write_h5(tmp_path / "x.h5", full_data_cyl=objects, L1_SingleMu22=bits)
    assert np.array_equal(read(path).other_bits["L1_SingleMu22"], bits)


def columns(objects: np.ndarray) -> dict[str, dict[str, list]]:
    """Lists as in L1Ntuples: only the objects that exist, and more than a network takes."""
    slots = {kind: objects[:, object_inputs(kind)].reshape(N, -1, 3) for kind in OBJECT_SLOTS}
    tables: dict[str, dict[str, list]] = {"MET": {"Et": slots["met"][:, :, 0].tolist()}}
    tables["MET"]["phi"] = slots["met"][:, :, 2].tolist()
    for kind, (folder, prefix) in NAMES.items():
        tables[folder] = {
            prefix + name: [event[event[:, 0] > 0, i].tolist() + [1] for event in slots[kind]]
            for i, name in enumerate(("Et", "Eta", "Phi"))
        }
    tables["event_info"] = {"nPV_True": list(range(N))}
    return tables


@pytest.fixture
def full(objects) -> np.ndarray:
    """Objects without a gap, so that the extra object of each list is one too many."""
    objects[:, ::3] = np.maximum(objects[:, ::3], 2)
    return objects


def test_parquet_file_comes_back(tmp_path: Path, full) -> None:
    flat = {f"{folder}_{name}": v for folder, table in columns(full).items() for name, v in table.items()}
    flat["L1_SingleMu22"] = [True] * N
    pq.write_table(pa.table(flat), tmp_path / "x.parquet")
    events = read(tmp_path / "x.parquet")
    assert np.array_equal(events.inputs("objects"), full)
    assert events.n_pileup.tolist() == list(range(N))
    assert events.other_bits["L1_SingleMu22"].all()


def test_parquet_folder_comes_back(tmp_path: Path, full) -> None:
    for folder, table in columns(full).items():
        (tmp_path / folder).mkdir()
        pq.write_table(pa.table(table), tmp_path / folder / "part0.parquet")
    assert np.array_equal(read(tmp_path).inputs("objects"), full)


def test_parquet_without_jets_is_told_in_one_line(tmp_path: Path, full) -> None:
    pq.write_table(pa.table({"MET_Et": [[1]], "MET_phi": [[1]]}), tmp_path / "x.parquet")
    with pytest.raises(MaplessError, match="no column egammas_egIEt") as error:
        read(tmp_path / "x.parquet")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ({"Particles": np.zeros((4, 18, 3))}, r"neither objects .* it holds Particles \(4, 18, 3\)"),
        ({"CaloRegions": np.zeros((4, 18, 15))}, r"regions are \(N, 18, 14\)"),
        ({"CaloRegions": np.full((4, 18, 14), 2000)}, "from 0 to 1023"),
        ({"a": np.zeros((4, 57)), "b": np.zeros((4, 57))}, "choose one by dataset="),
        ({"Particles": np.ones((4, 19, 4))}, "slot 1 holds not only class 2"),
        ({"Particles": np.zeros((0, 57))}, "holds no level-1 events"),
        ({}, "it holds nothing"),
    ],
)
def test_wrong_hdf5_is_told_in_one_line(tmp_path: Path, datasets, message: str) -> None:
    with pytest.raises(MaplessError, match=message) as error:
        read(write_h5(tmp_path / "x.h5", **datasets))
    assert "\n" not in str(error.value)


def test_what_is_no_event_file_is_told_in_one_line(tmp_path: Path) -> None:
    for name in ("x.h5", "x.parquet", "x.txt", "x.root"):
        (tmp_path / name).write_text("no events")
        with pytest.raises(MaplessError) as error:
            read(tmp_path / name)
        assert "\n" not in str(error.value)
    with pytest.raises(MaplessError, match="does not exist"):
        read(tmp_path / "absent.h5")
    with pytest.raises(MaplessError, match="no format 'hdf'"):
        read(tmp_path / "x.h5", format="hdf")
