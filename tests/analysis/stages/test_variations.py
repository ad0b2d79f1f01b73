"""Systematic variations change cutflows and selected events as the same selection redone by hand does."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from correctionlib import schemav2

from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage
from analysis.plan import Plan
from analysis.report.varied_yields import varied_yields
from analysis.sample import Sample
from analysis.sample_table import SampleSettings
from analysis.search import MassSpectrum, Search, SignalModel
from analysis.search_settings import SearchSettings
from analysis.source import Source
from analysis.stages.data_set import CUTFLOW
from fits.background_choice.smooth import Smooth
from input_files import parse_yaml
from selections.dijet import dijet
from selections.events import StoredEvents

N = 4000
PDF = 100
REPLICAS = 12
PAGE = (Path(__file__).parents[3] / "docs" / "conditions.md").read_text()
EXAMPLE = next(text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "  top:" in text)
MORE: dict[str, Any] = {
    "triggers": [],
    "filters": [],
    "cross_section": 4.0,
    "luminosity": 2.0,
    "sum_of_weights": 8000.0,  # so that weights are as they were
}


def _sample(folder: Path, **variations: Any) -> Sample:
    """The sample of the page, and further variations."""
    content = parse_yaml(EXAMPLE)["samples"]["top"] | MORE
    content["variations"] |= {
        "replicas": {"kind": "pdf", "members": f"1-{REPLICAS}", "combination": "replicas"}
    }
    content["variations"] |= variations
    return SampleSettings.model_validate(content).at(folder).sample("mine")


def _corrections() -> schemav2.CorrectionSet:
    """A relative uncertainty of 2 % or 8 % by eta, and weights by the number of collisions."""
    real = schemav2.Variable(name="JetEta", type="real")
    collisions = schemav2.Variable(name="NumTrueInteractions", type="real")
    words = schemav2.Variable(name="weights", type="string")
    output = schemav2.Variable(name="out", type="real")
    jet_energy_scale = {
        "nodetype": "binning",
        "input": "JetEta",
        "edges": [-5, 0, 5],
        "content": [0.02, 0.08],
        "flow": "error",
    }
    formulas = {
        word: {
            "nodetype": "formula",
            "expression": text,
            "parser": "TFormula",
            "variables": ["NumTrueInteractions"],
        }
        for word, text in {"nominal": "0.5+x/40", "up": "0.5+x/30", "down": "0.5+x/60"}.items()
    }
    by_word = {
        "nodetype": "category", "input": "weights",
        "content": [{"key": word, "value": formula} for word, formula in formulas.items()],
    }  # fmt: skip
    return schemav2.CorrectionSet.model_validate(
        {
            "schema_version": 2,
            "corrections": [
                {
                    "name": "Summer22_22Sep2023_V3_MC_Total_AK8PFPuppi",
                    "version": 1,
                    "inputs": [real],
                    "output": output,
                    "data": jet_energy_scale,
                },
                {
                    "name": "Collisions18_UltraLegacy_goldenJSON",
                    "version": 1,
                    "inputs": [collisions, words],
                    "output": output,
                    "data": by_word,
                },
            ],
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated events of two or three jets in the layout of NanoAOD, and a file of corrections."""
    folder, rng = tmp_path_factory.mktemp("varied"), np.random.default_rng(5)
    n_jets = rng.integers(2, 4, N)

    def jets(low: float, high: float) -> ak.Array:
        return ak.unflatten(rng.uniform(low, high, int(n_jets.sum())).astype(np.float32), n_jets)

    def weights(n: int, width: float) -> np.ndarray:
        return ak.from_regular(rng.normal(1, width, (N, n)).astype(np.float32))

    (folder / "top").mkdir()
    with uproot.recreate(folder / "top" / "nano.root") as file:
        file["Events"] = {
            "run": np.ones(N, np.uint32),
            "luminosityBlock": np.ones(N, np.uint32),
            "event": np.arange(N, dtype=np.uint64),
            "genWeight": rng.uniform(0.5, 1.5, N).astype(np.float32),
            "Pileup_nTrueInt": rng.uniform(10, 60, N).astype(np.float32),
            "PSWeight": weights(4, 0.2),
            "LHEPdfWeight": weights(PDF + 3, 0.01),
            "LHEScaleWeight": weights(9, 0.1),
            "FatJet_pt": jets(250, 900),
            "FatJet_eta": jets(-2.6, 2.6),
            "FatJet_phi": jets(-3, 3),
            "FatJet_mass": jets(20, 200),
            "FatJet_msoftdrop": jets(20, 200),
            "FatJet_jetId": ak.values_astype(jets(0, 8), np.int32),
        }
    for name in ("jet_jerc.json.gz", "puWeights.json.gz"):
        content = _corrections().model_dump_json(exclude_unset=True)
        (folder / name).write_bytes(gzip.compress(content.encode()))
    return folder


