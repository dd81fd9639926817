"""Designs: tables of points at which a scenario is run, levers and uncertainties each within its range.

Every sampler gets a generator of its own, so NumPy's global one is left alone and seed 0 is a seed like any other. What
the samplers give are multiples of a power of two (Sobol'), steps of a grid (Morris), one correctly rounded operation
on such numbers (Latin hypercube, derivatives) or rounded to 12 decimals (Fourier), so a design has the same bits on every
machine.

References
----------
McKay, Beckman & Conover (1979), Technometrics 21, 239-245 (Latin hypercube).
Stein (1987), Technometrics 29, 143-151, and augmentLHS of the R package lhs (adding points to one).
Owen (1998), ACM Trans. Model. Comput. Simul. 8, 71-102 (scrambled Sobol' sequence).
Saltelli et al. (2010), Comput. Phys. Commun. 181, 259-270. Morris (1991), Technometrics 33, 161-174.
Saltelli, Tarantola & Chan (1999), Technometrics 41, 39-56 (Fourier). Sobol' & Kucherenko (2009), Math. Comput. Simul. 79,
3009-3017 (derivatives).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.vary import MOST_LEVELS, Factor, known_name, stretch
from scenarios.errors import InputError
from scenarios.units import WHOLE

if TYPE_CHECKING:
    from experiments.given import Posterior
    from scenarios.scenario import Entry, Scenario

log = logging.getLogger(__name__)

KINDS = ("replications", "grid", "lhs", "sobol", "saltelli", "morris", "oat", "fast", "dgsm")
# where none are asked for; of fast for one or two factors
POINTS = {"lhs": 100, "sobol": 128, "saltelli": 64, "morris": 10, "fast": 65, "dgsm": 64}
LEVELS = {"grid": 5, "morris": 4, "oat": 2}
MOST_POINTS = 1_000_000
DUMMY = "dummy"
"""An input that the model never sees, as a yardstick: what it seems to do, chance does."""
HARMONICS = 4  # of the Fourier method
STEP = 0.1
"""Of the derivatives, in the range of an input. Shorter steps are nearer to a derivative, but the model's noise is divided by it."""


@dataclass(frozen=True, eq=False)
class Design:
    """`values` has shape (points, names), in base units; without names the scenario's central values hold.

    `options` holds what an analysis must know of the kind: `second_order` (saltelli), `groups` (of saltelli: members by name,
    if there are any), `levels` (morris), and of a crossed design `futures` (how many a point) and `varied` (how many names
    are the points' own). `factors` is empty where nobody said what the ranges are. Unpacks into names and values.
    """

    names: tuple[str, ...]
    values: np.ndarray
    kind: str = "table"
    options: Mapping[str, Any] = field(default_factory=dict)
    factors: tuple[Factor, ...] = ()

    def __iter__(self) -> Iterator[Any]:
        return iter((self.names, self.values))

    @property
    def base(self) -> int:
        """What `points` counts: base points of saltelli and dgsm, trajectories of morris, points of a curve of fast, else points;
        each once for all futures."""
        own = self.options.get("varied", len(self.options.get("groups") or self.names))
        rows = _block(self.kind, own, self.options.get("second_order", False))
        return len(self.values) // self.options.get("futures", 1) // rows

    def problem(self) -> dict[str, Any]:
        """The design as SALib's analyses want it described."""
        bounds = [[factor.low, factor.high] for factor in self.factors]
        return _cube(self.factors, self.options.get("groups")) | {"bounds": bounds}

    def units(self) -> np.ndarray:
        """Where in 0..1 of its range each value lies, (points, names): on its scale, or by the number of its level."""
        columns = [_place(factor, column) for factor, column in zip(self.factors, self.values.T, strict=True)]
        return np.round(np.stack(columns, axis=1), 12)


def dummy() -> Factor:
    """The input that the model never sees."""
    return Factor(DUMMY, 0.0, 1.0, "linear", "ratio", "dummy", None, "dummy", "虚拟变量", 0.5)


