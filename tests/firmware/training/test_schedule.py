"""Tiny trainings of the trigger networks on toy events with known outliers; seconds each."""

import numpy as np
import pytest

from errors import MaplessError
from firmware.networks import axol1tl, cicada
from firmware.training.cicada import TeacherDesign, hardened, teacher_score, train_student, train_teacher
from firmware.training.embedding import EmbeddingLoss, distorted, train_embedding
from firmware.training.schedule import TrainingSchedule
from firmware.training.variational import train_variational

QUICK = TrainingSchedule(epochs=4, batch_size=128, learning_rate=1e-2)


def toy_objects(n, scale=1.0, seed=1):
    """Events of varying activity that sets the momenta of all of their objects; few slots are empty."""
    random = np.random.default_rng(seed)
    activity = scale * random.gamma(4, 8, (n, 1))
    momenta = np.minimum(activity * random.normal(1, 0.2, (n, 19)), 500).clip(1).astype(int)
    angles = random.integers([-50, 0], [50, 144], (n, 19, 2))
    objects = np.concatenate([momenta[..., None], angles], axis=-1)
    objects[random.random((n, 19)) < 0.1] = 0
    return objects.reshape(n, 57)


def toy_regions(n, jets=0, seed=1):
    random = np.random.default_rng(seed)
    regions = random.poisson(2, (n, 18, 14))
    for _ in range(jets):
        regions[np.arange(n), random.integers(0, 18, n), random.integers(0, 14, n)] += random.integers(
            50, 200, n
        )
    return regions


def separation(background, signal):
    """Probability that a signal event scores higher than a background event."""
    both = np.concatenate([background, signal])
    ranks = np.unique(both, return_inverse=True)[1]
    below = np.searchsorted(np.sort(ranks[: len(background)]), ranks[len(background) :], side="left")
    return below.mean() / len(background)


@pytest.fixture(scope="module")
def events():
    return toy_objects(4000)


def test_a_variational_autoencoder_finds_hard_events(events):
    told = []
    model = train_variational(
        events,
        axol1tl.EncoderDesign((16, 8), 4),
        schedule=QUICK,
        progress=lambda *step: told.append(step),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    test, hard = model.score(toy_objects(2000, seed=2)), model.score(toy_objects(2000, 4.0, seed=3))
    assert separation(test, hard) > 0.85
    assert np.all(test * 16 == np.rint(test * 16))
    assert model.network.get_layer("score").activation.bits == 18


def test_the_same_seed_trains_the_same_network(events):
    def scores(seed):
        schedule = TrainingSchedule(epochs=1, batch_size=512, seed=seed)
        design = axol1tl.EncoderDesign((4,), 2)
        return train_variational(events, design, schedule=schedule, quantised=False).score(events[:200])

    once = scores(3)
    np.testing.assert_array_equal(scores(3), once)
    assert np.any(scores(4) != once)


@pytest.mark.physics
def test_an_embedding_with_its_autoencoder_finds_hard_events(events):
    model = train_embedding(events, axol1tl.TRAINED_VERSION_5, schedule=QUICK)
    test, hard = model.score(toy_objects(2000, seed=2)), model.score(toy_objects(2000, 4.0, seed=3))
    assert len(np.unique(test)) > 20
    assert separation(test, hard) > 0.8


def test_distorted_copies_keep_distances_in_angle_and_lose_objects():
    events = toy_objects(500)
    copies = distorted(events, EmbeddingLoss(drop=0.2, smear=0.0), np.random.default_rng(1))
    before, after = (array.reshape(500, 19, 3) for array in (events, copies))
    filled, kept = before[..., 0] > 0, after[..., 0] > 0
    assert not np.any(kept & ~filled)
    assert kept.sum() / filled.sum() == pytest.approx(0.8, abs=0.03)
    jets = np.flatnonzero(kept[:, 9:11].all(axis=1))
    differences = [(array[jets, 9, 2] - array[jets, 10, 2]) % 144 for array in (before, after)]
    np.testing.assert_array_equal(*differences)
    np.testing.assert_array_equal(before[..., 0][kept], after[..., 0][kept])


def test_half_of_the_distorted_copies_are_mirrored_as_a_whole():
    events = toy_objects(500).reshape(500, 19, 3)
    events[..., 1] = 20  # all on one side
    copies = distorted(events.reshape(500, 57), EmbeddingLoss(), np.random.default_rng(1)).reshape(500, 19, 3)
    sides = [set(copy[copy[:, 0] > 0, 1]) for copy in copies]
    assert all(side in ({20}, {-20}) for side in sides)
    assert np.mean([side == {20} for side in sides]) == pytest.approx(0.5, abs=0.1)


@pytest.mark.physics
def test_a_student_learns_the_score_of_its_teacher():
    zero_bias = np.concatenate([toy_regions(1500, seed=1), toy_regions(1500, jets=1, seed=2)])
    teacher = train_teacher(zero_bias, TeacherDesign((2, 2), 8), schedule=TrainingSchedule(2, 128, 1e-3))
    outliers = toy_regions(500, jets=6, seed=3)
    student = train_student(
        zero_bias,
        teacher,
        cicada.TRAINED_VERSION_1P1P2,
        outliers=outliers,
        schedule=TrainingSchedule(20, 128, 1e-2),
    )
    test = np.concatenate([toy_regions(300, jets, seed=4) for jets in (0, 1, 6)])
    wanted, found = teacher_score(teacher, test), student.score(test)
    assert np.corrcoef(wanted, found)[0, 1] > 0.8
    assert np.all(found * 256 == np.rint(found * 256))


def test_hardened_copies_multiply_leading_regions_and_stay_in_ten_bits():
    regions = np.concatenate([toy_regions(500, jets=1), np.full((500, 18, 14), 1000)])
    copies = hardened(regions, np.random.default_rng(1), most=3)
    changed = copies != regions
    assert set(changed[:500].sum(axis=(1, 2))) == {0, 1, 2, 3}
    assert np.all(copies[changed] > regions[changed])
    assert copies.max() == 1023
    softest_changed = np.where(changed, regions, 9999).min(axis=(1, 2))[:500]
    third = np.sort(regions[:500].reshape(500, -1), axis=1)[:, -3]
    assert np.all(softest_changed >= third)


def test_too_few_events_and_wrong_shapes_are_named(events):
    with pytest.raises(MaplessError, match="less than one batch"):
        train_variational(events[:10], axol1tl.VERSION_3)
    with pytest.raises(MaplessError, match="CICADA takes images"):
        train_teacher(np.zeros((10, 14, 18), dtype=int), TeacherDesign())
