"""The events that a hunt keeps, as a table to look them up elsewhere."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.report.hunt_view import HuntView
from selections.snapshot import EVENT_NAME


def write_selected_events(view: HuntView, columns: Sequence[str], path: Path) -> None:
    """Write run, luminosity block, number, some columns, scores and categories of the events that are kept.

    One row per event that is in any category, the most anomalous by the first score first. `injected` is the
    number of the injection that an event comes from, 0 for one of the data; categories are 0 or 1.
    """
    kept = np.any([*view.kept.values()], axis=0)
    events = view.events.where(kept)
    numbers = {name: events[name] for name in (*EVENT_NAME, "injected", *columns)}
    scores = {name: np.asarray(values)[kept] for name, values in view.scores.items()}
    categories = {f"in_{name}": mask[kept].astype(int) for name, mask in view.kept.items()}
    table = pd.DataFrame(numbers | scores | categories)
    first = next(iter(view.scores))
    path.parent.mkdir(exist_ok=True)
    table.sort_values([first, "event"], ascending=[False, True]).to_csv(path, index=False)
