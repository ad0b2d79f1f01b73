"""How many threads may be used, and libraries that use no more than they may."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

BATCH_VARIABLES = ("SLURM_CPUS_PER_TASK", "NSLOTS", "PBS_NCPUS", "LSB_DJOB_NUMPROC", "OMP_NUM_THREADS")
"""In which batch systems, the last for HTCondor, say how many cores a job was given."""

LIBRARY_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def available_cores() -> int:
    """The fewest cores that affinity, control group and batch job leave us."""
    from joblib import cpu_count

    given = [os.environ.get(name, "") for name in BATCH_VARIABLES]
    return int(
        min(cpu_count(), *(int(cores) for cores in given if cores.isdecimal() and int(cores) > 0), 1024)
    )


@contextmanager
def bound_libraries(threads: int) -> Iterator[None]:
    """Let OpenMP and BLAS use so many threads: libraries that are loaded, and those that will be."""
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in LIBRARY_VARIABLES}
    os.environ.update(dict.fromkeys(LIBRARY_VARIABLES, str(threads)))
    try:
        with threadpool_limits(threads):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
