"""Stages of several outputs put together into one, from which a run goes on."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from analysis.engine.manifest import is_complete
from analysis.engine.stored_stages import stored_stages
from errors import MaplessError


def merge_stages(outputs: Sequence[Path], into: Path) -> int:
    """Copy the finished stages of outputs into another, each complete or not at all; returns how many.

    What is there already is kept, and half-written stages are left out. Raises MaplessError for a folder that
    is no output, and for a stage whose products are not what was written.
    """
    copied = 0
    for output in outputs:
        for stage in stored_stages(output):
            target = into / "stages" / stage.folder.name
            if not stage.manifest or target.exists():
                continue
            if not is_complete(stage.folder, stage.manifest["key"], thorough=True):
                raise MaplessError(
                    f"{stage.folder} is not what was written; remove it, and run its job again"
                )
            beside = target.with_name(f"{target.name}.partial-{os.getpid()}")
            shutil.copytree(stage.folder, beside)
            beside.rename(target)
            copied += 1
    return copied
