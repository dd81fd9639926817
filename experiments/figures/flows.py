"""Where the money goes: payer, account, purpose, payee, with ribbons as wide as the sums they carry.

The programme's money and households' purchases stand one above the other on one scale. What the programme pays households
towards a home comes in below as one of the sources it is paid from. Ordinary wages, transfers and consumption are no part of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from experiments.figures import caption, style
from experiments.figures.text import Words, figures
from simulation.ledger import FLOW, FLOWS

NAME = "flows"
ORDINARY = ("wage", "business", "remittance", "transfer", "property", "consumption")
"""Flows of everyday life, with the programme and without it: left out."""
TOWARDS = ("subsidy", "compensation", "interest_subsidy", "startup_subsidy")
"""What the programme pays households towards a home, its loan or a start-up."""
SMALL = 0.012  # of a block's money: purposes below are drawn as one
ROOM = 112.0  # mm, the taller columns of both blocks together
# mm; a slot has room for a line of type, an account for three
HEAD, GAP, BAR, SLOT, PURSE = 7.0, 1.2, 1.3, 3.3, 9.4
BETWEEN = 7.0  # mm between blocks
PAYERS = ("central", "province", "city", "county", "quota", "land sale", "bank", "programme", "kin", "own")
PAYEES = ("developer", "rest_of_world", "employer", "bank", "household")
COLOURS = {
    **dict.fromkeys(("central", "province", "city", "county", "programme"), style.BLUE),
    **dict.fromkeys(("quota", "land sale"), style.SKY), "bank": style.ORANGE, "kin": style.PURPLE,
    "own": style.GREEN, "household": style.GREEN, "developer": style.VERMILLION, "employer": style.PURPLE,
    "rest_of_world": style.GREY, "": style.FAINT,
}  # fmt: skip

WORDS = {
    "title": (
        "Of {spent} that the programme pays out, {share} goes to {payee}; households that move pay {homes} for homes,"
        " loans and start-ups",
        "项目支出{spent}，其中{share}付给{payee}；搬迁户为住房、贷款和创业支付{homes}",
    ),
    "title_public": (
        "Of {spent} that the programme pays out, {share} goes to {payee}; no homes were bought",
        "项目支出{spent}，其中{share}付给{payee}；没有购房",
    ),
    "title_private": (
        "The programme pays nothing out; households that move pay {homes} for homes, loans and start-ups",
        "项目没有支出；搬迁户为住房、贷款和创业支付{homes}",
    ),
    "title_none": ("The programme pays nothing out and no homes were bought", "项目没有支出，也没有购房"),
    "note": (
        "Payments from {first} to {last}, {unit}, {mean}; one scale, widths in proportion. Households' ordinary incomes and"
        " consumption are left out.",
        "{first}至{last}收支，{unit}，{mean}；上下同一比例，宽度与金额成正比。不含农户日常收入和消费。",
    ),
    "mean": ("means over runs", "各次模拟均值"),
    "a": ("The programme's money: payer, account, purpose, payee", "项目资金：出资方、账户、用途、收款方"),
    "b": (
        "Households that move: what they pay with, for what, to whom (money from above comes in again)",
        "搬迁户：资金来源、用途、收款方（含上图付给农户的补助）",
    ),
    "account": ("programme's\naccount", "项目账户"),
    "outside": ("outside the\naccount", "账户之外"),
    "households": ("households\nthat move", "搬迁户"),
    "other": ("{count} others", "其他{count}项"),
    "payer.central": ("central government", "中央"),
    "payer.province": ("province", "省级"),
    "payer.city": ("city", "市级"),
    "payer.county": ("counties", "县级"),
    "payer.quota": ("land quota buyers", "用地指标出让"),
    "payer.land sale": ("land buyers", "土地出让"),
    "payer.bank": ("banks, new loans", "银行新发放贷款"),
    "payer.programme": ("programme", "项目补助"),
    "payer.kin": ("kin", "亲友"),
    "payer.own": ("own money", "自有资金"),
    "payee.household": ("households", "农户"),
    "payee.developer": ("developers", "开发建设单位"),
    "payee.employer": ("employers", "用人单位"),
    "payee.bank": ("banks", "银行"),
    "payee.rest_of_world": ("builders and others", "施工等其他单位"),
    "county debt": ("counties' loans repaid", "县级贷款还本"),
    "unspent": ("not spent", "结余"),
    "home_price": ("homes", "购房款"),
    "fitting_out": ("fitting out", "装修"),
    "rent": ("rent", "房租"),
    "startup_investment": ("start-ups", "创业投入"),
    "loan_principal": ("loans repaid", "偿还贷款本金"),
    "loan_interest": ("loan interest", "贷款利息"),
    "kept": ("kept", "留存"),
}  # fmt: skip


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


class Link(NamedTuple):
    """Money that one payer gives, through one account, for one purpose to one payee; "" where it goes no further."""

    payer: str
    purse: str
    purpose: str
    payee: str


class Data(NamedTuple):
    """Yuan, means over runs. A block holds what comes into its accounts, by payer, and what leaves them."""

    blocks: dict[str, Block]
    spent: float  # the programme's payments, standing entitlements included


class Block(NamedTuple):
    """Sums are equal: what comes into an account leaves it or is left in it."""

    incoming: dict[tuple[str, str], float]  # (payer, purse)
    outgoing: dict[tuple[str, str, str], float]  # (purse, purpose, payee); payee "" for what is left


def shows(study: Any) -> bool:
    """Whether any money of the programme, or of households for homes, changes hands."""
    return any(block.incoming for block in data(study).blocks.values())


def data(study: Any) -> Data:
    """The ledger of all months and counties."""
    yuan = dict(zip(FLOW, study.ledger.sum(axis=1).mean(axis=0) / 100.0, strict=True))
    spent = sum(yuan[flow.name] for flow in FLOWS if flow.programme and flow.payer in ("office", "county"))
    blocks = {"a": _programme(yuan), "b": _households(yuan)}
    return Data({key: block for key, block in blocks.items() if block.incoming}, float(spent))


def _programme(yuan: dict[str, float]) -> Block:
    """The office's account, and what counties pay outside it."""
    incoming: dict[tuple[str, str], float] = defaultdict(float)
    outgoing: dict[tuple[str, str, str], float] = defaultdict(float)
    for flow in FLOWS:
        if flow.payee == "office":
            payer = flow.purpose if flow.payer == "rest_of_world" else flow.payer
            incoming[payer, "account"] += yuan[flow.name]
        elif flow.payer == "office":
            outgoing["account", flow.purpose, flow.payee] += yuan[flow.name]
        elif flow.programme:
            incoming[flow.payer, "outside"] += yuan[flow.name]
            outgoing["outside", flow.purpose, flow.payee] += yuan[flow.name]
    left = sum(v for (_, purse), v in incoming.items() if purse == "account") - sum(
        v for (purse, _, _), v in outgoing.items() if purse == "account"
    )
    outgoing["account", "unspent", ""] += left
    return Block(_positive(incoming), _positive(outgoing))


