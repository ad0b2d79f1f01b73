"""Jets are corrected as correctionlib does it jet by jet, and stand in order afterwards."""

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from correctionlib import CorrectionSet, schemav2

from errors import MaplessError
from selections.jet_corrections import JetCorrections
from selections.snapshot import write
from selections.sources import open_events

KINDS = {"JetPt": "real", "JetEta": "real", "Rho": "real", "run": "int", "which": "string"}
PT, ETA, RHO, RUN, WORD = (schemav2.Variable(name=name, type=kind) for name, kind in KINDS.items())
FACTOR = schemav2.Variable(name="factor", type="real")
N = 300


def _formula(expression: str, *variables: str) -> schemav2.Formula:
    return schemav2.Formula(
        nodetype="formula", expression=expression, parser="TFormula", variables=list(variables)
    )


def _binned(variable: str, edges: list[float], content: list[object]) -> schemav2.Binning:
    return schemav2.Binning(nodetype="binning", input=variable, edges=edges, content=content, flow="clamp")


@pytest.fixture(scope="module")
def corrections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two levels that depend on pt, eta and rho, the two as one, and one by run and word."""
    level1 = schemav2.Correction(
        name="level1", version=1, inputs=[PT, ETA, RHO], output=FACTOR,
        data=_binned("JetEta", [-5, 0, 5], [_formula("1-y*2/x", "JetPt", "Rho"), 1.5]),
    )  # fmt: skip
    level2 = schemav2.Correction(
        name="level2", version=1, inputs=[PT, ETA], output=FACTOR,
        data=_formula("1.02+0.1*exp(-x/500)", "JetPt"),
    )  # fmt: skip
    by_run = schemav2.Correction(
        name="by_run", version=1, inputs=[RUN, WORD], output=FACTOR,
        data=schemav2.Category(
            nodetype="category", input="which",
            content=[
                {"key": "low", "value": 0.5},
                {"key": "high", "value": _binned("run", [0, 5, 10], [2.0, 3.0])},
            ],
        ),
    )  # fmt: skip
    both = schemav2.CompoundCorrection(
        name="both", inputs=[PT, ETA, RHO], output=FACTOR, inputs_update=["JetPt"],
        input_op="*", output_op="*", stack=["level1", "level2"],
    )  # fmt: skip
    content = schemav2.CorrectionSet(
        schema_version=2, corrections=[level1, level2, by_run], compound_corrections=[both]
    )
    path = tmp_path_factory.mktemp("corrections") / "jets.json"
    path.write_text(content.model_dump_json(exclude_unset=True))
    return path


@pytest.fixture(scope="module")
def nanoaod(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ak.Array]:
    """Events of PFNano with up to four jets, with two constituents each."""
    rng = np.random.default_rng(3)
    n_jets = rng.integers(0, 5, N)

    def uniform(low: float, high: float) -> ak.Array:
        return ak.unflatten(rng.uniform(low, high, int(n_jets.sum())).astype(np.float32), n_jets)

    owner = ak.flatten(ak.Array([[[jet] * 2 for jet in range(n)] for n in n_jets.tolist()]), axis=2)
    columns = {
        "run": rng.integers(1, 10, N).astype(np.uint32),
        "luminosityBlock": np.ones(N, np.uint32),
        "event": np.arange(N, dtype=np.uint64),
        "fixedGridRhoFastjetAll": rng.uniform(5, 40, N).astype(np.float32),
        "FatJet_pt": ak.sort(uniform(200, 900), ascending=False),
        "FatJet_eta": uniform(-2.4, 2.4),
        "FatJet_phi": uniform(-3, 3),
        "FatJet_mass": uniform(20, 200),
        "FatJet_tau1": uniform(0, 1),
        "FatJet_rawFactor": uniform(-0.2, 0.3),
        "FatJet_jetId": ak.values_astype(uniform(0, 8), np.int32),
        "FatJetPFCands_jetIdx": ak.values_astype(owner, np.int32),
        "FatJetPFCands_pFCandsIdx": ak.values_astype(ak.local_index(owner), np.int32),
        "PFCands_pt": ak.values_astype(10 + owner, np.float32),
        **{
            f"PFCands_{name}": ak.values_astype(owner * 0 + 1, np.float32)
            for name in ("eta", "phi", "mass", "puppiWeight")
        },
    }
    path = tmp_path_factory.mktemp("nanoaod") / "pfnano.root"
    with uproot.recreate(path) as file:
        file["Events"] = columns
    by_number = np.lexsort((columns["event"], columns["run"]))  # as snapshots are
    return path, ak.Array({name: values[by_number] for name, values in columns.items()})


def _evaluated(correction: object, *inputs: ak.Array) -> ak.Array:
    """A correction for every jet, by correctionlib in Python."""
    like = ak.broadcast_arrays(*inputs)
    flat = [np.asarray(ak.flatten(one), np.float64) for one in like]
    return ak.unflatten(correction.evaluate(*flat), ak.num(like[0]))  # type: ignore[attr-defined]


def _read(corrected: object, path: Path, *columns: str) -> ak.Array:
    return uproot.open(write(corrected, path, columns))["Events"].arrays()


def _same(found: ak.Array, expected: ak.Array) -> None:
    assert ak.all(ak.num(found) == ak.num(expected))
    np.testing.assert_allclose(ak.flatten(found), ak.flatten(expected), rtol=1e-6)


@pytest.mark.parametrize("names", [("both",), ("level1", "level2")])
def test_every_jet_is_corrected_from_its_raw_momentum_and_moves_to_its_place(
    names, corrections, nanoaod, tmp_path
):
    path, stored = nanoaod
    jets = JetCorrections("jet", corrections, names)
    columns = (
        "jet_pt",
        "jet_mass",
        "jet_eta",
        "jet_tau1",
        "jet_tight_id",
        "constituent_jet",
        "constituent_pt",
    )
    found = _read(
        jets.correct(open_events(path, triggers=[], filters=[])), tmp_path / "events.root", *columns
    )

    known = CorrectionSet.from_file(str(corrections))
    raw = stored.FatJet_pt * (1 - stored.FatJet_rawFactor)
    first = _evaluated(known["level1"], raw, stored.FatJet_eta, stored.fixedGridRhoFastjetAll)
    factor = first * _evaluated(known["level2"], raw * first, stored.FatJet_eta)
    order = ak.argsort(raw * factor, ascending=False, stable=True)
    assert ak.sum(order != ak.local_index(order)) > N / 4
    _same(found.jet_pt, (raw * factor)[order])
    _same(found.jet_mass, (stored.FatJet_mass * (1 - stored.FatJet_rawFactor) * factor)[order])
    _same(found.jet_eta, stored.FatJet_eta[order])
    _same(found.jet_tau1, stored.FatJet_tau1[order])
    _same(found.jet_tight_id, ((stored.FatJet_jetId & 2) > 0)[order])
    # constituents of 10, 11, 12 ... GeV tell which jet they were of
    _same(found.constituent_pt - 10, order[found.constituent_jet])


def test_words_and_whole_numbers_are_inputs_too(corrections, nanoaod, tmp_path):
    path, stored = nanoaod
    events = open_events(path, triggers=[], filters=[])
    high = JetCorrections("jet", corrections, ("by_run",), {"which": "high"}, undo=False)
    found = _read(high.correct(events), tmp_path / "events.root", "jet_pt")
    _same(found.jet_pt, stored.FatJet_pt * ak.where(stored.run < 5, 2.0, 3.0))


def test_corrections_of_cms_agree_jet_by_jet(shared_data, tmp_path):
    path = shared_data / "nanoaod" / "nano_tt_v12.root"
    file = shared_data / "corrections" / "jet_jerc_Summer22_V3.json.gz"
    name = "Summer22_22Sep2023_V3_MC_L1L2L3Res_AK4PFPuppi"
    found = _read(
        JetCorrections("jet", file, (name,)).correct(open_events(path)),
        tmp_path / "e.root",
        "jet_pt",
    )
    stored = uproot.open(path)["Events"].arrays(
        filter_name=["FatJet_*", "Rho_*", "run", "luminosityBlock", "event"]
    )
    raw = stored.FatJet_pt * (1 - stored.FatJet_rawFactor)
    correction = CorrectionSet.from_file(str(file)).compound[name]
    factor = _evaluated(
        correction, stored.FatJet_area, stored.FatJet_eta, raw, stored.Rho_fixedGridRhoFastjetAll
    )
    assert ak.sum(ak.num(raw)) > 100
    by_number = np.lexsort((stored.event, stored.luminosityBlock, stored.run))
    _same(found.jet_pt, ak.sort(raw * factor, ascending=False)[by_number])


@pytest.mark.parametrize(
    ("name", "inputs", "words"),
    [
        ("leve1", {}, "has no correction leve1; did you mean level1?"),
        ("nothing", {}, "has no correction nothing; it has by_run, level1, level2, both"),
        ("level1", {"rho": "x"}, "level1 have no input rho; there are JetEta, JetPt, Rho"),
        (
            "level1",
            {"Rho": "fixedGridRhoFastJetAll"},
            "needs the column fixedGridRhoFastJetAll for its input Rho, which the events lack; "
            "did you mean fixedGridRhoFastjetAll?",
        ),
        ("by_run", {}, "by_run needs a word for its input which"),
    ],
)
def test_names_that_are_not_there_are_refused_with_the_nearest(name, inputs, words, corrections, nanoaod):
    events = open_events(nanoaod[0], triggers=[], filters=[])
    with pytest.raises(MaplessError) as error:
        JetCorrections("jet", corrections, (name,), inputs).correct(events)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


BROKEN = {
    "empty": "",
    "no version": "{}",
    "a list": "[1]",
    "no corrections": '{"schema_version": 2}',
    "an old version": '{"schema_version": 1, "corrections": []}',
    "deep": "[" * 1_000_000,
    "a long formula": json.dumps([{"expression": "(" * 50_000 + "x" + ")" * 50_000}]),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_file_of_corrections_is_refused_in_one_line(content, tmp_path, nanoaod):
    (tmp_path / "broken.json").write_text(content)
    with pytest.raises(MaplessError, match=r"broken.json is no file of correctionlib") as error:
        JetCorrections("jet", tmp_path / "broken.json", ("x",)).correct(
            open_events(nanoaod[0], triggers=[], filters=[])
        )
    assert "\n" not in str(error.value)


def test_a_word_that_a_correction_does_not_know_ends_the_loop_in_one_line(corrections, nanoaod, tmp_path):
    events = open_events(nanoaod[0], triggers=[], filters=[])
    wrong = JetCorrections("jet", corrections, ("by_run",), {"which": "middle"})
    with pytest.raises(MaplessError, match="by_run: Index not available in Category") as error:
        write(wrong.correct(events), tmp_path / "events.root", ["jet_pt"])
    assert "\n" not in str(error.value)


def test_a_correction_is_applied_once(corrections, nanoaod):
    events = open_events(nanoaod[0], triggers=[], filters=[])
    with pytest.raises(MaplessError, match="level2 is named twice"):
        JetCorrections("jet", corrections, ("level2", "level2")).correct(events)


def test_jets_that_cannot_be_uncorrected_say_so(corrections, tmp_path):
    from selections.root import import_root
    from selections.sources import OpenedEvents

    frame = import_root().RDF.AsRNode(import_root().RDataFrame(3).Define("jet_pt", "ROOT::RVecF{1.f}"))
    events = OpenedEvents(frame, ("mine.root",), 3, 3, "simulation", "Events")
    with pytest.raises(MaplessError, match="mine.root lacks jet_rawFactor, .* say undo: false"):
        JetCorrections("jet", corrections, ("level2",)).correct(events)
    with pytest.raises(MaplessError, match="mine.root has no small_jet_pt to be corrected"):
        JetCorrections("small_jet", corrections, ("level2",)).correct(events)
