"""What a study's numbers rest on: documents, statistics, literature or assumptions, and what hangs on each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.sensitivity import FEWEST_POINTS, Drivers, Parts
from scenarios.scenario import ABSENT

if TYPE_CHECKING:
    from experiments.study import Study
    from experiments.wording import Page
    from scenarios.scenario import Scenario

KINDS = ("document", "statistic", "literature", "assumption")  # from the firmest to the weakest
DOCUMENTS = ("lishui-plan", "gansu-opinions", "precise-relocation", "jiaojiang-plan", "yueyang-plan")
WORDS = {
    "document": ("the programmes' documents", "政策文件"), "statistic": ("statistics, published figures", "统计与公开数据"),
    "literature": ("studies and other models", "文献与其他模型"), "assumption": ("assumptions", "假设"),
}  # fmt: skip
_PUBLISHED = r"(?i)statistic|bureau|bulletin|census|yearbook|survey|daily|统计|公报|年鉴|普查|日报"


@dataclass(frozen=True)
class Hangs:
    """Shares of an outcome's rank variance between futures: by kind of input, and what inputs do not explain.

    `noise` is the model's own chance that is left in the mean of a future's replications, part of `rest`; None if unknown.
    """

    kinds: dict[str, float]
    rest: float
    noise: float | None


@dataclass(frozen=True)
class Basis:
    """Inputs in use by kind of source, how many of them the study varied, and by target what hangs on them."""

    inputs: dict[str, int]
    varied: dict[str, int]
    hangs: dict[str, Hangs | None]


def kind(source: str) -> str:
    """The kind of one source; where several are named, the weakest."""
    parts = [part.strip() for part in re.split("[;；]", source) if part.strip()]
    return max(map(_kind, parts), key=KINDS.index, default="assumption")


def _kind(source: str) -> str:
    if source.startswith(("assumption", "memory")):
        return "assumption"
    if re.match(rf"(?:derived from )?(?:{'|'.join(DOCUMENTS)})\b", source):
        return "document"
    if re.match(r"(?:derived from )?https?://", source):
        return "statistic"
    if re.search(_PUBLISHED, source):
        return "statistic"
    if "github" in source or re.match(r"\D*\b(?:19|20)\d\d[a-z]?\b(?!-\d|年)", source):
        return "literature"  # author and year, or another model's settings
    return "statistic" if re.search(r"https?://|\w\.\w|\d{4}", source) else "assumption"


def sources(scenario: Scenario) -> dict[str, str]:
    """The source of every number in use, by name; a column of the sites table counts once for each source."""
    found = {e.name: e.source for e in scenario.entries() if e.in_use}
    found |= {name: s.source for name, s in scenario.shares.items() if s.source != ABSENT}
    found |= {f"sites.{name}": e.source for name, e in scenario.site_classes.items()}
    found |= {f"closure.{c.id}": c.share.source for c in scenario.closures}
    for county in scenario.counties:
        rows = {**county.values, **county.shares}
        found |= {f"{county.id}.{name}": e.source for name, e in rows.items() if e.source != ABSENT}
    for site in scenario.sites:
        found |= {f"site.{name} {e.source}": e.source for name, e in site.values.items()}
    return found


def basis(study: Study, drivers: Mapping[str, Drivers | None], parts: Mapping[str, Parts | None]) -> Basis:
    """What the study rests on; `drivers` and `parts` of its targets by id."""
    by_name = {name: kind(source) for name, source in sources(study.scenario).items()}
    own = {entry.name: kind(entry.source) for entry in study.scenario.uncertainties()}
    varied = [own[name] for name in study.uncertainties]
    return Basis(
        inputs={k: sum(found == k for found in by_name.values()) for k in KINDS},
        varied={k: varied.count(k) for k in KINDS},
        hangs={id: _hangs(found, parts[id], own, study.replications) for id, found in drivers.items()},
    )


def _hangs(
    found: Drivers | None, parts: Parts | None, own: Mapping[str, str], replications: int
) -> Hangs | None:
    if found is None:
        return None
    shares = {k: sum(d.share for d in found.inputs if own[d.name] == k) for k in KINDS}
    explained, whole = min(max(found.explained, 0.0), 1.0), sum(shares.values())
    # squared coefficients add up to what is explained only where inputs are quite uncorrelated
    kinds = {k: share * explained / whole if whole > 0 else 0.0 for k, share in shares.items()}
    noise = None
    if parts is not None:
        left = parts.noise_sd**2 / replications
        noise = left / (left + parts.uncertainty_sd**2) if left > 0 else 0.0
    return Hangs(kinds, 1.0 - sum(kinds.values()), noise)


def write(page: Page, b: Basis, targets: Mapping[str, str], points: int) -> None:
    """The section on what the numbers rest on; `targets` names the targets by id."""
    page.title("What the numbers rest on", "数字的依据")
    total = sum(b.inputs.values())
    rows = [("", page.say("inputs", "输入数"), page.say("share", "占比"), page.say("varied", "其中变动"))]
    rows += [
        (page.name(WORDS[k]), str(b.inputs[k]), page.share(b.inputs[k] / total), str(b.varied[k]))
        for k in KINDS
        if b.inputs[k]
    ]
    page.table(rows)
    fixed = b.inputs["assumption"] - b.varied["assumption"]
    if fixed > 0 and page.banded:
        page.paragraph(page.say(
            f"{fixed} assumptions are held at one value, levers of the plan among them: no band shows what hangs on them.",
            f"{fixed}项假设（含政策杠杆）固定取值，区间不反映其影响。",
        ))  # fmt: skip
    if points > 1:
        _write_hangs(page, b, targets, points)


def _write_hangs(page: Page, b: Basis, targets: Mapping[str, str], points: int) -> None:
    told = {id: h for id, h in b.hangs.items() if h is not None}
    if points < FEWEST_POINTS:
        page.paragraph(page.say(
            f"{points} futures do not tell what the variance hangs on: {FEWEST_POINTS} or more are needed.",
            f"{points}种未来情形不足以判断方差来源（至少需{FEWEST_POINTS}种）。",
        ))  # fmt: skip
        return
    if told:
        page.add(page.say(
            "  Of the variance between futures (of ranks), so much hangs on", "  各种未来情形之间的（秩）方差，取决于"
        ))  # fmt: skip
    for id, h in told.items():
        page.paragraph(f"{targets[id]}{page.say(': ', '：')}{_said(page, h)}", indent=4)
    for id in b.hangs.keys() - told.keys():
        page.paragraph(page.say(f"{targets[id]}: nothing varies.", f"{targets[id]}：没有变化。"))
    if told:
        page.paragraph(page.say(
            f"Not told: inputs too weak to tell at {points} futures, inputs that act together, and the model's own chance.",
            f"未能归因：在{points}种未来情形下分辨不出的因素、因素间的交互作用和随机波动。",
        ))  # fmt: skip


def _said(page: Page, h: Hangs) -> str:
    share = page.share
    known = [f"{page.name(WORDS[k])} {share(h.kinds[k])}" for k in KINDS if h.kinds[k] > 0]
    rest = f"{page.say('not told', '未能归因')} {share(h.rest)}"
    if h.noise is not None:
        chance = share(min(h.noise, h.rest))
        rest += page.say(f" (the model's own chance about {chance})", f"（其中随机波动约{chance}）")
    return page.say("; ", "；").join([*known, rest])
