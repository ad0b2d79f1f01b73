"""Images of jets against numpy, for every jet of a real file, and jets whose pixels are known."""

import numpy as np
import pytest

from errors import MaplessError
from selections import headers, snapshot
from selections.dijet import dijet
from selections.events import StoredEvents
from selections.jets import JetImage
from selections.root import import_root
from selections.sources import open_events

CMS = JetImage()
LHC_OLYMPICS = JetImage(40, 0.7, rotated=True, flipped=True)
PARTS = ("constituent_pt", "constituent_eta", "constituent_phi")
NAME = ("run", "luminosity_block", "event")


def numpy_image(jet, options):
    """The image of constituents (n, 3): pt, eta, phi."""
    pt, eta, phi = jet[jet[:, 0] > 0].astype(float).T
    delta_phi = np.remainder(phi - phi[0] + np.pi, 2 * np.pi) - np.pi
    places = np.stack([eta, delta_phi]) - np.average([eta, delta_phi], axis=1, weights=pt)[:, None]
    if options.rotated:
        _, axes = np.linalg.eigh((pt * places) @ places.T)
        widest = axes[:, 1] * (np.sign(axes[1, 1]) or 1)
        places = np.array([[widest[1], -widest[0]], widest]) @ places
    if options.flipped:
        places *= np.sign((pt * np.sign(places)).sum(axis=1))[:, None]
    edges = np.linspace(-options.half_width, options.half_width, options.size + 1)
    image, *_ = np.histogram2d(*places, bins=[edges, edges], weights=pt)
    return image / image.sum()


def image_of(constituents, options=CMS):
    headers.load("mapless/jet_image.h")
    root = import_root()
    columns = [root.RVecF(np.array(column, np.float32)) for column in zip(*constituents, strict=True)]
    made = root.mapless.jet_image[options.size]
    image = made(*columns, options.half_width, options.rotated, options.flipped)
    return np.array([list(row) for row in image])


@pytest.mark.parametrize("options", [CMS, LHC_OLYMPICS, JetImage(32, 0.6, flipped=True)])
def test_images_of_all_jets_of_a_file_agree_with_numpy(data, tmp_path, options):
    selected = dijet(mjj_min=0, delta_eta_max=9, images=options)(open_events(data / "pfnano_simulation.root"))
    names = [f"jet{jet}_{what}" for jet in (1, 2) for what in ("image", *PARTS)]
    events = StoredEvents(snapshot.write(selected.frame, tmp_path / "events.root", [*NAME, *names]))
    assert len(events) >= 9
    for jet in ("jet1", "jet2"):
        images = events[f"{jet}_image"]
        assert images.shape == (len(events), options.size, options.size)
        for image, constituents in zip(images, events[f"{jet}_constituent"], strict=True):
            np.testing.assert_allclose(image, numpy_image(constituents, options), atol=1e-6)
            assert image.sum(dtype=float) == pytest.approx(1, abs=1e-6)
            assert np.count_nonzero(image) > 5


def test_known_jets_land_in_known_pixels():
    """Two equal deposits, 0.16 in eta and 0.01 in phi from their centre, in pixels of 0.0375."""
    image = image_of([(100, 1.0, 3.1), (100, 1.32, 3.12)])
    assert np.argwhere(image).tolist() == [[11, 15], [20, 16]]
    assert image[11, 15] == image[20, 16] == 0.5


def test_a_jet_across_the_end_of_phi_is_one_jet():
    here = image_of([(100, 0.0, 0.01), (50, 0.1, 0.21)])
    there = image_of([(100, 0.0, np.pi - 0.09), (50, 0.1, 0.11 - np.pi)])
    np.testing.assert_allclose(here, there, atol=1e-6)


def test_rotated_and_flipped_jets_do_not_depend_on_how_they_lay(rng):
    """A jet that is turned or mirrored as a whole has the same image."""
    pt = rng.exponential(20, 30)
    places = rng.normal(0, [[0.2], [0.05]], (2, 30))
    places -= np.average(places, axis=1, weights=pt)[:, None]
    reference = image_of(zip(pt, *places, strict=True), LHC_OLYMPICS)
    cosine, sine = np.cos(0.7), np.sin(0.7)
    turned = np.array([[cosine, -sine], [sine, cosine]]) @ places
    for jet in (turned, -turned, places * [[1], [-1]]):
        moved = image_of(zip(pt, *jet, strict=True), LHC_OLYMPICS)
        assert np.abs(moved - reference).sum() < 0.1  # but for what lies at the edge of a pixel
    assert np.abs(image_of(zip(pt, *turned, strict=True)) - image_of(zip(pt, *places, strict=True))).sum() > 1


def test_what_lies_outside_does_not_count():
    image = image_of([(90, 0.0, 0.0), (10, 0.0, 0.8)])
    assert np.count_nonzero(image) == 1
    assert image.sum() == pytest.approx(1)


def test_a_jet_without_constituents_is_an_empty_image():
    headers.load("mapless/jet_image.h")
    root = import_root()
    image = root.mapless.jet_image[32](root.RVecF(), root.RVecF(), root.RVecF(), 0.6)
    assert sum(sum(row) for row in image) == 0


def test_images_are_made_only_where_something_reads_them(data):
    full = dijet(mjj_min=500, images=CMS)
    assert full.needed_for(["mjj"]) == dijet(mjj_min=500).needed_for(["mjj"])
    with pytest.raises(MaplessError, match="needed by column jet1_constituent_pt of dijet"):
        dijet(images=CMS)(open_events(data / "nanoaod_v12_simulation.root", year="2017"))
