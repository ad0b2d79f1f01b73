"""A two-jet toy with a known answer: a smoothly falling background and a resonance with odd jets."""

import numpy as np

FEATURES = ("softdrop_mass", "tau21", "tau32", "tau43", "lsf3", "b_tag", "n_constituents")


def background(n, seed, correlation=0.1):
    """QCD-like events above 2.2 TeV; jet masses rise with m_jj by `correlation`."""
    random = np.random.default_rng(seed)
    mjj = 2200 * random.pareto(6.0, n) + 2200
    events = {"mjj": mjj, "fold": random.integers(0, 5, n), "truth_label": np.zeros(n, int)}
    first, second = _ordered(*(_qcd_jet(mjj, correlation, random) for _ in range(2)))
    return events | _named("jet1", first) | _named("jet2", second)


def signal(n, seed, mass=3000.0, jet_mass=170.0):
    """A narrow resonance that decays to two massive two-prong jets."""
    random = np.random.default_rng(seed)
    mjj = random.normal(mass, 0.035 * mass, n)
    events = {"mjj": mjj, "fold": random.integers(0, 5, n), "truth_label": np.ones(n, int)}
    first, second = _ordered(*(_odd_jet(mjj, jet_mass, random) for _ in range(2)))
    return events | _named("jet1", first) | _named("jet2", second)


def mixture(n_background, n_signal, seed, **signal_options):
    """Background with signal injected, in random order."""
    parts = background(n_background, seed), signal(n_signal, seed + 1000, **signal_options)
    order = np.random.default_rng(seed).permutation(n_background + n_signal)
    return {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}


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
