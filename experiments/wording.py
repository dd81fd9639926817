"""A verdict in words, for a terminal: Chinese or English, aligned by display width."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len

from experiments import given_use, held_against, provenance, urban
from simulation.outcomes import URBAN_METRICS

if TYPE_CHECKING:
    from experiments.outcome import Spread
    from experiments.verdict import Estimate, Row, TargetVerdict, Verdict

WIDTH = 116  # cells a paragraph may take
# a word, a space, or one Chinese character with the marks that may not begin (or end) a line
PIECE = re.compile(r"\s+|[（《]*[\u2e80-\uffef][，。；：、）》]*|[^\s\u2e80-\uffef]+[，。；：、）》]*")

_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_BRACKETS = re.compile(r" ?\(([^()]*[\u4e00-\u9fff][^()]*)\)")
_LOOSE = re.compile(r"(?<=[\d万]) (?=[\u4e00-\u9fff])")

EVENTS = {
    "signed": ("signed", "签约"),
    "keys": ("keys handed over", "交房"),
    "occupied": ("occupied", "入住"),
}
CLASSES = {
    "hazard": ("geohazard", "地质灾害户"), "village": ("whole village", "整村搬迁户"), "poor": ("low income", "低收入户"),
    "other": ("other", "其他农户"),
}  # fmt: skip
PAYERS = {
    "central": ("central government", "中央"), "province": ("province", "省级"), "city": ("city", "市级"),
    "county": ("counties", "县级"), "jobs": ("counties, employment fund", "县级就业创业资金"),
    "pool_bond": ("province, bonds", "省级，地方政府债券"),
    "pool_fund": ("central, construction fund", "中央，专项建设基金"),
    "pool_interest_central": ("central, loan interest", "中央，县级贷款贴息"),
    "pool_interest_province": ("province, loan interest", "省级，县级贷款贴息"),
}  # fmt: skip
PURPOSES = {
    "subsidy": ("relocation subsidy", "搬迁补助"), "old house": ("old houses", "旧房补偿"),
    "land": ("land rights", "土地权益退出"), "reclamation": ("reclamation", "复垦"),
    "interest subsidy": ("loan interest", "贷款贴息"), "training": ("training", "培训"),
    "employment": ("first jobs, insurance", "初次就业与社保补贴"),
    "public-welfare post": ("public-welfare posts", "公益性岗位"), "start-up": ("start-ups", "创业补贴"),
    "social insurance": ("social insurance", "医保待遇差"), "ecological payment": ("ecological payments", "生态补偿"),
    "home": ("low-income homes", "低收入户住房兜底"), "infrastructure": ("site infrastructure", "安置区配套设施"),
    "repair": ("repair for those who stay", "留守老人旧房修缮"), "county debt interest": ("counties' loan interest", "县级贷款利息"),
    "income project": ("income projects", "产业增收项目"), "education": ("school costs waived", "教育费用减免"),
    "dividend": ("low-income dividends", "低收入户资产收益分红"),
}  # fmt: skip
HOUSEHOLDS = {
    "home_price": ("homes", "购房款"), "fitting_out": ("fitting out", "装修"), "rent": ("rent", "房租"),
    "loan_drawn": ("loans drawn", "贷款发放"), "kin_transfer": ("help from kin", "亲友资助"),
}  # fmt: skip
WHY = {
    "moved": ("moved", "已搬迁"), "returned": ("returned", "已回流"), "own_moved": ("left unaided", "自发搬离"),
    "improved": ("improved in place", "就地安置"), "no_home": ("waiting for a home", "等待房源"),
    "no_money": ("waiting for public money", "等待资金"), "in_process": ("being processed", "办理中"),
    "withdrew": ("withdrew", "放弃"), "not_yet_applied": ("willing, not yet applied", "有意愿未申请"),
    "unaffordable": ("cannot raise the money", "筹不到钱"), "infeasible": ("no way of moving open to them", "没有可申请的安置方式"),
    "never_mover": ("will not move", "不愿搬迁"), "prefers_to_stay": ("prefer to stay", "留下更好"),
    "withheld": ("grant withheld", "暂缓发放"),
}  # fmt: skip
COUNTY_DEBT = {
    "drawn": ("drawn", "借入"), "interest": ("interest", "利息"), "repaid": ("repaid", "已还本金"),
    "left": ("owed at the end", "期末余额"),
}  # fmt: skip
VILLAGE = {
    "village_jobs": ("villagers in posts and workshops at home", "乡村公益岗与工坊在岗村民"),
    "villagers_trained": ("villagers trained, whole period", "累计培训村民"),
    "projects": ("income projects of low-income households", "低收入户产业项目"),
    "houses_let": ("village houses let", "盘活闲置农房"),
    "school_persons": ("villagers in town for school", "进城就学及随迁人口"),
    "job_persons": ("villagers in town for a job", "转移就业人口"),
}  # fmt: skip


def text(verdict: Verdict, lang: str) -> str:
    """The verdict as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=verdict.points * verdict.replications > 1)
    _head(page, verdict)
    for target in verdict.targets:
        _target(page, verdict, target)
    _pace(page, verdict)
    _places(page, verdict)
    _questions(page, verdict)
    _county_incomes(page, verdict)
    if verdict.urban is not None:
        urban.write(page, verdict.urban)
    _money(page, verdict)
    _why(page, verdict)
    held_against.write(page, verdict.held)
    names = {t.id: page.say(t.en, t.zh) for t in verdict.targets}
    provenance.write(page, verdict.basis, names, verdict.points)
    return "\n".join(page.lines) + "\n"