def central() -> Design:
    """One point: every uncertainty at its central value."""
    return Design((), np.empty((1, 0)), "replications")


def points(
    scenario: Scenario, n: int, seed: int, *, without: tuple[str, ...] = (), given: Posterior | None = None
) -> Design:  # fmt: skip
    """A Latin hypercube of `n` points over the scenario's stated uncertainties; one point means the central values.

    Each range is cut into n equal parts, on its own scale (linear or log), and every part is used once. With `given` points are
    drawn from that posterior instead. `without` names uncertainties that are known here. Raises ValueError if n < 1 or nothing
    is uncertain, InputError for one point of a posterior.
    """
    if n < 1:
        raise ValueError(f"points: {n} given, at least 1 expected")
    if given is not None:
        from experiments import given_use, priors

        return given_use.design(given, priors.uncertain(scenario, without=without), n, seed)
    if n == 1:
        return central()
    entries = [entry for entry in scenario.uncertainties() if entry.name not in without]
    if not entries:
        raise ValueError(f"{scenario.name}: no value has a range, so there is only one point; use --points 1")
    unit = _hypercube(n, len(entries), seed)
    columns = [stretch(unit[:, k], _span(entry), entry.scale) for k, entry in enumerate(entries)]
    return Design(tuple(entry.name for entry in entries), np.stack(columns, axis=1), "lhs")


def _span(entry: Entry) -> tuple[float, float]:
    assert entry.range is not None
    return entry.range


def make(
    kind: str, factors: Sequence[Factor], *, points: int | None = None, seed: int = 1, levels: int | None = None,
    second_order: bool = False, groups: Mapping[str, Sequence[str]] | None = None,
) -> Design:  # fmt: skip
    """A design of one of KINDS over some factors.

    replications: the central point alone. grid: every combination of levels. oat: the central point, then each factor alone
    at its levels. lhs: each range in as many parts as points, every part used once. sobol: a scrambled Sobol' sequence.
    saltelli: what Sobol' indices need, in the order SALib.analyze.sobol reads, of second order too if asked for. morris:
    trajectories on a grid, with jumps of half of its levels, as SALib.analyze.morris reads them. fast: a search curve a factor,
    as SALib.analyze.fast reads them. dgsm: points and, after each, a step in every factor, as SALib.analyze.dgsm reads them.

    `points` counts points of lhs and sobol, base points of saltelli (a power of 2) and dgsm, trajectories of morris, points of
    a curve of fast. `levels` is how many a factor without levels of its own has in grid, morris (an even number) and oat.
    `groups` are factors that saltelli swaps together, members by name; what is in none stands alone. Raises InputError.
    """
    known_name(kind, KINDS, where="--design")
    factors = tuple(factors)
    if kind == "replications":
        if factors:
            raise InputError([f"--design replications: varies nothing, but {factors[0].name} is to vary"])
        return central()
    if not factors:
        raise InputError([f"--design {kind}: nothing varies; name something with --vary"])
    asked = _asked(kind, factors, points, seed, levels, second_order, _whole(kind, factors, groups))
    _check(asked)
    options: dict[str, Any] = {
        "saltelli": {"second_order": second_order}, "morris": {"levels": asked.levels}
    }.get(kind, {})  # fmt: skip
    if asked.groups:
        options["groups"] = {name: list(members) for name, members in asked.groups.items()}
    values = _MAKERS[kind](asked)
    log.info("%s: %d factors, %d points", kind, len(factors), len(values))
    return Design(tuple(factor.name for factor in factors), values, kind, options, factors)


def _asked(
    kind: str, factors: tuple[Factor, ...], points: int | None, seed: int, levels: int | None, second_order: bool = False,
    groups: Mapping[str, tuple[str, ...]] | None = None,
) -> _Asked:  # fmt: skip
    return _Asked(
        kind, factors, _usual(kind, len(factors)) if points is None else points, seed,
        LEVELS.get(kind, 2) if levels is None else levels, second_order, groups,
    )  # fmt: skip


