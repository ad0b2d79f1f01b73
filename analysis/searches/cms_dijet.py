"""CMS search for dijet resonances with anomalous jets, EXO-22-026 (arXiv:2412.03747)."""

from pathlib import Path

from analysis.configuration import SelectionSettings
from analysis.search import Search
from models.mass_windows import CMS_WINDOWS
from selections.dijet import dijet, dijet_columns
from selections.graph import Selection


def _selection(settings: SelectionSettings, folds: int) -> Selection:
    return dijet(
        mjj_min=settings.mjj_min,
        jet_pt_min=settings.jet_pt_min,
        jet_eta_max=settings.jet_eta_max,
        delta_eta_max=settings.delta_eta_max,
        folds=folds,
        features=settings.jet_features,
    )


def _columns(settings: SelectionSettings) -> tuple[str, ...]:
    return ("run", "luminosity_block", "event", "weight", *dijet_columns(settings.jet_features))


SEARCH = Search(
    name="cms-dijet",
    title="Resonances decaying to two anomalous jets",
    reference="CMS EXO-22-026, arXiv:2412.03747",
    configuration=Path(__file__).parents[1] / "configs" / "cms_dijet.yaml",
    selection=_selection,
    columns=_columns,
    windows=CMS_WINDOWS,
)
