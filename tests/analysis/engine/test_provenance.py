"""What a manifest says of memory and files."""

import subprocess
import sys

from analysis.engine.provenance import checksum, peak_memory


def test_memory_of_processes_that_ended_counts():
    mine = peak_memory()
    size = int(1e9 * (mine + 0.2))
    subprocess.run([sys.executable, "-c", f"bytearray(b'x') * {size}"], check=True)
    assert mine + 0.2 < peak_memory() < mine + 1


def test_a_changed_file_has_another_checksum(tmp_path):
    file = tmp_path / "events.root"
    file.write_text("some events")
    first = checksum(file)
    file.write_text("more than some events")
    assert first != checksum(file)