def _usual(kind: str, d: int) -> int:
    """Points where none are asked for."""
    return fewest_on_a_curve(d) if kind == "fast" else POINTS.get(kind, 1)


def fewest_on_a_curve(d: int) -> int:
    """Points of a curve of fast over `d` factors. With fewer some factors get one frequency and move together, so that one hides
    the other."""
    return 4 * HARMONICS**2 * max(d - 1, 1) + 1


def _whole(
    kind: str, factors: Sequence[Factor], groups: Mapping[str, Sequence[str]] | None
) -> dict[str, tuple[str, ...]] | None:
    """The groups and, each alone, the factors that are in none, in the order of the factors. Raises InputError."""
    if not groups:
        return None
    if kind != "saltelli":
        raise InputError([f"--groups: changes nothing in --design {kind}, only in saltelli; leave it out"])
    of = {}
    for group, members in groups.items():
        for name in members:
            known_name(name, [factor.name for factor in factors], where=f"--groups {group}")
            if name in of:
                raise InputError([f"--groups {group}: {name} is in {of[name]} already; name it once"])
            of[name] = group
    whole: dict[str, tuple[str, ...]] = {}
    for factor in factors:
        group = of.get(factor.name, factor.name)
        if factor.name not in of and group in groups:
            raise InputError(
                [f"--groups {group}: is the name of an input that is not in it; choose another name"]
            )
        whole[group] = (*whole.get(group, ()), factor.name)
    return whole


def refuse_idle(kind: str, *, points: int | None, levels: int | None, second_order: bool) -> None:
    """Raise InputError for an option that would change nothing in a design of this kind, or for an unknown kind."""
    known_name(kind, KINDS, where="--design")
    given = {"--points": points, "--levels": levels, "--second-order": second_order or None}
    takes = {"--points": POINTS, "--levels": LEVELS, "--second-order": ("saltelli",)}
    wrong = [
        f"{option}: changes nothing in --design {kind}, only in {', '.join(takes[option])}; leave it out"
        for option, value in given.items()
        if value is not None and kind not in takes[option]
    ]
    if wrong:
        raise InputError(wrong)


def extend(design: Design, *, points: int | None = None, seed: int = 1) -> Design:
    """The design with more points; every row it has stays where it is, new ones come after.

    `points` is the new number (see `Design.base`) and `seed` that of the design. A Latin hypercube is augmented: new points
    go where the finer strata are empty, so every stratum is used once if the number is multiplied by a whole number, and nearly
    so if not. Sobol', Saltelli and Morris go on with their sequence. A crossed design gets more points in the same futures.
    Raises InputError.
    """
    if "futures" in design.options:
        mine, futures = uncrossed(design)
        return cross(extend(mine, points=points, seed=seed), futures)
    if not design.factors or design.kind not in POINTS:
        mend = {"table": "add rows to the table", "replications": "add replications"}
        mend |= dict.fromkeys(("grid", "oat"), "make one with other levels")
        raise InputError([
            f"this design ({design.kind}) cannot be extended; {mend.get(design.kind, 'make it from factors')}"
        ])  # fmt: skip
    n = design.base if points is None else points
    if n < design.base:
        raise InputError([f"--points {n}: the design has {design.base} already, and none is taken away"])
    if n == design.base:
        return design
    if design.kind == "fast":
        raise InputError([
            f"--points {n}: the curves of fast with {design.base} points are others, so none of these can be used again;"
            f" ask for {design.base}, or begin a new study"
        ])  # fmt: skip
    if design.kind == "lhs":
        _check(_asked("lhs", design.factors, n, seed, None))
        return replace(design, values=_augmented(design, n, seed))
    made = make(design.kind, design.factors, points=n, seed=seed, **design.options)
    old = len(design.values)
    if not np.array_equal(made.values[:old], design.values):
        raise InputError([
            f"--seed {seed}: the first {old} points would not be those of the design; give the seed it was made with, or,"
            " if that is it, start a new study: another version of SciPy or SALib draws other points"
        ])  # fmt: skip
    return made


