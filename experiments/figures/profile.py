"""Who moves only because of a policy, held against those who move anyway and those who stay under both.

A group's *weight* among households of a kind is its share of them over its share of the pool: at 1 the kind has as many of them as
the pool has, at 2 twice as many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator

from experiments.comparison import profile as profiles
from experiments.comparison.judge import RESAMPLES
from experiments.comparison.runs import KINDS, Comparison, Runs
from experiments.comparison.text import GROUPS
from experiments.figures import caption, sheets, style
from experiments.figures.text import Words
from experiments.verdict import FEWEST_POINTS

NAME = "profile"
SHOWN = {"induced": ("induced",), "anyway": ("both", "assisted"), "neither": (profiles.NEITHER,)}
"""What is drawn, and the kinds of household it takes together."""
MARKS = {
    "induced": dict(marker="o", color=style.BLUE, ms=4.4),
    "anyway": dict(marker="s", color=style.ORANGE, ms=3.4),
    "neither": dict(marker="D", color=style.GREY, ms=3.0, mfc="white"),
}
ACROSS = 2  # policies on a sheet
MOST_COUNTIES = 15  # of which a chart has room for
FURTHEST = 8.0  # weights beyond are drawn at the edge
RARE = 0.01  # of the pool: groups below it do not make the title
ROW, GAP = 3.6, 1.6  # mm
TICKS, CLOSE = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0), (0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0)

WORDS = {
    "title": (
        'Who moves only because of "{policy}": {more}',
        "谁因“{policy}”而搬迁：{more}",
    ),
    "often": ("{group} ({weight} times their share of the pool)", "{group}（为其户数占比的{weight}倍）"),
    "title_none": (
        'No group is surely more frequent among those who move only because of "{policy}" than in the pool',
        "因“{policy}”而搬迁的农户中，没有哪一类的占比确定高于全部农户",
    ),
    "title_few": (
        'Who moves only because of "{policy}": too few futures to tell',
        "谁因“{policy}”而搬迁：未来情形太少，无法判断",
    ),
    "title_nobody": (
        "Nobody moves only because of the policy",
        "没有农户仅因政策而搬迁",
    ),
    "note": (
        'Households of the pool by what is known of them at the start, against "{reference}", household by household, by {date}. How many'
        " times a group's share of the pool is its share of each kind; {spread}.",
        "待搬迁农户按期初特征分组，与“{reference}”逐户对比，截至{date}；横轴为该组在各类农户中的占比与其在全部农户中占比之比；{spread}。",
    ),
    "spread": ("lines span 95 % intervals over futures", "线段为各未来情形的95%区间"),
    "spread_noise": (
        "lines span 95 % intervals over replications: chance alone",
        "线段为各次重复的95%区间，只反映随机波动",
    ),
    "spread_none": ("too few futures for an interval", "未来情形太少，无法给出区间"),
    "axis": ("Times the group's share of the pool", "为该组户数占比的倍数"),
    "induced": ("move only because of the policy", "仅因政策而搬"),
    "anyway": ("move anyway", "本会搬迁"),
    "neither": ("stay under both", "两种政策下都不搬"),
    "size": (
        "{policy}: {induced} households only because of it, {anyway} anyway (means)",
        "{policy}：因政策而搬{induced}户，本会搬迁{anyway}户（均值）",
    ),
    "region": ("Region {region}", "地区 {region}"),
    "households": ("pool", "占比"),
    "part.list": ("Low income", "低收入"),
    "part.income": ("Income a head", "人均收入"),
    "part.wage": ("Wages near home", "就近务工收入"),
    "part.away": ("Working elsewhere", "外出务工"),
    "part.age": ("Age", "年龄"),
    "part.size": ("Size", "家庭规模"),
    "part.children": ("Children of 6-15", "学龄儿童"),
    "part.hazard": ("Geohazard", "地质灾害"),
    "part.distance": ("Distance", "距离"),
    "part.county": ("County", "县（市、区）"),
    "income_low": ("lowest third", "最低三分之一"),
    "income_middle": ("middle third", "中间三分之一"),
    "income_high": ("highest third", "最高三分之一"),
    "wage_none": ("no wages", "无工资性收入"),
    "wage_some": ("under half of income", "不足收入一半"),
    "wage_most": ("half of income or more", "占收入一半及以上"),
    "members_away": ("members working away", "有成员外出务工"),
    "nobody_away": ("nobody away", "无人外出务工"),
    "size_1_2": ("1-2 persons", "1～2人"),
    "size_3_4": ("3-4 persons", "3～4人"),
    "size_5": ("5 persons or more", "5人及以上"),
    "children": ("with", "有"),
    "no_children": ("without", "无"),
    "hazard": ("on a geohazard site", "位于隐患点"),
    "no_hazard": ("not on one", "不在隐患点"),
}
TITLED = {
    # groups that need more words where their part is not beside them
    "income_low": ("the poorest third", "人均收入最低的三分之一"),
    "income_middle": ("the middle third by income", "人均收入居中的三分之一"),
    "income_high": ("the best-off third", "人均收入最高的三分之一"),
    "wage_none": ("households without wages near home", "无就近务工收入的农户"),
    "wage_some": ("those with some wages near home", "就近务工收入不足一半的农户"),
    "wage_most": ("those who live on wages near home", "以就近务工收入为主的农户"),
    "nobody_away": ("those with nobody away", "无人外出务工的农户"),
    "members_away": ("those with members working away", "有成员外出务工的农户"),
    "size_1_2": ("households of 1-2", "1～2人户"),
    "size_3_4": ("households of 3-4", "3～4人户"),
    "size_5": ("households of 5 or more", "5人及以上户"),
    "children": ("those with children of school age", "有学龄儿童的农户"),
    "no_children": ("those without children of school age", "无学龄儿童的农户"),
    "hazard": ("those on geohazard sites", "地质灾害隐患点农户"),
    "no_hazard": ("those not on geohazard sites", "不在隐患点的农户"),
    "others": ("those not on the low-income list", "非低收入农户"),
    "middle": ("those at middle distance to the county town", "离县城距离居中的农户"),
    "near": ("the third nearest to the county town", "离县城最近的三分之一"),
    "far": ("the third farthest from the county town", "离县城最远的三分之一"),
    "low_income": ("those on the low-income list", "低收入农户"),
    "elderly_only": ("households of elderly only", "纯老年户"),
    "head_60": ("heads of 60 and over with younger members", "户主60岁及以上且有年轻成员的农户"),
    "head_45": ("heads of 45 to 59", "户主45至59岁的农户"),
    "younger": ("heads under 45", "户主45岁以下的农户"),
}


class Data(NamedTuple):
    """One policy held against its reference, over all groups of profile.names; NaN where a kind has no household."""

    region: str
    policy: Any
    reference: Any
    groups: tuple[tuple[str, str], ...]
    households: np.ndarray  # (groups, KINDS and NEITHER), means over runs
    weight: dict[str, np.ndarray]  # by SHOWN: (groups,)
    low: dict[str, np.ndarray]  # 95 % interval, NaN where there are too few futures
    high: dict[str, np.ndarray]
    over: str  # futures or replications
    sure: np.ndarray  # (groups,): induced surely more often, at 95 % for all groups together

    def mean(self, shown: str) -> float:
        """Households of what is shown, mean over runs."""
        county = [k for k, (part, _) in enumerate(self.groups) if part == "county"]
        return float(self.households[np.ix_(county, _columns(shown))].sum())

    @property
    def pool_share(self) -> np.ndarray:
        """Share of the pool in each group, (groups,)."""
        own = self.households.sum(axis=1)
        return own / max(own[[part == "county" for part, _ in self.groups]].sum(), 1e-300)


def _columns(shown: str) -> list[int]:
    kinds = (*KINDS, profiles.NEITHER)
    return [kinds.index(kind) for kind in SHOWN[shown]]


def data(c: Comparison) -> list[Data]:
    """Every policy but the references, in order; none where the comparison keeps no profile."""
    return [
        _data(c, runs, row)
        for runs in c.regions
        if runs.profile is not None
        for row in range(1, len(runs.region.policies))
    ]


def _data(c: Comparison, runs: Runs, row: int) -> Data:
    assert runs.profile is not None
    counties = tuple(county.id for county in runs.region.reference.scenario.counties)
    groups = tuple(profiles.names(counties))
    by_run = runs.profile[row].astype(float).reshape(c.points, c.replications, len(groups), -1)
    each = by_run.sum(axis=1) if c.points > 1 else by_run[0]  # futures, or the replications of the only one
    county = np.array([part == "county" for part, _ in groups])
    weight, low, high, sure = {}, {}, {}, {}
    for shown in SHOWN:
        own, pool = each[..., _columns(shown)].sum(axis=-1), each.sum(axis=-1)
        weight[shown] = _weight(own.sum(axis=0), pool.sum(axis=0), county)
        low[shown], high[shown], least = _interval(own, pool, county)
        sure[shown] = least > 1.0
    return Data(
        runs.region.id, runs.region.policies[row], runs.region.reference, groups, by_run.mean(axis=(0, 1)), weight, low,
        high, "futures" if c.points > 1 else "replications", sure["induced"],
    )  # fmt: skip


def _weight(own: np.ndarray, pool: np.ndarray, county: np.ndarray) -> np.ndarray:
    """Share of each group among the households of a kind over its share of the pool, (..., groups)."""
    kind, all_ = own[..., county].sum(axis=-1, keepdims=True), pool[..., county].sum(axis=-1, keepdims=True)
    above, below = own * all_, pool * kind
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)


def _interval(own: np.ndarray, pool: np.ndarray, county: np.ndarray) -> np.ndarray:
    """95 % interval of `_weight`, bootstrapped over futures (or replications), of (units, groups); NaN where there are few.

    Shape (3, groups): its ends, and the lower end of an interval that holds for all groups at once (Bonferroni).
    """
    n, groups = own.shape
    if n < FEWEST_POINTS:
        return np.full((3, groups), np.nan)
    counts = np.stack([np.bincount(rows, minlength=n) for rows in _resamples(n)]).astype(float)
    again = _weight(counts @ own, counts @ pool, county)
    known = np.isfinite(again).all(axis=0)
    levels = (0.025, 0.975, 0.025 / groups)
    return np.where(known, np.quantile(np.where(known, again, 0.0), levels, axis=0), np.nan)


def _resamples(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, n, (RESAMPLES, n))


def rows(found: Sequence[Data]) -> list[dict[str, Any]]:
    """One row a policy and group: households by kind (means over runs), and the weights that are drawn."""
    return [
        {"region": d.region, "policy": d.policy.name, "part": part, "group": group, "pool_share": float(d.pool_share[g])}
        | {f"{kind}_households": float(d.households[g, k]) for k, kind in enumerate((*KINDS, profiles.NEITHER))}
        | {
            f"{shown}_{name}": float(values[shown][g])
            for shown in SHOWN
            for name, values in (("weight", d.weight), ("low", d.low), ("high", d.high))
        }
        for d in found
        for g, (part, group) in enumerate(d.groups)
    ]  # fmt: skip


def pages(c: Comparison) -> Iterator[tuple[str, list[Data]]]:
    """Name and policies of each chart: ACROSS policies of one region on a sheet."""
    found = data(c)
    ids = dict.fromkeys(d.region for d in found)
    every = [own[k : k + ACROSS] for id in ids for own in [[d for d in found if d.region == id]]
             for k in range(0, len(own), ACROSS)]  # fmt: skip
    for k, page in enumerate(every, 1):
        yield (NAME if len(every) == 1 else f"{NAME}-{k}"), page


def draw_all(c: Comparison, folder: Any, *, langs: Sequence[str], formats: Sequence[str]) -> list[Path]:
    """Write the charts as `profile.<lang>.<format>` with their numbers as `profile.csv`; returns the paths.

    Where policies are many, or regions several, they are `profile-1` and so on.
    """
    return [
        path
        for name, page in pages(c)
        for path in sheets.write(
            folder,
            name,
            about=about(c, page),
            rows=rows(page),
            langs=langs,
            formats=formats,
            draw=lambda words, page=page: draw(c, page, words),
        )  # fmt: skip
    ]


def about(c: Comparison, page: Sequence[Data]) -> Any:
    """What a caption reads of a study; the reference first."""
    names = [page[0].reference.name, *(d.policy.name for d in page)]
    return SimpleNamespace(
        scenario=SimpleNamespace(name=" ".join(names)), id=c.id, seed=c.seed, version=c.version, points=c.points,
        replications=c.replications, runs=np.zeros((c.runs, 3)),
    )  # fmt: skip


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


def draw(c: Comparison, page: Sequence[Data], words: Words) -> style.Sheet:
    """A row a group, a panel a policy; at 1 a kind has as many of a group as the pool has."""
    groups = page[0].groups
    county = [k for k, (part, _) in enumerate(groups) if part == "county"]
    room_for = MOST_COUNTIES if style.JOURNAL_TYPE["TEXT"] == style.TEXT else 0  # a slide has none
    shown = [k for k in range(len(groups)) if k not in county or 1 < len(county) <= room_for]
    line = style.TEXT * style.LEADING
    row = max(ROW, line + 0.4)
    places = _places([groups[k][0] for k in shown], row)
    tall = places[-1] + row / 2
    names = [_group(page[0], groups[k], words) for k in shown]
    parts = [(y, groups[k][0]) for n, (k, y) in enumerate(zip(shown, places, strict=True))
             if not n or groups[shown[n - 1]][0] != groups[k][0]]  # fmt: skip
    heads = max(style.width_of(say(words, f"part.{part}"), style.TEXT) for _, part in parts) + 3.0
    share = [words.percent(page[0].pool_share[k]) for k in shown]
    shares = max(style.width_of(text, style.TEXT) for text in [*share, say(words, "households")]) + 2.5
    x = style.MARGIN + heads + max(style.width_of(name, style.TEXT) for name in names) + 2.0 + shares
    width = (style.WIDTH - style.MARGIN - x) / len(page) - 4.0
    titles = [style.wrap(_size(d, words), width, style.TEXT) for d in page]
    above = max(title.count("\n") + 1 for title in titles) * line + 2.0 + row
    key = line + 1.5
    sheet = style.Sheet(
        height=key + above + tall + 2 * line + 4.0, title=_title(page, words), note=_note(c, page, words),
        footnote=footnote(c, page, words), alt=_alt(page, words),
    )  # fmt: skip
    sheet.key(x, 0.0, [(_mark(name) | dict(ls="none"), say(words, name)) for name in SHOWN])
    top = key + above
    sheet.label(x - 2.0, top - row / 2, say(words, "households"), ha="right", color=style.GREY)
    for y, part in parts:
        sheet.label(style.MARGIN, top + y, say(words, f"part.{part}"), color=style.GREY)
    for name, text, y in zip(names, share, places, strict=True):
        sheet.label(x - 2.0 - shares, top + y, name, ha="right")
        sheet.label(x - 2.0, top + y, text, ha="right", color=style.GREY)
    for d, title in zip(page, titles, strict=True):
        sheet.write(x, key, title)
        written = [_written(d, k, words) for k in shown]
        room = max(style.width_of(text, style.SMALL) for text in written) + 2.0
        ax = sheet.axes(x, top, width - room, tall)
        _panel(ax, d, shown, places, tall)
        ax.set_xlabel(say(words, "axis"))
        for text, y in zip(written, places, strict=True):
            sheet.label(x + width - room + 1.5, top + y, text, size=style.SMALL)
        x += width + 4.0
    return sheet


def _places(parts: Sequence[str], row: float) -> list[float]:
    """Middle of each row; parts stand apart."""
    places, y = [], 0.0
    for k, part in enumerate(parts):
        y += GAP if k and parts[k - 1] != part else 0.0
        places.append(y + row / 2)
        y += row
    return places


def _group(d: Data, group: tuple[str, str], words: Words) -> str:
    part, id = group
    if part == "county":
        return next(words.name(county) for county in d.reference.scenario.counties if county.id == id)
    return WORDS[id][words.column] if id in WORDS else GROUPS[id][words.column]


def _size(d: Data, words: Words) -> str:
    induced, anyway = (words.number(d.mean(shown), digits=3) for shown in ("induced", "anyway"))
    return say(words, "size", policy=d.policy.title[words.lang], induced=induced, anyway=anyway)


def _written(d: Data, k: int, words: Words) -> str:
    """The weight of a group among those who move only because of the policy."""
    value, low, high = (d.weight["induced"][k], d.low["induced"][k], d.high["induced"][k])
    if not np.isfinite(value):
        return "–"
    return (
        _times(value) if not np.isfinite(low) else words.with_range(_times(value), _times(low), _times(high))
    )


def _times(weight: float) -> str:
    return f"{weight:.2f}" if weight < 1.95 else f"{weight:.1f}"


def _panel(ax: Any, d: Data, shown: Sequence[int], places: Sequence[float], tall: float) -> None:
    low, high = _reach(d, shown)
    ax.set_xscale("log")
    ax.set(xlim=(low, high), ylim=(tall, 0), yticks=[])
    ticks = [tick for tick in (TICKS if high / low > 4.0 else CLOSE) if low <= tick <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    ax.axvline(1.0, color=style.GREY, lw=0.6, zorder=1)
    style.bare(ax, "left")
    for k, y in zip(shown, places, strict=True):
        ax.axhline(y, color=style.SHADE, lw=0.6, zorder=0)
        for z, (kind, mark) in enumerate(reversed(MARKS.items())):
            value, below, above = (w[kind][k] for w in (d.weight, d.low, d.high))
            if not np.isfinite(value):
                continue
            if np.isfinite(below):
                colour = style.mix(str(mark["color"]), 0.5)
                ax.plot(
                    np.clip((below, above), low, high), [y, y], color=colour, lw=1.4 * _larger(), zorder=2 + z
                )
            ax.plot(np.clip(value, low, high), y, ls="none", zorder=5 + z, clip_on=False, **_mark(kind))


def _larger() -> float:
    """How much larger than a journal's the type is; marks grow with it."""
    return style.TEXT / style.JOURNAL_TYPE["TEXT"]


