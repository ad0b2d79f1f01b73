"""Corrections of samples as a YAML file describes them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field

from analysis.engine.settings import Settings
from selections.jet_corrections import JetCorrections

Collection = Literal["jet", "small_jet"]


class JetCorrectionSettings(Settings):
    """Corrections of a collection of jets (`selections.jet_corrections.JetCorrections`).

    `names` are those of single or compound corrections of the file, applied one after the other.
    """

    file: str
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    inputs: dict[str, str] = {}
    undo: bool = True

    def at(self, folder: Path) -> Self:
        """The same with the path of its file relative to a folder."""
        return self.model_copy(update={"file": str(folder / self.file)})

    def made(self, collection: Collection) -> JetCorrections:
        """The corrections of a collection."""
        return JetCorrections(collection, Path(self.file), self.names, self.inputs, self.undo)
