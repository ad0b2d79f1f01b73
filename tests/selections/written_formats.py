"""The same jets as files of several experiments and simulations, written as these lay them out."""

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

JET_COLUMNS = ("pt", "eta", "phi", "mass", "softdrop_mass", "tau1", "tau2", "tau3", "tau4", "b_tag")
NANOAOD_NAMES = {"softdrop_mass": "msoftdrop", "b_tag": "btagDeepB", "n_constituents": "nConstituents"}


def read_events(path: Path, n_events: int) -> Any:
    """The first events of a file of ours."""
    return uproot.open(path)["Events"].arrays(entry_stop=n_events)


def write_nanoaod(path: Path, events: Any, *, constituents: bool = False) -> Path:
    """NanoAOD of version 9, or with the jets' constituents PFNano."""
    jets = {name: events[f"jet_{name}"] for name in (*JET_COLUMNS, "lsf3", "n_constituents")}
    jets = {NANOAOD_NAMES.get(name, name): values for name, values in jets.items()}
    jets["jetId"] = 6 * ak.ones_like(events["jet_n_constituents"])
    columns = {
        "run": np.asarray(events["run"], "u4"),
        "luminosityBlock": np.asarray(events["luminosity_block"], "u4"),
        "event": np.asarray(events["event"], "u8"),
        "genWeight": np.asarray(events["weight"], "f4"),
        "FatJet": ak.zip(jets),
    }
    if constituents:
        directions = {name: events[f"constituent_{name}"] for name in ("pt", "eta", "phi")}
        ones = ak.ones_like(directions["pt"])
        columns["PFCands"] = ak.zip({**directions, "mass": 0 * ones, "puppiWeight": ones})
        index = ak.local_index(directions["pt"])
        columns["FatJetPFCands"] = ak.zip({"jetIdx": events["constituent_jet"], "pFCandsIdx": index})
    with uproot.recreate(path) as file:
        file.mktree("Events", columns)
    return path


def write_flat(path: Path, events: Any) -> tuple[Path, dict[str, Any]]:
    """An n-tuple of somebody's own, in MeV, with branches for each jet; and how they are named."""
    columns = {"entry": np.asarray(events["event"], "i8"), "weight": np.asarray(events["weight"], "f8")}
    columns |= {f"fj_{name}": events[f"jet_{name}"] for name in JET_COLUMNS if name not in ("pt", "b_tag")}
    columns["fj_pt_mev"] = 1000.0 * ak.values_astype(events["jet_pt"], "f8")
    with uproot.recreate(path) as file:
        file.mktree("mini", columns)
    branches = {f"jet_{name}": f"fj_{name}" for name in JET_COLUMNS if name not in ("pt", "b_tag")}
    branches |= {"event": "entry", "weight": "weight", "jet_pt": "fj_pt_mev"}
    return path, {"branches": branches, "factors": {"jet_pt": 0.001}}


PHYSLITE_NAMES = {
    "pt": ("pt", 1000.0),
    "eta": ("eta", 1.0),
    "phi": ("phi", 1.0),
    "mass": ("m", 1000.0),
    "b_tag": ("GN2Xv01_phbb", 1.0),
} | {f"tau{n}": (f"Tau{n}_wta", 1.0) for n in (1, 2, 3)}
EVENT_NAMES = {"runNumber": "run", "lumiBlock": "luminosity_block", "eventNumber": "event"}


def write_physlite(path: Path, events: Any, kind: str) -> Path:
    """DAOD_PHYSLITE as TTree or as RNTuple: auxiliary variables in MeV, lists of float."""
    rows = [_physlite_row(event) for event in events]
    (_write_physlite_tree if kind == "TTree" else _write_physlite_tuple)(path, rows)
    return path


