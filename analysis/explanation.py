"""The stage that explains what the hunts of a search keep."""

from analysis.engine.stage import Stage
from analysis.plan import Plan
from analysis.stages.explain import explain
from models.made import modules
from models.registry import CUTS, DETECTORS


def explanation(plan: Plan) -> Stage:
    """Why the events of all hunts are kept, from what these have trained and learnt."""
    search, hunts = plan.search, {}
    after: dict[str, Stage] = {}
    for chain in plan.chains:
        spectra = [search.spectrum(name) for name in chain.hunt.spectra]
        data = plan.data(spectra[0].region)
        hunts[chain.name] = {
            "hunt": chain.hunt.name,
            "detector": chain.hunt.detector.name,
            "cut": chain.hunt.cut.name,
            "window": chain.window,
            "data": data,
            "masses": plan.masses(chain.hunt, chain.window, spectra[0]),
            "told": tuple(dict.fromkeys(spectrum.column for spectrum in spectra)),
        }
        after |= plan.selected([data])
        after |= {f"train-{chain.name}": chain.train, f"cut-{chain.name}": chain.cut}
        after[f"score-{chain.name}"] = chain.scores[data.name]
    arguments = {"hunts": hunts, "features": search.features, "seed": plan.settings.fit.seed}
    code = {
        module
        for hunt in search.hunts
        for made, registry in ((hunt.detector, DETECTORS), (hunt.cut, CUTS))
        for module in modules(made, registry)
    }
    return Stage("explain", explain, arguments, after, tuple(sorted(code)))