def _plan(sample: Sample) -> Plan:
    spectrum = MassSpectrum(
        "mjj",
        "mjj",
        "signal",
        (1200.0, 1300.0),
        Smooth(family="dijet", parameters=(2,)),
        SignalModel(),
        (1250.0,),
    )
    regions = {"signal": dijet(mjj_min=1200.0, features=())}
    search = Search("a-search", "", "", "mine", {"mine": sample}, regions, (spectrum,))
    return Plan(search, SearchSettings(search="a-search", data="mine"))


def _stages(plan: Plan, sample: Sample) -> dict[str, Stage]:
    sources = [Source("signal", "mine", shift) for shift in ("nominal", *sample.shifts)]
    return {
        source.shift: stage for source in sources for stage in plan.selected([plan.data_set(source)]).values()
    }


@pytest.fixture(scope="module")
def varied(folder: Path) -> dict[str, Path]:
    """Folders of the products of all shifts of the sample, by shift."""
    sample = _sample(folder)
    stages = _stages(_plan(sample), sample)
    run_stages(list(stages.values()), folder / "out", Tools())
    return {shift: stage.folder(folder / "out") for shift, stage in stages.items()}


@pytest.fixture(scope="module")
def stored(folder: Path) -> ak.Array:
    """The events as they are in the file, with the nominal weight."""
    events = uproot.open(folder / "top" / "nano.root")["Events"].arrays()
    return ak.with_field(events, events.genWeight * (0.5 + events.Pileup_nTrueInt / 40), "weight")


def _content(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / CUTFLOW).read_text())
    return content


