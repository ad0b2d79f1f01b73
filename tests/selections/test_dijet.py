import awkward as ak
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections.dijet import FEATURES, dijet, dijet_control_region
from selections.root import import_root
from selections.sources import open_events

WITHOUT_COUNT = tuple(name for name in FEATURES if name != "n_constituents")
NANOAOD = {
    "jet_softdrop_mass": "FatJet_msoftdrop",
    "jet_tau1": "FatJet_tau1",
    "jet_tau2": "FatJet_tau2",
    "jet_lsf3": "FatJet_lsf3",
}


def reference(path, triggers, filters, mjj_min, delta_eta_max):
    """The selection once more with awkward arrays: yields after each cut, and columns of the last."""
    names = ("pt", "eta", "phi", "mass", "msoftdrop", "tau1", "tau2", "lsf3", "jetId")
    tree = uproot.open(path)["Events"]
    have = set(tree.keys())
    branches = [f"FatJet_{name}" for name in names]
    events = tree.arrays([*branches, *(t for t in (*triggers, *filters) if t in have)])
    counts = [len(events)]
    events = events[np.any([events[t] for t in triggers if t in have], axis=0)]
    counts.append(len(events))
    events = events[np.all([events[f] for f in filters if f in have], axis=0)]
    counts.append(len(events))
    finite = np.all(
        [
            ak.all(np.isfinite(events[f"FatJet_{name}"]), axis=1)
            for name in ("pt", "eta", "phi", "mass", "msoftdrop")
        ],
        axis=0,
    )
    events = events[finite]
    counts.append(len(events))
    good = (events.FatJet_pt > 300) & (abs(events.FatJet_eta) < 2.5) & ((events.FatJet_jetId & 2) != 0)
    jets = ak.zip({name: events[f"FatJet_{name}"] for name in names})[good]
    jets = jets[ak.argsort(jets.pt, ascending=False, stable=True)]
    two = ak.num(jets) >= 2
    events, jets = events[two], jets[two][:, :2]
    counts.append(len(events))
    jets = jets[ak.argsort(jets.msoftdrop, ascending=False, stable=True)]
    px, py, pz, energy = (np.zeros(len(jets)) for _ in range(4))
    for i in range(2):
        j = jets[:, i]
        pt, eta, phi, mass = (ak.to_numpy(j[name]).astype(float) for name in ("pt", "eta", "phi", "mass"))
        px, py, pz = px + pt * np.cos(phi), py + pt * np.sin(phi), pz + pt * np.sinh(eta)
        energy = energy + np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)
    mjj = np.sqrt(energy**2 - px**2 - py**2 - pz**2)
    delta_eta = ak.to_numpy(jets.eta[:, 0] - jets.eta[:, 1])
    counts.append(int((mjj > mjj_min).sum()))
    kept = (mjj > mjj_min) & (abs(delta_eta) < delta_eta_max)
    counts.append(int(kept.sum()))
    jets = jets[kept]
    return counts, {
        "mjj": mjj[kept],
        "delta_eta": delta_eta[kept],
        "jet1_softdrop_mass": ak.to_numpy(jets.msoftdrop[:, 0]),
        "jet2_tau21": ak.to_numpy(jets.tau2[:, 1] / (jets.tau1[:, 1] + 1e-6)),
        "jet2_sqrt_tau21_over_tau1": ak.to_numpy(
            np.sqrt(jets.tau2[:, 1] / (jets.tau1[:, 1] + 1e-6)) / (jets.tau1[:, 1] + 1e-6)
        ),
        "jet1_lsf3": np.clip(ak.to_numpy(jets.lsf3[:, 0]), 0, 1),
    }


@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("nanoaod_v12_simulation", FEATURES),
        ("nanoaod_2017_simulation", WITHOUT_COUNT),
        ("nanoaod_v13_data_2022", FEATURES),
        ("pfnano_simulation", FEATURES),
    ],
)
def test_yields_and_columns_agree_with_an_independent_selection(data, name, features):
    from selections.sources.nanoaod import FILTERS, TRIGGERS

    path = data / f"{name}.root"
    counts, columns = reference(path, TRIGGERS["2017"], FILTERS["2017"], 500, 1.3)
    selected = dijet(mjj_min=500, features=features)(open_events(path, year="2017"))
    assert list(selected.cutflow().events) == counts
    assert counts[-1] > 0
    got = selected.frame.AsNumpy(list(columns))
    for column, expected in columns.items():
        np.testing.assert_allclose(got[column], expected, rtol=2e-5, atol=1e-5, err_msg=column)


def test_a_tree_and_an_rntuple_of_the_same_events_give_the_same(data):
    tree, rntuple = (
        dijet(mjj_min=500)(open_events(data / f"pfnano_simulation{kind}.root")).frame.AsNumpy(
            ["mjj", "jet1_b_tag"]
        )
        for kind in ("", "_rntuple")
    )
    assert len(tree["mjj"]) == 9
    np.testing.assert_array_equal(tree["mjj"], rntuple["mjj"])
    np.testing.assert_array_equal(tree["jet1_b_tag"], rntuple["jet1_b_tag"])


