"""Anju in Mesa's own browser view: the Lishui plan, levers as sliders, month by month. See docs/mesa.md.

solara run docs/solara_app.py
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

import scenarios
from experiments.commands.common import langs_of
from experiments.figures import style
from experiments.study import run_seed
from experiments.verdict import SOURCES
from scenarios import Scenario, assemble
from simulation.households import MOVED
from simulation.model import RelocationModel
from simulation.outcomes import GROUPS, INCOMES

SCENARIO = "lishui"
LEVERS = (
    "subsidy_yuan_per_person", "homes_factor", "loan_rate_factor", "service_openings_per_year", "public_posts",
)  # fmt: skip
SCREEN: Any = dict.fromkeys(
    ("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize"), 10.0
)  # points
STEPS = 60  # of a slider, or a few more: the width of a step is a round number

WORDS = {
    "title": ("Lishui, month by month", "丽水，逐月模拟"),
    "subsidy_yuan_per_person": ("subsidy, yuan a person", "补助，元/人"),
    "homes_factor": ("homes, plan = 1", "房源，方案为1"),
    "loan_rate_factor": ("loan rate, benchmark = 1", "贷款利率，基准为1"),
    "service_openings_per_year": ("service jobs a year", "年新增服务业岗位"),
    "public_posts": ("public-welfare posts", "公益性岗位"),
    "study_seed": ("seed", "种子"),
    "persons": ("Persons moved, cumulative", "累计搬迁人数"),
    "persons_signed": ("granted a home", "已签约"),
    "persons_moved": ("moved in", "已搬迁"),
    "persons_occupied": ("have lived there for a year", "入住满一年"),
    "target": ("target {value:,.0f}", "目标 {value:,.0f}"),
    "villages": ("Villages: share of the pool moved", "各迁出村：待搬迁农户中已搬迁占比"),
    "distance": ("km to the county town", "距县城公里数"),
    "incomes": ("Income a head, yuan a year (last 12 months)", "人均年收入，元（近12个月）"),
    "movers": ("movers", "搬迁户"),
    "stayers": ("stayers", "未搬迁户"),
    "queue": ("Households waiting, homes free", "排队农户与空置住房"),
    "households_waiting": ("households waiting", "排队农户"),
    "homes_free": ("homes free", "空置住房"),
    "month": ("month", "月"),
}


def say(key: str, lang: str) -> str:
    return WORDS[key][lang == "zh"]


# The model


@cache
def plan() -> Scenario:
    """The scenario with its own values; sliders begin there."""
    return scenarios.load(SCENARIO)


class Lishui(RelocationModel):
    """The plan at the central values of all that is uncertain, with levers of your own.

    Parameters: levers, each in its parameter's unit, None for as planned; `study_seed` is what `anju run --seed` takes, and `rng` the
    same, for `batch_run` of Mesa 3.5 and newer. The numbers are those of `anju run lishui --points 1 --set ...`. Raises InputError.
    """

    # no **kwargs: Mesa 3.5 would put a `scenario` of its own into them, which is why ours is called `programme`
    def __init__(
        self,
        *,
        subsidy_yuan_per_person: float | None = None,
        homes_factor: float | None = None,
        loan_rate_factor: float | None = None,
        service_openings_per_year: float | None = None,
        public_posts: float | None = None,
        study_seed: int = 1,
        rng: int | None = None,
    ):
        levers = (
            subsidy_yuan_per_person, homes_factor, loan_rate_factor, service_openings_per_year, public_posts,
        )  # fmt: skip
        named = zip(LEVERS, levers, strict=True)
        sets = {name: str(value) for name, value in named if value is not None}  # as after --set
        self.programme = scenarios.load(SCENARIO, sets=sets)
        super().__init__(
            assemble.inputs(self.programme),
            rng=run_seed(int(study_seed) if rng is None else rng, 0),
            mode_names=[mode.id for mode in self.programme.modes],
        )

    def step(self) -> None:
        """One month; nothing after the last, where SolaraViz may still ask for a step."""
        if self.running:
            super().step()
        else:
            self.steps -= 1


def sliders(lang: str) -> dict[str, dict[str, Any]]:
    """SolaraViz's description of each lever: its label, the plan's value and the range of the scenario file."""
    found = {name: _slider(name, lang) for name in LEVERS}
    seed = {"type": "SliderInt", "label": say("study_seed", lang), "value": 1, "min": 1, "max": 20, "step": 1}
    return {**found, "study_seed": seed}


def _slider(name: str, lang: str) -> dict[str, Any]:
    entry = plan().values[name]
    assert entry.range
    low, high = entry.range
    return {
        "type": "SliderFloat", "label": say(name, lang), "value": entry.at(0),
        "min": low, "max": high, "step": _round_step((high - low) / STEPS),
    }  # fmt: skip


def _round_step(most: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(k for k in (1, 2, 5) if k * power <= most * (1 + 1e-9)) * power)


# The charts: functions of a model, whatever month it is in


def persons(model: Lishui, lang: str) -> Figure:
    """Persons by month, and the targets that count persons."""
    figure, axes = _axes(model, say("persons", lang), lang)
    table = model.datacollector.get_model_vars_dataframe()
    colours = {"persons_signed": style.SKY, "persons_moved": style.BLUE, "persons_occupied": style.GREEN}
    for name, colour in colours.items():
        axes.plot(range(1, model.month + 1), table[name], color=colour, label=say(name, lang))
    for target in model.programme.targets:
        if target.metric == "persons" and target.scope == "region":
            label = say("target", lang).format(value=target.value)
            axes.plot(
                target.month + 1, target.value, ls="none", marker="D", color=style.VERMILLION, label=label
            )
    axes.set_ylim(bottom=0.0)
    axes.legend(frameon=False, loc="upper left")
    return figure


def villages(model: Lishui, lang: str) -> Figure:
    """A dot a village, in the row of its county, by its distance from the county town."""
    figure, axes = _axes(model, say("villages", lang), lang, months=False)
    records, place = model.books.villages, model.programme.counties
    within = np.random.default_rng(0).uniform(
        -0.32, 0.32, len(records)
    )  # so that dots do not hide each other
    dots = axes.scatter(
        records.distance_km, records.county + within, c=shares_moved(model), s=9, cmap="cividis_r", vmin=0.0, vmax=1.0
    )  # fmt: skip
    axes.set_yticks(range(len(place)), [getattr(county, lang) for county in place])
    axes.invert_yaxis()
    axes.set_xlabel(say("distance", lang))
    bar = figure.colorbar(dots, ax=axes, fraction=0.04, pad=0.02)
    bar.ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    return figure


def shares_moved(model: RelocationModel) -> np.ndarray:
    """Share of each village's pool that lives at a destination now, (villages,); 0 where the pool has nobody."""
    pool = model.households.earlier == 0
    village, moved = model.households.village[pool], model.status[pool] == MOVED
    households = np.bincount(village, minlength=len(model.villages))
    return np.bincount(village, moved, minlength=len(model.villages)) / np.maximum(households, 1)