def _mark(kind: str) -> dict[str, Any]:
    mark: dict[str, Any] = MARKS[kind]
    return mark | dict(ms=mark["ms"] * _larger(), mew=0.6 * _larger())


def _reach(d: Data, shown: Sequence[int]) -> tuple[float, float]:
    """From where to where the axis goes, 1 inside."""
    drawn = np.concatenate([w[kind][list(shown)] for w in (d.weight, d.low, d.high) for kind in SHOWN])
    drawn = drawn[np.isfinite(drawn)]
    low, high = min([0.8, *drawn]) / 1.06, max([1.25, *drawn]) * 1.06
    return max(float(low), 1.0 / FURTHEST), min(float(high), FURTHEST)


def standing_out(d: Data) -> list[int]:
    """Groups that are surely more often among those who move only because of the policy, the most so first; counties apart."""
    found = [
        k
        for k, (part, _) in enumerate(d.groups)
        if part != "county" and d.pool_share[k] >= RARE and d.sure[k]
    ]
    return sorted(found, key=lambda k: -d.weight["induced"][k])


def _title(page: Sequence[Data], words: Words) -> str:
    """The groups that stand out under the policy that moves most households."""
    d = max(page, key=lambda d: d.mean("induced"))
    if not d.mean("induced"):
        return say(words, "title_nobody")
    policy = d.policy.title[words.lang]
    if not np.isfinite(d.low["induced"]).any():
        return say(words, "title_few", policy=policy)
    most = [k for k in standing_out(d) if d.weight["induced"][k] >= 1.05][:2]
    if not most:
        return say(words, "title_none", policy=policy)
    more = [
        say(words, "often", group=TITLED[d.groups[k][1]][words.column], weight=_times(d.weight["induced"][k]))
        for k in most
    ]
    return say(words, "title", policy=policy, more=(", " if words.lang == "en" else "、").join(more))


