"""The level-1 algorithms once more, slowly; images are (56, 72), eta first, in 0.5 GeV."""

import numpy as np

from selections.level1 import OBJECT_SLOTS

EDGES = np.array(
    [0.087 * i for i in range(21)] + [1.83, 1.93, 2.043, 2.172, 2.322, 2.5, 2.65, 3.0]
)  # CMS trigger towers
CENTRES = (EDGES[1:] + EDGES[:-1]) / 2
RINGS = np.abs(np.arange(56) - 27.5).astype(int)
AREAS = (np.diff(EDGES) / 0.087)[RINGS]
ETA_CODES = np.rint(np.concatenate([-CENTRES[::-1], CENTRES]) / 0.0435).astype(int)


def response(em: np.ndarray, had: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the calorimeters tell, in whole 0.5 GeV, of energies in 0.5 GeV / 8."""
    em, had = em / 16, had / 16
    em = np.maximum(em - 0.55 * AREAS[:, None], 0)
    had = np.maximum(had - np.sqrt(1.15 * had), 0)
    return (em / 0.5).astype(int), (had / 0.5).astype(int)


def neighbours(image: np.ndarray, eta: int, phi: int, half: int):
    for d in range(-half, half + 1):
        for f in range(-half, half + 1):
            inside = 0 <= eta + d < 56
            yield d, f, int(image[eta + d, (phi + f) % 72]) if inside else 0


def is_largest(image: np.ndarray, eta: int, phi: int, half: int) -> bool:
    seed = image[eta, phi]
    earlier = [v for d, f, v in neighbours(image, eta, phi, half) if (d + f, d) < (0, 0)]
    later = [v for d, f, v in neighbours(image, eta, phi, half) if (d + f, d) > (0, 0)]
    return all(v < seed for v in earlier) and all(v <= seed for v in later)


def jets(total: np.ndarray) -> list[tuple[int, int, int]]:
    found = []
    for eta, phi in np.argwhere(total >= 8):
        if not is_largest(total, eta, phi, 4):
            continue
        window = sum(v for _, _, v in neighbours(total, eta, phi, 4))
        strips = [0, 0, 0, 0]
        for d, f, v in neighbours(total, eta, phi, 7):
            if abs(f) <= 4 < abs(d):
                strips[d > 0] += v
            if abs(d) <= 4 < abs(f):
                strips[2 + (f > 0)] += v
        pt = window - sum(sorted(strips)[:3])
        if pt > 0:
            calibrated = round(pt * (1 + np.exp(-pt / 140)))
            found.append((min(calibrated, 2047), ETA_CODES[eta], 2 * phi + 1))
    return sorted(found, key=lambda one: -one[0])


def egammas(em: np.ndarray, had: np.ndarray) -> list[tuple[int, int, int]]:
    found = []
    for eta, phi in np.argwhere(em >= 4):
        if had[eta, phi] / em[eta, phi] < 0.15 and is_largest(em, eta, phi, 1):
            pt = sum(v for _, _, v in neighbours(em, eta, phi, 1) if v >= 2)
            found.append((min(pt, 511), ETA_CODES[eta], 2 * phi + 1))
    return sorted(found, key=lambda one: -one[0])


def missing_et(total: np.ndarray) -> tuple[int, int, int]:
    angle = 2 * np.pi * (np.arange(72) + 0.5) / 72
    vector = -np.sum(total.sum(axis=0) * np.exp(1j * angle))
    pt = min(round(abs(vector)), 4095)
    return pt, 0, int(np.angle(vector) % (2 * np.pi) / (2 * np.pi) * 144) if pt else 0


def inputs(em: np.ndarray, had: np.ndarray, muons: list[tuple[int, int, int]] = ()) -> np.ndarray:
    em, had = np.minimum(em, 255), np.minimum(had, 255)
    found = {
        "met": [missing_et(em + had)],
        "egamma": egammas(em, had),
        "muon": sorted(muons, key=lambda one: -one[0]),
        "jet": jets(em + had),
    }
    slots = [(found[kind] + [(0, 0, 0)] * n)[:n] for kind, n in OBJECT_SLOTS.items()]
    return np.concatenate([np.array(objects).ravel() for objects in slots])


def regions(em: np.ndarray, had: np.ndarray) -> np.ndarray:
    total = np.minimum(em, 255) + np.minimum(had, 255)
    sums = total.reshape(14, 4, 18, 4).sum(axis=(1, 3))
    return np.minimum(sums.T, 1023)
