"""Running every combination of families at every point, with common draws."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from experiments import design as designs
from experiments.comparison.policies import Region
from experiments.contributions.families import Player, check_number, combination, players
from experiments.files import digest
from experiments.measures import MEASURES
from experiments.study import check_numbers, cpus, inputs_of, run_seed, work
from scenarios.errors import InputError
from scenarios.scenario import Scenario, Target
from scenarios.words import did_you_mean

if TYPE_CHECKING:
    from simulation.run import Inputs

FORMAT = 1  # of the id


@dataclass(frozen=True, eq=False)
class Game:
    """A policy, its reference, and what is shared out; `outcomes` are columns of experiments.measures."""

    region: Region  # the reference and one policy
    players: tuple[Player, ...]
    outcome: str
    outcomes: tuple[str, ...]  # the one asked for, the policy's targets and the measures of a comparison

    @property
    def combinations(self) -> int:
        return 2 ** len(self.players)

    @property
    def target(self) -> Target | None:
        """The target that is shared out, if it is one."""
        return next((t for t in self.policy.targets if f"target_{t.id}" == self.outcome), None)

    @property
    def reference(self) -> Scenario:
        return self.region.reference.scenario

    @property
    def policy(self) -> Scenario:
        return self.region.policies[1].scenario

    def scenario(self, members: int) -> Scenario:
        """The combination whose players' bits are set in `members`."""
        chosen = [f for k, player in enumerate(self.players) if members >> k & 1 for f in player.families]
        return combination(self.reference, self.policy, chosen)


@dataclass(frozen=True, eq=False)
class Contributions:
    """All runs: `values` has shape (combinations, points, replications, outcomes); bit k of a combination is player k."""

    game: Game
    uncertainties: tuple[str, ...]
    design: np.ndarray  # (points, uncertainties)
    values: np.ndarray
    seed: int
    seeds: tuple[int, ...]
    populations: tuple[str, ...]  # population hash of each point
    model_hash: str
    version: str
    id: str

    @property
    def points(self) -> int:
        return len(self.design)

    @property
    def replications(self) -> int:
        return len(self.seeds)

    def of(self, outcome: str) -> np.ndarray:
        """One outcome, (combinations, points, replications)."""
        return self.values[..., self.game.outcomes.index(outcome)]


def game(region: Region, *, outcome: str | None = None, together: Sequence[Sequence[str]] = ()) -> Game:
    """What is shared out between a region's reference and its one policy; by default the policy's first target.

    `outcome` is a target's name or a column of experiments.measures. Raises InputError.
    """
    if len(region.policies) != 2:
        raise InputError([f"{region.id}: one policy and its reference expected"])
    from experiments.measures import columns

    policy = region.policies[1].scenario
    targets = [f"target_{target.id}" for target in policy.targets]
    known = columns(policy)
    asked = outcome or (targets[0] if targets else "persons")
    asked = f"target_{asked}" if f"target_{asked}" in targets else asked
    if asked not in known:
        ids = [target.id for target in policy.targets]
        raise InputError([
            f"--outcome {outcome}: unknown{did_you_mean(asked, [*ids, *known])}; a target ({', '.join(ids) or 'none here'}) or a "
            f"number of a run expected, such as {', '.join(MEASURES[:6])}"
        ])  # fmt: skip
    found = players(region.reference.scenario, policy, together)
    return Game(region, found, asked, tuple(dict.fromkeys([asked, *targets, *MEASURES])))


def run_game(
    game: Game,
    *,
    points: int,
    replications: int = 1,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Contributions:
    """Run all combinations at all points. Results do not depend on `threads`. Raises InputError or ValueError.

    Points and seeds are those of a comparison of the two policies: no family's and all families' runs are its runs.
    """
    check_numbers(seed, points=points, replications=replications, threads=threads)
    check_number(game.players, points * replications)
    names, design = designs.points(game.reference, points, seed)
    seeds = tuple(run_seed(seed, replication) for replication in range(replications))
    scenarios = [game.scenario(members) for members in range(game.combinations)]
    known = [{entry.name for entry in scenario.entries()} for scenario in scenarios]
    values = np.full((len(scenarios), points, replications, len(game.outcomes)), np.nan)
    populations = [""] * points

    def task(i: int) -> None:
        """One run, point by point so that all combinations share one population."""
        point, rest = divmod(i, replications * len(scenarios))
        replication, members = divmod(rest, len(scenarios))
        tried = dict(zip(names, map(float, design[point]), strict=True))
        own = {name: value for name, value in tried.items() if name in known[members]}
        inputs = inputs_of(scenarios[members], own)
        values[members, point, replication] = _outcomes(game, scenarios[members], inputs, seeds[replication])
        if members == 0 and replication == 0:
            from simulation.population import population_hash

            populations[point] = population_hash(inputs.population, inputs.institutions.villages)

    work(task, values[..., 0].size, threads or cpus(), progress)
    from simulation.codecache import model_hash

    return Contributions(
        game=game,
        uncertainties=names,
        design=design,
        values=values,
        seed=seed,
        seeds=seeds,
        populations=tuple(populations),
        model_hash=model_hash(),
        version=metadata.version("anju"),
        id=_id(game, design, names, seeds, populations, model_hash()),
    )


def _outcomes(game: Game, scenario: Scenario, inputs: Inputs, seed: int) -> np.ndarray:
    """The outcomes of one run."""
    from experiments.measures import columns, measure
    from simulation import run

    found = dict(zip(columns(scenario), measure(scenario, run.run(inputs, seed=seed)), strict=True))
    return np.array([found[name] for name in game.outcomes])


def seconds_a_run(game: Game, seed: int = 1) -> float:
    """How long a run takes here on one thread: the mean of one of the reference and one of the policy, code compiled before."""
    ends = game.scenario(0), game.scenario(game.combinations - 1)
    _outcomes(game, ends[0], inputs_of(ends[0], {}), run_seed(seed, 0))
    started = time.perf_counter()
    for scenario in ends:
        _outcomes(game, scenario, inputs_of(scenario, {}), run_seed(seed, 0))
    return (time.perf_counter() - started) / 2.0


def _id(
    game: Game,
    design: np.ndarray,
    names: Sequence[str],
    seeds: Sequence[int],
    populations: Sequence[str],
    model: str,
) -> str:
    """Eight hex digits that change with anything a result depends on."""
    return digest({
        "format": FORMAT,
        "model": model,
        "scenarios": [policy.scenario.resolved() for policy in game.region.policies],
        "players": [list(player.families) for player in game.players],
        "outcome": game.outcome,
        "design": dict(zip(names, design.T, strict=True)),
        "points": len(design),
        "seeds": list(seeds),
        "populations": list(populations),
    })[:8]  # fmt: skip