def _physlite_row(event: Any) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Lists of numbers and numbers of an event by their names."""
    lists = {
        f"AnalysisLargeRJetsAuxDyn.{name}": [factor * value for value in event[f"jet_{column}"]]
        for column, (name, factor) in PHYSLITE_NAMES.items()
    }
    lists["EventInfoAuxDyn.mcEventWeights"] = [float(event["weight"])]
    return lists, {f"EventInfoAuxDyn.{name}": int(event[column]) for name, column in EVENT_NAMES.items()}


def _write_physlite_tree(path: Path, rows: Any) -> None:
    from selections.root import import_root

    root = import_root()
    file = root.TFile(str(path), "recreate")
    tree = root.TTree("CollectionTree", "")
    lists = {name: root.std.vector["float"]() for name in rows[0][0]}
    numbers = {name: np.zeros(1, "u8" if name.endswith("eventNumber") else "u4") for name in rows[0][1]}
    for name, values in lists.items():
        tree.Branch(name, values)
    for name, value in numbers.items():
        tree.Branch(name, value, f"{name}/{'l' if value.dtype == np.uint64 else 'i'}")
    for row_lists, row_numbers in rows:
        for name, values in row_lists.items():
            lists[name].assign(values)
        for name, value in row_numbers.items():
            numbers[name][0] = value
        tree.Fill()
    tree.Write()
    file.Close()


def _write_physlite_tuple(path: Path, rows: Any) -> None:
    from selections.root import import_root

    root = import_root()
    model = root.RNTupleModel.Create()
    for name in rows[0][0]:
        model.MakeField["std::vector<float>"](name.replace(".", ":"))
    for name in rows[0][1]:
        kind = "std::uint64_t" if name.endswith("eventNumber") else "std::uint32_t"
        model.MakeField[kind](name.replace(".", ":"))
    writer = root.RNTupleWriter.Recreate(model, "EventData", str(path))
    entry = writer.CreateEntry()
    for lists, numbers in rows:
        for name, values in lists.items():
            entry[name.replace(".", ":")] = root.std.vector["float"](values)
        for name, value in numbers.items():
            entry[name.replace(".", ":")] = value
        writer.Fill(entry)
    del writer


DELPHES = """
#include <TClonesArray.h>
#include <TFile.h>
#include <TLorentzVector.h>
#include <TObject.h>
#include <TTree.h>
#include <vector>
class Event : public TObject { public: Long64_t Number = 0; Float_t Weight = 0; ClassDef(Event, 1) };
class MissingET : public TObject { public: Float_t MET = 0, Phi = 0; ClassDef(MissingET, 1) };
class Jet : public TObject {
public:
   Float_t PT = 0, Eta = 0, Phi = 0, Mass = 0, Tau[5] = {};
   UInt_t BTag = 0;
   Int_t NCharged = 0, NNeutrals = 0;
   TLorentzVector SoftDroppedJet, TrimmedP4[5];
   ClassDef(Jet, 1)
};
struct Delphes {
   TFile file;
   TTree *tree = new TTree("Delphes", "");
   TClonesArray *event = new TClonesArray("Event"), *jets = new TClonesArray("Jet");
   TClonesArray *missing = new TClonesArray("MissingET");
   Delphes(const char *path) : file(path, "recreate") {
      tree->SetDirectory(&file);
      tree->Branch("Event", &event, 64000, 99);
      tree->Branch("FatJet", &jets, 64000, 99);
      tree->Branch("MissingET", &missing, 64000, 99);
   }
   void start(Long64_t number, float weight) {
      event->Clear(); jets->Clear(); missing->Clear();
      auto *one = static_cast<Event *>(event->ConstructedAt(0));
      one->Number = number; one->Weight = weight;
      static_cast<MissingET *>(missing->ConstructedAt(0))->MET = number;
   }
   void add(const std::vector<float> &v, int constituents) {
      auto *jet = static_cast<Jet *>(jets->ConstructedAt(jets->GetEntriesFast()));
      jet->PT = v[0]; jet->Eta = v[1]; jet->Phi = v[2]; jet->Mass = v[3];
      jet->SoftDroppedJet.SetPtEtaPhiM(v[0], v[1], v[2], v[4]);
      jet->TrimmedP4[0].SetPtEtaPhiM(v[0], v[1], v[2], 0.9 * v[4]);
      for (int i = 0; i < 4; ++i) jet->Tau[i] = v[5 + i];
      jet->BTag = v[9] > 0.5; jet->NCharged = constituents;
   }
   void fill() { tree->Fill(); }
   void close() { file.cd(); tree->Write(); file.Close(); }
};
"""


def write_delphes(path: Path, events: Any) -> Path:
    """A tree of Delphes: lists of objects, split. Later it is read where these classes are known no more."""
    from selections.root import import_root

    root = import_root()
    root.gInterpreter.Declare(DELPHES)
    delphes = root.Delphes(str(path))
    for event in events:
        delphes.start(int(event["event"]), float(event["weight"]))
        for jet in zip(
            *(event[f"jet_{name}"] for name in JET_COLUMNS), event["jet_n_constituents"], strict=True
        ):
            delphes.add(root.std.vector["float"](map(float, jet[:-1])), int(jet[-1]))
        delphes.fill()
    delphes.close()
    return path
