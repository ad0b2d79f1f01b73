"""Autoencoders, CWoLa and Tag N' Train on images, for fractions of signal in the data as in arXiv:2002.12376.

`python -m tests.models.tag_n_train.judged FOLDER OUTPUT` prints the comparison and draws the figures of
docs/images.md, for a folder that `simulate --campaign analysis/campaigns/lhco_images.yaml` filled. Selected
events are kept in OUTPUT for the next time. Scores are those of networks that have not seen the event.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis.searches.lhco_tag_n_train import IMAGE
from models.metrics.agreement import rank_correlations, sculpting
from models.quantiles import QuantileMap
from models.tag_n_train.image_classifiers import ImageClassifiers
from models.tag_n_train.image_detector import ImageTagNTrain
from models.tag_n_train.image_lessons import balanced_share
from models.tag_n_train.image_networks import image_table
from models.tag_n_train.image_tagging import Parts, of_jets, rows_of
from models.window import Window
from selections import snapshot
from selections.dijet import dijet
from selections.events import StoredEvents, concatenate, inject
from selections.sources import open_events
from tests.models.variational_autoencoder.judged import area_under_curve, improvement

BACKGROUND, SIGNAL = "qcd", "w_prime_3500_500_100"
FRACTIONS = (0.09, 0.01, 0.003, 0.001, 0.0)
SHOWN = 0.01
"""Fraction of which the figure of images is drawn."""
WINDOW = Window("tnt", "mjj", 3300.0, 3700.0)
MATCH = {"jet1": "jet1_pt", "jet2": "jet2_pt"}
COLUMNS = ("run", "luminosity_block", "event", "weight", "mjj", "jet1_image", "jet2_image", *MATCH.values())
KEPT = 0.05
"""Of the events outside of the window."""


def selected(file, folder):
    """Dijet events of a simulated file with images of both jets, the heavier one first."""
    made = folder / Path(file).name
    if not made.exists():
        selection = dijet(mjj_min=2700, features=(), jet_mass="plain", images=IMAGE)
        snapshot.write(selection(open_events(file)), made, list(COLUMNS))
    return StoredEvents(made)


def cwola(events, others, detector, window=WINDOW):
    """Scores of classifiers of the window against its sidebands, of events and of others, as Tag N' Train's.

    The networks, folds and schedule are those of the detector; both jets must be above the same quantile.
    """
    near = events.where(window.contains(np.asarray(events["mjj"])))
    parts, inside = Parts.of(near, detector.folds), window.in_signal_region(np.asarray(near["mjj"]))
    images, weight = image_table(detector.images, near), np.ones(2 * len(near))
    matched = np.concatenate([near[name] for name in detector.match.values()])
    labels = np.repeat(np.tile(inside, 2)[:, None], len(parts.scorers), axis=1).astype(np.float32)
    shares = []
    for member in parts.scorers:
        kinds = (inside & parts.learnt_by(member), ~inside & parts.learnt_by(member))
        rows = [rows_of(kind, member[-1]) for kind in kinds]
        random = np.random.default_rng((detector.seed, *member[::2]))
        shares.append(balanced_share(*rows, weight, max(map(len, rows)), random, matched))
    networks = ImageClassifiers(len(shares), images.shape[1], detector._classifying, detector.seed)
    networks.fit(images, labels, shares)
    maps = {}
    found = []
    for sample in (events, others):
        of_sample, table = Parts.of(sample, detector.folds), image_table(detector.images, sample)
        masks = [of_sample.scored_by(member) for member in of_sample.scorers]
        rows = [rows_of(mask, member[-1]) for mask, member in zip(masks, of_sample.scorers, strict=True)]
        outputs = networks.outputs(table, rows)
        if not maps:
            outside = ~window.in_signal_region(np.asarray(sample["mjj"]))
            for member, mask, output in zip(of_sample.scorers, masks, outputs, strict=True):
                chosen = outside[mask]
                maps[member] = QuantileMap.learn(output[chosen], np.ones(chosen.sum()))
        quantiles = [maps[member](output) for member, output in zip(of_sample.scorers, outputs, strict=True)]
        found.append(of_jets(of_sample.scorers, masks, quantiles).sum(axis=0).min(axis=0))
    return found


def compared(background, signal, fraction, seed, options):
    """Scores of the data and of the signal by method, the data, and the CPU seconds of each method."""
    data = inject(background, signal, round(fraction * len(background)), seed) if fraction else background
    scores, seconds = {}, {}
    for name, any_mass in (("Tag N' Train", True), ("Tag N' Train, window", False)):
        start = time.process_time()
        detector = ImageTagNTrain(window=WINDOW, any_mass=any_mass, match=MATCH, seed=seed, **options)
        detector.fit({"events": data})
        scores[name] = (detector.score(data), detector.score(signal))
        seconds[name] = time.process_time() - start
    start = time.process_time()
    of_windows = cwola(data, signal, detector)
    seconds["CWoLa"] = time.process_time() - start
    found = {name: tuple(one["score"] for one in of) for name, of in scores.items()}
    found |= {"CWoLa": tuple(of_windows)}
    found |= {"autoencoder": tuple(one["autoencoder"] for one in scores["Tag N' Train"])}
    return data, found, scores["Tag N' Train"][0], seconds


def judge(score, of_signal, data, signal):
    """In the window the area under the ROC curve, and the improvement at 1 and at 0.1 % of background."""
    there = WINDOW.in_signal_region(np.asarray(data["mjj"])) & (np.asarray(data["injected"]) == 0)
    chosen = WINDOW.in_signal_region(np.asarray(signal["mjj"]))
    pair = (of_signal[chosen], score[there])
    return area_under_curve(*pair), improvement(*pair, 0.01), improvement(*pair, 0.001)


def told_of_background(data, found, scores):
    """How the scores of both jets of background agree, and how flat the fraction is that is kept."""
    background = np.asarray(data["injected"]) == 0
    for one, other in (("first_autoencoder", "second_autoencoder"), ("first", "second")):
        pair = {name: scores[name][background] for name in (one, other)}
        correlation = rank_correlations(pair)[0, 1]
        yield f"rank correlation of {one} and {other}: {correlation:.3f} ± {background.sum() ** -0.5:.3f}"
    mjj = np.asarray(data["mjj"])[background]
    for name, (score, _) in found.items():
        flat = sculpting(mjj, score[background] > np.quantile(score[background], 1 - KEPT), bins=15)
        yield (
            f"{name}: {KEPT:.0%} kept, chi2 of a flat fraction {flat.chi_square:.1f}/"
            f"{flat.n_degrees_of_freedom} (p = {flat.p_value:.2g})"
        )


def draw_background(data, found, scores, file):
    """Ranks of both jets of background against each other, and the fraction kept against m_JJ."""
    from matplotlib import pyplot

    background = np.asarray(data["injected"]) == 0
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for title, (one, other) in {
        "autoencoders": ("first_autoencoder", "second_autoencoder"),
        "classifiers": ("first", "second"),
    }.items():
        ranks = [np.argsort(np.argsort(scores[name][background])) / background.sum() for name in (one, other)]
        place = np.minimum((10 * ranks[0]).astype(int), 9)
        counts = np.bincount(place, minlength=10)
        means = np.bincount(place, ranks[1], minlength=10) / counts
        left.errorbar(np.arange(10) / 10 + 0.05, means, (12 * counts) ** -0.5, fmt="o", ms=4, label=title)
    left.axhline(0.5, color="grey", linestyle="--")
    left.set(xlabel="Rank of the heavier jet", ylabel="Mean rank of the lighter jet", ylim=(0.3, 0.8))
    left.legend()
    mjj = np.asarray(data["mjj"])[background]
    for name, (score, _) in found.items():
        flat = sculpting(mjj, score[background] > np.quantile(score[background], 1 - KEPT), bins=15)
        middles = (flat.edges[1:] + flat.edges[:-1]) / 2
        right.errorbar(middles, flat.kept, flat.error, fmt="o", ms=4, label=name)
    right.axhline(KEPT, color="grey", linestyle="--")
    right.set(xscale="log", xlabel=r"$m_{JJ}$ [GeV]", ylabel="Fraction kept", ylim=(0, 3 * KEPT))
    right.set_xticks([2800, 3200, 3700, 4500, 6000], labels=["2800", "3200", "3700", "4500", "6000"])
    right.minorticks_off()
    right.legend(fontsize=8)
    figure.savefig(file, dpi=80)


def draw_images(data, score, file):
    """Average images of what is kept, of the injected signal, and of background in the window."""
    from matplotlib import pyplot
    from matplotlib.colors import LogNorm

    inside = WINDOW.in_signal_region(np.asarray(data["mjj"]))
    injected = np.asarray(data["injected"]) > 0
    kept = score > np.quantile(score[~inside], 1 - KEPT / 5)
    groups = {
        "kept": inside & kept,
        "injected": inside & injected,
        "background": inside & ~injected,
    }
    figure, axes = pyplot.subplots(2, len(groups), figsize=(3 * len(groups), 6), layout="constrained")
    for column, (name, chosen) in zip(axes.T, groups.items(), strict=True):
        events = data.where(chosen)
        for axis, jet in zip(column, ("jet1", "jet2"), strict=True):
            image = np.maximum(np.asarray(events[f"{jet}_image"]).mean(axis=0), 1e-5)
            axis.imshow(image.T, origin="lower", extent=(-0.7, 0.7, -0.7, 0.7), norm=LogNorm(1e-5, 1))
            axis.set_title(f"{name} ({chosen.sum():,}), {jet}", fontsize=9)
            axis.set(xlabel=r"$\Delta\eta$", ylabel=r"$\Delta\phi$")
    figure.savefig(file, dpi=80)


def main(folder, output, events, fractions, seed, **options):
    output.mkdir(exist_ok=True, parents=True)
    background, signal = (selected(folder / f"{name}.root", output) for name in (BACKGROUND, SIGNAL))
    background = concatenate(background).where(np.arange(len(background)) < events)
    console = Console(width=140)
    table = Table(
        "signal", "method", "area", "at 1 %", "at 0.1 %", "CPU s", title=f"{len(background):,} events"
    )
    for fraction in fractions:
        data, found, scores, seconds = compared(background, signal, fraction, seed, options)
        for name, (score, of_signal) in found.items():
            numbers = [f"{one:.2f}" for one in judge(score, of_signal, data, signal)]
            table.add_row(f"{fraction:.1%}", name, *numbers, f"{seconds.get(name, np.nan):.0f}")
            console.print(f"{fraction:.1%}", name, *numbers, f"{seconds.get(name, np.nan):.0f} s")
        if fraction == 0:
            for line in told_of_background(data, found, scores):
                console.print(line)
            draw_background(data, found, scores, output / "tag_n_train_background.png")
        if fraction == SHOWN:
            draw_images(data, found["Tag N' Train"][0], output / "tag_n_train_images.png")
    console.print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--events", type=int, default=50_000, help="most of the background")
    parser.add_argument("--fractions", type=float, nargs="+", default=FRACTIONS)
    parser.add_argument("--seed", type=int, default=1)
    for name, default in {"n_images": 10_000, "autoencoder_epochs": 5, "epochs": 8, "rounds": 2}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    main(**vars(parser.parse_args()))
