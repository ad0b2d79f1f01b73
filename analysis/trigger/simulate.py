"""Stage of a sample: simulates its bunch crossings."""

from analysis.engine.job import Job, Tools
from analysis.simulation import level1
from analysis.trigger.products import EVENTS


def simulate(job: Job, tools: Tools) -> None:
    """Write `events.root` and its description.

    Arguments: `process`, `n_events`, `pileup`, `quality`, `seed`, `menu` (a file) and `collisions`, the file
    that pile-up of any quality but `full` is drawn from. Chunks of an interrupted simulation are kept.
    """
    arguments = {name: value for name, value in job.arguments.items() if name != "collisions"}
    level1.simulate(
        output=job.folder / EVENTS,
        keep_in=job.folder.parent,
        workers=tools.threads,
        progress=tools.progress,
        pool_progress=tools.progress,
        **arguments,
    )
