"""Conditional masked autoregressive flows: an ensemble trained at once beside plain PyTorch flows.

All have the same blocks, hidden layers, events, batches, optimiser and epochs, and validate after each epoch;
the flows are those of folds. Compilation counts. PyTorch is left out where it is not installed.
Run as `python -m tests.benchmarks.flows [flows] [events]`.
"""

import sys
import time
from importlib.util import find_spec

import numpy as np
from rich.console import Console
from rich.table import Table

from models.flows.autoregressive import AutoregressiveFlows, autoregressive_masks
from models.flows.elementwise import AffineMap
from models.flows.flow_ensemble import FlowEnsemble
from models.stacked_training import Schedule
from tests.benchmarks.ensembles import five_fold_shares

FEATURES, BLOCKS, HIDDEN = 4, 8, (64, 64)
SCHEDULE = Schedule(epochs=10, batch_size=1024, learning_rate=1e-3, patience=10)


def correlated(events):
    """Four features that move with a mass, which is uniform."""
    random = np.random.default_rng(1)
    mass = random.uniform(-1, 1, (events, 1))
    features = random.normal(size=(events, FEATURES)).cumsum(axis=1) / 2 + mass
    return features, mass


class Ours:
    """All flows as one."""

    def __init__(self, flows):
        made = AutoregressiveFlows(flows, FEATURES, 1, BLOCKS, HIDDEN, AffineMap(), seed=1)
        self.ensemble = FlowEnsemble(made, seed=1)

    def train(self, features, mass, shares):
        self.ensemble.fit(features, mass, shares, SCHEDULE)

    def sample(self, mass, shares):
        rows = [np.arange(len(mass)) for _ in shares]
        return self.ensemble.sample(mass, rows, np.random.default_rng(1))

    def log_density(self, features, mass, rows):
        return np.mean([one.mean() for one in self.ensemble.log_density(features, mass, rows)])


class InTorch:
    """One flow after the other, as notebooks train them."""

    def __init__(self, flows):
        self.flows = [_torch_flow() for _ in range(flows)]

    def train(self, features, mass, shares):
        import torch

        x, m = (torch.from_numpy(values.astype(np.float32)) for values in (features, mass))
        for flow, share in zip(self.flows, shares, strict=True):
            optimizer = torch.optim.Adam(flow.parameters(), SCHEDULE.learning_rate)
            cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
                optimizer, SCHEDULE.epochs * (len(share.training) // SCHEDULE.batch_size)
            )
            rows, validation = torch.from_numpy(share.training), torch.from_numpy(share.validation)
            for _ in range(SCHEDULE.epochs):
                shuffled = rows[torch.randperm(len(rows))]
                for batch in shuffled.split(SCHEDULE.batch_size)[: len(rows) // SCHEDULE.batch_size]:
                    optimizer.zero_grad()
                    (-flow.log_density(x[batch], m[batch]).mean()).backward()
                    optimizer.step()
                    cosine.step()
                with torch.no_grad():
                    flow.log_density(x[validation], m[validation]).mean()

    def sample(self, mass, shares):
        import torch

        condition = torch.from_numpy(mass.astype(np.float32))
        with torch.no_grad():
            return [flow.sample(condition).numpy() for flow in self.flows]

    def log_density(self, features, mass, rows):
        import torch

        x, m = (torch.from_numpy(values.astype(np.float32)) for values in (features, mass))
        with torch.no_grad():
            return np.mean(
                [
                    float(flow.log_density(x[torch.from_numpy(one)], m[torch.from_numpy(one)]).mean())
                    for flow, one in zip(self.flows, rows, strict=True)
                ]
            )


def _torch_flow():  # noqa: C901 - PyTorch is there or not, so that its classes are made here
    import torch

    class Masked(torch.nn.Linear):
        def __init__(self, mask):
            super().__init__(*mask.shape)
            self.register_buffer("mask", torch.from_numpy(mask.T.astype(np.float32)))

        def forward(self, values):
            return torch.nn.functional.linear(values, self.weight * self.mask, self.bias)

    class Flow(torch.nn.Module):
        def __init__(self):
            super().__init__()
            masks = autoregressive_masks(FEATURES, 1, HIDDEN, 2)
            self.blocks = torch.nn.ModuleList(
                torch.nn.Sequential(
                    Masked(masks[0]), torch.nn.SiLU(), Masked(masks[1]), torch.nn.SiLU(), Masked(masks[2])
                )
                for _ in range(BLOCKS)
            )
            for block in self.blocks:
                torch.nn.init.zeros_(block[-1].weight)
                torch.nn.init.zeros_(block[-1].bias)

        def parameters_of(self, block, x, m):
            shift, log_scale = block(torch.cat([x, m], 1)).reshape(len(x), FEATURES, 2).unbind(-1)
            return shift, 3 * torch.tanh(log_scale / 3)

        def log_density(self, x, m):
            total = torch.zeros(len(x))
            for block in self.blocks:
                shift, log_scale = self.parameters_of(block, x, m)
                x, total = (x * log_scale.exp() + shift).flip(1), total + log_scale.sum(1)
            return total - (x**2).sum(1) / 2 - FEATURES / 2 * np.log(2 * np.pi)

        def sample(self, m):
            z = torch.randn(len(m), FEATURES)
            for block in reversed(self.blocks):
                z = z.flip(1)
                x = torch.zeros_like(z)
                for _ in range(FEATURES):
                    shift, log_scale = self.parameters_of(block, x, m)
                    x = (z - shift) * (-log_scale).exp()
                z = x
            return z

    return Flow()


def _cpu_seconds(function, *arguments):
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def main(flows=5, events=100_000):
    features, mass = correlated(events)
    shares = five_fold_shares(flows, events)
    makers = {"one ensemble": Ours} | ({"loop in PyTorch": InTorch} if find_spec("torch") else {})
    table = Table(title=f"{flows} flows, {events} events, {SCHEDULE.epochs} epochs")
    for name in ("flows", "trained events / CPU s", "drawn events / CPU s", "log density"):
        table.add_column(name)
    trained = sum(len(share.training) for share in shares) * SCHEDULE.epochs
    for name, maker in makers.items():
        made = maker(flows)
        training = _cpu_seconds(made.train, features, mass, shares)
        sampling = _cpu_seconds(made.sample, mass, shares)
        density = made.log_density(features, mass, [share.validation for share in shares])
        rates = trained / training, flows * events / sampling
        table.add_row(name, *(f"{rate:,.0f}" for rate in rates), f"{density:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