def cross(design: Design, futures: Design) -> Design:
    """Every point in every future: all futures of the first point, then all of the second, and so on.

    Raises InputError if one name is in both.
    """
    if both := [name for name in design.names if name in futures.names]:
        raise InputError([f"{both[0]}: varies in the points and in the futures; leave it out of one of them"])
    n, m = len(design.values), len(futures.values)
    if n * m > MOST_POINTS:
        raise InputError([f"{n} points in {m} futures: {n * m} points; at most {MOST_POINTS} expected"])
    values = np.hstack([np.repeat(design.values, m, axis=0), np.tile(futures.values, (n, 1))])
    options = {**design.options, "varied": len(design.names), "futures": m}
    return Design(
        design.names + futures.names, values, design.kind, options, design.factors + futures.factors
    )


def uncrossed(design: Design) -> tuple[Design, Design]:
    """The points and the futures of a crossed design."""
    varied, m = design.options["varied"], design.options["futures"]
    own = {name: value for name, value in design.options.items() if name not in ("varied", "futures")}
    mine = Design(
        design.names[:varied], design.values[::m, :varied], design.kind, own, design.factors[:varied]
    )
    return mine, Design(
        design.names[varied:], design.values[:m, varied:], "table", {}, design.factors[varied:]
    )


# What can be asked for


class _Asked(NamedTuple):
    """A design to be made."""

    kind: str
    factors: tuple[Factor, ...]
    n: int
    seed: int
    levels: int
    second_order: bool = False
    groups: Mapping[str, tuple[str, ...]] | None = None

    @property
    def rows(self) -> int:
        d = len(self.groups or self.factors)
        if self.kind == "grid":
            return math.prod(len(factor.levels or range(self.levels)) for factor in self.factors)
        return self.n * _block(self.kind, d, self.second_order)


def _check(asked: _Asked) -> None:
    """Raise InputError unless the design can be made."""
    kind, n = asked.kind, asked.n
    if n < 1:
        raise InputError([f"--points {n}: at least 1 expected"])
    if not 2 <= asked.levels <= MOST_LEVELS:
        raise InputError([f"--levels {asked.levels}: 2 to {MOST_LEVELS} expected"])
    for factor in asked.factors:
        if factor.unit in WHOLE and factor.levels is None:
            raise InputError([f"{factor.name}: is a {factor.unit}, never a fraction; levels expected"])
    if kind in ("sobol", "saltelli") and n & (n - 1):
        powers = f"{_power_of_2(n) // 2} or {_power_of_2(n)}"
        if kind == "saltelli":
            raise InputError(
                [f"--points {n}: Sobol' indices take a power of 2 of base points, such as {powers}"]
            )
        log.warning(
            "warning: --points %d: a Sobol' sequence is balanced at powers of 2, such as %s", n, powers
        )
    if kind == "morris":
        _check_morris(asked)
    if kind == "oat":
        _check_oat(asked)
    if kind == "fast" and n < (fewest := fewest_on_a_curve(len(asked.factors))):
        raise InputError([
            f"--points {n}: fast takes at least {fewest} points a curve for {len(asked.factors)} inputs (a dummy is one); with"
            " fewer, inputs share a frequency and hide each other: add points, or vary less"
        ])  # fmt: skip
    if kind == "dgsm":
        _check_derivatives(asked)
    if asked.rows > MOST_POINTS:
        fewer = "levels" if kind == "grid" else "points"
        raise InputError([
            f"--design {kind}: {asked.rows} points; at most {MOST_POINTS} expected: vary less, or take fewer {fewer}"
        ])  # fmt: skip


