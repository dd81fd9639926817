"""What `anju compare` answered, from its folder: the answer as it was judged, the runs as its tables hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments import given_use
from experiments.comparison import judge
from experiments.comparison import losses as lost
from experiments.comparison import profile as profiles
from experiments.comparison.policies import Policy, Region
from experiments.comparison.runs import COUNTS, KINDS, Comparison, Runs, targets
from experiments.comparison.store import PROFILE, posterior_file
from experiments.measures import MEASURES
from experiments.reading.plain import made
from experiments.reading.tables import columns
from scenarios import frozen
from simulation.ledger import FLOWS
from simulation.outcomes import GROUPS, INCOMES

if TYPE_CHECKING:
    from experiments.reading import Answer


class Compared(NamedTuple):
    """A comparison and what it answered."""

    comparison: Comparison
    answer: judge.Answer


def found(answer: Answer) -> Compared:
    """The comparison. Tables keep neither what targets count nor the runs in which grants were withheld: these are NaN."""
    m = answer.manifest
    kept = _Kept(answer)
    c = Comparison(
        regions=tuple(kept.region(k, region) for k, region in enumerate(m["regions"], 1)),
        seed=m["seed"], points=m["points"], replications=m["replications"], seeds=tuple(m["seeds"]),
        budget=_budget(answer), model_hash=m["model_hash"], version=m["anju"], id=m["comparison"],
    )  # fmt: skip
    return Compared(c, made(judge.Answer, answer.json))


def draw(compared: Compared, into: Any) -> None:
    """Gather its charts."""
    from experiments.figures import comparison, profile

    comparison.draw_all(compared.comparison, compared.answer, into, langs=(), formats=())
    profile.draw_all(compared.comparison, into, langs=(), formats=())


def title(answer: Answer) -> dict[str, str]:
    """The policies that are compared."""
    policies = [policy["title"] for region in answer.manifest["regions"] for policy in region["policies"]]
    return {lang: mark.join(one[lang] for one in policies) for lang, mark in (("zh", "、"), ("en", "; "))}


def _budget(answer: Answer) -> float | None:
    if answer.json["budget"] is not None:
        return answer.json["budget"]
    return float("nan") if answer.json["equalised"] else None


class _Kept:
    """The arrays of a comparison in its tables, whose rows stand policy by policy."""

    def __init__(self, answer: Answer) -> None:
        self.folder, self.manifest = answer.folder, answer.manifest
        self.runs = answer.manifest["points"] * answer.manifest["replications"]

    def region(self, k: int, told: dict[str, Any]) -> Runs:
        policies = tuple(
            Policy(
                p["name"], p["title"], frozen.read(self.folder / p["scenario_file"]), p["budget_factor"],
                tuple(p["taken_from_reference"]), tuple(p["held_at_central_value"]),
            )
            for p in told["policies"]
        )  # fmt: skip
        region, points = Region(told["id"], policies), self.manifest["points"]
        names, counties = [p.name for p in policies], len(policies[0].scenario.counties)
        wanted, cells = targets(region), len(lost.cells(counties))
        pairs = [f"{kind}_{count}" for kind in KINDS for count in COUNTS]
        return Runs(
            region=region,
            uncertainties=tuple(told["uncertainties"]),
            design=np.array(told["design"], float).reshape(points, len(told["uncertainties"])),
            targets=wanted,
            reached=np.full((len(names), self.runs, len(wanted[0])), np.nan),
            measures=self("runs", names, MEASURES, self.runs, len(MEASURES)),
            ledger=self("runs", names, [f"{flow.name}_yuan" for flow in FLOWS], self.runs, len(FLOWS)),
            pairs=self("pairs", names, pairs, self.runs, counties, len(KINDS), len(COUNTS)).astype(np.int64),
            losses=self("losses", names, lost.COLUMNS, self.runs, cells, len(lost.COLUMNS)),
            effect=np.full((len(names), points, 12, len(GROUPS), len(INCOMES)), np.nan),
            populations=tuple(told["population_hashes"]),
            given=given_use.kept(self.folder, self.manifest, posterior_file(k)),
            profile=self.profile(names, policies[0].scenario.counties),
        )

    def profile(self, names: list[str], counties: Any) -> np.ndarray | None:
        """Households by group and kind; None in a folder of an anju that did not keep them."""
        if "tables/profile.parquet" not in self.manifest["files"]:
            return None
        groups = len(profiles.names(tuple(county.id for county in counties)))
        return self("profile", names, PROFILE, self.runs, groups, len(PROFILE)).astype(np.int64)

    def __call__(self, table: str, policies: list[str], names: Any, *shape: int) -> np.ndarray:
        """Columns of a table by policy, (policies, *shape); 0 for the reference, which is not held against itself."""
        found = columns(self.folder, table, ("policy", *names))
        values = np.stack([np.asarray(found[name], np.float64) for name in names], axis=-1)
        out = np.zeros((len(policies), *shape))
        for row, policy in enumerate(policies):
            mine = found["policy"] == policy
            if mine.any():
                out[row] = values[mine].reshape(shape)
        return out