def incomes(model: Lishui, lang: str) -> Figure:
    """Movers' and stayers' income a head, all four sources, by month."""
    figure, axes = _axes(model, say("incomes", lang), lang)
    for group, colour in {"movers": style.BLUE, "stayers": style.ORANGE}.items():
        axes.plot(
            range(1, model.month + 1), income_a_head(model, group), color=colour, label=say(group, lang)
        )
    axes.legend(frameon=False, loc="upper left")
    return figure


def income_a_head(model: RelocationModel, group: str) -> np.ndarray:
    """Yuan a head and year over the last 12 months, for each month run; not a number while the group is empty."""
    income = model.outcomes.income[: model.month, :, GROUPS.index(group)].sum(axis=1)
    year = np.array([income[max(0, t - 11) : t + 1].sum(axis=0) for t in range(model.month)])
    year = year.reshape(-1, len(INCOMES))
    yuan = year[:, [INCOMES.index(f"{source}_fen") for source in SOURCES]].sum(axis=1) * 12.0 / 100.0
    heads = year[:, INCOMES.index("persons")]
    return np.divide(yuan, heads, out=np.full(len(heads), np.nan), where=heads > 0)


def queue(model: Lishui, lang: str) -> Figure:
    """Households that wait, and homes that do."""
    figure, axes = _axes(model, say("queue", lang), lang)
    table = model.datacollector.get_model_vars_dataframe()
    for name, colour in {"households_waiting": style.VERMILLION, "homes_free": style.GREEN}.items():
        axes.plot(range(1, model.month + 1), table[name], color=colour, label=say(name, lang))
    axes.margins(y=0.3)  # room for the key
    axes.set_ylim(bottom=0.0)
    axes.legend(frameon=False, loc="upper left")
    return figure


CHARTS = (persons, villages, incomes, queue)


def png(draw: Callable[[Lishui, str], Figure], model: Lishui, lang: str) -> bytes:
    """One of CHARTS as a picture for a screen."""
    out = io.BytesIO()
    with style.session(), matplotlib.rc_context(SCREEN):
        draw(model, lang).savefig(out, format="png", dpi=120)
    return out.getvalue()


def _axes(model: RelocationModel, title: str, lang: str, *, months: bool = True) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.6, 3.8), layout="constrained")
    axes = figure.add_subplot(title=title)
    if months:
        axes.set_xlim(0, model.months)
        axes.set_xticks(range(0, model.months + 1, 12))
        axes.set_xlabel(say("month", lang))
    return figure, axes


# The page

if find_spec("solara"):
    import solara  # pyright: ignore[reportMissingImports]
    from mesa.visualization import SolaraViz

    def chart(draw: Any, lang: str) -> Any:
        """A component of SolaraViz, drawn anew after every step."""
        return lambda model: solara.Image(png(draw, model, lang), width="100%")

    (LANG,) = langs_of(None)
    page = SolaraViz(
        Lishui(),
        components=[chart(draw, LANG) for draw in CHARTS],
        model_params=sliders(LANG),
        play_interval=1,
        name=say("title", LANG),
    )
