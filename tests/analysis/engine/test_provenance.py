"""What a manifest says of memory."""

import subprocess
import sys

from analysis.engine.provenance import peak_memory


def test_memory_of_processes_that_ended_counts():
    mine = peak_memory()
    size = int(1e9 * (mine + 0.2))
    subprocess.run([sys.executable, "-c", f"bytearray(b'x') * {size}"], check=True)
    assert mine + 0.2 < peak_memory() < mine + 1
