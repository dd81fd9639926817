"""A tree of yes-or-no questions on the inputs that tells where something happens: the CART view, beside the boxes.

Grown by scikit-learn, pruned by cross-validation, and told against what one would say without it.

References
----------
Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, chapter 3 (cost-complexity pruning, one
standard error). Lempert, Bryant & Bankes (2008), RAND WR-557 (CART and PRIM for finding scenarios).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.discovery.prim import CHANCE, ENOUGH, PERMUTATIONS, Sample, permuted

FOLDS = 10
CROSSED_FOLDS = 5  # where points and futures are both parted: a fold holds one in 25 rows
LEAST_POINTS = 5  # in a leaf
DEPTH = 3
FOLDED, SHUFFLED = 2, 3  # streams of random numbers, beside those of boxes


@dataclass(frozen=True)
class Node:
    """`input` and `place` of the question (at most `place`: left), None in a leaf. `path` holds (input, side, place) on the way.

    Side 0: above the place, side 1: at most. `points`, share of all runs, `density` of hits, share of all hits it holds.
    """

    depth: int
    path: tuple[tuple[int, int, float], ...]
    points: int
    mass: float
    density: float
    coverage: float
    input: int | None = None
    place: float = math.nan
    left: int = -1
    right: int = -1


@dataclass(frozen=True)
class Tree:
    """`nodes`, the first the root. `accuracy`: share of left-out runs told rightly (more likely than not), `majority` by always
    saying what is commoner, `explained`: part of the left-out variance of point means that is explained, all by
    cross-validation. `p`: share of shuffled samples whose unpruned tree fits as well.
    """

    nodes: tuple[Node, ...]
    accuracy: float
    majority: float
    explained: float
    p: float
    folds: int

    @property
    def leaves(self) -> list[Node]:
        return [node for node in self.nodes if node.input is None]

    @property
    def found(self) -> bool:
        """Whether it tells more than chance would."""
        return len(self.nodes) > 1 and self.p <= CHANCE


def grow(sample: Sample, *, depth: int = DEPTH, support: float = 0.05, seed: int = 1) -> Tree:
    """The tree that cross-validation leaves.

    A regression tree on each point's share of hits, weighted by its runs: with one run a point its splits are those of
    a classification tree by Gini's index. Of the trees on the pruning path the smallest is taken whose left-out error is within
    one standard error of the least. The pruning itself is not cross-validated once more.
    """
    grower = _Grower(sample.x, sample.hits / sample.runs, sample.runs.astype(float), depth, support, seed)
    everything = np.arange(len(sample.runs))
    alphas = grower.alphas(everything)
    parts = _folds(sample.clusters, seed)
    errors, right, majority, base = (np.zeros((len(parts), len(alphas))) for _ in range(4))
    for k, (train, test) in enumerate(parts):
        y, w = grower.y[test], grower.w[test]
        mean = float(np.average(grower.y[train], weights=grower.w[train]))
        base[k] = float((w * (y - mean) ** 2).sum())
        majority[k] = float((w * np.where(mean >= 0.5, y, 1.0 - y)).sum())
        for a, alpha in enumerate(alphas):
            told = grower.fit(train, alpha).predict(sample.x[test])
            errors[k, a] = float((w * (y - told) ** 2).sum())
            right[k, a] = float((w * np.where(told >= 0.5, y, 1.0 - y)).sum())
    weights = np.array([grower.w[test].sum() for _, test in parts])
    best = _simplest(errors, weights)
    return Tree(
        nodes=_nodes(grower.fit(everything, alphas[best]), sample),
        accuracy=float(right[:, best].sum() / weights.sum()),
        majority=float(majority[:, best].sum() / weights.sum()),
        explained=1.0 - float(errors[:, best].sum() / base[:, best].sum()),
        p=_chance(grower, sample.clusters),
        folds=len(parts),
    )


@dataclass(frozen=True, eq=False)
class _Grower:
    """Trees on some points: `y` the share of hits, `w` the runs."""

    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    depth: int
    support: float
    seed: int

    def fit(self, rows: np.ndarray, alpha: float = 0.0) -> Any:
        return self._new(alpha).fit(self.x[rows], self.y[rows], sample_weight=self.w[rows])

    def alphas(self, rows: np.ndarray) -> list[float]:
        """Penalties in the middle between those at which the tree changes; the last leaves the root."""
        path = self._new(0.0).cost_complexity_pruning_path(
            self.x[rows], self.y[rows], sample_weight=self.w[rows]
        )
        edges = np.unique(np.maximum(path.ccp_alphas, 0.0))
        return [*np.sqrt(edges[:-1] * edges[1:]).tolist(), float(edges[-1])]

    def _new(self, alpha: float) -> Any:
        from sklearn.tree import DecisionTreeRegressor  # slow to import

        return DecisionTreeRegressor(
            max_depth=self.depth, min_samples_leaf=LEAST_POINTS, min_weight_fraction_leaf=self.support,
            ccp_alpha=alpha, random_state=self.seed % 2**32,
        )  # fmt: skip


def _folds(clusters: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit and rows to test, no cluster in both; of a crossed design neither the points nor the futures are."""
    rng = np.random.default_rng([seed, FOLDED])
    labels = [np.unique(row, return_inverse=True)[1] for row in clusters]
    folds = min(FOLDS if len(labels) == 1 else CROSSED_FOLDS, *(int(label.max()) + 1 for label in labels))
    of = np.stack([rng.permutation(int(label.max()) + 1)[label] % folds for label in labels])
    parts = [
        (np.flatnonzero((of != k).all(axis=0)), np.flatnonzero((of == k).all(axis=0))) for k in range(folds)
    ]
    return [(train, test) for train, test in parts if len(train) and len(test)]


