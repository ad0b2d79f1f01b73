"""Rapidity-mass matrices per CPU second: the kernel alone, the whole graph of an event loop, and numpy.

    python -m tests.benchmarks.rapidity_mass_matrix LEPTON_EVENTS.root

LEPTON_EVENTS are simulated (`simulate lepton_ttbar`), and written many times so that the loop takes seconds.
The graph opens files, chooses objects, cuts on the lepton and makes matrix, inputs and nine masses.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import awkward as ak
import numpy as np
import uproot
from rich.console import Console
from rich.table import Table

from selections import headers
from selections.leptons import lepton_preselection
from selections.rapidity_mass_matrix import HEADERS, INPUTS, KINDS, PAIRS, rapidity_mass_columns
from selections.root import import_root
from selections.sources import open_events
from tests.selections.test_rapidity_mass_matrix import numpy_matrix

REPEATED = (20, 220)
KERNEL = """
namespace rapidity_mass_benchmark {
mapless::ObjectList some(std::size_t n) {
   mapless::ObjectList list;
   for (std::size_t i = 0; i < n; ++i) {
      list.pt.push_back(400.f / (1 + i)); list.eta.push_back(1.8f - 0.7f * i);
      list.phi.push_back(0.9f * i); list.mass.push_back(10.f);
   }
   return list;
}
double run(long n) {
   const auto jets = some(4), b_jets = some(1), electrons = some(0), muons = some(1), photons = some(0);
   double sum = 0;
   for (long i = 0; i < n; ++i)
      sum += mapless::rapidity_mass_matrix<10, 10, 5, 5, 5>(
         40. + i % 7, 1., 13000., {&jets, &b_jets, &electrons, &muons, &photons})[1][2];
   return sum;
}
}
"""


def rate(n, function):
    start = time.process_time()
    function()
    return n / (time.process_time() - start)


def kernel():
    """The kernel: six objects, compiled with optimisation."""
    headers.load(*HEADERS)
    root = import_root()
    root.gInterpreter.Declare("#pragma cling optimize(3)\n" + KERNEL)
    root.rapidity_mass_benchmark.run(1000)
    return rate(2_000_000, lambda: root.rapidity_mass_benchmark.run(2_000_000))


def graph(path):
    """The whole graph of an event loop, events that are read."""
    selection = lepton_preselection().refine("matrices", columns=rapidity_mass_columns())
    events = uproot.open(path)["Events"].arrays()

    def seconds(file):
        frame = selection(open_events([file], renumber_events=True)).frame
        inputs = frame.Define("first", f"{INPUTS}[0]").Sum("first")
        sums = [inputs, *(frame.Sum(f"m_{pair}") for pair in PAIRS)]
        start = time.process_time()
        assert all(np.isfinite(one.GetValue()) for one in sums)
        return time.process_time() - start

    with TemporaryDirectory() as folder:
        file = Path(folder) / "events.root"
        written = []
        for repeated in (1, *REPEATED):  # the first compiles; the others differ by events alone
            many = ak.concatenate([events] * repeated)
            with uproot.recreate(file) as output:
                output.mkrntuple("Events", {name: many[name] for name in many.fields})
            written.append((len(many), seconds(file)))
    (n_few, few), (n_many, many) = written[1:]
    return (n_many - n_few) / (many - few)


def in_numpy():
    """Plain numpy, event by event."""
    rng = np.random.default_rng(1)

    def some(n):
        return np.stack(
            [400 / (1 + np.arange(n)), rng.uniform(-2, 2, n), rng.uniform(-3, 3, n), np.full(n, 10)], 1
        )

    counts = dict(zip(KINDS, (4, 1, 0, 1, 0), strict=True))
    events = [{kind: some(n) for kind, n in counts.items()} | {"missing": (50.0, 1.0)} for _ in range(2000)]
    return rate(len(events), lambda: [numpy_matrix(event) for event in events])


def main(path):
    table = Table("way", "per CPU second", title="Rapidity-mass matrices")
    for way, found in ((kernel, kernel()), (graph, graph(path)), (in_numpy, in_numpy())):
        table.add_row(way.__doc__, f"{found:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