def _selected_by_hand(stored: ak.Array, energy: Any = 1.0, mass: Any = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Mask of the events that pass the dijet selection, and m_jj, with scaled jets."""
    jets = ak.zip(
        {
            "pt": stored.FatJet_pt * energy,
            "eta": stored.FatJet_eta,
            "phi": stored.FatJet_phi,
            "mass": stored.FatJet_mass * energy * mass,
        }
    )
    good = jets[((stored.FatJet_jetId & 2) > 0) & (abs(jets.eta) < 2.5) & (jets.pt > 300)]
    two = ak.fill_none(
        ak.pad_none(good[ak.argsort(good.pt, ascending=False)], 2)[:, :2],
        {name: 0 for name in jets.fields},
        axis=1,
    )
    px, py, pz = two.pt * np.cos(two.phi), two.pt * np.sin(two.phi), two.pt * np.sinh(two.eta)
    energies = np.sqrt(px**2 + py**2 + pz**2 + two.mass**2)
    total = [np.asarray(ak.sum(part, axis=1), np.float64) for part in (energies, px, py, pz)]
    mjj = np.sqrt(np.maximum(total[0] ** 2 - total[1] ** 2 - total[2] ** 2 - total[3] ** 2, 0))
    delta_eta = np.asarray(abs(two.eta[:, 0] - two.eta[:, 1]))
    return (np.asarray(ak.num(good)) >= 2) & (mjj > 1200) & (delta_eta < 1.3), mjj


SCALES: dict[str, Any] = {
    "nominal": lambda _: 1.0,
    "jet_energy_offset:up": lambda _: 1.05,
    "jet_energy_offset:down": lambda _: 0.95,
    "jet_energy_scale:up": lambda stored: 1 + ak.where(stored.FatJet_eta < 0, 0.02, 0.08),
    "jet_energy_scale:down": lambda stored: 1 - ak.where(stored.FatJet_eta < 0, 0.02, 0.08),
}


@pytest.mark.parametrize("shift", SCALES)
def test_shifted_jets_are_selected_as_by_hand(shift: str, varied: dict[str, Path], stored: ak.Array) -> None:
    passed, mjj = _selected_by_hand(stored, SCALES[shift](stored))
    content = _content(varied[shift])
    last = content["cutflow"]["cuts"][-1]
    assert last["events"] == passed.sum() > N / 50
    assert last["weighted"] == pytest.approx(np.asarray(stored.weight)[passed].sum(), rel=1e-5)
    events = StoredEvents(varied[shift] / "events.root")
    np.testing.assert_array_equal(events["event"], np.asarray(stored.event)[passed])
    np.testing.assert_allclose(events["mjj"], mjj[passed], rtol=1e-5)


def test_shifts_move_events_in_and_out(varied: dict[str, Path]) -> None:
    counts = {shift: _content(folder)["cutflow"]["cuts"][-1]["events"] for shift, folder in varied.items()}
    columns = {shift: StoredEvents(folder / "events.root").columns for shift, folder in varied.items()}
    assert all(columns[shift] <= columns["nominal"] for shift in varied)
    assert all(name.startswith("weight_") for name in columns["nominal"] - columns["jet_mass_scale:up"])
    assert counts["jet_energy_offset:down"] < counts["nominal"] < counts["jet_energy_offset:up"]
    assert list(varied) == [
        "nominal",
        *(
            f"{name}:{tag}"
            for name in ("jet_energy_scale", "jet_energy_offset", "jet_mass_scale")
            for tag in ("up", "down")
        ),
        "jet_mass_resolution:up",
    ]


def _weights_by_hand(stored: ak.Array) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Ratios to the nominal weight, up and down."""
    shower = np.asarray(stored.PSWeight)
    collisions = np.asarray(stored.Pileup_nTrueInt, np.float64)
    nominal = 0.5 + collisions / 40
    ones = np.ones(N)
    return {
        "initial_state_radiation": (shower[:, 0], shower[:, 2]),
        "final_state_radiation": (shower[:, 1], shower[:, 3]),
        "pileup": ((0.5 + collisions / 30) / nominal, (0.5 + collisions / 60) / nominal),
        "trigger": (1.03 * ones, 0.97 * ones),
        "strong_coupling": tuple(np.asarray(stored.LHEPdfWeight)[:, place] for place in (102, 101)),
    }


def test_varied_weights_add_up_as_by_hand_after_every_cut(varied: dict[str, Path], stored: ak.Array) -> None:
    passed, _ = _selected_by_hand(stored)
    content = _content(varied["nominal"])
    weight = np.asarray(stored.weight, np.float64)
    events = StoredEvents(varied["nominal"] / "events.root")
    for name, ratios in _weights_by_hand(stored).items():
        for tag, ratio in zip(("up", "down"), ratios, strict=True):
            rows = content["variations"][name][tag]
            assert rows[0] == pytest.approx((weight * ratio).sum(), rel=1e-5)
            assert rows[-1] == pytest.approx((weight * ratio)[passed].sum(), rel=1e-5)
            np.testing.assert_allclose(events[f"weight_{name}_{tag}"], (weight * ratio)[passed], rtol=1e-5)


def test_sets_of_weights_are_combined_from_the_yields_of_their_members(
    varied: dict[str, Path], stored: ak.Array
) -> None:
    passed, _ = _selected_by_hand(stored)
    weight = np.asarray(stored.weight, np.float64)[passed]
    found = {
        name: (one["up"][-1], one["down"][-1])
        for name, one in _content(varied["nominal"])["variations"].items()
    }
    members = np.asarray(stored.LHEPdfWeight, np.float64)[passed, 1 : PDF + 1]
    yields = (weight[:, None] * members).sum(axis=0)
    hessian = np.sqrt(((yields - weight.sum()) ** 2).sum())
    assert found["pdf"] == pytest.approx((weight.sum() + hessian, weight.sum() - hessian), rel=1e-5)
    replicas = yields[:REPLICAS].std(ddof=1)
    assert found["replicas"] == pytest.approx((weight.sum() + replicas, weight.sum() - replicas), rel=1e-5)
    scales = np.asarray(stored.LHEScaleWeight, np.float64)[passed]
    scaled = [weight.sum(), *((weight * scales[:, i]).sum() for i in (0, 1, 3, 5, 7, 8))]
    assert found["renormalisation_and_factorisation"] == pytest.approx((max(scaled), min(scaled)), rel=1e-5)
    columns = StoredEvents(varied["nominal"] / "events.root")["weight_pdf"]
    np.testing.assert_allclose(columns, weight[:, None] * members, rtol=1e-5)


def test_the_report_tells_relative_changes(varied: dict[str, Path]) -> None:
    rows = {(row["variation"], row["shift"]): row for row in varied_yields([*map(_content, varied.values())])}
    assert rows["trigger", "up"]["of_yield"] == pytest.approx(0.03, rel=1e-4)
    assert rows["trigger", "up"]["of_efficiency"] == pytest.approx(0, abs=1e-6)
    nominal, up = (
        _content(varied[shift])["cutflow"]["cuts"][-1] for shift in ("nominal", "jet_energy_scale:up")
    )
    assert rows["jet_energy_scale", "up"]["of_yield"] == pytest.approx(
        up["weighted"] / nominal["weighted"] - 1
    )
    assert rows["jet_energy_scale", "up"]["origin"].startswith("Summer22")
    assert rows["jet_energy_offset", "down"]["origin"] == "5.00%"
    assert rows["pdf", "up"]["origin"] == f"LHEPdfWeight, hessian of {PDF}"
    assert len(rows) == 7 + 2 * 8


def test_a_further_shift_leaves_the_nominal_selection_as_it_is(folder: Path, varied: dict[str, Path]) -> None:
    sample = _sample(folder, another={"kind": "jet_energy_scale", "size": 0.01})
    stages = _stages(_plan(sample), sample)
    assert stages["nominal"].folder(folder / "out") == varied["nominal"]
    assert not stages["another:up"].is_done(folder / "out")
    run_stages([stages["another:up"]], folder / "out", Tools())
    nominal = _content(varied["nominal"])["cutflow"]["cuts"][-1]["events"]
    assert _content(stages["another:up"].folder(folder / "out"))["cutflow"]["cuts"][-1]["events"] > nominal


def test_the_code_that_makes_a_variation_counts_for_its_stages_alone(folder: Path) -> None:
    sample = _sample(folder)
    stages = _stages(_plan(sample), sample)
    assert "selections.jet_variations" in stages["jet_energy_scale:up"].code
    assert "selections.jet_variations" not in stages["nominal"].code
