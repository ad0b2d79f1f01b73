"""A process of one's own, from a card with Pythia's settings."""

from pathlib import Path

from pydantic import Field, field_validator

from analysis.simulation.processes import DijetProcess
from errors import MaplessError
from input_files import read_text


class Card(DijetProcess):
    """A model of one's own in Pythia's settings, one a line, as in a `.cmnd` file."""

    card: tuple[str, ...] = Field(min_length=1, description="the settings")

    @field_validator("card")
    @classmethod
    def leaves_the_run_to_us(cls, card: tuple[str, ...]) -> tuple[str, ...]:
        """The beams and the seed have parameters of their own."""
        for line in card:
            if line.strip().lower().startswith(("beams:", "random:", "print:")):
                raise ValueError(f"leave out {line.strip()!r}: give beam_energy and the seed instead")
        return card

    def pythia(self) -> list[str]:
        """The card itself."""
        return list(self.card)


def read_card(path: Path) -> tuple[str, ...]:
    """The lines of a Pythia card; MaplessError when it cannot be read or says nothing."""
    lines = read_text(path).splitlines()
    if not any("=" in line for line in lines):
        raise MaplessError(f"{path} holds no setting of Pythia; write one a line, such as HardQCD:all = on")
    return tuple(lines)
