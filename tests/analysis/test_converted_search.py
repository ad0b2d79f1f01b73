"""The first search on files of others: CASE's HDF5 and the features of the LHC Olympics, converted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pytest
import uproot
import yaml

from analysis import searches
from analysis.conversions import conversions
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.pipeline import Pipeline
from analysis.sample import Sample, SamplePart
from analysis.source import Source
from analysis.stages.data_set import EVENTS
from errors import MaplessError
from selections.conversion.convert import from_root, to_root
from selections.events import StoredEvents

OF_FEATURES = (
    "data=direct",
    "injections={}",
    "signals=[signal]",
    "control={sample: by_hand}",
    "selection={mjj_min: 1900 GeV, jet_mass: plain, jet_features: [tau1, tau2, tau3]}",
)
REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY / "analysis" / "samples"
N_EVENTS = {"qcd_dijet": 12_000, "x_to_yy_3000": 3_000}
IDENTITY = ("run", "luminosity_block", "event", "weight", "truth_label")
OPTIONS: dict[str, Any] = {
    "injections": {"mine_signal": {"n_events": 300}},
    "signals": ["mine_signal"],
    "detectors": {
        "cwola": {
            "detector": "cwola-hunting-trees",
            "options": {"restarts": 1, "iterations": 10},
            "cut_options": {"kept": 0.05},
        }
    },
    "own_windows": {"W": {"low": 2725, "high": 3331, "masses": [2600, 3000, 3400], "kept": 0.05}},
    "windows": ["W"],
    "masses": {"low": 2600, "high": 4200, "step": 400},
    "global_significance": {"toys": 20},
}


def write_features(path: Path, events: Any) -> Path:
    """Two jets of each event as the LHC Olympics have them: no soft-drop mass and no more than three tau."""
    columns: dict[str, Any] = {}
    for jet in (1, 2):
        pt, eta, phi = (ak.to_numpy(events[f"jet_{name}"][:, jet - 1]) for name in ("pt", "eta", "phi"))
        momentum = (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta))
        columns |= dict(zip((f"{name}j{jet}" for name in ("px", "py", "pz")), momentum, strict=True))
        columns[f"mj{jet}"] = ak.to_numpy(events["jet_mass"][:, jet - 1])
        columns |= {f"tau{n}j{jet}": ak.to_numpy(events[f"jet_tau{n}"][:, jet - 1]) for n in (1, 2, 3)}
    columns["label"] = ak.to_numpy(events["truth_label"])
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group["block0_items"] = np.array(list(columns), dtype="S")
        group["block0_values"] = np.column_stack(list(columns.values()))
    return path


def write_part(name: str, path: Path) -> Any:
    """The first events of an embedded sample in a file of their own, and these events."""
    events = uproot.open(SAMPLES / f"{name}.root")["Events"].arrays(
        filter_name=["jet_*", *IDENTITY], entry_stop=N_EVENTS[name]
    )
    with uproot.recreate(path) as file:
        file.mkrntuple("Events", {field: events[field] for field in events.fields})
    return events


def converted(folder: Path, kind: str) -> dict[str, Any]:
    """Samples of converted files, as a configuration describes them."""
    samples = {}
    for name, role in (("qcd_dijet", "background"), ("x_to_yy_3000", "signal")):
        events = write_part(name, folder / f"{name}_part.root")
        if kind == "case":
            from_root(folder / f"{name}_part.root", folder / f"{name}.h5", "case")
        else:
            write_features(folder / f"{name}.h5", events)
        run = 2 if role == "signal" else 1
        to_root([folder / f"{name}.h5"], folder / f"{name}.root", first_run=run)
        mine = {"qcd_dijet": "mine", "x_to_yy_3000": "mine_signal"}[name]
        samples[mine] = {"role": role, "files": [f"{name}.root"], "luminosity": 1.76}
    samples["mine_signal"] |= {"mass": 3000}
    return samples


def test_files_of_other_formats_are_converted_first_and_tell_samples_apart(tmp_path: Path) -> None:
    """The features of the Olympics as a sample and as a signal: selected as what they are converted to."""
    for name in N_EVENTS:
        write_features(tmp_path / f"{name}.h5", write_part(name, tmp_path / f"{name}.root"))
    to_root([tmp_path / "qcd_dijet.h5"], tmp_path / "converted.root")
    files = {"direct": "qcd_dijet.h5", "by_hand": "converted.root", "signal": "x_to_yy_3000.h5"}
    samples = {name: {"role": "background", "files": [str(tmp_path / file)]} for name, file in files.items()}
    samples["signal"] |= {"role": "signal", "mass": 3000}
    plan = Pipeline(searches.load("cms-dijet", None, (f"samples={samples}", *OF_FEATURES))).plan
    stages = plan.selected([plan.data_set(Source("signal", name)) for name in files])
    run_stages(in_order(list(stages.values())), tmp_path / "out", Tools())
    found = {name: StoredEvents(stages[f"{name}-signal"].folder(tmp_path / "out") / EVENTS) for name in files}
    assert len(found["direct"]) == len(found["by_hand"]) > 10_000
    np.testing.assert_array_equal(found["direct"]["mjj"], found["by_hand"]["mjj"])
    runs = [set(np.unique(events["run"]).tolist()) for events in found.values()]
    assert not runs[0] & runs[2]


def test_a_part_with_files_to_convert_has_no_others(tmp_path: Path) -> None:
    part = SamplePart((tmp_path / "a.h5", tmp_path / "b.root"))
    with pytest.raises(MaplessError, match="mine: .*a.h5 has to be converted, others have not"):
        conversions(Sample("mine", "background", (part,)))


@pytest.mark.physics
@pytest.mark.parametrize("kind", ["case", "lhco-features"])
def test_the_search_runs_to_its_report_and_finds_the_injected_signal(tmp_path: Path, kind: str) -> None:
    selection = {} if kind == "case" else {"jet_mass": "plain", "jet_features": ["tau1", "tau2", "tau3"]}
    content = OPTIONS | {"data": "mine", "samples": converted(tmp_path, kind)}
    stored = yaml.safe_load((REPOSITORY / "analysis" / "configs" / "cms_dijet.yaml").read_text())
    content["selection"] = stored["selection"] | selection
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(stored | content))
    command = [
        sys.executable,
        str(REPOSITORY / "run_analysis.py"),
        "run",
        "--config",
        str(tmp_path / "mine.yaml"),
    ]
    done = subprocess.run(
        [*command, f"--output={tmp_path / 'out'}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "out" / "report.html").exists()
    fits = json.loads((tmp_path / "out" / "results.json").read_text())["fits"]
    largest = {
        name: max(fit["parts"][0]["search"]["scan"]["points"], key=lambda point: point["significance"])
        for name, fit in fits.items()
    }
    print(kind, largest)
    assert largest["mjj-cwola-W"]["mass"] == 3000
    assert largest["mjj-cwola-W"]["significance"] > 3
