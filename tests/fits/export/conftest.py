"""Search models that are small enough to be written and read again quickly."""

import numpy as np
import pytest

from fits.backgrounds import Dijet, expected_counts
from fits.likelihood.signal_term import Effect
from fits.search_model import Process, SearchCategory, SearchModel
from fits.spectrum import Spectrum, dijet_edges

EFFECTS = {
    "luminosity": Effect(1.016),
    "efficiency": Effect((0.9, 1.15)),
    "mass_scale": Effect(mean=0.01),
    "mass_resolution": Effect(width=0.035),
}
FINE, WIDE = np.arange(2400.0, 3601.0, 4.0), dijet_edges(2000, 5000)


@pytest.fixture(scope="session")
def search_model(signal):
    """Function (edges, category names) -> SearchModel with 150 signal events in each category."""

    def model(edges, names=("loose", "tight"), shape=signal, n_nodes=None, **settings):
        rng = np.random.default_rng(11)
        falling = expected_counts(Dijet(2), [0.0, 9.0, 5.0], edges)
        peak = signal.bin_fractions(edges)
        categories = [
            SearchCategory(
                name,
                Spectrum(edges, rng.poisson(events * falling / falling.sum() + 150 * peak)),
                Process(shape, 100.0, EFFECTS),
                Dijet(2),
            )
            for name, events in zip(names, (20000, 4000), strict=False)
        ]
        return SearchModel(categories, n_nodes=n_nodes, **settings)

    return model


def our_value(model, workspace):
    """Our negative log-likelihood where the parameters of a workspace are."""
    likelihood = model.profile_likelihood().likelihood
    values = {name: _value(workspace, name) for name in likelihood.names if not name.endswith("_p0")}
    for category in model.categories:
        shape = [0.0, *(values[f"{category.name}_p{place}"] for place in (1, 2))]
        expected = expected_counts(category.background, shape, category.spectrum.edges).sum()
        events = workspace.var(f"{category.name}_background_norm").getVal()
        values[f"{category.name}_p0"] = np.log(events / expected)
    return likelihood.value(likelihood.internal(values))


def _value(workspace, name):
    return (workspace.var(name) or workspace.function(name)).getVal()


POINTS = (
    {"signal_strength": 1.5},
    {"signal_strength": 1.0, "mass_scale": 0.7, "efficiency": -1.2},
    {"signal_strength": 1.0, "mass_resolution": -1.0, "efficiency": 0.3, "loose_shape1": 1.0},
    {"signal_strength": -0.2, "luminosity": 2.0, "loose_shape2": -1.0, "loose_background_norm": 20300.0},
)