def _note(c: Comparison, page: Sequence[Data], words: Words) -> str:
    scenario = page[0].reference.scenario
    known = any(np.isfinite(d.low["neither"]).any() for d in page)
    spread = say(words, ("spread" if c.points > 1 else "spread_noise") if known else "spread_none")
    return say(
        words, "note", reference=page[0].reference.title[words.lang], date=words.date(scenario.start, scenario.window - 1),
        spread=spread,
    )  # fmt: skip


def _alt(page: Sequence[Data], words: Words) -> str:
    return words("comma").join(
        f"{_size(d, words)}: " + words("comma").join(
            f"{TITLED[group][words.column]} {_written(d, k, words)}"
            for k, (part, group) in enumerate(d.groups) if part != "county"
        )
        for d in page
    )  # fmt: skip


def footnote(c: Comparison, page: Sequence[Data], words: Words) -> list[str]:
    """The lines under the chart, enough to run it again."""
    policies = [page[0].reference, *(d.policy for d in page)]
    listed = (", " if words.lang == "en" else "、").join(policy.name for policy in policies)
    made = words("comparison_made", version=c.version, id=c.id, seed=c.seed)
    lines = [
        words("comma").join(
            (words("comparison_names", names=listed), made, caption.size(about(c, page), words))
        )
    ]
    if c.points > 1:
        given = next((runs.given for runs in c.regions if runs.region.id == page[0].region), None)
        lines[0] += words("stop") + caption.futures(given, words)
    together = SimpleNamespace(
        header=policies[0].scenario.header,
        values={(p.name, key): entry for p in policies for key, entry in p.scenario.values.items()},
        targets=[target for p in policies for target in p.scenario.targets],
    )
    return [*lines, words("sources", list=words("comma").join(caption.sources(together, words)))]
