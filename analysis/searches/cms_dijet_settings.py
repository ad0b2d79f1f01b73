"""Settings of the CMS search for dijet resonances with anomalous jets."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from analysis.engine.settings import Name
from analysis.engine.settings import Settings as SettingsBase
from analysis.engine.units import Energy
from analysis.search_settings import (
    BackgroundSettings,
    DetectorSettings,
    MassSettings,
    OwnSelection,
    RangeSettings,
    SearchSettings,
)
from analysis.searches.cms_dijet_windows import WINDOWS
from selections.dijet import FEATURES

DETECTOR_SETS: dict[str, dict[str, dict[str, Any]]] = {
    "all": {
        "vae": {"detector": "vae-qr"},
        "cwola": {"detector": "cwola-hunting-trees"},
        "tnt": {"detector": "tag-n-train"},
        "cathode": {"detector": "cathode"},
        "quak": {"detector": "quak"},
    },
}
"""Detectors that search side by side: the five of arXiv:2412.03747."""


class SelectionSettings(OwnSelection):
    """Signal topology of the dijet selection (GeV).

    `jet_features` are kept beside the kinematics; leave out those that the files do not have, which the
    detectors then do not see either. `jet_mass` is the one that orders the jets and that detectors see.
    """

    mjj_min: Annotated[Energy, Field(gt=0)] = 1460.0
    jet_pt_min: Annotated[Energy, Field(gt=0)] = 300.0
    jet_eta_max: Annotated[float, Field(gt=0)] = 2.5
    delta_eta_max: Annotated[float, Field(gt=0)] = 1.3
    jet_features: tuple[str, ...] = FEATURES
    jet_mass: Literal["soft_drop", "trimmed", "plain"] = "soft_drop"


class WindowSettings(RangeSettings):
    """A mass window of one's own (GeV); its side-bands touch it and have its relative width.

    Its `masses` are by default those of the search that it holds.
    """

    kept: Annotated[float, Field(gt=0, lt=1)] = 0.01
    masses: tuple[Energy, ...] | None = None


class ControlSettings(SettingsBase):
    """Events from which detectors learn what background is: jets far apart, of the data or of a `sample`.

    `unbalanced` asks for jets that are not balanced and no hard third jet, as the public code does, with
    |delta eta| from 2.0 to 2.5.
    """

    sample: str = ""
    delta_eta_min: Annotated[float, Field(gt=0)] = 1.4
    delta_eta_max: Annotated[float, Field(gt=0)] = 2.5
    unbalanced: bool = False

    @model_validator(mode="after")
    def _range_is_ordered(self) -> "ControlSettings":
        if self.delta_eta_min >= self.delta_eta_max:
            raise ValueError(f"no jets are {self.delta_eta_min:g} to {self.delta_eta_max:g} apart")
        return self


class Settings(SearchSettings):
    """Settings of the search; `signals` are the samples that give the resonance its shape, else a Gaussian.

    `detectors` by name, or `all` of the paper. `windows` names those of the paper
    or of `own_windows`. `control` is for detectors that learn from background alone; `priors` are groups of
    samples of signals that QUAK learns from, of masses above `priors_mjj_min` (GeV).
    """

    selection: SelectionSettings = SelectionSettings()
    windows: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(WINDOWS)
    own_windows: dict[Name, WindowSettings] = {}
    detectors: dict[Name, DetectorSettings]
    spectrum: RangeSettings
    background: BackgroundSettings = BackgroundSettings()
    masses: MassSettings
    signals: tuple[str, ...] = ()
    control: ControlSettings = ControlSettings()
    priors: dict[Name, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    priors_mjj_min: Annotated[Energy, Field(gt=0)] = 1460.0

    @field_validator("detectors", mode="before")
    @classmethod
    def _named_set(cls, detectors: Any) -> Any:
        if not isinstance(detectors, str):
            return detectors
        if detectors not in DETECTOR_SETS:
            raise ValueError(
                f"no set of detectors is called {detectors!r}; known: {', '.join(DETECTOR_SETS)}"
            )
        return DETECTOR_SETS[detectors]