class Page:
    """Lines so far, and numbers as `lang` writes them. `banded`: more than one run, so that bands mean something."""

    def __init__(self, lang: str, *, banded: bool) -> None:
        self.lines: list[str] = []
        self.zh, self.banded = lang == "zh", banded

    def say(self, en: str, zh: str) -> str:
        return zh if self.zh else en

    def name(self, names: tuple[str, str]) -> str:
        return names[self.zh]

    def add(self, line: str = "") -> None:
        self.lines.append(line.rstrip())

    def title(self, en: str, zh: str) -> None:
        self.add()
        self.add(self.say(en, zh))

    def paragraph(self, said: str, indent: int = 2) -> None:
        """Indented and broken into lines of WIDTH cells: between Chinese characters, else at spaces."""
        line = " " * indent
        for piece in PIECE.findall(said):
            if cell_len(line + piece) > WIDTH and line.strip():
                self.add(line)
                line, piece = " " * (indent + 2), piece.lstrip()
            line += piece
        self.add(line)

    def table(self, rows: Iterable[tuple[str, ...]]) -> None:
        """Rows indented by two; the first column left, the rest right; empty cells at the end are dropped."""
        rows = list(rows)
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [" " * (w - cell_len(c)) + c for c, w in zip(row, widths, strict=True)]
            cells[0] = row[0] + " " * (widths[0] - cell_len(row[0]))
            self.add("  " + "  ".join(cells))

    def count(self, x: float) -> str:
        return _chinese(x) if self.zh else f"{_three(x):,.0f}"

    def residents(self, x: float) -> str:
        """A large stock, to four or more digits, so that its changes show."""
        return f"{x / 1e4:,.1f}万" if self.zh else f"{round(x, -2):,.0f}"

    def exact(self, x: float) -> str:
        if not self.zh or abs(x) < 1e4:
            return f"{x:,.10g}"
        return f"{x / 1e4:,.10g}万"

    def yuan(self, x: float) -> str:
        if self.zh:
            return _chinese(x) + "元"
        for size, unit in ((1e9, " bn"), (1e6, " m")):
            if abs(_three(x)) >= size:  # 999.7 million is written as a billion
                return f"{_three(x) / size:.3g}{unit} yuan"
        return f"{_three(x):,.0f} yuan"

    def form(self, metric: str, unit: str) -> Callable[[float], str]:
        """How a target's outcome is written: shares to a tenth of a per cent, their gain in points."""
        percent = self.say(" %", "%")
        if metric == "urban_share_gain":
            return lambda x: f"{100 * x:.2f}" + self.say(" pp", "个百分点")
        forms = {
            "share": lambda x: f"{100 * x:.1f}{percent}", "ratio": lambda x: f"{x:.2f}", "yuan": self.yuan,
        }  # fmt: skip
        return forms.get(
            unit, self.residents if metric in ("core_residents", "urban_residents") else self.count
        )

    def limit(self, metric: str, unit: str, x: float) -> str:
        """A target's value in full."""
        if metric == "urban_share_gain":
            return f"{100 * x:.10g}" + self.say(" pp", "个百分点")
        return f"{100 * x:.10g}" + self.say(" %", "%") if unit == "share" else self.exact(x)

    def share(self, x: float) -> str:
        percent = self.say(" %", "%")
        if 0.0 < x < 0.0005:
            return f"<0.1{percent}"
        return f"{100 * x:.{1 if 0.0 < x < 0.0995 else 0}f}{percent}"

    def change(self, x: float) -> str:
        return f"{100 * x:+.1f}".replace("-", "−") + self.say(" %", "%")

    def band(self, spread: Spread | None, form: Callable[[float], str]) -> tuple[str, str]:
        """Median and band as two cells."""
        if spread is None:
            return "–", ""
        if not self.banded:
            return form(spread.median), ""
        return form(spread.median), f"{form(spread.low)} – {form(spread.high)}"

    def heading(self) -> tuple[str, str]:
        return (
            (self.say("median", "中位数"), self.say("5–95 % band", "5–95%区间")) if self.banded else ("", "")
        )

    def top(self) -> list[tuple[str, ...]]:
        """The heading as the first row of a table, if it says anything."""
        return [("", *self.heading())] if self.banded else []


