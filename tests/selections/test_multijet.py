import numpy as np
import pytest

from selections import snapshot
from selections.graph import book
from selections.multijet import multijet, multijet_columns, multijet_control_region
from selections.root import import_root


@pytest.fixture(scope="module")
def events():
    """Five jets in random directions for each of 300 events, of which some are soft, far forward or loose."""
    root = import_root()
    frame = root.RDataFrame(300)

    def values(seed, draw):
        draws = f"TRandom3 random({seed} + 100 * rdfentry_); ROOT::RVecF v(5);"
        return f"{draws} for (auto &x : v) x = random.{draw}; return v;"

    definitions = {
        "jet_pt": values(1, "Uniform(50, 900)"),
        "jet_eta": values(2, "Gaus(0, 1.2)"),
        "jet_phi": values(3, "Uniform(-3, 3)"),
        "jet_mass": values(4, "Uniform(5, 200)"),
        "jet_softdrop_mass": "ROOT::RVecF(jet_mass * 0.8f)",
        **{f"jet_tau{n}": values(10 + n, "Uniform(0.1, 0.9)") for n in (1, 2, 3)},
        "jet_n_constituents": "ROOT::RVecI{11, 12, 13, 14, 15}",
        "jet_tight_id": "ROOT::RVecI{1, rdfentry_ % 3 != 0, 1, rdfentry_ % 4 != 0, rdfentry_ % 5 != 0}",
        "passes_trigger": "rdfentry_ % 10 != 0",
        "passes_filters": "rdfentry_ % 11 != 0",
        "run": "1u",
        "luminosity_block": "1u",
        "event": "rdfentry_",
    }
    for name, expression in definitions.items():
        frame = frame.Define(name, expression)
    return frame


def reference(events):
    """The selection once more in numpy, event by event."""
    names = ("pt", "eta", "phi", "mass", "softdrop_mass", "tau2", "tau1", "tight_id")
    rows = events.AsNumpy([*(f"jet_{name}" for name in names), "passes_trigger", "passes_filters", "event"])
    for i, event in enumerate(rows["event"]):
        jets = {name: np.asarray(rows[f"jet_{name}"][i], float) for name in names}
        good = np.flatnonzero((jets["pt"] > 150) & (np.abs(jets["eta"]) < 2.5) & (jets["tight_id"] > 0))
        order = good[np.argsort(-jets["pt"][good])]
        if len(order) < 2 or not (rows["passes_trigger"][i] and rows["passes_filters"][i]):
            continue
        pt, eta, phi, mass = (jets[name][order] for name in ("pt", "eta", "phi", "mass"))
        momenta = np.array([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
        energy = np.sqrt(np.sum(momenta**2, axis=0) + mass**2)

        def mass_of(n, energy=energy, momenta=momenta):
            return np.sqrt(energy[:n].sum() ** 2 - np.sum(momenta[:, :n].sum(axis=1) ** 2))

        yield {
            "event": event,
            "n_jets": len(order),
            "mjj": mass_of(2),
            "mjjj": mass_of(3) if len(order) > 2 else 0,
            "delta_eta": eta[0] - eta[1],
            "sum_pt": pt.sum(),
            "jet2_pt": pt[1],
            "jet1_softdrop_mass": jets["softdrop_mass"][order[0]],
            "jet2_tau21": jets["tau2"][order[1]] / (jets["tau1"][order[1]] + 1e-6),
            "jet1_n_constituents": 11 + order[0],
        }


@pytest.mark.parametrize(
    ("region", "lowest", "highest"), [(multijet, 0, 1.3), (multijet_control_region, 1.6, 2.5)]
)
def test_columns_agree_with_an_independent_selection(events, region, lowest, highest):
    rows = [row for row in reference(events) if lowest < abs(row["delta_eta"]) < highest]
    assert len(rows) > 20
    assert len({row["mjjj"] == 0 for row in rows}) == 2
    got = region()(events).frame.AsNumpy(list(rows[0]))
    for name, values in got.items():
        np.testing.assert_allclose(values, [row[name] for row in rows], rtol=1e-5, atol=1e-5, err_msg=name)


def test_both_regions_are_written_by_one_loop(events, tmp_path):
    regions = {"signal": multijet(), "control": multijet_control_region()}
    loops = events.GetNRuns()
    booked = book(events, regions)
    paths = {key: tmp_path / f"{key[0]}.root" for key in booked}
    snapshot.write_many(booked, paths, dict.fromkeys(booked, multijet_columns()))
    assert events.GetNRuns() == loops + 1
    signal, control = (snapshot.read(paths[region, "nominal"]) for region in regions)
    assert set(multijet_columns()) <= signal.keys()
    assert not set(signal["event"]) & set(control["event"])
    assert np.abs(signal["delta_eta"]).max() < 1.3
    assert np.abs(control["delta_eta"]).min() > 1.6