def _households(yuan: dict[str, float]) -> Block:
    """What households that move pay for homes, loans and start-ups; own money is what nobody else gives."""
    incoming: dict[tuple[str, str], float] = defaultdict(float)
    outgoing: dict[tuple[str, str, str], float] = defaultdict(float)
    for flow in FLOWS:
        if flow.programme or flow.name in ORDINARY or "household" not in (flow.payer, flow.payee):
            continue
        if flow.payer == "household":
            outgoing["households", flow.name, flow.payee] += yuan[flow.name]
        else:
            incoming["bank" if flow.payer == "bank" else "kin", "households"] += yuan[flow.name]
    if not any(outgoing.values()):
        return Block({}, {})
    incoming["programme", "households"] = sum(yuan[name] for name in TOWARDS)
    own = sum(outgoing.values()) - sum(incoming.values())
    incoming["own", "households"] = max(own, 0.0)
    outgoing["households", "kept", ""] = max(-own, 0.0)
    return Block(_positive(incoming), _positive(outgoing))


def _positive(sums: dict[Any, float]) -> dict[Any, float]:
    """What is a fen or more."""
    return {key: float(value) for key, value in sums.items() if value >= 0.01}


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a ribbon, none pooled; yuan, means over runs."""
    found = []
    for key, block in d.blocks.items():
        name = {"a": "programme", "b": "households"}[key]
        row = {"block": name, "payer": None, "account": None, "purpose": None, "payee": None}
        found += [row | {"payer": p, "account": a, "mean_yuan": v} for (p, a), v in block.incoming.items()]
        found += [
            row | {"account": a, "purpose": use, "payee": to or None, "mean_yuan": v}
            for (a, use, to), v in block.outgoing.items()
        ]
    return found or [
        {"block": None, "payer": None, "account": None, "purpose": None, "payee": None, "mean_yuan": 0.0}
    ]


def pooled(block: Block) -> tuple[Block, Counter[str]]:
    """The block with the small purposes of an account drawn as one, and how many those are; a single small one stays."""
    whole = sum(block.incoming.values())
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for (purse, purpose, _), value in block.outgoing.items():
        sums[purse, purpose] += value
    small = {
        key for key, value in sums.items() if value < SMALL * whole and key[1] not in ("unspent", "kept")
    }
    small = {key for key in small if sum(other[0] == key[0] for other in small) > 1}
    outgoing: dict[tuple[str, str, str], float] = defaultdict(float)
    for (purse, purpose, payee), value in block.outgoing.items():
        outgoing[purse, "other" if (purse, purpose) in small else purpose, payee] += value
    return Block(block.incoming, dict(outgoing)), Counter(purse for purse, _ in small)


# Drawing


class Node(NamedTuple):
    """One bar: its column and name, yuan, words beside it and colour."""

    key: Any
    value: float
    text: str
    colour: str


class Laid(NamedTuple):
    """Where nodes of a column stand: middle of each, mm below the block's top, and the column's height."""

    middles: dict[Any, float]
    height: float


class Plan(NamedTuple):
    """A block ready to draw: its columns of nodes and the links between them."""

    columns: list[list[Node]]
    links: list[dict[tuple[Any, Any], float]]  # from one column to the next


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """One block below the other, on one scale."""
    start = study.scenario.start
    largest = max((sum(block.incoming.values()) for block in d.blocks.values()), default=0.0)
    unit, unit_name = words.money(largest)
    plans = {key: _plan(block, words, unit) for key, block in d.blocks.items()}
    scale = _scale(plans.values())
    heights = {key: _height(plan, scale) for key, plan in plans.items()}
    note = say(
        words, "note", first=words.date(start, 0), last=words.date(start, study.months - 1), unit=unit_name,
        mean=words("one_run") if len(study.runs) == 1 else say(words, "mean"),
    )  # fmt: skip
    sheet = style.Sheet(
        height=max(sum(heights.values()) + (HEAD + BETWEEN) * len(plans) - BETWEEN, 4.0),
        title=_title(d, words), alt=_alt(d, words), note=note, footnote=caption.footnote(study, words),
    )  # fmt: skip
    edges = _edges(plans.values())
    top = 0.0
    for key, plan in plans.items():
        sheet.heading(style.MARGIN, top + 2.0, key if len(plans) > 1 else "a", say(words, key))
        _block(sheet, plan, edges, top + HEAD, heights[key], scale)
        top += HEAD + heights[key] + BETWEEN
    return sheet


def _plan(block: Block, words: Words, unit: float) -> Plan:
    block, others = pooled(block)
    payers, purses, uses, payees = (defaultdict(float) for _ in range(4))
    into, through, out = (defaultdict(float) for _ in range(3))
    for (payer, purse), value in block.incoming.items():
        payers[payer] += value
        purses[purse] += value
        into[payer, purse] += value
    for (purse, purpose, payee), value in block.outgoing.items():
        uses[purse, purpose] += value
        through[purse, (purse, purpose)] += value
        if payee:
            payees[payee] += value
            out[(purse, purpose), payee] += value
    main = {use: max((value, payee) for (u, payee), value in out.items() if u == use)[1] if _goes_on(use, out) else ""
            for use in uses}  # fmt: skip
    order = sorted(uses, key=lambda use: (list(purses).index(use[0]), _rank(main[use], PAYEES), -uses[use]))
    columns = [
        [
            _node(p, payers[p], say(words, f"payer.{p}"), COLOURS[p], unit)
            for p in sorted(payers, key=PAYERS.index)
        ],
        [Node(p, v, f"{say(words, p)}\n{figures(v / unit)}", style.INK) for p, v in purses.items()],
        [
            _node(use, uses[use], _purpose(use[1], others[use[0]], words), COLOURS[main[use]], unit)
            for use in order
        ],
        [
            _node(p, payees[p], say(words, f"payee.{p}"), COLOURS[p], unit)
            for p in sorted(payees, key=PAYEES.index)
        ],
    ]
    return Plan(columns, [dict(into), dict(through), dict(out)])


def _goes_on(use: Any, out: dict[Any, float]) -> bool:
    return any(u == use for u, _ in out)


def _rank(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)


def _node(key: Any, value: float, name: str, colour: str, unit: float) -> Node:
    return Node(key, value, f"{name}  {figures(value / unit)}", colour)


def _purpose(name: str, others: int, words: Words) -> str:
    if name == "other":
        return say(words, "other", count=others)
    return say(words, name) if name in WORDS else words(f"purposes.{name}")


def _lay(nodes: list[Node], scale: float, least: float) -> Laid:
    """Nodes one below the other, each in a slot that has room for its words."""
    middles, y = {}, 0.0
    for node in nodes:
        slot = max(node.value * scale, least)
        middles[node.key] = y + slot / 2.0
        y += slot + GAP
    return Laid(middles, y - GAP)


def _lays(plan: Plan, scale: float) -> list[Laid]:
    return [_lay(nodes, scale, PURSE if k == 1 else SLOT) for k, nodes in enumerate(plan.columns)]


def _height(plan: Plan, scale: float) -> float:
    return max(laid.height for laid in _lays(plan, scale))


def _scale(plans: Iterable[Plan]) -> float:
    """mm a yuan, so that all blocks together take the room there is, or a little more where type alone fills it."""
    plans = list(plans)
    if not plans:
        return 0.0
    room = max(ROOM, sum(_height(plan, 0.0) for plan in plans) + ROOM / 4.0)
    low, high = 0.0, room / max(node.value for plan in plans for nodes in plan.columns for node in nodes)
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if sum(_height(plan, middle) for plan in plans) <= room else (low, middle)
    return low


class Edges(NamedTuple):
    """Left and right edge of each column's bars, mm; words stand between them in the middle two columns."""

    left: list[float]
    right: list[float]