def _check_morris(asked: _Asked) -> None:
    if asked.levels % 2:
        raise InputError([f"--levels {asked.levels}: morris takes an even number of levels"])
    for factor in asked.factors:
        if factor.levels is not None and len(factor.levels) != asked.levels:
            raise InputError([
                f"{factor.name}: has {len(factor.levels)} levels where the grid of morris has {asked.levels}; give it a"
                f" range or {asked.levels} levels, or the grid --levels {len(factor.levels)}"
            ])  # fmt: skip


def _check_oat(asked: _Asked) -> None:
    for factor in asked.factors:
        if factor.central is None:
            raise InputError([
                f"{factor.name}: changes over time, so it has no one central value; other designs than oat can vary it"
            ])  # fmt: skip


def _check_derivatives(asked: _Asked) -> None:
    for factor in asked.factors:
        if factor.levels is not None:
            raise InputError([
                f"{factor.name}: has levels, and between them no derivative; give it a range, or leave it out of dgsm"
            ])  # fmt: skip


def _block(kind: str, d: int, second_order: bool) -> int:
    """Rows a base point."""
    rows = {"saltelli": (2 * d if second_order else d) + 2, "morris": d + 1, "dgsm": d + 1, "fast": max(d, 1)}
    return rows.get(kind, 1)


def _power_of_2(n: int) -> int:
    """The next one that is not below."""
    return 1 << (n - 1).bit_length()


# Samplers: values of shape (points, factors)


def _hypercube(n: int, d: int, seed: int) -> np.ndarray:
    from scipy.stats import qmc  # slow to import, and not needed for one point

    return qmc.LatinHypercube(d, rng=np.random.default_rng(seed)).random(n)


def _lhs(asked: _Asked) -> np.ndarray:
    unit = _hypercube(asked.n, len(asked.factors), asked.seed)
    # levels go by the middle of the stratum, so that they have equal numbers of strata
    middle = (np.minimum(np.floor(unit * asked.n), asked.n - 1) + 0.5) / asked.n
    has_levels = [factor.levels is not None for factor in asked.factors]
    return _at(asked.factors, np.where(has_levels, middle, unit))


def _sobol(asked: _Asked) -> np.ndarray:
    from scipy.stats import qmc

    sampler = qmc.Sobol(len(asked.factors), rng=np.random.default_rng(asked.seed))
    # drawn to a power of 2, or SciPy warns; the first points are the same
    return _at(asked.factors, sampler.random(_power_of_2(asked.n))[: asked.n])


def _saltelli(asked: _Asked) -> np.ndarray:
    from SALib.sample import sobol

    rng = np.random.default_rng(asked.seed)
    cube = _cube(asked.factors, asked.groups)
    unit = sobol.sample(cube, asked.n, calc_second_order=asked.second_order, seed=rng)
    return _at(asked.factors, unit)


def _morris(asked: _Asked) -> np.ndarray:
    from SALib.sample import morris

    rng = np.random.default_rng(asked.seed)
    unit = morris.sample(_cube(asked.factors), asked.n, num_levels=asked.levels, seed=rng)
    steps = asked.levels - 1
    return _at(asked.factors, np.rint(unit * steps) / steps)  # the same bits wherever it is the same step


def _fast(asked: _Asked) -> np.ndarray:
    from SALib.sample import fast_sampler

    rng = np.random.default_rng(asked.seed)
    unit = fast_sampler.sample(_cube(asked.factors), asked.n, M=HARMONICS, seed=rng)
    return _at(
        asked.factors, np.round(unit, 12)
    )  # sine and arc sine differ in their last bits between processors


def _derivatives(asked: _Asked) -> np.ndarray:
    """SALib's own sampler steps by a share of the value, so by almost nothing near 0, where noise over step explodes."""
    from scipy.stats import qmc

    d = len(asked.factors)
    base = qmc.Sobol(d, rng=np.random.default_rng(asked.seed)).random(_power_of_2(asked.n))[: asked.n]
    unit = np.repeat(base[:, None, :], d + 1, axis=1)
    own = np.arange(d)
    unit[:, own + 1, own] += np.where(base <= 1.0 - STEP, STEP, -STEP)
    return _at(asked.factors, unit.reshape(-1, d))


