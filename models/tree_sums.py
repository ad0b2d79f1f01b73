"""Sums over decision trees as plain numbers, which are stored without running code when they are loaded.

Boosted trees and isolation forests are both such sums: of what their leaves decide, or of how deep they lie.
scikit-learn grows the trees and follows them; of its objects nothing is kept.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from models.leaf_masks import MOST_LEAVES, LeafMasks

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest

Array = NDArray[np.float64]
Nodes = NDArray[np.void]

_STORED = {
    "feature_idx": np.int32,
    "num_threshold": np.float64,
    "is_leaf": np.uint8,
    "value": np.float64,
}
"""What decides where an event goes in scikit-learn's table of nodes (1.9), and as which type it is stored.

The nodes of a tree stand in one order: each, then its left and then its right branch.
"""


@dataclass(frozen=True, eq=False)
class TreeSum:
    """A start value and trees, whose leaves are added to it.

    Attributes:
        start: the sum before the first tree.
        trees: for each the table of its nodes, as scikit-learn's histogram trees have it.
    """

    start: float
    trees: Sequence[Nodes]

    @classmethod
    def of_boosting(cls, classifier: "HistGradientBoostingClassifier") -> Self:
        """The sum that is the `decision_function` of a binary classifier."""
        trees = [predictor.nodes for (predictor,) in classifier._predictors]
        return cls(float(classifier._baseline_prediction.item()), trees)

    @classmethod
    def of_isolation(cls, forest: "IsolationForest") -> Self:
        """The sum that is the depth of the leaves, with what the events in a leaf would add to it."""
        lengths = zip(forest._decision_path_lengths, forest._average_path_length_per_tree, strict=True)
        depths = [of_nodes + of_events - 1.0 for of_nodes, of_events in lengths]
        pairs = zip(forest.estimators_, depths, strict=True)
        return cls(0.0, [_as_nodes(estimator.tree_, depth) for estimator, depth in pairs])

    def __call__(self, features: NDArray[np.floating]) -> Array:
        """The sum (n_events,) for finite features (n_events, n_features) in double or single precision."""
        total: Array = np.full(len(features), self.start)
        if features.dtype != np.float32 and self._masks:
            self._masks.add_values(features, total)
            return total
        in_leaves: Callable[[Nodes, Any], Array] = _single if features.dtype == np.float32 else _double
        for nodes in self.trees:
            total += in_leaves(nodes, features)
        return total

    @cached_property
    def _masks(self) -> LeafMasks | None:
        """The trees as masks, which are some four times as fast, unless one has too many leaves."""
        too_large = any(len(nodes) >= 2 * MOST_LEAVES for nodes in self.trees)
        return None if too_large else LeafMasks.of(self.trees)


def _double(nodes: Nodes, features: NDArray[np.float64]) -> Array:
    """Values of the leaves (n_events,), as scikit-learn's histogram trees follow the nodes."""
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    no_categories, no_places = np.zeros((0, 8), np.uint32), np.zeros(features.shape[1], np.uint32)
    tree = TreePredictor(nodes, no_categories, no_categories)
    return tree.predict(features, no_categories, no_places, 1)


def _single(nodes: Nodes, features: NDArray[np.float32]) -> Array:
    """Values of the leaves (n_events,), as scikit-learn's other trees follow the nodes, which is faster."""
    from sklearn.tree._tree import NODE_DTYPE, TREE_LEAF, Tree

    table, leaf = np.zeros(len(nodes), NODE_DTYPE), nodes["is_leaf"] == 1
    for side in ("left", "right"):
        table[f"{side}_child"] = np.where(leaf, TREE_LEAF, nodes[side].astype(np.int64))
    table["feature"], table["threshold"] = nodes["feature_idx"], nodes["num_threshold"]
    state = {"max_depth": 0, "node_count": len(nodes), "nodes": table, "values": np.zeros((len(nodes), 1, 1))}
    tree = Tree(features.shape[1], np.ones(1, np.intp), 1)
    tree.__setstate__(state)
    return nodes["value"][tree.apply(features)]


def to_arrays(sums: Iterable[TreeSum]) -> dict[str, NDArray[Any]]:
    """Several sums as arrays that `from_arrays` reads."""
    sums = list(sums)
    trees = [tree for one in sums for tree in one.trees]
    arrays = {
        name: np.concatenate([tree[name] for tree in trees]).astype(kind) for name, kind in _STORED.items()
    }
    sizes = np.array([len(tree) for tree in trees], np.int64)
    return arrays | {"tree_sizes": sizes, "starts": np.array([one.start for one in sums])}


def from_arrays(arrays: Mapping[str, NDArray[Any]], n_features: Sequence[int], n_trees: int) -> list[TreeSum]:
    """Sums of `n_trees` trees each, one for every number of features, from finite numbers.

    Raises KeyError or ValueError for arrays that are not complete, or trees that an event could not follow to
    a leaf.
    """
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    sizes, starts = arrays["tree_sizes"], arrays["starts"]
    if sizes.shape != (len(n_features) * n_trees,) or sizes.dtype != np.int64 or not (sizes > 0).all():
        raise ValueError(f"trees are missing: there are {len(sizes)} of {len(n_features) * n_trees}")
    nodes = np.zeros(int(sizes.sum()), PREDICTOR_RECORD_DTYPE)
    if starts.shape != (len(n_features),) or starts.dtype != np.float64:
        raise ValueError("the start of a sum is missing")
    for name, kind in _STORED.items():
        if arrays[name].shape != nodes.shape or arrays[name].dtype != kind:
            raise ValueError(f"{name} has another size or type than its trees")
        nodes[name] = arrays[name]
    _join(nodes, sizes, np.repeat(n_features, n_trees))
    trees = np.split(nodes, np.cumsum(sizes)[:-1])
    return [
        TreeSum(float(start), trees[place * n_trees : (place + 1) * n_trees])
        for place, start in enumerate(starts)
    ]


def _join(nodes: Nodes, sizes: NDArray[np.int64], n_features: NDArray[np.int64]) -> None:
    """Let nodes lead to their branches, the left and then the right of which stand behind each in its tree.

    Raises ValueError unless they do, and for features that are not there.
    """
    first, size = np.repeat(np.cumsum(sizes) - sizes, sizes), np.repeat(sizes, sizes)
    place, leaf = np.arange(len(nodes)) - first, nodes["is_leaf"] == 1
    step = np.where(leaf, -1, 1)
    order = np.argsort(np.cumsum(step) - step, kind="stable")  # by the branches that are still to come
    right = np.empty(len(nodes), np.int64)
    right[order] = np.append(order[1:], len(nodes))
    right -= first
    known = (nodes["feature_idx"] >= 0) & (nodes["feature_idx"] < np.repeat(n_features, sizes))
    if not (known & (leaf | ((place + 1 < right) & (right < size)))).all():
        raise ValueError("a tree leads to a node or a feature that is not there")
    nodes["left"], nodes["right"] = np.where(leaf, 0, [place + 1, right])


def _as_nodes(tree: Any, values: Array) -> Nodes:
    """A tree of scikit-learn's other kind, with values (n_nodes,) for its leaves, as a table of nodes."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    nodes = np.zeros(tree.node_count, PREDICTOR_RECORD_DTYPE)
    leaf = tree.children_left < 0
    nodes["is_leaf"], nodes["value"] = leaf, values
    for name, column in (
        ("left", tree.children_left),
        ("right", tree.children_right),
        ("feature_idx", tree.feature),
        ("num_threshold", tree.threshold),
    ):
        nodes[name] = np.where(leaf, 0, column)
    return nodes
