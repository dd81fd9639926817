"""Sharing out a difference among those who make it (Shapley 1953, in Contributions to the Theory of Games II, 307-317).

A game of k players is an array of its 2^k outcomes: row m is the outcome of the players whose bits are set in m.
"""

from __future__ import annotations

from math import factorial

import numpy as np


def shapley(game: np.ndarray) -> np.ndarray:
    """Each player's contribution, (k, ...), from outcomes (2^k, ...): its mean effect over all orders of coming in.

    Contributions add up to the outcome of all players less that of none. A player that never changes anything gets 0.
    Raises ValueError unless there is an outcome for every combination of one player or more.
    """
    k = _players(game)
    weights = [factorial(size) * factorial(k - size - 1) / factorial(k) for size in range(k)]
    found = []
    for player in range(k):
        others = _without(player, k)
        effects = game[others | (1 << player)] - game[others]
        found.append(np.tensordot([weights[int(m).bit_count()] for m in others], effects, axes=1))
    return np.stack(found)


def first_in(game: np.ndarray) -> np.ndarray:
    """What each player changes alone, (k, ...)."""
    return np.stack([game[1 << player] - game[0] for player in range(_players(game))])


def last_in(game: np.ndarray) -> np.ndarray:
    """What each player changes once all others are in, (k, ...)."""
    return np.stack([game[-1] - game[len(game) - 1 - (1 << player)] for player in range(_players(game))])


def _without(player: int, k: int) -> np.ndarray:
    combinations = np.arange(2**k)
    return combinations[combinations >> player & 1 == 0]


def _players(game: np.ndarray) -> int:
    k = len(game).bit_length() - 1
    if k < 1 or len(game) != 2**k:
        raise ValueError(f"{len(game)} outcomes: 2^k expected, one for every combination of k players")
    return k