def _edges(plans: Iterable[Plan]) -> Edges:
    """The same for all blocks."""

    def widest(k: int) -> float:
        return max(
            (style.width_of(n.text, style.TEXT) for plan in plans for n in plan.columns[k]), default=0.0
        )

    plans = list(plans)
    names = [widest(k) for k in range(4)]
    wide = [BAR, names[1] + 2 * BAR + 3.0, names[2] + 2 * BAR + 3.0, BAR]
    ribbon = (style.WIDTH - 2 * style.MARGIN - names[0] - names[3] - 3.0 - sum(wide)) / 3.0
    left, right, x = [], [], style.MARGIN + names[0] + 1.5
    for width in wide:
        left.append(x)
        right.append(x + width)
        x += width + ribbon
    return Edges(left, right)


def _block(sheet: style.Sheet, plan: Plan, edges: Edges, top: float, height: float, scale: float) -> None:
    """Ribbons first, then bars and words over them, in mm of the sheet."""
    ax = sheet.axes(0.0, top, style.WIDTH, height)
    ax.set(xlim=(0.0, style.WIDTH), ylim=(height, 0.0))
    ax.axis("off")
    middles = [
        {key: y + (height - laid.height) / 2.0 for key, y in laid.middles.items()}
        for laid in _lays(plan, scale)
    ]
    for k, links in enumerate(plan.links):
        _ribbons(ax, plan, k, links, middles, edges, scale)
    for k, nodes in enumerate(plan.columns):
        for node in nodes:
            y, tall = middles[k][node.key], node.value * scale
            ends = not any(source == node.key for source, _ in plan.links[k]) if k < 3 else False
            _bars(ax, node, edges.left[k], edges.right[k], y, tall, ends=ends)
            _words(sheet, node, k, edges, top + y)


