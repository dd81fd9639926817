"""The answer in words, for a terminal: Chinese or English, what the model loses first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from experiments import takes
from experiments.validation.judge import BEST, MATCHES, MODEL, Duel, Row
from experiments.wording import Page
from experiments.wording import number as counted
from scenarios.show import unit_name

if TYPE_CHECKING:
    from experiments.validation.scores import Coverage
    from experiments.validation.study import Estimate, Validation

FORECASTS = {
    MODEL: ("model", "模型"), "plan": ("the plan's number", "计划数"), "even_pace": ("the plan, evenly spread", "计划均匀推进"),
    "last_pace": ("last pace continues", "延续此前进度"), "national": ("national pace scaled", "全国进度折算"),
    "elsewhere": ("the same elsewhere", "照搬他处"),
    BEST: ("the best of them", "其中最好的"),
}  # fmt: skip
FEW = 20  # facts below which a coverage says little, and runs below which an interval is narrow


def text(v: Validation, lang: str) -> str:
    """The answer as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=True)
    page.paragraph(sentence(v, lang), indent=0)
    _head(page, v)
    _losses(page, v)
    _facts(page, v)
    _scores(page, v)
    _means(page, v)
    _without(page, v)
    _rest(page, v)
    return "\n".join(page.lines) + "\n"


def sentence(v: Validation, lang: str) -> str:
    """The outcome in one sentence, for a reader of policy: facts whose outcome is the same, else those that are near."""
    page = Page(lang, banded=True)
    match = next((match for match in MATCHES if v.judged.coverage[match]), "same")
    cover = v.judged.coverage[match]
    assert cover is not None
    rows = [row for row in v.judged.rows if row.match == match and row.skill is not None]
    lost = sum(row.loses for row in rows)
    close = "" if match == "same" else page.say(" (not quite the same outcomes)", "（口径不完全一致）")
    n = len(rows)
    duel = page.say(
        f"the model does worse than the best naive forecast on {lost} of {counted(n, 'fact')}"
        if n else "there is no naive forecast to compare with",
        f"{n}项事实中，模型有{lost}项不如最好的朴素基准" if n else "没有可比的朴素基准",
    )  # fmt: skip
    held = page.say(
        f"Of {counted(cover.facts, 'fact')} the model was not set to{close}, its 90 % interval holds {cover.inside}",
        f"模型未据以设定的{cover.facts}项事实{close}中，90%区间包含{cover.inside}项",
    )  # fmt: skip
    return page.say(f"{held}; {duel}.", f"{held}；{duel}。")


def forecast(page: Page, kind: str) -> str:
    return page.name(FORECASTS[kind])


def number(page: Page, x: float, unit: str) -> str:
    """A number in a fact's unit."""
    if unit == "%":
        return f"{x:.1f}".replace("-", "−") + page.say(" %", "%")
    if unit == "ratio":
        return f"{x:.3f}"
    if abs(x) < 1000 and unit not in ("persons", "households", "homes"):
        return f"{x:.4g}".replace("-", "−")
    return page.yuan(x) if unit.startswith("yuan") else page.count(x)


def skill(x: float | None) -> str:
    if x is None:
        return "–"
    if math.isinf(x):
        return "−∞"
    return f"{x:+.2f}".replace("-", "−")


def _head(page: Page, v: Validation) -> None:
    plan = v.plan
    page.add()
    page.add(page.say(
        f"Validation {plan.id}: {counted(len(plan.cases), 'scenario')},"
        f" {counted(plan.points, 'future')} x {counted(plan.replications, 'replication')} each.",
        f"检验 {plan.id}：{len(plan.cases)}个情景，各{plan.points}种未来情形 × {plan.replications}次重复。",
    ))  # fmt: skip
    if plan.given is not None:
        page.paragraph(page.say(
            f"Futures are drawn from the posterior {plan.given.id} ({plan.given.scenario}), which was set to"
            f" {counted(len(plan.given.facts), 'other fact')}.",
            f"各未来情形取自后验 {plan.given.id}（{plan.given.scenario}），其据以校准的是另外{len(plan.given.facts)}项事实。",
        ))  # fmt: skip
        if others := [one.case.name for one in plan.cases if not one.given]:
            page.paragraph(page.say(
                f"It says nothing of other regions: futures of {', '.join(others)} come from the stated ranges.",
                f"它不涉及其他地区：{'、'.join(others)}的各未来情形取自给定范围。",
            ))  # fmt: skip
    if plan.left_out:
        page.paragraph(page.say(
            f"Left out, because a run of it takes long: {', '.join(plan.left_out)}. Name it, or add --all.",
            f"因单次模拟耗时较长而未列入：{'、'.join(plan.left_out)}。可直接指定名称，或加 --all。",
        ))  # fmt: skip


