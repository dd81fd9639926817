"""What running a study again came to, in words: Chinese or English."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection
from typing import Any

from experiments import files
from experiments.reproduce import Reproduction
from experiments.reproduce.folder import DIGITS
from experiments.reproduce.numbers import Note
from experiments.wording import Page

SHOWN = 20  # differences in words; --json has more


def text(r: Reproduction, lang: str, *, said: Collection[Note] = ()) -> str:
    """The result as plain text in `lang` ("zh" or "en"), ending in a newline; notes that were `said` are left out."""
    page = Page(lang, banded=False)
    for note in r.notes:
        if note not in said:
            page.add(note_text(note, lang))
    of = "" if r.checked == r.of else page.say(f" of {r.of:,}", f"（共{r.of:,}次）")
    runs = page.say("run" if r.checked == 1 else "runs", "")
    if r.equal:
        page.add(page.say(
            f"Reproduced: all {r.numbers:,} numbers of {r.checked:,}{of} {runs} are the same, bit for bit.",
            f"已复现：{r.checked:,}次模拟{of}的全部{r.numbers:,}个数逐位相同。",
        ))  # fmt: skip
    else:
        page.add(page.say(
            f"Not reproduced: {r.different:,} differ; {r.numbers:,} numbers of {r.checked:,}{of} {runs} were compared.",
            f"未能复现：共比较{r.checked:,}次模拟{of}的{r.numbers:,}个数，其中{r.different:,}处不同。",
        ))  # fmt: skip
        _differences(page, r)
    if r.checked < r.of:
        page.add(page.say(
            f"The runs were drawn at random (seed {r.seed}); --all runs every one again.",
            f"抽样随机（种子{r.seed}）；--all 可重跑全部模拟。",
        ))  # fmt: skip
    return "\n".join(page.lines) + "\n"


def _differences(page: Page, r: Reproduction) -> None:
    rows = [
        (
            page.say("run", "模拟"),
            page.say("outcome", "结果"),
            page.say("stored", "原值"),
            page.say("now", "现值"),
        )
    ]
    for d in r.differing[:SHOWN]:
        run = re.sub(rf"^([0-9a-f]{{{DIGITS}}})[0-9a-f]{{52}}\b", r"\1", d.run)
        rows.append((run, d.column, _exact(d.stored), _exact(d.now)))
    page.table(rows)
    left = r.different - len(rows) + 1
    if left > 0:
        page.add(page.say(f"  and {left:,} more", f"  另有{left:,}处"))


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def note_text(note: Note, lang: str) -> str:
    return note.zh if lang == "zh" else note.en


def as_json(r: Reproduction) -> str:
    """The result for programs."""
    content = dataclasses.asdict(r) | {"equal": r.equal}
    content["differing"] = [d._asdict() for d in r.differing]
    content["notes"] = [note._asdict() for note in r.notes]
    return json.dumps(files.plain(content), ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
