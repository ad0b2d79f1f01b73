"""The conventional triggers whose decisions are stored with simulated events, read from YAML."""

from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from errors import MaplessError
from selections.level1.seeds import Seed

DEFAULT_MENU = Path(__file__).parents[2] / "configs" / "level1_menu.yaml"


def read_menu(path: Path = DEFAULT_MENU) -> dict[str, Seed]:
    """Seeds by name; raises MaplessError for what is not a menu.

    >>> read_menu()["L1_SingleJet180"].thresholds
    (180.0,)
    """
    try:
        return TypeAdapter(dict[str, Seed]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as problem:
        first = problem.errors()[0]
        raise MaplessError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