def _simplest(errors: np.ndarray, weights: np.ndarray) -> int:
    """The strongest pruning within one standard error of the least error; `errors` has shape (folds, prunings)."""
    means = errors.sum(axis=0) / weights.sum()
    best = int(means.argmin())
    each = errors[:, best] / weights
    within = means[best] + (each.std(ddof=1) / math.sqrt(len(each)) if len(each) > 1 else 0.0)
    return int(np.flatnonzero(means <= within).max())


def _chance(grower: _Grower, clusters: np.ndarray) -> float:
    """p of the unpruned tree's fit, against the same points with their hits shuffled; stops early as `prim.chance` does."""
    mine, better = _fit(grower), 0
    for k in range(PERMUTATIONS):
        order = permuted(clusters, np.random.default_rng([grower.seed, SHUFFLED, k]))
        other = _Grower(grower.x, grower.y[order], grower.w[order], grower.depth, grower.support, grower.seed)
        better += _fit(other) >= mine
        if better == ENOUGH:
            return better / (k + 1)
    return (better + 1) / (PERMUTATIONS + 1)


def _fit(grower: _Grower) -> float:
    """Variance explained in the points it was grown on, up to a constant."""
    told = grower.fit(np.arange(len(grower.y))).predict(grower.x)
    return -float((grower.w * (grower.y - told) ** 2).sum())


def _nodes(fitted: Any, sample: Sample) -> tuple[Node, ...]:
    """The tree as plain data, a parent before its children."""
    tree = fitted.tree_
    there = np.asarray(fitted.decision_path(sample.x).todense(), bool)
    found: list[Node] = []

    def add(at: int, depth: int, path: tuple[tuple[int, int, float], ...]) -> int:
        rows = there[:, at]
        w, h = float(sample.runs[rows].sum()), float(sample.hits[rows].sum())
        place = len(found)
        known: dict[str, Any] = {
            "depth": depth, "path": path, "points": int(rows.sum()), "mass": w / float(sample.runs.sum()),
            "density": h / w, "coverage": h / float(sample.hits.sum()),
        }  # fmt: skip
        found.append(Node(**known))
        if tree.children_left[at] >= 0:
            input, cut = int(tree.feature[at]), float(tree.threshold[at])
            left = add(int(tree.children_left[at]), depth + 1, (*path, (input, 1, cut)))
            right = add(int(tree.children_right[at]), depth + 1, (*path, (input, 0, cut)))
            found[place] = Node(**known, input=input, place=cut, left=left, right=right)
        return place

    add(0, 0, ())
    return tuple(found)
