"""What every chart says about its study: scenario, seed, version, number of runs, sources."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from experiments.figures.text import Words
from scenarios.scenario import ABSENT

MOST = 10  # sources named; the study's tables hold them all


def footnote(study: Any, words: Words) -> list[str]:
    """The lines under a chart, enough to run it again."""
    scenario = study.scenario
    name = words("scenario", name=scenario.name, title=scenario.title[words.lang])
    if laid := scenario.laid_over():
        name += words("laid_over", list=words("comma").join(laid))
    made = words("study", version=study.version, id=study.id, seed=study.seed)
    lines = [words("comma").join((name, made, size(study, words)))]
    if study.points > 1:
        lines[0] += words("stop") + futures(study.given, words)
    return [*lines, words("sources", list=words("comma").join(sources(scenario, words)))]


def futures(given: Any, words: Words) -> str:
    """What a future is; `given` is the posterior it was drawn from, if it was."""
    return words("futures") if given is None else words("futures_given", id=given.id)


def size(study: Any, words: Words) -> str:
    """How many futures and runs."""
    n = dict(points=study.points, replications=study.replications, runs=len(study.runs))
    if study.points == 1:
        return words("one_run") if study.replications == 1 else words("one_future", **n)
    return words("runs_single" if study.replications == 1 else "runs", **n)


def spread(study: Any, words: Words, key: str) -> str:
    """What the marks of a chart mean; `key` names the words when there are several runs."""
    return words("one_run" if len(study.runs) == 1 else key)


def sources(scenario: Any, words: Words) -> list[str]:
    """The region's reference, then the documents behind its numbers, most used first, assumptions last."""
    cited = [entry.source for entry in _entries(scenario) if entry.source != ABSENT] + [
        target.source for target in scenario.targets
    ]
    documents = Counter(
        short(part) for source in cited for part in re.split(r"[;；](?![^(]*\))", source) if part.strip()
    )
    assumed = documents.pop("assumption", 0) + documents.pop("memory", 0)  # not read: counted as assumed
    ranked = [name for name, _ in sorted(documents.items(), key=lambda item: (-item[1], item[0]))]
    more = [words("more", count=len(ranked) - MOST)] if len(ranked) > MOST else []
    reference = scenario.header.get("reference")
    first = [reference] if reference and not reference.startswith("none") else []
    return [*first, *ranked[:MOST], *more, *([words("assumptions")] if assumed else [])]


def short(source: str) -> str:
    """A source as a footnote names it: the host of an address, authors and year of a paper, a document's name, else what it is
    up to a comma or a bracket."""
    source = source.strip().removeprefix("derived from ")
    if address := re.match(r"(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[a-z]{2,})(?=[/\s]|$)", source):
        return address[1]
    if document := re.match(r"(?:assumption|memory|[a-z]+(?:-[a-z]+)+)\b", source):
        return document[0]
    if paper := re.match(r"[^\d(（]*\b(?:19|20)\d\d\b", source):
        return paper[0]
    return re.split(r"\s*[(（,，;；]", source)[0] or source


def _entries(scenario: Any) -> list[Any]:
    values = scenario.values.values()
    return [entry for value in values for entry in (value if isinstance(value, list | tuple) else (value,))]
