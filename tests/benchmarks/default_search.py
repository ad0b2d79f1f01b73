"""The default search over seeds of injection and training, the background function chosen in two ways.

Run as `python -m tests.benchmarks.default_search [seed...]`; a minute and a half per seed on two cores.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).parents[2]
CHOICES = ("f-test", "with-signal")
FITS = {"mjj": "all events", "mjj-cwola-B3": "after the anomaly cut"}
INJECTED = {True: "550 injected", False: "nothing injected"}


def largest_significances(output, seed, choice, injected):
    """Largest local significance of each fit that is made; others are those of the seed before."""
    start = time.time()
    injection = f"injections.x_to_yy_3000.seed={seed}" if injected else "injections={}"
    settings = (f"detectors.cwola.seed={seed}", f"background.choice={choice}", injection)
    command = [sys.executable, str(REPOSITORY / "run_analysis.py"), "scan", "cms-dijet"]
    command += [f"--output={output}", "--set=global_significance.toys=0"]
    subprocess.run([*command, *(f"--set={one}" for one in settings)], check=True, capture_output=True)
    made = [path for path in output.glob("stages/fit-*/results.json") if path.stat().st_mtime >= start]
    return {path.parent.name[4:-13]: _largest(json.loads(path.read_text())) for path in made}


def _largest(results):
    return max(point["significance"] for point in results["parts"][0]["search"]["scan"]["points"])


def main(seeds):
    rows = {(injected, fit, choice): [] for injected in INJECTED for fit in FITS for choice in CHOICES}
    with TemporaryDirectory() as folder:
        for seed in seeds:
            for injected in INJECTED:
                for choice in CHOICES:  # the detector is trained for the first and kept for the second
                    found = largest_significances(Path(folder) / "output", seed, choice, injected)
                    for fit in FITS:
                        row = rows[injected, fit, choice]
                        row.append(f"{found[fit]:.2f}" if fit in found else row[-1])
            print(f"seed {seed} done", file=sys.stderr, flush=True)
    table = Table(title="largest local significance")
    for heading in ("sample", "fit", "function chosen", *map(str, seeds)):
        table.add_column(heading)
    for (injected, fit, choice), values in rows.items():
        table.add_row(INJECTED[injected], FITS[fit], choice, *values)
    Console(width=160).print(table)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or list(range(1, 11)))
