"""CMS search for dijet resonances with anomalous jets, EXO-22-026 (arXiv:2412.03747)."""

from pathlib import Path

from analysis.configuration import SelectionSettings
from analysis.search import Search
from models.jetwise import JET_FEATURES
from models.mass_windows import CMS_WINDOWS
from selections.dijet import dijet
from selections.graph import Selection


def _selection(settings: SelectionSettings, folds: int) -> Selection:
    return dijet(
        mjj_min=settings.mjj_min,
        jet_pt_min=settings.jet_pt_min,
        jet_eta_max=settings.jet_eta_max,
        delta_eta_max=settings.delta_eta_max,
        folds=folds,
    )


def _jet_columns(jet: str) -> tuple[str, ...]:
    return tuple(f"{jet}_{name}" for name in ("pt", "eta", "phi", "mass", *JET_FEATURES))


SEARCH = Search(
    name="cms-dijet",
    title="Resonances decaying to two anomalous jets",
    reference="CMS EXO-22-026, arXiv:2412.03747",
    configuration=Path(__file__).parents[1] / "configs" / "cms_dijet.yaml",
    selection=_selection,
    columns=("run", "luminosity_block", "event", "fold", "weight", "mjj", "delta_eta")
    + _jet_columns("jet1")
    + _jet_columns("jet2"),
    windows=CMS_WINDOWS,
)
