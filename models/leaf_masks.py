"""The leaves that events reach in many trees at once, by bit masks instead of from node to node.

Every leaf of a tree is a bit, in order from left to right. A node that sends an event to the right rules out
all leaves to its left, and of those that no node rules out the first is the leaf reached. Between
neighbouring thresholds of a feature the nodes of all trees rule out the same leaves: one row of a table.
C. Lucchese et al., QuickScorer, SIGIR 2015.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Nodes = NDArray[np.void]

MOST_LEAVES = 64
_AT_ONCE = 4096  # events, whose masks stay in the cache


@dataclass(frozen=True, eq=False)
class LeafMasks:
    """Trees of at most 64 leaves each.

    Attributes:
        thresholds: of each feature, rising.
        masks: of each feature, the leaves that values between its thresholds leave over,
            (n_thresholds + 1, n_trees).
        values: of the leaves of each tree, from left to right.
    """

    thresholds: list[Array]
    masks: list[NDArray[Any]]
    values: list[Array]

    @classmethod
    def of(cls, trees: Sequence[Nodes]) -> Self:
        """Masks of trees, each a table of nodes as in `models.tree_sums.TreeSum`."""
        nodes, sizes = np.concatenate(trees), np.array([len(tree) for tree in trees])
        tree, leaf = np.repeat(np.arange(len(trees)), sizes), nodes["is_leaf"] == 1
        n_leaves = np.bincount(tree[leaf], minlength=len(trees))
        kind = np.min_scalar_type(2 ** int(n_leaves.max()) - 1)
        ruled_out = np.concatenate([_left_branches(one) for one in trees]).astype(kind)
        thresholds, masks = [], []
        for feature in range(nodes["feature_idx"].max() + 1):
            used = ~leaf & (nodes["feature_idx"] == feature)
            edges, place = np.unique(nodes["num_threshold"][used], return_inverse=True)
            left_over = np.full((len(edges) + 1, len(trees)), np.iinfo(kind).max, kind)
            np.bitwise_and.at(left_over, (place + 1, tree[used]), ~ruled_out[used])
            thresholds.append(edges)
            masks.append(np.bitwise_and.accumulate(left_over))
        return cls(thresholds, masks, np.split(nodes["value"][leaf], np.cumsum(n_leaves)[:-1]))

    def add_values(self, features: NDArray[np.floating], total: Array) -> None:
        """Add the leaves of all trees in turn to a total (n_events,), of finite features."""
        for first in range(0, len(total), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            for values, reached in zip(self.values, self._leaves(features[part]), strict=True):
                total[part] += values.take(reached)

    def _leaves(self, features: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Numbers of the leaves that events reach, (n_trees, n_events)."""
        tables = zip(self.thresholds, self.masks, features.T, strict=False)
        rows = (masks.take(np.searchsorted(edges, values), axis=0) for edges, masks, values in tables)
        left_over = next(rows)
        for more in rows:
            left_over &= more
        return np.ascontiguousarray(np.bitwise_count(~left_over & (left_over - left_over.dtype.type(1))).T)


def _left_branches(nodes: Nodes) -> NDArray[np.uint64]:
    """The leaves in the left branch of each node of a tree."""
    before = np.cumsum(nodes["is_leaf"], dtype=np.uint64) - nodes["is_leaf"]
    first = np.uint64(1) << before
    return first[nodes["right"]] - first[nodes["left"]]
