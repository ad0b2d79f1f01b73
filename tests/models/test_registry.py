import subprocess
import sys

import pytest

from errors import MaplessError
from models.isolation_forest import IsolationForest
from models.made import Made
from models.registry import DETECTORS, make_cut, make_detector
from models.weak_supervision.networks import CWoLaHunting
from tests.models.toy import INPUTS, WINDOW


def test_detectors_are_made_by_name_and_take_of_the_offer_what_they_have():
    made = make_detector(Made("cwola-hunting", {"seed": 7}), window=WINDOW, inputs=INPUTS, seed=1)
    assert isinstance(made, CWoLaHunting)
    assert made.seed == 7
    forest = make_detector(Made("isolation-forest", {"features": ["mjj"]}), window=WINDOW, seed=3)
    assert forest == IsolationForest(["mjj"], seed=3)


def test_a_class_of_ones_own_is_made_by_its_place():
    own = Made("models.isolation_forest:IsolationForest", {"features": ["mjj"]})
    assert make_detector(own) == IsolationForest(["mjj"])


def test_what_does_not_exist_is_named_with_what_does():
    with pytest.raises(
        MaplessError, match="nothing is called 'oracle'; choose one of autoencoder, cathode, combination, "
    ):
        make_detector(Made("oracle"))
    with pytest.raises(MaplessError, match="cwola-hunting-trees has no setting 'epochs'; it has window, inp"):
        make_detector(Made("cwola-hunting-trees", {"epochs": 3}), window=WINDOW)
    with pytest.raises(MaplessError, match="no class Oracle"):
        make_cut(Made("models.window:Oracle"))
    with pytest.raises(MaplessError, match="no module models.oracle"):
        make_cut(Made("models.oracle:Oracle"))


def test_making_a_detector_does_not_import_tensorflow():
    code = (
        "import sys; from models.made import Made; from models.registry import make_detector;"
        "from tests.models.toy import INPUTS, WINDOW;"
        "make_detector(Made('cwola-hunting'), window=WINDOW, inputs=INPUTS);"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", DETECTORS)
def test_an_option_of_another_type_is_refused_by_every_detector(name):
    with pytest.raises(MaplessError, match="option seed: Input should be a valid integer"):
        make_detector(Made(name, {"seed": "one"}))
