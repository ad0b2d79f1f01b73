"""The detectors and cuts by name."""

from typing import Any

from errors import MaplessError
from models.anomaly_cut import AnomalyCut
from models.anomaly_detector import AnomalyDetector
from models.made import Made, make

# Named as strings so that listing them does not import TensorFlow.
DETECTORS = {
    "autoencoder": "models.autoencoder.detector:Autoencoder",
    "cathode": "models.cathode.detector:Cathode",
    "combination": "models.combination:Combination",
    "cwola-hunting": "models.weak_supervision.networks:CWoLaHunting",
    "cwola-hunting-trees": "models.weak_supervision.trees:CWoLaBoostedTrees",
    "image-autoencoder": "models.image_autoencoder.detector:ImageAutoencoder",
    "image-tag-n-train": "models.tag_n_train.image_detector:ImageTagNTrain",
    "isolation-forest": "models.isolation_forest:IsolationForest",
    "quak": "models.quak.detector:Quak",
    "reference-networks": "models.references.networks:ReferenceNetworks",
    "reference-trees": "models.references.trees:ReferenceTrees",
    "tag-n-train": "models.tag_n_train.detector:TagNTrain",
    "vae-qr": "models.variational_autoencoder.detector:VariationalAutoencoder",
    "variational-recurrent-network": (
        "models.variational_recurrent_network.detector:VariationalRecurrentNetwork"
    ),
}

CUTS = {
    "exclusive-scores": "models.cuts.exclusive_scores:ExclusiveScores",
    "fixed-efficiency": "models.cuts.fixed_efficiency:FixedEfficiency",
    "highest-scores": "models.cuts.highest_scores:HighestScores",
    "moving-sidebands": "models.cuts.moving_sidebands:MovingSidebands",
    "quak-bins": "models.cuts.quak_bins:QuakBins",
    "quantile-regression": "models.cuts.score_categories:ScoreCategories",
    "score-above": "models.cuts.score_above:ScoreAbove",
    "sideband-efficiency": "models.cuts.sideband_efficiency:SidebandEfficiency",
    "window-efficiency": "models.cuts.window_efficiency:WindowEfficiency",
}


def make_detector(made: Made, **offered: Any) -> AnomalyDetector:
    """Make an untrained detector; `offered` is used where it has such a setting.

    Raises MaplessError for an unknown name or setting, and for a class of another kind.
    """
    return _checked(make(made, DETECTORS, **offered), AnomalyDetector, made)


def make_cut(made: Made, **offered: Any) -> AnomalyCut:
    """Make a cut that has not learnt; `offered` is used where it has such a setting.

    Raises MaplessError for an unknown name or setting, and for a class of another kind.
    """
    return _checked(make(made, CUTS, **offered), AnomalyCut, made)


def _checked(one: Any, kind: type[Any], made: Made) -> Any:
    if not isinstance(one, kind):
        raise MaplessError(f"{made.name} is no {kind.__name__}; see docs/extending.md")
    return one