@pytest.fixture(scope="module")
def pairs():
    """Canonical events made by hand: jets back to back, with what the control region looks at."""
    rows = [  # pt1, pt2, pt3, delta eta, which of them belongs into the control region by construction
        (800.0, 790.0, 0.0, 2.2),  # balanced and without third jet: out
        (900.0, 700.0, 0.0, 2.2),  # unbalanced, asymmetry 0.125: in
        (900.0, 700.0, 350.0, 2.2),  # hard third jet: out
        (900.0, 700.0, 0.0, 1.0),  # small delta eta: out
        (900.0, 700.0, 0.0, 2.6),  # large delta eta: out
        (800.0, 790.0, 290.0, 2.2),  # balanced in pt, jets not back to back: in through the share of m_jj^2
    ]
    root = import_root()
    frame = root.RDF.FromNumpy({f"c{i}": np.array([row[i] for row in rows], np.float32) for i in range(4)})
    definitions = {
        "jet_pt": "c2 > 0 ? ROOT::RVecF{c0, c1, c2} : ROOT::RVecF{c0, c1}",
        "jet_eta": "c2 > 0 ? ROOT::RVecF{c3 / 2, -c3 / 2, 0.f} : ROOT::RVecF{c3 / 2, -c3 / 2}",
        "phi2": "c2 > 0 && c2 < 300 ? 2.4f : 3.14159265f",
        "jet_phi": "c2 > 0 ? ROOT::RVecF{0.f, phi2, -1.f} : ROOT::RVecF{0.f, phi2}",
        "jet_mass": "ROOT::RVecF(jet_pt.size(), 0.f)",
        "jet_softdrop_mass": "ROOT::RVecF(jet_pt * 0.1f)",
        "jet_tight_id": "ROOT::RVecI(jet_pt.size(), 1)",
        "passes_trigger": "true",
        "passes_filters": "true",
        "run": "1u",
        "luminosity_block": "1u",
        "event": "rdfentry_",
    }
    for name, expression in definitions.items():
        frame = frame.Define(name, expression)
    return frame


def test_the_control_region_wants_unbalanced_jets_far_apart_and_no_hard_third_jet(pairs):
    kept = dijet_control_region(features=())(pairs).frame.AsNumpy(["event"])["event"]
    assert kept.tolist() == [1, 5]


def test_the_balanced_share_is_one_for_massless_jets_back_to_back(pairs):
    shares = dijet_control_region(features=())(pairs).uncut.AsNumpy(["balanced_share"])["balanced_share"]
    np.testing.assert_allclose(shares[:4], 1, rtol=1e-6)


def test_jet_one_is_the_heavier_by_softdrop_mass_not_the_harder(pairs):
    lighter = pairs.Redefine("jet_softdrop_mass", "ROOT::RVecF{10.f, 90.f, 500.f}")
    jets = dijet(features=(), mjj_min=0, delta_eta_max=9)(lighter).frame.AsNumpy(["jet1_pt", "jet2_pt"])
    assert jets["jet1_pt"][:2].tolist() == [790.0, 700.0]
    assert jets["jet2_pt"][:2].tolist() == [800.0, 900.0]


def test_values_outside_of_their_range_are_clipped(pairs):
    odd = pairs.Define("jet_lsf3", "ROOT::RVecF{-1.f, 1.5f, 0.f}").Define(
        "jet_b_tag", "ROOT::RVecF{-2.f, 0.3f, 0.f}"
    )
    selected = dijet(features=("lsf3", "b_tag"), mjj_min=0, delta_eta_max=9)(odd)
    first = {
        name: values[0]
        for name, values in selected.frame.AsNumpy(["jet1_lsf3", "jet2_lsf3", "jet1_b_tag"]).items()
    }
    assert first == pytest.approx({"jet1_lsf3": 0.0, "jet2_lsf3": 1.0, "jet1_b_tag": 0.0})


@pytest.mark.parametrize("name", ["eta", "phi", "mass", "pt", "softdrop_mass"])
@pytest.mark.parametrize("value", ["NAN", "INFINITY"])
def test_events_with_a_jet_that_is_not_finite_are_a_row_of_the_cutflow(pairs, name, value):
    broken = pairs.Redefine(f"jet_{name}", f"auto x = jet_{name}; if (event == 1) x[0] = {value}; return x;")
    cutflow = dijet(features=(), mjj_min=0, delta_eta_max=9)(broken).cutflow()
    counts = dict(zip(cutflow.titles, cutflow.events, strict=True))
    assert (counts["event filters"], counts["finite jets"], cutflow.events[-1]) == (6, 5, 5)


def test_constituents_follow_their_jet_hardest_first(data):
    events = open_events(data / "pfnano_simulation.root")
    names = [f"jet1_constituent_{part}" for part in ("pt", "eta", "phi")]
    selected = dijet(mjj_min=0, constituents=True)(events)
    jets = selected.frame.AsNumpy([*names, "jet1_eta", "jet1_phi"])
    for pt, eta, phi, jet_eta, jet_phi in zip(*jets.values(), strict=True):
        assert np.all(np.diff(np.asarray(pt)) <= 0)
        delta_phi = np.remainder(np.asarray(phi) - jet_phi + np.pi, 2 * np.pi) - np.pi
        assert np.hypot(np.asarray(eta) - jet_eta, delta_phi).max() < 1.0
        assert len(pt) <= 100


def test_an_unknown_feature_is_refused():
    with pytest.raises(MaplessError, match="no tau9; features are tau1"):
        dijet(features=("tau9",))


@pytest.mark.parametrize(("jet_mass", "column"), [("plain", "jet_mass"), ("trimmed", "jet_trimmed_mass")])
def test_the_mass_of_a_jet_is_a_choice(jet_mass, column):
    selection = dijet(jet_mass=jet_mass, features=())
    (pair,) = (one for one in selection.columns if one.name == "dijet_jets")
    assert column in pair.expression
    assert "jet_softdrop_mass" not in selection.required_columns()


def test_a_mass_that_jets_do_not_have_is_refused():
    with pytest.raises(MaplessError, match="jets have no pruned mass; choose from soft_drop, trimmed, plain"):
        dijet(jet_mass="pruned")
