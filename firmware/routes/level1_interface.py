"""How the CMS Level-1 software calls an emulator: name of the library, C++ types, units of the menu.

As in github.com/cms-sw/cmssw: `AXOL1TLCondition.cc` of L1Trigger/L1TGlobal for networks on objects,
`L1TCaloSummary.cc` of L1Trigger/L1TCaloLayer1 and `CICADACondition.cc` for networks on calorimeter regions.
Arguments travel in a `std::any`, so another type than these ends with `std::bad_any_cast`.
"""

import re
from dataclasses import dataclass
from typing import Any

from errors import MaplessError
from firmware.networks.quantise import FixedPoint, fixed_point_of
from firmware.trigger_model import TriggerModel

_OBJECT_SCORE = FixedPoint.parse("ap_ufixed<18,14>")
_SCORE_FIRST = "std::pair<ap_fixed<18,14,AP_RND_CONV,AP_SAT>, ap_ufixed<18,14>>"
_MEANS_FIRST = "std::pair<std::array<ap_fixed<10,7,AP_RND_CONV,AP_SAT>, 8>, ap_ufixed<18,14>>"
_MEAN, _N_MEANS = FixedPoint.parse("ap_fixed<10,7,AP_RND_CONV,AP_SAT>"), 8
_READ_WITH_MEANS = ("v3", "v4")  # the software decides by these names which of the two pairs it reads
_REGION_SCORES = (
    "ap_fixed<11,5>",  # versions 1.0 and 1.1 of CICADA
    "ap_ufixed<16,8>",  # 2.0 and 2.1
    "ap_ufixed<16,8,AP_RND,AP_SAT,AP_SAT>",  # 1.1.1 and 2.1.1
    "ap_ufixed<16,8,AP_RND_CONV,AP_SAT>",  # 1.1.2 and 2.1.2
)


@dataclass(frozen=True)
class Level1Interface:
    """What the software hands over and compares.

    Args:
        caller: the class that loads the library.
        library: its name before `_VERSION.so`.
        inputs: `prepare_input` takes a pointer to any of these, one number per input.
        fraction_bits: bits after the binary point of the first of them.
        menu_scale: the threshold of the menu is the score times this.
    """

    caller: str
    library: str
    inputs: tuple[str, ...]
    fraction_bits: int
    menu_scale: int


OBJECTS = Level1Interface("AXOL1TLCondition", "GTADModel", ("ap_fixed<18,13>",), 5, 16)
REGIONS = Level1Interface("L1TCaloSummary", "CICADAModel", ("ap_uint<10>", "ap_ufixed<10,10>"), 0, 1)


def interface_of(model: TriggerModel) -> Level1Interface:
    """Tell which part of the software calls a model: that of objects, or of regions in phi and eta."""
    return OBJECTS if len(model.input_shape) == 1 else REGIONS


def result_types(model: TriggerModel) -> list[str]:
    """Give the C++ types, all that the software may ask for, that hold every score of a model exactly.

    The list is empty where none does: such a score is read in its own type only, by other software.
    """
    score = fixed_point_of(model.network.outputs[0]._keras_history.operation.activation)
    if interface_of(model) is REGIONS:
        return [name for name in _REGION_SCORES if _holds(FixedPoint.parse(name), score)]
    if score.fraction > _OBJECT_SCORE.fraction or score.maximum > _OBJECT_SCORE.maximum:
        return []
    return [_SCORE_FIRST] if means_layer(model) is None else [_SCORE_FIRST, _MEANS_FIRST]


def means_layer(model: TriggerModel) -> str | None:
    """Name the layer of the eight latent means that versions 3 and 4 of AXOL1TL give beside the score."""
    layer: Any = next((layer for layer in model.network.layers if layer.name == "latent_type"), None)
    if layer is None or layer.output.shape[1:] != (_N_MEANS,) or fixed_point_of(layer.activation) != _MEAN:
        return None
    return str(layer.name)


def version_of(name: str) -> str:
    """Give the version in the name of a model, the whole name where there is none.

    >>> version_of("axol1tl_v3"), version_of("cicada_v2p1p2"), version_of("my_trigger")
    ('v3', 'v2p1p2', 'my_trigger')
    """
    found = re.fullmatch(r"(?:axol1tl|cicada)_(v\d+(?:p\d+)*)", name)
    return found[1] if found else name


def library_name(model: TriggerModel, version: str) -> str:
    """Give the name under which the software loads a version of a model, without `.so`.

    Raises:
        MaplessError: the version is no name, or one from which the software reads what the model lacks.
    """
    if not re.fullmatch(r"\w+", version):
        raise MaplessError(f"version {version!r} is no name; use letters, digits and underscores, like v6")
    interface = interface_of(model)
    if interface is OBJECTS and version in _READ_WITH_MEANS and means_layer(model) is None:
        raise MaplessError(
            f"from {interface.library}_{version} the level-1 software reads {_N_MEANS} latent means, which "
            f"{model.name!r} has not; name another version"
        )
    return f"{interface.library}_{version}"


def _holds(to: FixedPoint, score: FixedPoint) -> bool:
    within = to.minimum <= score.minimum and score.maximum <= to.maximum
    return within and score.fraction <= to.fraction
