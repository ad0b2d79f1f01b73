"""A two-jet toy with a known answer: a smoothly falling background and a resonance with odd jets."""

import numpy as np

from models.window import Window

FEATURES = ("softdrop_mass", "tau21", "tau32", "tau43", "lsf3", "b_tag", "n_constituents")
JETS = ("jet1", "jet2")
INPUTS = {jet: tuple(f"{jet}_{name}" for name in FEATURES) for jet in JETS}
MATCH = {jet: f"{jet}_pt" for jet in JETS}
WINDOW = Window("B3", "mjj", 2725.0, 3331.0, (2230.0, 2725.0), (3331.0, 4071.0))


class Events:
    """Columns in memory, as `models.events.Events` wants them."""

    def __init__(self, values):
        self._values = dict(values)
        self.columns = frozenset(self._values)

    def __len__(self):
        return len(next(iter(self._values.values())))

    def __getitem__(self, column):
        return self._values[column]

    def where(self, mask):
        return Events({name: values[mask] for name, values in self._values.items()})

    def batches(self, columns, size, *, seed=None, epoch=0):
        order = np.arange(len(self))
        if seed is not None:
            order = np.random.default_rng((seed, epoch)).permutation(order)
        for start in range(0, len(self), size):
            chosen = order[start : start + size]
            yield {name: self._values[name][chosen] for name in columns}

    def but(self, **values):
        """The same events with other values in some columns."""
        return Events(self._values | values)

    def only(self, columns):
        """The same events without other columns."""
        return Events({name: self._values[name] for name in columns})


def background(n, seed, correlation=0.1):
    """QCD-like events above 2.2 TeV; jet masses rise with m_jj by `correlation`."""
    return Events(_background(n, seed, correlation))


def with_constituents(events, particles, seed):
    """The same events with `particles` per jet, that share its pt; the last ones of some jets are missing."""
    random = np.random.default_rng(seed)
    jets = {f"{jet}_constituent": _constituents(events[f"{jet}_pt"], particles, random) for jet in JETS}
    return events.but(**jets)


def _constituents(pt, particles, random):
    shares = -np.sort(-random.dirichlet(np.ones(particles), len(pt)))
    offsets = random.normal(0, 0.1, (2, len(pt), particles)) + random.uniform(-2, 2, (2, len(pt), 1))
    there = np.arange(particles) < random.integers(particles // 2, particles + 1, len(pt))[:, None]
    return np.stack([shares * pt[:, None], *offsets], axis=-1) * there[..., None]


def mixture(n_background, n_signal, seed, **signal_options):
    """Background with signal injected, in random order."""
    parts = _background(n_background, seed, 0.1), _signal(n_signal, seed + 1000, **signal_options)
    order = np.random.default_rng(seed).permutation(n_background + n_signal)
    return Events({name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]})


def with_images(events, seed, correlation=0.0):
    """The same events with an image (8, 8) of each jet: one blob, of injected ones two.

    Blobs are as wide as chance will have it, for both jets of an event the same with some `correlation`.
    """
    random = np.random.default_rng(seed)
    n = len(events)
    first, second = random.normal(size=(2, n))
    widths = {"jet1": first, "jet2": correlation * first + np.sqrt(1 - correlation**2) * second}
    return events.but(**{f"{jet}_image": _image(widths[jet], events["injected"], random) for jet in JETS})


def _image(width, injected, random):
    pixels = np.stack(np.meshgrid(*[np.arange(8) - 3.5] * 2, indexing="ij"), axis=-1)
    angle = random.uniform(0, np.pi, len(width))
    distance = np.where(injected, random.normal(2.3, 0.2, len(width)), 0)
    prong = np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=-1)[:, None, None]
    sigma = (0.8 * np.exp(0.2 * width))[:, None, None]
    blobs = [np.exp(-((pixels - place) ** 2).sum(-1) / (2 * sigma**2)) for place in (prong, -prong)]
    image = sum(blobs) * random.gamma(4, 0.25, (len(width), 8, 8))
    return (image / image.sum(axis=(1, 2), keepdims=True)).astype(np.float32)


def _background(n, seed, correlation):
    random = np.random.default_rng(seed)
    mjj = 2200 * random.pareto(6.0, n) + 2200
    jets = _ordered(*(_qcd_jet(mjj, correlation, random) for _ in JETS))
    return _event(mjj, 0, random) | _named("jet1", jets[0]) | _named("jet2", jets[1])


def _signal(n, seed, mass=3000.0, jet_mass=170.0):
    """A narrow resonance that decays to two massive two-prong jets."""
    random = np.random.default_rng(seed)
    mjj = random.normal(mass, 0.035 * mass, n)
    jets = _ordered(*(_odd_jet(mjj, jet_mass, random) for _ in JETS))
    return _event(mjj, n, random) | _named("jet1", jets[0]) | _named("jet2", jets[1])


def _event(mjj, injected, random):
    key = random.integers(0, 2**64, len(mjj), dtype=np.uint64)
    injected = np.full(len(mjj), int(injected > 0))
    return {"mjj": mjj, "key": key, "weight": random.uniform(0.5, 1.5, len(mjj)), "injected": injected}


def _qcd_jet(mjj, correlation, random):
    pt = mjj * random.normal(0.45, 0.04, len(mjj))
    mass = 60 * (mjj / 2500) ** correlation * random.lognormal(0, 0.6, len(mjj))
    return {
        "pt": pt,
        "softdrop_mass": mass,
        "tau21": np.clip(random.normal(0.65, 0.12, len(mjj)), 0, 1),
        "tau32": np.clip(random.normal(0.75, 0.10, len(mjj)), 0, 1),
        "tau43": np.clip(random.normal(0.82, 0.08, len(mjj)), 0, 1),
        "lsf3": random.beta(1, 3, len(mjj)),
        "b_tag": random.beta(0.5, 5, len(mjj)),
        "n_constituents": random.poisson(55 + 5 * np.log(mjj / 2500), len(mjj)).astype(float),
    }


def _odd_jet(mjj, jet_mass, random):
    jet = _qcd_jet(mjj, 0.0, random)
    jet["softdrop_mass"] = random.normal(jet_mass, 0.1 * jet_mass, len(mjj))
    jet["tau21"] = np.clip(random.normal(0.35, 0.12, len(mjj)), 0, 1)
    return jet


def _ordered(one, other):
    swap = other["softdrop_mass"] > one["softdrop_mass"]
    first = {name: np.where(swap, other[name], one[name]) for name in one}
    return first, {name: np.where(swap, one[name], other[name]) for name in one}


def _named(jet, values):
    return {f"{jet}_{name}": value for name, value in values.items()}