def _bars(ax: Any, node: Node, left: float, right: float, y: float, tall: float, *, ends: bool) -> None:
    """The bar of a node; where words stand inside it, a bar at either end of a pale band."""
    if right - left > BAR:
        lines = node.text.count("\n") + 1
        thin = tall < lines * style.TEXT * style.LEADING  # the band would strike through the words
        after = right - BAR if lines > 1 else left + BAR + style.width_of(node.text, style.TEXT) + 3.0
        begin = min(after, right - BAR) if thin else left
        ax.add_patch(
            Rectangle(
                (begin, y - tall / 2), right - begin, tall, facecolor=style.mix(node.colour, 0.12), lw=0
            )
        )
    for x in (left,) if ends or right - left <= BAR else (left, right - BAR):
        ax.add_patch(Rectangle((x, y - tall / 2), BAR, tall, facecolor=node.colour, lw=0, zorder=3))


def _words(sheet: style.Sheet, node: Node, k: int, edges: Edges, y: float) -> None:
    if k == 1:
        sheet.write(
            (edges.left[k] + edges.right[k]) / 2.0, y, node.text, ha="center", va="center", linespacing=1.15
        )
    elif k == 0:
        sheet.label(edges.left[k] - 1.5, y, node.text, ha="right")
    else:
        sheet.label((edges.left[k] if k == 2 else edges.right[k] - BAR) + BAR + 1.5, y, node.text)