def number(n: int, what: str) -> str:
    """How many of what, in English: 1 run, 1,200 runs."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _three(x: float) -> float:
    """Three significant digits."""
    return float(f"{x:.3g}")


def _chinese(x: float) -> str:
    for size, unit in ((1e8, "亿"), (1e4, "万")):
        if abs(x) >= size * 0.9995:
            return f"{_three(x / size):.10g}{unit}"
    return f"{_three(x):.0f}"


def chinese(text: str, lang: str) -> str:
    """A number as Chinese sets it: 35,000 is 3.5万, 1,500 is 1500, with Chinese brackets; other languages stay."""
    if lang != "zh":
        return text
    text = _GROUPED.sub(lambda m: _regrouped(m[0]), text)
    return _LOOSE.sub("", _BRACKETS.sub(r"（\1）", text))


def _regrouped(number: str) -> str:
    plain = number.replace(",", "")
    return f"{float(plain) / 1e4:.10g}万" if float(plain) >= 1e4 else plain


def _head(page: Page, v: Verdict) -> None:
    page.add(f"{v.title['zh' if page.zh else 'en']}  {v.scenario}  {page.say('study', '研究')} {v.study}")
    households = page.count(v.households)
    if v.laid_over:
        page.paragraph(page.say("With: ", "叠加：") + page.say(", ", "、").join(v.laid_over), indent=0)
    if v.points == 1 and v.replications == 1:
        page.add(page.say(
            f"One run at the central values, {households} households: no band, and noise is not told apart.",
            f"按中心值模拟一次，{households}户：没有区间，也分不出随机波动。",
        ))  # fmt: skip
    elif v.points == 1:
        page.add(page.say(
            f"Central values x {v.replications} replications, {households} households: bands show noise only.",
            f"中心值 × {v.replications}次重复，{households}户：区间只含模型自身的随机波动。",
        ))  # fmt: skip
    else:
        page.add(page.say(
            f"{v.points} futures x {v.replications} {'replication' if v.replications == 1 else 'replications'};"
            f" {households} households in the pool (median).",
            f"{v.points}种未来情形 × {v.replications}次重复；待搬迁农户{households}户（中位数），逐户模拟。",
        ))  # fmt: skip


def _target(page: Page, v: Verdict, t: TargetVerdict) -> None:
    page.title(f"Target: {t.en}", f"目标：{t.zh}")
    form = page.form(t.metric, t.unit)
    if t.outcome is None:
        page.paragraph(page.say("Nothing to count: the runs hold no such outcome.", "没有可计的结果。"))
        return
    median, band = page.band(t.outcome, form)
    sense = page.say("at least" if t.at_least else "at most", "不少于" if t.at_least else "不超过")
    event = page.say(", ", "，") + page.name(EVENTS[t.event]) if t.event else ""
    rows = [
        (page.say("target", "目标值"), f"{sense} {page.limit(t.metric, t.unit, t.value)}{event}"),
        (page.say("median", "中位数") if band else page.say("outcome", "结果"), median),
    ]
    if band:
        rows.append((page.say("5–95 % band", "5–95%区间"), band))
    if t.futures == 1:
        rows.append((page.say("verdict", "结论"), page.say(
            "reached" if t.reached else "not reached", "达到" if t.reached else "未达到")))  # fmt: skip
    else:
        rows.append((page.say("share of futures that reach it", "达到目标的未来情形占比"), page.say(
            f"{page.share(t.share)} ({t.reached} of {t.futures}; 95 % interval {page.share(t.low)} – {page.share(t.high)})",
            f"{page.share(t.share)}（{t.futures}种中{t.reached}种；95%区间 {page.share(t.low)} – {page.share(t.high)}）",
        )))  # fmt: skip
    if t.parts:
        rows.append((page.say("uncertainty, noise (sd)", "不确定性、随机波动（标准差）"), page.say(
            f"±{form(t.parts.uncertainty_sd)}, ±{form(t.parts.noise_sd)}"
            f" (noise is {page.share(t.parts.noise_share)} of the variance)",
            f"±{form(t.parts.uncertainty_sd)}、±{form(t.parts.noise_sd)}（随机波动占方差{page.share(t.parts.noise_share)}）",
        )))  # fmt: skip
    _left(page, rows)
    _needs(page, t, form)
    if t.futures > 1:
        _drivers(page, v, t)
    if t.futures > 1 and t is v.targets[-1] and v.given:
        page.paragraph(page.say(*given_use.sentence(v.given)))
    elif t.futures > 1 and t is v.targets[-1]:
        page.add(page.say(
            "  A share of futures is not a probability: the ranges are stated, not yet matched to facts.",
            "  未来情形占比不是概率：各区间为给定范围，尚未与事实校准。",
        ))  # fmt: skip


def _needs(page: Page, t: TargetVerdict, form: Callable[[float], str]) -> None:
    """A target of the urban accounts, answered plainly."""
    if t.outcome is None or t.metric not in URBAN_METRICS:
        return
    limit, median, count = page.limit(t.metric, t.unit, t.value), form(t.outcome.median), page.count
    if median == form(t.value) and t.unit in ("ratio", "share"):  # so near that it takes more digits to tell
        median = (
            f"{t.outcome.median:.4f}"
            if t.unit == "ratio"
            else f"{100 * t.outcome.median:.3f}" + page.say(" %", "%")
        )
    met = t.outcome.median >= t.value if t.at_least else t.outcome.median <= t.value
    n = t.needs
    if met or not n:
        page.paragraph(page.say(
            f"{limit} by {t.date}: {'reached' if met else 'not reached'}, median {median}.",
            f"{t.date}目标{limit}：{'达到' if met else '未达到'}，中位数{median}。",
        ))  # fmt: skip
        return
    more = {
        "villagers_per_year": lambda x: (
            f"about {count(x)} more villagers a year would have to become urban residents, from the start on",
            f"自期初起每年约需再有{count(x)}名乡村居民成为城镇常住人口"),
        "newcomers_per_year": lambda x: (
            f"or {count(x)} more newcomers a year from outside", f"或每年再从外地迁入{count(x)}人"),
        "villagers_in_the_year": lambda x: (
            f"about {count(x)} more villagers would have to become urban residents in the 12 months",
            f"当年约需再有{count(x)}名乡村居民成为城镇常住人口"),
        "residents_in_the_year": lambda x: (
            f"{count(x)} urban residents short in the 12 months", f"当年城镇常住人口尚差{count(x)}人"),
        "residents_per_year": lambda x: (
            f"about {count(x)} more residents a year, from the start on", f"自期初起每年约需再增{count(x)}人"),
        "rural_income_rise": lambda x: (
            f"rural incomes would have to be {page.share(x)} higher, urban ones unchanged",
            f"城镇收入不变时农村收入需再高{page.share(x)}"),
    }  # fmt: skip
    said = page.say("; ", "；").join(page.say(*more[name](x)) for name, x in n.items() if x < float("inf"))
    page.paragraph(page.say(
        f"{limit} by {t.date}: not reached, median {median}; {said}.",
        f"{t.date}目标{limit}：未达到，中位数{median}；{said}。",
    ))  # fmt: skip


def _left(page: Page, rows: list[tuple[str, str]]) -> None:
    """Two columns, both left."""
    width = max(cell_len(name) for name, _ in rows)
    for name, value in rows:
        page.add("  " + name + " " * (width - cell_len(name) + 2) + value)


def _drivers(page: Page, v: Verdict, t: TargetVerdict) -> None:
    if t.drivers is None or not t.drivers.inputs:
        page.add(
            page.say(
                "  No input stands out at this number of futures.",
                "  在这样多的未来情形下看不出哪项因素起主导作用。",
            )
        )
        return
    page.add(page.say("  It hangs on:", "  主要取决于："))
    for rank, d in enumerate(t.drivers.inputs[:2], 1):
        more = d.sign > 0
        lang = "zh" if page.zh else "en"
        name, share = v.labels[d.name][lang], page.share(d.share)
        interval = f"{page.share(d.low)} – {page.share(d.high)}"
        sure = d.low > 0.0
        page.add(page.say(
            f"    {rank}. {name}: {share} of rank variance ({interval}); higher {'raises' if more else 'lowers'} it"
            f"{'' if sure else ' (uncertain)'}",
            f"    {rank}. {name}：占秩方差{share}（{interval}）；越高，结果越{'高' if more else '低'}"
            f"{'' if sure else '（尚不确定）'}",
        ))  # fmt: skip
    n, whole = len(t.drivers.inputs), page.share(t.drivers.explained)
    page.add(page.say(
        f"    together the {n} that stand out explain {whole}; single shares need not add up to it",
        f"    {n}项显著因素合计解释{whole}；各项占比之和不必等于合计",
    ))  # fmt: skip


def _pace(page: Page, v: Verdict) -> None:
    page.title("Persons moved a year", "各年搬迁人数")
    page.table([*page.top(), *((year, *page.band(s, page.count)) for year, s in v.pace.items())])


def _places(page: Page, v: Verdict) -> None:
    page.title(f"Where and who, by {v.window_end}", f"何处、何人（截至{v.window_end}）")
    share = page.say("share", "占比")

    def part(title: str, rows: tuple[Row, ...], names: dict[str, tuple[str, str]] | None = None) -> None:
        pool = any(row.pool_share is not None for row in rows)
        page.table(
            [
                (title, *page.heading(), share, page.say("of its pool", "占本地待搬迁") if pool else ""),
                *(
                    (
                        "  " + (page.name(names[row.id]) if names else page.say(row.en, row.zh)),
                        *page.band(row.persons, page.count),
                        page.share(row.share),
                        "" if row.pool_share is None else page.share(row.pool_share),
                    )
                    for row in rows
                ),
            ]
        )

    part(page.say("county", "县（市、区）"), v.counties)
    part(page.say("class", "类别"), v.classes, CLASSES)
    part(page.say("mode", "安置方式"), v.modes)
    if page.banded:
        page.add(page.say(
            "  Each share is a median over runs by itself: they need not add up to 100 %.",
            "  各项占比分别取各次模拟的中位数，合计不一定为100%。",
        ))  # fmt: skip


def _questions(page: Page, v: Verdict) -> None:
    page.title(f"The four questions (shares and incomes as of {v.end})", f"四问（占比与收入截至{v.end}）")
    share, count, yuan = page.share, page.count, page.yuan
    rows = page.top()

    def part(en: str, zh: str, *lines: tuple[str, str, Spread | None, Callable[[float], str]]) -> None:
        rows.append((page.say(en, zh), "", ""))
        rows.extend(("  " + page.say(e, z), *page.band(s, form)) for e, z, s, form in lines)

    part("搬得出 moved out?", "搬得出", *(
        (f"persons moved by {v.window_end}", f"搬迁人数（截至{v.window_end}）", v.move_out["persons"], count),
        ("share of the pool", "占待搬迁人口", v.move_out["pool_share"], share),
        *_any((
            ("of them on the low-income list", "其中低收入（建档立卡）人口", v.move_out["persons_poor"], count),
            ("households struck off the list", "调出名册户数", v.listed["struck"], count),
            ("households added to the list", "补入名册户数", v.listed["listed"], count),
            ("elderly who stay in the old house", "留守旧房老人", v.stay["behind_persons"], count),
        )),
    ))  # fmt: skip
    part("稳得住 stay?", "稳得住", *(
        ("returned", "回流率", v.stay["returned_share"], share),
        ("occupied 12 months and more", "入住满12个月", v.stay["occupied_share"], share),
        ("loans in arrears", "贷款拖欠户占比", v.stay["arrears_share"], share),
        *_any((
            ("settled, persons", "稳定人口", v.stay["stable_persons"], count),
            ("  of them on the low-income list", "  其中低收入（建档立卡）人口", v.stay["stable_poor_persons"], count),
        )),
    ))  # fmt: skip
    part("富得起 earn?", "富得起", *(
        ("movers' income a head and year", "搬迁户人均年收入", v.earn["income"], yuan),
        ("  wages", "  工资性", v.earn["wage"], yuan),
        ("  family business", "  家庭经营", v.earn["business"], yuan),
        ("  transfers", "  转移性", v.earn["transfer"], yuan),
        ("  property", "  财产性", v.earn["property"], yuan),
        ("stayers' income a head and year", "未搬迁户人均年收入", v.earn["stayers_income"], yuan),
        ("movers' labour in work", "搬迁劳动力就业率", v.earn["employed_share"], share),
        ("labour households with a job", "有劳动力家庭至少一人就业", v.earn["working_share"], share),
        ("movers below the low-income line", "搬迁户低收入占比", v.earn["poor_share"], share),
        ("stayers below the low-income line", "未搬迁户低收入占比", v.earn["stayers_poor_share"], share),
    ))  # fmt: skip
    rows.extend(
        ("  " + page.name(VILLAGE[name]), *page.band(s, count)) for name, s in v.village.items() if s.high > 0
    )
    if v.effect is not None:
        rows.append(
            (
                "  " + page.say("effect of moving on income", "搬迁本身对收入的影响"),
                *_estimate(page, v.effect),
            )
        )
    part("融得入 belong?", "融得入", *(
        ("integration, 0–1", "融入指数（0–1）", v.belong["integration"], lambda x: f"{x:.2f}"),
        ("registered at the site", "户口迁入占比", v.belong["hukou_share"], share),
        ("gain in social insurance, a head and year", "人均年社保待遇增加", v.belong["insurance_yuan_per_person"], yuan),
    ))  # fmt: skip
    page.table(rows)
    page.add(page.say(
        "  Work and belonging count earlier movers too.", "  就业与融入各项含此前已搬迁的农户。"
    ))  # fmt: skip
    if v.stay["stable_persons"] and v.stay["stable_persons"].high > 0:
        page.add(page.say(
            "  Settled: a year at the site, above the low-income line, at work where they can, no arrears.",
            "  稳定：入住满一年、收入高于低收入线、有劳动力者已就业、无拖欠。",
        ))  # fmt: skip
    if v.listed["listed"].high > 0:
        page.add(page.say(
            "  A place refilled completes the list; it moves nobody by itself.", "  名册补足不等于实际搬迁。"
        ))  # fmt: skip
    if v.effect is not None:
        told = v.effect.low is not None and v.effect.high is not None
        page.add(page.say(
            "  Effect of moving: income since the start of movers against households granted at the same time whose"
            "\n  grants were withheld at random, in one extra run a future; "
            + ("95 % interval, not a band." if told else "too few futures for an interval."),
            "  搬迁影响：与同期获批但被随机暂缓的农户相比（每种未来情形另作一次模拟）；"
            + ("所附为95%置信区间。" if told else "未来情形太少，无法给出区间。"),
        ))  # fmt: skip


def _any(
    lines: Iterable[tuple[str, str, Spread | None, Callable[[float], str]]],
) -> list[tuple[str, str, Spread | None, Callable[[float], str]]]:
    """Lines with something to report."""
    return [line for line in lines if line[2] is not None and line[2].high > 0]


def _county_incomes(page: Page, v: Verdict) -> None:
    """Movers' incomes by four sources, county by county; communities are in a table of the study's folder."""
    if not any(by["income"] for by in v.county_incomes.values()):
        return
    page.title(
        f"Movers' incomes by four sources, yuan a head, 12 months to {v.end} (median)",
        f"搬迁户四项收入（元/人，截至{v.end}的12个月，中位数）",
    )
    names = {row.id: page.say(row.en, row.zh) for row in v.counties}
    heads = (
        ("income", "合计"),
        ("wages", "工资性"),
        ("business", "经营性"),
        ("transfers", "转移性"),
        ("property", "财产性"),
    )
    page.table([
        ("", *(page.say(*head) for head in heads)),
        *((names[id], *("–" if s is None else f"{s.median:,.0f}" for s in by.values()))
          for id, by in v.county_incomes.items()),
    ])  # fmt: skip
    page.add(page.say("  Community by community: tables/sites.", "  分安置社区见 tables/sites。"))


def _estimate(page: Page, e: Estimate) -> tuple[str, str]:
    if e.low is None or e.high is None:
        return page.change(e.value), ""
    return page.change(e.value), f"{page.change(e.low)} – {page.change(e.high)}"


def _money(page: Page, v: Verdict) -> None:
    m = v.money
    page.title(f"Money, {v.start} to {v.end}", f"资金（{v.start}至{v.end}）")
    rows = page.top()

    def part(en: str, zh: str, spreads: dict[str, Spread], names: dict[str, tuple[str, str]]) -> None:
        lines = [(name, s) for name, s in spreads.items() if s.high > 0]
        if lines:
            rows.append((page.say(en, zh), "", ""))
            rows.extend(("  " + page.name(names[name]), *page.band(s, page.yuan)) for name, s in lines)

    part("put in by", "出资", m.appropriations, PAYERS)
    more = any(m.purposes[name].high > 0 for name in ("education", "dividend"))
    entitled = "县级（医保、教育、分红、生态补偿）" if more else "县级（医保待遇、生态补偿）"
    pooled = m.county_debt["drawn"].high > 0 or m.land_sale.high > 0
    if pooled:
        rows.append(("  " + page.say("land sales", "土地出让及统筹资金"), *page.band(m.land_sale, page.yuan)))
    for en, zh, spread in (
        ("counties, standing entitlements", entitled, m.standing),
        ("sale of land quotas", "用地指标收益", m.quota_revenue),
        ("left in the accounts", "账户结余", m.unspent),
    ):
        rows.append(("  " + page.say(en, zh), *page.band(spread, page.yuan)))
    if pooled:
        part("paid by, in all", "各级出资合计", m.payers, PAYERS)
        part("counties' loans", "县级贷款", m.county_debt, COUNTY_DEBT)
    part("paid for", "用途", m.purposes, PURPOSES)
    sites = m.purposes["infrastructure"].high > 0
    cost = page.say(
        f"homes, {'sites, ' if sites else ''}land and interest, a person moved",
        f"每搬迁一人住房、{'配套、' if sites else ''}土地和{'利息' if sites else '贴息'}支出",
    )
    rows.append((cost, *page.band(m.cost_per_person, page.yuan)))
    net = page.say("  less quota revenue", "  扣除指标收益")
    rows.append((net, *page.band(m.net_cost_per_person, page.yuan)))
    part("movers paid and borrowed", "搬迁户支出与借款", m.households, HOUSEHOLDS)
    page.table(rows)
    if m.unspent.low < 0:
        page.add(page.say(
            "  Less than 0 left in the accounts: the counties' advances, not yet paid back.",
            "  账户结余为负：县级垫付尚未收回。",
        ))  # fmt: skip


def _why(page: Page, v: Verdict) -> None:
    page.title(f"Where the pool's persons stand in {v.window_end}", f"待搬迁人口去向（{v.window_end}）")
    rows = [(name, s) for name, s in v.why.items() if s.high > 0]
    page.table([*page.top(), *((page.name(WHY[name]), *page.band(s, page.share)) for name, s in rows)])
