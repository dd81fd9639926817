"""What a study would take, for dry runs: one run is timed, and the sum is told in words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from experiments.wording import Page

if TYPE_CHECKING:
    from experiments.job import ScenarioJob, Task

LONG = 5.0  # seconds
UNITS = ((86400, "days", "天"), (3600, "hours", "小时"), (60, "minutes", "分钟"))


def seconds_a_run(job: ScenarioJob, task: Task | None = None) -> float:
    """Time one run, when all is compiled and the households are made; of a long run the first, with its households, does."""
    from simulation.codecache import is_compiled

    task, compiled, took = task or job.task(0, 0, 1, {}), is_compiled(), 0.0
    for _ in range(2):
        started = time.perf_counter()
        job.run(task)
        took = time.perf_counter() - started
        if compiled and took > LONG:
            break
    return took


def duration(page: Page, seconds: float) -> str:
    """About how long, in the unit that fits."""
    for unit, en, zh in UNITS:
        if seconds >= 1.5 * unit:
            return page.say(f"{seconds / unit:.1f} {en}", f"{seconds / unit:.1f}{zh}")
    if seconds < 0.5:
        return page.say("less than 1 s", "不到1秒")
    return page.say(f"{seconds:.0f} s", f"{seconds:.0f}秒")


def time_said(page: Page, *seconds: float, a_run: float, workers: int) -> str:
    """How long it takes, from the least to the most, and why."""
    told = page.say(" to ", "至").join(duration(page, one) for one in seconds)
    return page.say(
        f"about {told}: {a_run:.2f} s a run, {workers} at a time",
        f"约需{told}：每次模拟{a_run:.2f}秒，同时{workers}次",
    )


def room_said(page: Page, bytes: float, folder: str) -> str:
    """How much disk it takes, and where."""
    size = f"{bytes / 1e9:.1f} GB" if bytes >= 1e9 else f"{bytes / 1e6:.1f} MB"
    return page.say(f"at most {size} in {folder}", f"最多占用{size}，存于{folder}")