def _ribbons(
    ax: Any, plan: Plan, k: int, links: dict[Any, float], middles: list[dict[Any, float]], edges: Edges, scale: float
) -> None:  # fmt: skip
    """All ribbons between two columns; at a bar they leave and arrive in the order of their other ends."""
    tinted = {node.key: node.colour for node in plan.columns[k if k == 0 else k + 1]}
    values = [{node.key: node.value for node in plan.columns[side]} for side in (k, k + 1)]

    def starts(side: int, other: int) -> dict[Any, float]:
        """Upper edge of each link at one of its ends."""
        next_free = {key: middles[k + side][key] - scale * value / 2.0 for key, value in values[side].items()}
        found = {}
        for link in sorted(links, key=lambda link: middles[k + other][link[other]]):
            found[link] = next_free[link[side]]
            next_free[link[side]] += links[link] * scale
        return found

    leaves, arrives = starts(0, 1), starts(1, 0)
    for link, value in links.items():
        colour = tinted[link[0] if k == 0 else link[1]]
        path = ribbon(edges.right[k], leaves[link], edges.left[k + 1], arrives[link], value * scale)
        ax.add_patch(PathPatch(path, facecolor=style.mix(colour, 0.38), lw=0, zorder=1))


def ribbon(x0: float, y0: float, x1: float, y1: float, width: float) -> Path:
    """A band of even `width` from (x0, y0) to (x1, y1), its upper ends, that leaves and arrives level."""
    half = (x0 + x1) / 2.0
    points = [
        (x0, y0), (half, y0), (half, y1), (x1, y1), (x1, y1 + width), (half, y1 + width), (half, y0 + width),
        (x0, y0 + width), (x0, y0),
    ]  # fmt: skip
    bend = [Path.CURVE4] * 3
    return Path(points, [Path.MOVETO, *bend, Path.LINETO, *bend, Path.CLOSEPOLY])


def _title(d: Data, words: Words) -> str:
    paid: dict[str, float] = defaultdict(float)
    for (_, purpose, payee), value in d.blocks["a"].outgoing.items() if "a" in d.blocks else ():
        if payee and purpose != "county debt":
            paid[payee] += value
    homes = (
        sum(v for (_, use, _), v in d.blocks["b"].outgoing.items() if use != "kept")
        if "b" in d.blocks
        else 0.0
    )
    if not paid:
        return say(words, "title_private", homes=_amount(homes, words)) if homes else say(words, "title_none")
    payee = max(paid, key=lambda name: paid[name])
    values = dict(
        spent=_amount(sum(paid.values()), words), share=words.percent(paid[payee] / sum(paid.values())),
        payee=say(words, f"payee.{payee}"),
    )  # fmt: skip
    return (
        say(words, "title", **values, homes=_amount(homes, words))
        if homes
        else say(words, "title_public", **values)
    )


def _alt(d: Data, words: Words) -> str:
    """Every payment in numbers, from whom or for what and to whom."""
    said = []
    for key, block in d.blocks.items():
        into = [
            f"{say(words, f'payer.{payer}')} {_amount(v, words)}" for (payer, _), v in block.incoming.items()
        ]
        out = [
            _purpose(use, 0, words) + (f" → {say(words, f'payee.{to}')} " if to else " ") + _amount(v, words)
            for (_, use, to), v in block.outgoing.items()
        ]
        said.append(f"{say(words, key)}: " + words("comma").join([*into, *out]) + words("stop").rstrip())
    return " ".join(said)


def _amount(yuan: float, words: Words) -> str:
    unit, name = words.money(yuan)
    return figures(yuan / unit) + ("\u00a0" if words.lang == "en" else "") + name
