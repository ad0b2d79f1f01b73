"""Jet images per CPU second: the kernel, the column of the event loop, numpy for all jets, and jet by jet.

    python -m tests.benchmarks.jet_images EVENTS.root

EVENTS are simulated with constituents. All ways start from constituents in a snapshot, and pixels agree.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from selections import headers
from selections.dijet import dijet
from selections.events import StoredEvents
from selections.jets import JetImage
from selections.root import import_root
from selections.snapshot import TUPLE_NAME, write
from selections.sources import open_events

OPTIONS = JetImage()
EDGES = np.linspace(-OPTIONS.half_width, OPTIONS.half_width, OPTIONS.size + 1)
PARTS = [f"jet1_constituent_{part}" for part in ("pt", "eta", "phi")]


KERNEL = """
#pragma cling optimize(3)
namespace jet_image_benchmark {
template <std::size_t size> double run(long n, double half_width, bool treated) {
   ROOT::RVecF pt, eta, phi;
   for (int i = 0; i < 60; ++i) {
      pt.push_back(100.f / (i + 1)); eta.push_back(0.3f + 0.5f * std::sin(1.7f * i));
      phi.push_back(3.f + 0.5f * std::cos(2.3f * i));
   }
   double sum = 0;
   for (long i = 0; i < n; ++i) {
      pt[0] = 100 + i % 5;
      sum += mapless::jet_image<size>(pt, eta, phi, half_width, treated, treated)[size / 2][size / 2];
   }
   return sum;
}
template double run<32>(long, double, bool);
template double run<40>(long, double, bool);
}
"""
N_KERNEL = 200_000


def kernel(size, half_width, treated):
    """Images per CPU second of a jet of 60 constituents, compiled, without reading."""
    run = import_root().jet_image_benchmark.run[size]
    run(1000, half_width, treated)
    start = time.process_time()
    run(N_KERNEL, half_width, treated)
    return N_KERNEL / (time.process_time() - start)


def in_event_loop(file):
    """A column of RDataFrame."""
    frame = import_root().RDataFrame(TUPLE_NAME, str(file))
    column = OPTIONS.column(1)
    images = frame.Define("image", column.expression).Take["mapless::JetImage<32>"]("image")
    return images.GetValue()


def at_once(file):
    """All jets in the same numpy calls."""
    pt, eta, phi = np.moveaxis(StoredEvents(file)["jet1_constituent"].astype(float), -1, 0)
    phi = np.remainder(phi - phi[:, :1] + np.pi, 2 * np.pi) - np.pi
    places = [one - np.average(one, axis=1, weights=pt)[:, None] for one in (eta, phi)]
    row, column = (np.floor((one / OPTIONS.half_width + 1) * OPTIONS.size / 2).astype(int) for one in places)
    inside = (row >= 0) & (row < OPTIONS.size) & (column >= 0) & (column < OPTIONS.size)
    pixel = (np.arange(len(pt))[:, None] * OPTIONS.size + row) * OPTIONS.size + column
    images = np.bincount(pixel[inside], pt[inside], minlength=len(pt) * OPTIONS.size**2)
    images = images.reshape(len(pt), OPTIONS.size, OPTIONS.size)
    return images / images.sum(axis=(1, 2), keepdims=True)


def jet_by_jet(file):
    """One histogram per jet."""
    images = []
    for jet in StoredEvents(file)["jet1_constituent"]:
        pt, eta, phi = jet[jet[:, 0] > 0].astype(float).T
        places = np.stack([eta, np.remainder(phi - phi[0] + np.pi, 2 * np.pi) - np.pi])
        places -= np.average(places, axis=1, weights=pt)[:, None]
        image, *_ = np.histogram2d(*places, bins=[EDGES, EDGES], weights=pt)
        images.append(image / image.sum())
    return np.array(images)


def main(path):
    headers.load("mapless/jet_image.h")
    import_root().gInterpreter.Declare(KERNEL)
    with TemporaryDirectory() as folder:
        frame = dijet(mjj_min=0, delta_eta_max=9, constituents=True)(open_events(path)).frame
        file = write(frame, Path(folder) / "events.root", ["run", "luminosity_block", "event", *PARTS])
        table = Table(title="jet images")
        for heading in ("way", "jets per CPU second"):
            table.add_column(heading)
        table.add_row("The kernel, 32 pixels.", f"{kernel(32, 0.6, False):,.0f}")
        table.add_row("The kernel, 40 pixels, rotated and flipped.", f"{kernel(40, 0.7, True):,.0f}")
        pixels = []
        for way in (in_event_loop, at_once, jet_by_jet):
            way(file)  # compiles, and fills caches
            start = time.process_time()
            images = way(file)
            table.add_row(way.__doc__, f"{len(images) / (time.process_time() - start):,.0f}")
            pixels.append(np.array([[list(row) for row in image] for image in list(images)[:100]]))
    Console().print(table)
    print("largest differences:", [float(np.abs(other - pixels[1]).max()) for other in pixels])


if __name__ == "__main__":
    main(sys.argv[1])
