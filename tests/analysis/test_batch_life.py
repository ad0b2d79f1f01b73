"""What a batch node may lack: a name of the user, a home, room for temporary files, a place to write."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SPECTRUM = REPOSITORY / "analysis" / "samples" / "cms_dijet_137fb.csv"
KEPT = ("PATH", "PYTHONPATH", "ROOT_INCLUDE_PATH", "LD_LIBRARY_PATH", "KERAS_BACKEND")


def _may_unshare() -> bool:
    tried = ["unshare", "--map-root-user", "--mount", "unshare", "--user", "--map-user=12345", "true"]
    return (
        bool(shutil.which("unshare"))
        and subprocess.run(tried, capture_output=True, check=False).returncode == 0
    )


def _as_nobody(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run as a user without name and home, with 1 MB for temporary files, beside a read-only folder."""
    for name in ("tmp", "fixed"):
        (place / name).mkdir()
    mounts = (
        f"mount -t tmpfs -o size=1m tmpfs {place / 'tmp'} && mount -t tmpfs -o ro tmpfs {place / 'fixed'}"
    )
    prepared = f'{mounts} && exec unshare --user --map-user=12345 "$@"'
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", prepared, "sh", sys.executable, *command],
        env=environment | {"TMPDIR": str(place / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not _may_unshare(), reason="this user may not make namespaces")
def test_a_fit_needs_no_name_no_home_and_little_room(tmp_path: Path) -> None:
    program = str(REPOSITORY / "run_analysis.py")
    result = _as_nobody(tmp_path, program, "fit", str(SPECTRUM), "--scan=3000:3100:100", "--output=fitted")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "fitted" / "results.json").is_file()


@pytest.mark.skipif(not _may_unshare(), reason="this user may not make namespaces")
def test_events_are_read_and_large_files_summed_without_a_home(tmp_path: Path) -> None:
    file = REPOSITORY / "analysis" / "samples" / "qcd_multijet.root"
    script = f"""
from pathlib import Path
from analysis.engine.checksums import checksum
from selections.sources import open_events
checksum(Path({str(file)!r}))
print(open_events({str(file)!r}).n_in_files)
"""
    result = _as_nobody(tmp_path, "-c", script)
    assert result.stdout.split() == ["60000"], result.stderr


@pytest.mark.skipif(not _may_unshare(), reason="this user may not make namespaces")
def test_where_nothing_can_be_written_one_line_names_the_way_out(tmp_path: Path) -> None:
    script = (
        f"cd fixed && exec {sys.executable} {REPOSITORY / 'run_analysis.py'} run cms-dijet --max-events 9"
    )
    result = _as_nobody(tmp_path, "-c", f"import os; os.execlp('sh', 'sh', '-c', {script!r})")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "choose another folder with --output" in result.stderr
