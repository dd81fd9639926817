"""The page as one file with precomputed answers: a grid over the chief levers, opened without Python."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from experiments.files import check_parent, plain
from experiments.page import server, web
from experiments.page.levers import Lever
from experiments.page.live import Engine, Ticket
from experiments.page.settings import Catalogue, Setting
from experiments.page.told import Told
from scenarios.errors import InputError
from scenarios.words import did_you_mean
from scenarios.words import plain as plain_number

FUTURES = 20  # of an answer at most, so that Lishui takes a few minutes
MOST_SETTINGS = 1000  # some 10 kB each
MOST_VALUES = 50  # of one lever

Grid = dict[str, tuple[float, ...]]


def write(
    catalogue: Catalogue, out: Path, *, grid: Sequence[str] = (), futures: int | None = None, seed: int = 1,
    threads: int | None = None, lang: str = "zh", progress: Callable[[int, int], None] | None = None,
) -> Path:  # fmt: skip
    """Run every setting of the grid and write the page to `out`, whole or not at all.

    `grid` holds KEY=VALUE,VALUE,... of some levers; without it the chief levers of levers.csv are taken. The same input gives the
    same bytes. Raises InputError.
    """
    out = _place(out)
    name = catalogue.first
    values = asked(catalogue, grid) if grid else usual(catalogue)
    values |= {key: (value,) for key, value in catalogue.moved.items() if key not in values}
    settings = list(_settings(catalogue, values))
    engine = Engine(threads=threads, seed=seed, futures=futures, most=FUTURES)
    try:
        described = server.levers(catalogue, engine, catalogue.begin)
        answers = _answers(catalogue, engine, settings, progress)
        described["command"] = catalogue.command(name, described["futures"], seed, whole=False)
        started = {**server.start(catalogue, engine), "ready": True}
    finally:
        engine.close()
    started["regions"] = [
        region | {"policies": [policy for policy in region["policies"] if policy["name"] == name]}
        for region in started["regions"]
        if any(policy["name"] == name for policy in region["policies"])
    ]
    content = {
        "start": started,
        "levers": described | {"levers": [lever for lever in described["levers"] if lever["key"] in values]},
        "grid": {
            "keys": [{"key": key, "values": list(own)} for key, own in values.items()],
            "answers": answers,
        },
    }
    _write(out, web.one_file(plain(content), lang).encode())
    return out


def usual(catalogue: Catalogue) -> Grid:
    """Values over the span of one chief lever a group, the first of those that are not at 0 in the plan."""
    found: dict[str, Lever] = {}
    levers = catalogue.levers(catalogue.first)
    for lever in sorted((lever for lever in levers if lever.grid), key=lambda lever: lever.plan == 0.0):
        found.setdefault(lever.group, lever)
    return {
        lever.key: spread(lever, lever.grid, catalogue.moved.get(lever.key, lever.value))
        for lever in levers
        if lever in found.values()
    }


def spread(lever: Lever, n: int, value: float) -> tuple[float, ...]:
    """About `n` values on the lever's steps, its ends and the given value among them."""
    steps = round((lever.max - lever.min) / lever.step)
    places = {round(k * steps / (n - 1)) for k in range(n)}
    own = round((value - lever.min) / lever.step)
    nearest = min(places - {0, steps}, key=lambda place: abs(place - own), default=None)
    if own not in places and nearest is not None:
        places.remove(nearest)
    return tuple(sorted({_round(lever.min + place * lever.step) for place in places} | {value}))


def asked(catalogue: Catalogue, grid: Sequence[str]) -> Grid:
    """The values of KEY=VALUE,VALUE,...; the scenario's own value is added. Raises InputError."""
    levers = {lever.key: lever for lever in catalogue.levers(catalogue.first)}
    found: Grid = {}
    for text in grid:
        key, _, values = (part.strip() for part in text.partition("="))
        if key not in levers:
            raise InputError([
                f"--grid {text}: {key} is no lever of the page of {catalogue.first}{did_you_mean(key, levers)};"
                f" known: {', '.join(levers)}"
            ])  # fmt: skip
        if key in found:
            raise InputError([f"--grid {text}: {key} stands twice"])
        try:
            numbers = {_number(catalogue, key, value.strip()) for value in values.split(",")}
        except Told as error:
            raise InputError([f"--grid {text}: {error.en}"]) from error
        found[key] = tuple(sorted(numbers | {catalogue.moved.get(key, levers[key].value)}))
        if len(found[key]) > MOST_VALUES:
            raise InputError([f"--grid {key}: {len(found[key])} values; at most {MOST_VALUES} expected"])
    return found


def _number(catalogue: Catalogue, key: str, text: str) -> float:
    setting = catalogue.setting(catalogue.first, [f"{key}={text}"])
    return dict(setting.sets).get(key, float(text))  # the lever's own value leaves no trace in a setting


def _settings(catalogue: Catalogue, values: Grid) -> Iterator[Setting]:
    """Every combination. Raises InputError for none and for too many."""
    n = math.prod(map(len, values.values()))
    if not values:
        raise InputError(
            [f"{catalogue.first}: has none of the chief levers; name some with --grid KEY=VALUE,VALUE,..."]
        )
    if n > MOST_SETTINGS:
        sizes = " x ".join(str(len(own)) for own in values.values())
        raise InputError(
            [f"--grid: {sizes} = {n} settings; at most {MOST_SETTINGS} expected; name fewer values"]
        )
    for row in product(*values.values()):
        moved = catalogue.moved | dict(zip(values, row, strict=True))
        sets = [f"{key}={plain_number(value)}" for key, value in moved.items()]
        yield catalogue.setting(catalogue.first, sets)


def _answers(
    catalogue: Catalogue,
    engine: Engine,
    settings: Sequence[Setting],
    progress: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    """The answer to every setting by its query; the next one is asked for before the last is done, so no thread is idle."""
    plan = catalogue.plan(catalogue.first)
    futures = engine.usual(plan)
    found: dict[str, Any] = {}
    waiting: list[tuple[Setting, Ticket]] = []
    for n in range(len(settings) + 1):
        if n < len(settings):
            waiting.append((settings[n], engine.ask(catalogue.scenario(settings[n]), plan)))
        while waiting and (len(waiting) > 1 or n == len(settings)):
            setting, ticket = waiting.pop(0)
            while ticket.error is None and ticket.done < futures:
                if progress:
                    progress(len(found) * futures + ticket.done, len(settings) * futures)
                try:
                    engine.wait(ticket, 0.2)
                except TimeoutError:
                    continue
            engine.wait(ticket, 0.0)  # raises what went wrong
            found[setting.query] = server.picture(engine, setting, ticket, futures)
            engine.end(ticket)
    return found


def _place(out: Path) -> Path:
    """Where the page is written. Raises InputError, before anything is run."""
    out = out.expanduser()
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError([f"--static {out}: a file that ends in .html expected"])
    if out.is_dir():
        raise InputError([f"--static {out}: is a folder; the name of a file that ends in .html expected"])
    check_parent(out)
    return out


def _write(out: Path, content: bytes) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(part, 0o666 & ~umask)
        os.replace(part, out)
    except BaseException:
        os.unlink(part)
        raise


def _round(value: float) -> float:
    return float(f"{value:.10g}")
