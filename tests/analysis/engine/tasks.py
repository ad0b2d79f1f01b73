"""Tasks for the tests of the engine; those that count their calls do so in a file outside of the products."""

import errno
import os
import time
from pathlib import Path

from errors import MaplessError

PATIENCE = 60


def write(job, tools):
    """Write `text`, behind what earlier stages wrote."""
    count(job)
    earlier = [(folder / "product.txt").read_text() for folder in job.after.values()]
    (job.folder / "product.txt").write_text("".join([*earlier, job.arguments["text"]]))


def write_batch(jobs, tools):
    """Write the texts of several stages in one call."""
    count(jobs[0])
    for job in jobs:
        (job.folder / "product.txt").write_text(job.arguments["text"])


def write_half_of_a_batch(jobs, tools):
    """Fail behind the first of several stages."""
    write(jobs[0], tools)
    raise MaplessError("the second file is lost")


def be_interrupted(job, tools):
    """Stop as if the user had typed Ctrl-C."""
    (job.folder / "half.txt").write_text("half")
    raise KeyboardInterrupt


def fill_the_disk(job, tools):
    """Fail as on a full disk."""
    (job.folder / "half.txt").write_text("half")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def meet(job, tools):
    """Wait until as many stages as `together` are at work, and write which process this is."""
    place = Path(job.arguments["place"])
    (place / job.arguments["text"]).touch()
    wait_for(lambda: len(list(place.iterdir())) == job.arguments["together"])
    (job.folder / "product.txt").write_text(job.arguments["text"])
    (job.folder / "process.txt").write_text(f"{os.getpid()} {tools.threads}")


def fail_beside_another(job, tools):
    """Fail as soon as another stage is at work."""
    wait_for(Path(job.arguments["other"]).exists)
    raise MaplessError("events.root lacks m_jj; leave it out")


def die_beside_another(job, tools):
    """End this process as the kernel does when memory is short."""
    wait_for(Path(job.arguments["other"]).exists)
    os._exit(9)


def dawdle(job, tools):
    """Leave something half-written and take far too long."""
    (job.folder / "half.txt").write_text("half")
    Path(job.arguments["at_work"]).write_text(str(os.getpid()))
    time.sleep(PATIENCE)


def count(job):
    """Leave a mark for each call."""
    if "calls" in job.arguments:
        with Path(job.arguments["calls"]).open("a") as calls:
            calls.write("x")


def wait_for(condition, patience=PATIENCE):
    """Wait for a condition, but not for ever."""
    latest = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < latest
        time.sleep(0.01)


def rest(job, tools):
    """Take some time."""
    time.sleep(job.arguments["seconds"])


def die_once(job, tools):
    """End this process as a node does that is taken away, the first time; write a text the second time."""
    died = Path(job.arguments["died"])
    if not died.exists():
        died.touch()
        (job.folder / "half.txt").write_text("half")
        os._exit(9)
    write(job, tools)
