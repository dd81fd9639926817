"""Stores in words, for a terminal: Chinese or English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.store.listing import Listed, name_of
from experiments.wording import Page, number

MOST_ERRORS = 5


def list_text(found: Sequence[Listed], lang: str) -> str:
    """One row a store, ending in a newline."""
    page = Page(lang, banded=False)
    if not found:
        page.add(page.say("no stores here", "此处没有结果库"))
    readable = [one for one in found if not one.problem]
    if readable:
        head = page.say(
            "store|scenario|design|points|replications|done|planned|failed|size|",
            "结果库|情景|设计|点数|重复|完成|计划|失败|大小|",
        )
        page.table([tuple(head.split("|")), *(_row(page, one) for one in readable)])
    for one in found:
        if one.problem:
            page.add(f"  {one.problem}")
    return _text(page)


def _row(page: Page, one: Listed) -> tuple[str, ...]:
    numbers = (one.points, one.replications, one.done, one.planned, one.failed)
    state = page.say(f"being written by {one.writer}", f"正由 {one.writer} 写入") if one.writer else ""
    parts = one.path.parts
    behind = next((k for k in (2, 1) if len(parts) > k and parts[-k] == "runs"), 0)
    name = "/".join(parts[-1 - behind :]) or str(one.path)  # behind an answer: its study's folder too
    return (name, one.scenario, one.design, *(f"{n:,}" for n in numbers), size(one.bytes), state)


def info_text(info: Mapping[str, Any], lang: str) -> str:
    """One store at length, ending in a newline."""
    page = Page(lang, banded=False)
    page.add(info["path"])
    scenario, design = name_of(info.get("scenario")), name_of(info.get("design"))
    facts = [
        ("scenario", "情景", scenario),
        ("design", "设计", design),
        ("seed", "种子", str(info.get("seed", ""))),
        ("points x replications", "点数 × 重复", f"{info['points']:,} x {info['replications']:,}"),
        ("runs done / planned", "完成／计划的模拟", f"{info['done']:,} / {info['planned']:,}"),
        ("runs failed", "失败的模拟", f"{info['failed']:,}"),
        ("outcomes a run", "每次模拟的结果数", f"{info['outcomes']:,}"),
        ("model", "模型", f"{info['model_hash'][:12]} (anju {info.get('anju', '?')})"),
        ("files", "文件", _files(page, info)),
        ("being written by", "正在写入", info["writer"]),
    ]
    for en, zh, value in facts:
        if value:
            page.add("  " + page.say(f"{en}: ", f"{zh}：") + value)
    _factors(page, info)
    _errors(page, info["errors"])
    page.title("To read it in Python:", "用 Python 读取：")
    page.add(f"  pandas.read_parquet({info['path'] + '/shards'!r})")
    page.add(f"  duckdb.sql(\"select * from '{info['path']}/shards/*.parquet' where error = ''\")")
    return _text(page)


def _files(page: Page, info: Mapping[str, Any]) -> str:
    said = page.say(
        f"{number(info['shards'], 'shard')}, {number(info['in_journal'], 'run')} in the journal",
        f"{info['shards']}个分片，日志中{info['in_journal']}次模拟",
    )
    if info["damaged"]:
        said += page.say(
            f", {number(info['damaged'], 'damaged file')} set aside", f"，{info['damaged']}个损坏文件已移开"
        )
    return f"{said}, {size(info['bytes'])}" if not page.zh else f"{said}，{size(info['bytes'])}"


def _factors(page: Page, info: Mapping[str, Any]) -> None:
    factors = [one for one in info.get("factors", ()) if isinstance(one, Mapping)]
    if not factors:
        return
    page.title("Factors (base units):", "因素（基本单位）：")
    rows = [
        (str(one.get("name", "")), *(_number(one.get(end)) for end in ("low", "high"))) for one in factors
    ]
    page.table([(page.say("factor", "因素"), page.say("low", "下限"), page.say("high", "上限")), *rows])


def _errors(page: Page, errors: Mapping[str, int]) -> None:
    if not errors:
        return
    page.title("Why runs failed:", "失败原因：")
    for error, count in list(errors.items())[:MOST_ERRORS]:
        page.paragraph(f"{count:,} x {error}")
    if (more := len(errors) - MOST_ERRORS) > 0:
        page.paragraph(page.say(f"and {number(more, 'more reason')}", f"另有{more}种原因"))


def verify_text(path: str, problems: Sequence[str], lang: str) -> str:
    """What is wrong with a store, a line a problem, or that nothing is; ending in a newline."""
    page = Page(lang, banded=False)
    if problems:
        page.add(page.say(f"{path}: {number(len(problems), 'problem')}", f"{path}：{len(problems)}处问题"))
        for problem in problems:
            page.add(f"  {problem}")
    else:
        page.add(page.say(f"{path}: in order", f"{path}：完好"))
    return _text(page)


def size(n: float) -> str:
    """Bytes as people say them."""
    for unit in ("B", "kB", "MB", "GB"):
        if n < 999.5:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} TB"


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else ""


def _text(page: Page) -> str:
    return "\n".join(page.lines) + "\n"