def _losses(page: Page, v: Validation) -> None:
    """Where the model is worse than the best naive forecast, plainly."""
    scored = [row for row in v.judged.rows if row.skill is not None]
    if not scored:
        return
    page.title("Where the model loses", "模型不如朴素基准之处")
    lost = sorted((row for row in scored if row.loses), key=lambda row: row.skill or 0.0)
    for row in lost:
        naive = row.best_naive
        assert naive is not None
        page.paragraph(page.say(
            f"The model loses to “{forecast(page, naive.kind)}” on {row.en} ({row.scenario}): its median is off by"
            f" {page.change(row.difference)}, the naive forecast by {page.change(naive.difference)} (skill {skill(row.skill)}).",
            f"{row.zh}（{row.scenario}）：模型不如“{forecast(page, naive.kind)}”，模型中位数偏差{page.change(row.difference)}，"
            f"朴素基准偏差{page.change(naive.difference)}（技巧分 {skill(row.skill)}）。",
        ))  # fmt: skip
    if not lost:
        page.paragraph(page.say("Nowhere among these facts.", "在这些事实上没有。"))


def _facts(page: Page, v: Validation) -> None:
    """One table a scenario, then how naive forecasts were made and where each fact is from."""
    for one in v.plan.cases:
        rows = [row for row in v.judged.rows if row.scenario == one.case.name]
        title = one.case.scenario.title
        page.title(f"{one.case.name}: {title['en']}", f"{one.case.name}：{title['zh']}")
        page.table([_heads(page), *(_cells(page, row) for row in rows)])
        for row in rows:
            _notes(page, row)


def _heads(page: Page) -> tuple[str, ...]:
    return (
        "", page.say("fact", "事实"), page.say("model", "模型"), page.say("90 % interval", "90%区间"),
        page.say("fact lies", "事实位置"), page.say("off by", "偏差"), page.say("best naive", "最好朴素基准"),
        page.say("nearer", "更接近者"), page.say("skill", "技巧分"),
    )  # fmt: skip


def _cells(page: Page, row: Row) -> tuple[str, ...]:
    naive = row.best_naive
    near = page.say(" *", "*") if row.match == "near" else ""
    return (
        page.say(row.en, row.zh) + near,
        number(page, row.fact, row.unit),
        number(page, row.model, row.unit),
        f"{number(page, row.low, row.unit)} – {number(page, row.high, row.unit)}",
        page.say("inside", "区间内") if row.inside else page.say("outside", "区间外"),
        page.change(row.difference),
        "–" if naive is None else number(page, naive.value, row.unit),
        "–" if row.nearest is None else forecast(page, row.nearest),
        skill(row.skill),
    )


def _notes(page: Page, row: Row) -> None:
    said = page.say(row.en, row.zh)
    page.paragraph(f"{said}{page.say(': ', '：')}{row.source}")
    if row.match == "near":
        page.paragraph(
            f"* {page.say('not quite the same: ', '口径不完全一致：')}{page.say(row.why_en, row.why_zh)}",
            indent=4,
        )
    for one in row.naive:
        page.paragraph(page.say(
            f"{forecast(page, one.kind)}: {number(page, one.value, row.unit)} ({page.change(one.difference)};"
            f" skill against it {skill(one.skill)}): {one.how_en}",
            f"{forecast(page, one.kind)}：{number(page, one.value, row.unit)}（{page.change(one.difference)}；"
            f"模型相对技巧分 {skill(one.skill)}）：{one.how_zh}",
        ), indent=4)  # fmt: skip
    if not row.naive:
        why = page.say(row.why_none_en, row.why_none_zh)
        page.paragraph(f"{page.say('no naive forecast: ', '无朴素基准：')}{why}", indent=4)


def _scores(page: Page, v: Validation) -> None:
    page.title("Scores", "评分")
    for match in MATCHES:
        cover = v.judged.coverage[match]
        if cover is None:
            continue
        page.paragraph(page.say(
            "Outcomes that are defined as the fact is" if match == "same" else "Outcomes that are not quite the same (*)",
            "与事实口径一致的结果" if match == "same" else "口径不完全一致的结果（*）",
        ) + page.say(f", {counted(cover.facts, 'fact')}:", f"，{cover.facts}项："))  # fmt: skip
        page.paragraph(_coverage(page, cover), indent=4)
        for group in v.judged.groups:
            if group.match == match:
                page.paragraph(page.say(
                    f"averaged relative difference of {counted(group.facts, 'fact')} in {group.unit}:"
                    f" {group.relative_difference:.2f}",
                    f"平均相对差（{unit_name(group.unit, 'zh')}，{group.facts}项）：{group.relative_difference:.2f}",
                ), indent=4)  # fmt: skip
        duels = [duel for duel in v.judged.duels if duel.match == match]
        if duels:
            page.table([_duel_heads(page), *(_duel(page, duel) for duel in duels)])


