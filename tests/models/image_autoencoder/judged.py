"""What the autoencoder of images finds of simulated signals, and what its cuts do to the spectrum of QCD.

`python -m tests.models.image_autoencoder.judged FOLDER OUTPUT` prints it and draws the figures of
docs/images.md, for a folder that `simulate --campaign analysis/campaigns/images.yaml` filled. Selected events
are kept in OUTPUT for the next time.
"""

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from models.cuts.fixed_efficiency import FixedEfficiency
from models.cuts.score_categories import ScoreCategories
from models.image_autoencoder.detector import ImageAutoencoder
from models.metrics.agreement import sculpting
from selections import snapshot
from selections.dijet import dijet, dijet_control_region
from selections.events import StoredEvents, inject
from selections.jets import JetImage
from selections.sources import open_events
from tests.models.variational_autoencoder.judged import area_under_curve, improvement

SIDEBAND, BACKGROUND = "qcd_sideband", "qcd"
COLUMNS = ("run", "luminosity_block", "event", "weight", "mjj", "jet1_image", "jet2_image")
CONTAMINANT = "graviton_to_tt_3500"
CONTAMINATIONS = (0.0, 0.0002, 0.0019, 0.0189)
KEPT = 0.1
"""Of the background, by both cuts."""


def selected(file, folder, mjj_min=1900, control=False):
    """Dijet events of a simulated file with images of both jets."""
    made = folder / Path(file).name
    if not made.exists():
        common = {"mjj_min": mjj_min, "features": (), "images": JetImage()}
        selection = (
            dijet_control_region(delta_eta_min=1.4, unbalanced=False, **common)
            if control
            else dijet(delta_eta_max=1.4, **common)
        )
        snapshot.write(selection(open_events(file)), made, list(COLUMNS))
    return StoredEvents(made)


def first(events, number):
    """The first events of a sample."""
    return events.where(np.arange(len(events)) < number)


def at_equal_mass(events, others):
    """Those of other events that lie where the middle 80 % of some events do in m_jj, and these."""
    low, high = np.quantile(events["mjj"], (0.1, 0.9))
    return tuple((one["mjj"] > low) & (one["mjj"] < high) for one in (events, others))


def judge(scores, events, of_background, background):
    """For each score the area under the ROC curve, and the significance improvement at 1 and at 10 %."""
    chosen, there = at_equal_mass(events, background)
    return {
        name: (
            area_under_curve(scores[name][chosen], of_background[name][there]),
            improvement(scores[name][chosen], of_background[name][there], 0.01),
            improvement(scores[name][chosen], of_background[name][there], 0.1),
        )
        for name in scores
    }


def kept(score, background):
    """Which background events one threshold keeps, and one that follows m_jj: masks (n,)."""
    scores = {"score": score}
    bulk = ScoreCategories("mjj", (KEPT,), folds=2, bins=10)
    cuts = {"tail": FixedEfficiency({"kept": KEPT}), "bulk": bulk}
    masks = {name: cut.learn(background, scores).masks(background, scores) for name, cut in cuts.items()}
    return {name: next(iter(of_cut.values())) for name, of_cut in masks.items()}


def draw_spectra(mjj, masks, file):
    """Spectrum of background before and after both cuts, and the fraction that each keeps."""
    from matplotlib import pyplot

    edges = np.geomspace(mjj.min(), 5000, 25)
    centres, before = np.sqrt(edges[1:] * edges[:-1]), np.histogram(mjj, edges)[0]
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(6, 6), sharex=True, layout="constrained")
    above.stairs(before, edges, color="black", label="all events")
    for name, mask in masks.items():
        after = np.histogram(mjj[mask], edges)[0]
        above.stairs(after, edges, label=f"{name}: {mask.sum():,} kept")
        below.errorbar(centres, after / before, np.sqrt(after) / before, fmt="o", markersize=3, label=name)
    above.set(yscale="log", ylabel="Events")
    below.axhline(KEPT, color="grey", linestyle="--")
    below.set(xscale="log", xlabel=r"$m_{jj}$ [GeV]", ylabel="Fraction kept", ylim=(0, 3 * KEPT))
    above.legend()
    figure.savefig(file, dpi=70)


def draw_images(samples, file):
    """Average images of both jets of some samples."""
    from matplotlib import pyplot
    from matplotlib.colors import LogNorm

    figure, axes = pyplot.subplots(2, len(samples), figsize=(2.3 * len(samples), 4.6), layout="constrained")
    for column, (name, events) in zip(axes.T, samples.items(), strict=True):
        for axis, jet in zip(column, ("jet1", "jet2"), strict=True):
            image = np.maximum(first(events, 2000)[f"{jet}_image"].mean(axis=0), 1e-5)
            axis.imshow(image.T, origin="lower", extent=(-0.6, 0.6, -0.6, 0.6), norm=LogNorm(1e-5, 1))
            axis.set_title(f"{name}, {jet}", fontsize=8)
            axis.tick_params(labelsize=6)
    figure.savefig(file, dpi=70)


def main(folder, output, contaminated, scored, **options):
    output.mkdir(exist_ok=True)
    files = {file.stem: file for file in sorted(folder.glob("*.root"))}
    events = {name: selected(file, output, control=name == SIDEBAND) for name, file in files.items()}
    sideband, background = events.pop(SIDEBAND), first(events.pop(BACKGROUND), scored)
    if contaminated:
        print_contaminated(sideband, background, events[CONTAMINANT], options)
        return
    draw_images({"QCD": background} | events, output / "average_images.png")
    print_judged(sideband, background, events, output, options)


def print_judged(sideband, background, signals, output, options):
    """What is found of signals, and how flat the fraction is that is kept of the background."""
    detector = ImageAutoencoder(**options).fit({"background": sideband})
    of_background, console = detector.score(background), Console(width=120)
    table = Table("signal", *detector.scores, title="area under the ROC curve / improvement at 1 % / 10 %")
    for name, signal in signals.items():
        found = judge(detector.score(signal), signal, of_background, background)
        table.add_row(name, *(" / ".join(f"{one:.2f}" for one in numbers) for numbers in found.values()))
    console.print(table)
    for score, values in of_background.items():
        masks = kept(values, background)
        told = {name: sculpting(background["mjj"], mask, bins=10) for name, mask in masks.items()}
        words = (
            f"{name} {one.chi_square:.1f}/{one.n_degrees_of_freedom} (p = {one.p_value:.2g})"
            for name, one in told.items()
        )
        console.print(f"{score}: chi2 of a flat fraction kept: {', '.join(words)}")
        draw_spectra(np.asarray(background["mjj"]), masks, output / f"spectra_{score}.png")


def print_contaminated(sideband, background, signal, options):
    """The area under the ROC curve of a signal, trained on a sideband with some of it."""
    few = first(sideband, ImageAutoencoder(**options).n_events)
    for share in CONTAMINATIONS:
        contaminated = inject(few, signal, round(share * len(few)), seed=1)
        detector = ImageAutoencoder(**options).fit({"background": contaminated})
        areas = judge(detector.score(signal), signal, detector.score(background), background)
        words = ", ".join(f"{one} {area:.3f}" for one, (area, *_) in areas.items())
        Console(width=120).print(f"learnt with {share:.2%} of {CONTAMINANT}: {words}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--contaminated", action="store_true", help="train on a sideband with signal")
    for name, default in {"scored": 20_000, "n_events": 3000, "epochs": 4}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    main(**vars(parser.parse_args()))