def _grid(asked: _Asked) -> np.ndarray:
    return _combinations([factor.evenly(asked.levels) for factor in asked.factors])


def _oat(asked: _Asked) -> np.ndarray:
    middle = np.array([[factor.central for factor in asked.factors]], float)
    return _one_at_a_time(middle, [factor.evenly(asked.levels) for factor in asked.factors])


_MAKERS: dict[str, Callable[[_Asked], np.ndarray]] = {
    "grid": _grid, "lhs": _lhs, "sobol": _sobol, "saltelli": _saltelli, "morris": _morris, "oat": _oat, "fast": _fast,
    "dgsm": _derivatives,
}  # fmt: skip


def _at(factors: Sequence[Factor], unit: np.ndarray) -> np.ndarray:
    return np.stack([factor.at(unit[:, k]) for k, factor in enumerate(factors)], axis=1)


def _place(factor: Factor, column: np.ndarray) -> np.ndarray:
    if factor.levels is None:
        return factor.place(column)
    return np.searchsorted(np.array(factor.levels), column) / max(len(factor.levels) - 1, 1)


def _cube(factors: Sequence[Factor], groups: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """A unit cube, as SALib wants it described."""
    of = {name: group for group, members in (groups or {}).items() for name in members}
    return {
        "num_vars": len(factors),
        "names": [factor.name for factor in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
        **({"groups": [of[factor.name] for factor in factors]} if groups else {}),
    }


def _combinations(levels: Sequence[Sequence[float]]) -> np.ndarray:
    """Every combination; the last factor changes first."""
    return np.stack([grid.ravel() for grid in np.meshgrid(*levels, indexing="ij")], axis=1)


def _one_at_a_time(middle: np.ndarray, levels: Sequence[Sequence[float]]) -> np.ndarray:
    """The central point (1, factors), then every other level of each factor in turn."""
    rows = [middle]
    for k, column in enumerate(levels):
        for level in column:
            if level != middle[0, k]:
                row = middle.copy()
                row[0, k] = level
                rows.append(row)
    return np.concatenate(rows)


# More points


def _augmented(design: Design, n: int, seed: int) -> np.ndarray:
    """A Latin hypercube with rows added, `n` in all."""
    old = len(design.values)
    if n % old:
        log.warning(
            "warning: --points %d: not every stratum is used once unless the number is a multiple of %d",
            n,
            old,
        )
    rng = np.random.default_rng([seed, n])
    new = [_fill(factor, design.values[:, k], n, rng) for k, factor in enumerate(design.factors)]
    return np.concatenate([design.values, np.stack(new, axis=1)])


def _fill(factor: Factor, column: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """The values still wanting in a column that is to have `n`, in random order."""
    wanting = n - len(column)
    if factor.levels is not None:
        return rng.permutation(_rarest(np.array(factor.levels), column, wanting, rng))
    taken = np.clip(np.floor(factor.place(column) * n), 0, n - 1).astype(np.int64)
    empty = np.setdiff1d(np.arange(n), taken)
    strata = rng.permutation(empty)[:wanting]
    return factor.at((strata + rng.random(wanting)) / n)


def _rarest(levels: np.ndarray, column: np.ndarray, wanting: int, rng: np.random.Generator) -> np.ndarray:
    """Levels that bring all to equal numbers, as far as that goes; ties are drawn."""
    counts = (column[:, None] == levels).sum(axis=0)
    added = np.empty(wanting)
    for row in range(wanting):
        k = rng.choice(np.flatnonzero(counts == counts.min()))
        counts[k] += 1
        added[row] = levels[k]
    return added
