"""The stages of a trigger run: simulate, train, build (with the bit-exact gate), report; and the study."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analysis.engine.stage import Stage
from analysis.simulation.level1.menu import DEFAULT_MENU
from analysis.simulation.level1.pool import EMBEDDED
from analysis.trigger.build import build_firmware
from analysis.trigger.configuration import TriggerConfiguration
from analysis.trigger.designs import DESIGNS, ENCODERS
from analysis.trigger.report import write_trigger_report
from analysis.trigger.samples import ZERO_BIAS
from analysis.trigger.simulate import simulate
from analysis.trigger.study import StudyOptions, study
from analysis.trigger.train import train
from errors import MaplessError
from firmware.training import hgq2


@dataclass(frozen=True)
class TriggerPipeline:
    """A trigger run as stages that depend on each other; nothing runs here."""

    configuration: TriggerConfiguration

    @cached_property
    def samples(self) -> dict[str, Stage]:
        """One stage per sample to simulate; samples with a file of their own have none."""
        sample = self.configuration.sample
        wanted = {ZERO_BIAS: sample.n_zero_bias, **dict.fromkeys(sample.signals, sample.n_signal)}
        return {name: self._simulate(name, n) for name, n in wanted.items() if name not in sample.files}

    @cached_property
    def train(self) -> Stage:
        """From zero-bias events to a trigger model."""
        training = self.configuration.training
        names = (ZERO_BIAS, *training.outliers)
        arguments = {
            "model": self.configuration.model,
            "schedule": training.schedule,
            "fraction": training.fraction,
            "outliers": training.outliers,
            "files": self._files(names),
        }
        return Stage("train", train, arguments, self._simulated(names))

    @cached_property
    def build(self) -> Stage:
        """From a trigger model to firmware projects whose scores are equal in every event."""
        firmware = self.configuration.firmware
        arguments = firmware.model_dump(include={"backend", "version", "n_events", "yosys"}) | {
            "target": firmware.target.complete(firmware.backend),
            "inputs": DESIGNS[self.configuration.model].inputs,
            "fraction": self.configuration.training.fraction,
            "files": self._files([ZERO_BIAS]),
        }
        after = self._simulated([ZERO_BIAS]) | {"train": self.train}
        return Stage("build", build_firmware, arguments, after)

    @cached_property
    def report(self) -> Stage:
        """Rates, efficiencies, resources and the comparison of routes as numbers, plots and one HTML page."""
        files = self._files(self._all_samples)
        arguments = {"configuration": self.configuration, "files": files}
        after = self._simulated(self._all_samples) | {"train": self.train, "build": self.build}
        return Stage("report", write_trigger_report, arguments, after)

    def study(self, options: StudyOptions) -> Stage:
        """Bits and pruning of an encoder against efficiency and logic.

        Raises:
            MaplessError: the model of the configuration is not an encoder with the sum of squares as its
                score, or bits shall be learnt without the extra hgq2.
        """
        model = self.configuration.model
        if options.betas:
            hgq2.require_extra()
        if model not in ENCODERS:
            raise MaplessError(
                f"there is no quantisation study of {model}; choose one of {', '.join(ENCODERS)}"
            )
        arguments = {
            "model": model,
            "schedule": self.configuration.training.schedule,
            "fraction": self.configuration.training.fraction,
            "bunches": self.configuration.rates.bunches,
            "signals": self.configuration.sample.signals,
            "options": options,
            "files": self._files(self._all_samples),
        }
        return Stage("study", study, arguments, self._simulated(self._all_samples))

    @property
    def _all_samples(self) -> tuple[str, ...]:
        return (ZERO_BIAS, *self.configuration.sample.signals)

    def _files(self, names: Iterable[str]) -> dict[str, Path]:
        """Those samples that have a file of their own."""
        files = self.configuration.sample.files
        return {name: files[name] for name in names if name in files}

    def _simulated(self, names: Iterable[str]) -> dict[str, Stage]:
        """The stages of the others."""
        return {name: self.samples[name] for name in names if name in self.samples}

    def _simulate(self, process: str, n_events: int) -> Stage:
        arguments = self.configuration.sample.model_dump(include={"pileup", "quality", "seed"}) | {
            "process": process,
            "n_events": n_events,
            "menu": DEFAULT_MENU,
            "collisions": EMBEDDED,
        }
        return Stage(process, simulate, arguments)
