"""The stages of a trigger run: simulate, train, build (with the bit-exact gate), report."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.engine.settings import Settings
from analysis.engine.tensorflow_messages import tensorflow_reports_only_failures
from analysis.stages import Stage
from analysis.trigger.configuration import ZERO_BIAS, TriggerConfiguration
from firmware.training.schedule import EpochProgress


@dataclass(frozen=True)
class TriggerPipeline:
    """A trigger run as stages that depend on each other; nothing runs here."""

    configuration: TriggerConfiguration
    output: Path
    workers: int
    progress: EpochProgress

    def stages(self) -> list[Stage]:
        """Return all stages in the order in which they run."""
        return [*self.samples.values(), self.train, self.build, self.report]

    @cached_property
    def samples(self) -> dict[str, Stage]:
        """One stage per sample to simulate; samples with a file of their own have none."""
        sample = self.configuration.sample
        wanted = {ZERO_BIAS: sample.n_zero_bias, **dict.fromkeys(sample.signals, sample.n_signal)}
        return {name: self._simulate(name, n) for name, n in wanted.items() if name not in sample.files}

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """Where the events of each sample are."""
        made = {name: stage.folder(self.output) / "events.root" for name, stage in self.samples.items()}
        return {**made, **self.configuration.sample.files}

    @cached_property
    def train(self) -> Stage:
        """From zero-bias events to a trigger model."""

        def run(folder: Path) -> None:
            from analysis.trigger.train import train

            with tensorflow_reports_only_failures():
                train(self.configuration, self.files, folder, self.progress)

        return Stage(
            "train",
            run,
            {"model": self.configuration.model, "training": _plain(self.configuration.training)},
            inputs=self._own_files,
            sources=("firmware", "analysis/trigger/train.py", "analysis/trigger/designs.py"),
            after=tuple(self.samples[name] for name in self._learnt if name in self.samples),
        )

    @cached_property
    def build(self) -> Stage:
        """From a trigger model to firmware projects whose scores are equal in every event."""

        def run(folder: Path) -> None:
            from analysis.trigger.build import build_firmware

            with tensorflow_reports_only_failures():
                build_firmware(self.configuration, self._folder(self.train), self.files[ZERO_BIAS], folder)

        settings = {"firmware": _plain(self.configuration.firmware)}
        sources = ("firmware", "analysis/trigger/build.py")
        return Stage("build", run, settings, sources=sources, after=(self.train,))

    @cached_property
    def report(self) -> Stage:
        """Rates, efficiencies, resources and the comparison of routes as numbers, plots and one HTML page."""
        after = (*self.samples.values(), self.train, self.build)

        def run(folder: Path) -> None:
            from analysis.trigger.report import write_trigger_report

            folders = {stage.name: self._folder(stage) for stage in after}
            with tensorflow_reports_only_failures():
                write_trigger_report(self.configuration, self.files, folders, folder)

        settings = {"configuration": _plain(self.configuration)}
        sources = ("analysis/trigger", "analysis/report")
        return Stage("report", run, settings, inputs=self._own_files, sources=sources, after=after)

    @property
    def _own_files(self) -> tuple[Path, ...]:
        return tuple(self.configuration.sample.files.values())

    @property
    def _learnt(self) -> tuple[str, ...]:
        return (ZERO_BIAS, *self.configuration.training.outliers)

    def _simulate(self, name: str, n_events: int) -> Stage:
        sample = self.configuration.sample

        def run(folder: Path) -> None:
            from analysis.simulation import level1

            level1.simulate(
                name,
                n_events,
                output=folder / "events.root",
                seed=sample.seed,
                workers=self.workers,
                quality=sample.quality,
                progress=self.progress,
                pool_progress=self.progress,
                pileup=sample.pileup,
            )

        settings = _plain(sample, {"pileup", "quality", "seed"}) | {"n_events": n_events}
        sources = ("analysis/simulation", "analysis/configs/level1_menu.yaml", "selections/cpp")
        return Stage(name, run, settings, sources=sources)

    def _folder(self, stage: Stage) -> Path:
        return stage.folder(self.output)


def _plain(settings: Settings, only: set[str] | None = None) -> dict[str, Any]:
    return settings.model_dump(mode="json", include=only)