def _coverage(page: Page, c: Coverage) -> str:
    few = page.say(
        "; these are few facts, so the share says little", "；事实很少，该占比说明不了多少"
    ) if c.facts < FEW else ""  # fmt: skip
    return page.say(
        f"90 % interval holds {c.inside} of {c.facts}: {page.share(c.share)}"
        f" (95 % interval {page.share(c.low)} – {page.share(c.high)}){few}",
        f"90%区间覆盖率：{c.facts}项中{c.inside}项，{page.share(c.share)}（95%区间 {page.share(c.low)} – {page.share(c.high)}）{few}",
    )  # fmt: skip


def _duel_heads(page: Page) -> tuple[str, ...]:
    return (
        page.say("  the model against", "  模型对比"), page.say("facts", "事实数"), page.say("model better on", "模型更优"),
        page.say("score, model", "模型得分"), page.say("score, naive", "基准得分"), page.say("skill", "技巧分"),
    )  # fmt: skip


def _duel(page: Page, d: Duel) -> tuple[str, ...]:
    return (
        "  " + forecast(page, d.kind), str(d.facts), str(d.better), f"{d.model:.3f}", f"{d.naive:.3f}", skill(d.skill)
    )  # fmt: skip


def _means(page: Page, v: Validation) -> None:
    page.add()
    page.paragraph(page.say(
        "Score: CRPS over the fact, 0 at best; for one number it is its distance from the fact. Skill: 1 − the model's score over the"
        " naive one's; below 0 the model is worse. The best naive forecast is known only afterwards, which favours it.",
        "得分：CRPS与事实之比，越小越好，0为最好；单一数值的得分即其与事实的相对距离。技巧分：1－模型得分/基准得分，小于0表示模型较差。"
        "最好的朴素基准是事后才知道的，因此对基准有利。",
    ))  # fmt: skip
    if v.plan.points * v.plan.replications < FEW:
        page.paragraph(page.say(
            f"With fewer than {FEW} runs the 90 % interval is too narrow.", f"不足{FEW}次模拟时，90%区间偏窄。"
        ))  # fmt: skip
    if v.plan.given is None:
        page.paragraph(page.say(
            "Futures come from the stated ranges, which were not matched to facts: the interval is that of the ranges.",
            "各未来情形取自给定范围，尚未与事实校准：区间反映的是这些范围。",
        ))  # fmt: skip
    page.paragraph(page.say(
        "Nothing is set to these facts; a study that was would have to be held against others.",
        "未据这些事实设定任何参数；若据以校准，须另换事实检验。",
    ))  # fmt: skip


def _without(page: Page, v: Validation) -> None:
    """Facts that no outcome answers to, by reason."""
    kept = {(match.where, page.say(match.en, match.zh)): page.say(match.why_en, match.why_zh)
            for one in v.plan.cases for match in one.case.without}  # fmt: skip
    for why in dict.fromkeys(kept.values()):
        names = [name for (_, name), said in kept.items() if said == why]
        page.paragraph(f"{page.say('No matching outcome: ', '没有对应的结果：')}{why}{page.say(': ', '：')}"
                       f"{page.say('; ', '；').join(dict.fromkeys(names))}")  # fmt: skip


def _rest(page: Page, v: Validation) -> None:
    for said, n in v.errors.items():
        page.paragraph(page.say(f"{counted(n, 'run')} failed: {said}", f"{n}次模拟失败：{said}"))


def estimate_text(e: Estimate, lang: str) -> str:
    """What it would take, for `--dry-run`."""
    page = Page(lang, banded=True)
    page.table([
        ("", page.say("facts", "事实数"), page.say("runs", "模拟次数"), page.say("there", "已有"),
         page.say("seconds a run", "每次秒数"), page.say("takes", "耗时")),
        *((one.scenario, str(one.facts), str(one.runs), str(one.there), f"{one.seconds_a_run:.2f}",
           takes.duration(page, one.seconds)) for one in e.scenarios),
    ])  # fmt: skip
    about = takes.duration(page, sum(one.seconds for one in e.scenarios))
    page.paragraph(page.say(
        f"About {about} on {counted(e.workers, 'worker')}; nothing was kept.",
        f"{e.workers}个并行任务约需{about}；未保存任何内容。",
    ))  # fmt: skip
    return "\n".join(page.lines) + "\n"
