"""A report as one HTML page: nothing in it is fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from experiments import held_against, provenance
from experiments.report import fonts, inputs, judgement
from experiments.report.again import AUTHORS, TITLE, commands, facts
from experiments.report.blocks import Row, Section, Table, sections
from experiments.report.chapters import AGAINST, Chapter
from experiments.report.pictures import Picture, pictures
from experiments.report.words import Words
from experiments.wording import Page as Lines
from scenarios.limits import limits

NAMED_FIRST = ("compare", "contributions")  # kinds whose text begins with what was compared
FONTS, NOTICE = "/*anju-fonts*/", "anju-font-notice"  # places that are filled once the letters are known


@dataclass(frozen=True)
class Report:
    """One language: the page, its title, what runs along the foot of printed pages, and the files behind its charts."""

    lang: str
    html: str
    title: str
    running: str
    id: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class _Part:
    """A chapter as the template shows it."""

    own: str
    title: str
    sentence: str
    pictures: list[Picture]
    sections: list[Section]


def report(chapters: Sequence[Chapter], lang: str) -> Report:
    """The page on these answers, the first of which it is about.

    Raises InputError for a letter that the font of reports does not have.
    """
    words, first = Words(lang), chapters[0]
    shown = pictures(first.answer, lang, 1, prefix=first.own)
    parts, n = [], 1 + len(shown)
    for chapter in chapters[1:]:
        parts.append(_part(chapter, first, words, n))
        n += len(parts[-1].pictures)
    content = _content(chapters, parts, shown, words)
    running = f"Anju {content['version']} · {content['title']} · {content['id']}"
    html = _template().render(
        report=content, words=words, limits=limits(), style=Markup(_style(words, running)), fonts_here=Markup(FONTS),
        font_notice_here=NOTICE, share=Lines(lang, banded=True).share,
    )  # fmt: skip
    return Report(
        lang, _typeset(html, words, running), content["title"], running, content["id"],
        (*shown, *(picture for part in parts for picture in part.pictures)),
    )  # fmt: skip


def _content(
    chapters: Sequence[Chapter], parts: list[_Part], shown: list[Picture], words: Words
) -> dict[str, Any]:
    first = chapters[0]
    lang, scenario = words.lang, first.scenarios[0]
    header: Any = scenario.header
    verdict = first.judged
    told = judgement.judgement(verdict, words) if verdict else None
    text = first.text(lang)
    varied = tuple(first.answer.found.uncertainties) if verdict else tuple(_varied(first))
    levers, rest = inputs.inputs(
        scenario, lang, varied=varied, drives=judgement.drives(verdict) if verdict else None
    )
    against = [part for part in parts if part.own.startswith(AGAINST)]
    held, basis = _held_and_basis(verdict, lang)
    said = {section.title for section in (*held, *basis)}
    content: dict[str, Any] = {
        "title": first.answer.title[lang], "id": first.answer.id, "kind": words.kind(first.answer.kind),
        "version": metadata.version("anju"), "authors": words.join([str(author) for author in header["authors"]]),
        "description": header["description"][lang] if len(first.scenarios) == 1 else "",
        "sentence": _first_said(first, text, shown, words),
        "tiles": told.tiles if told else [], "sure": told.sure if told else [],
        "targets": _targets(told.targets, words) if told and told.targets else None,
        "why": told.why if told else [], "drivers": _drivers(told.drivers, words) if told and told.drivers else None,
        "explained": _explained(told.explained, parts, words) if told and told.explained else "",
        "pictures": shown,
        "sections": [s for s in text[1:] if s.title not in said],
        "chapters": [part for part in parts if part not in against],
        "against": against,
        "levers": [(family, list(rows)) for family, rows in groupby(levers, key=lambda one: one.family)],
        "inputs": [("", rest)],
        "basis": [block for section in basis for block in section.blocks],
        "held": [block for section in held for block in section.blocks],
        "left_out": [line[lang] for line in header["not_modelled"]],
        "several": "" if len(first.scenarios) == 1 else words(
            "policies_more", title=scenario.title[lang], name=scenario.name
        ),
        "facts": facts(first, words), "commands": commands(chapters, words),
        "own_households": "households.parquet" in first.answer.manifest["files"],
        "cite": _cite(first, words),
    }  # fmt: skip
    return content | {"contents": _contents(content, words)}


def _explained(said: str, parts: list[_Part], words: Words) -> str:
    """What the drivers explain, and why a chapter on sensitivity has other numbers for the same inputs."""
    indices = any(part.own.startswith("sensitivity") for part in parts)
    return words.sentences([said, words("two_measures")] if indices else [said])


def _contents(content: dict[str, Any], words: Words) -> list[tuple[str, str]]:
    chapters = [(part.own, part.title) for part in content["chapters"]]
    present = {"why": content["why"] or content["drivers"], "charts": content["pictures"]}
    names = ("why", "charts", "numbers", None, "policy", "inputs", "held", "limits", "again")
    found: list[tuple[str, str]] = []
    for name in names:
        if name is None:
            found += chapters
        elif present.get(name, True):
            found.append((name, words(name)))
    return found


def _part(chapter: Chapter, about: Chapter, words: Words, first: int) -> _Part:
    text, lang = chapter.text(words.lang), words.lang
    drawn = pictures(chapter.answer, lang, first, prefix=chapter.own)
    sentence = _first_said(chapter, text, drawn, words)
    title = words.kind(chapter.answer.kind)
    if chapter.answer.title != about.answer.title and len(chapter.scenarios) == 1:
        title += f"{': ' if lang == 'en' else '：'}{chapter.answer.title[lang]}"
    return _Part(
        chapter.own, title, sentence, drawn, text[1:],
    )  # fmt: skip


def _first_said(chapter: Chapter, text: list[Section], drawn: list[Picture], words: Words) -> str:
    """The finding: a run's verdict, else what the text begins with, unless it begins with names; then the first chart's."""
    if chapter.judged:
        return judgement.judgement(chapter.judged, words).sentence
    if chapter.answer.kind in NAMED_FIRST and drawn:
        return drawn[0].title
    return words.sentences(text[0].said)


def _held_and_basis(verdict: Any, lang: str) -> tuple[list[Section], list[Section]]:
    """Two sections of a run's text that a report shows in places of their own."""
    if verdict is None:
        return [], []
    lines = Lines(lang, banded=verdict.points * verdict.replications > 1)
    held_against.write(lines, verdict.held)
    held = _sections(lines)
    lines = Lines(lang, banded=verdict.points * verdict.replications > 1)
    names = {t.id: getattr(t, lang) for t in verdict.targets}
    provenance.write(lines, verdict.basis, names, verdict.points)
    return held, _sections(lines)


def _sections(lines: Lines) -> list[Section]:
    return sections("-\n\n" + "\n".join(lines.lines))[1:] if lines.lines else []


def _varied(chapter: Chapter) -> list[str]:
    """The uncertainties that an answer other than a run varied."""
    listed = chapter.answer.manifest.get("uncertain") or chapter.answer.manifest.get("factors") or []
    return [one["name"] for one in listed if isinstance(one, dict) and "name" in one]


def _targets(rows: list[list[str]], words: Words) -> Table:
    head = [words(key) for key in ("target", "asked", "date", "outcome_one", "band_only", "reached_one")]
    return Table(head, [Row(row) for row in rows], [False, False, False, True, True, True])


def _drivers(drivers: list[judgement.Driver], words: Words) -> Table:
    head = [words("driver"), words("driver_share"), words("driver_band"), words("driver_way")]
    return Table(head, [Row([d.name, d.share, d.band, d.way]) for d in drivers], [False, True, True, False])


def _cite(first: Chapter, words: Words) -> str:
    return words(
        "cite", authors=AUTHORS, title=TITLE, version=metadata.version("anju"), id=first.answer.id,
        seed=first.answer.manifest["seed"],
    )  # fmt: skip


# ---------------------------------------------------------------- type


def _typeset(html: str, words: Words, running: str) -> str:
    """The page with the font of exactly its letters, and the notice of its licence."""
    copyright, licence = fonts.notice()
    notice = words("font_notice", copyright=copyright, licence=licence)
    said = fonts.shown(html) + notice + running + "0123456789" + _drawn_by_style(words)
    face = fonts.face(fonts.subset(said, said=said))
    comment = f"<!-- {copyright} {licence} -->\n<style>"
    return html.replace("<style>", comment, 1).replace(FONTS, face, 1).replace(NOTICE, str(escape(notice)), 1)


def _drawn_by_style(words: Words) -> str:
    return "." + "".join(words(key) for key in ("page", "page_of", "page_end")) + "•◦▪"


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("experiments.report"), autoescape=True, undefined=StrictUndefined,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"mixed": mixed, "inline": inline}
    return environment.get_template("report.html.j2")


def _style(words: Words, running: str) -> str:
    css = resources.files("experiments.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    said = {
        "running": running,
        "before": words("page"),
        "between": words("page_of"),
        "after": words("page_end"),
    }
    strings = " ".join(f"{name} {_css_string(text)}," for name, text in said.items()).rstrip(",")
    return f"{css}body{{string-set:{strings}}}\n"


def _css_string(text: str) -> str:
    """Text as CSS quotes it; nothing in it can end the style."""
    return '"' + "".join(f"\\{ord(c):x} " if c in '"\\<>&\n' else c for c in text) + '"'


_URL = re.compile(r"https?://[^\s;；：，。、（）()]+[^\s;；：，。、（）().:,]")
_WIDE = "\u2014\u201c\u201d\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
_FOREIGN = {
    "en": ("zh-CN", re.compile(rf"[《（“]*[\u4e00-\u9fff](?:[{_WIDE}\d]*[{_WIDE}])?")),
    "zh": ("en", re.compile(r"[A-Za-z][\w'’/&%-]*(?:[,;:.]? [\w(][\w'’/&%.)-]*){2,}", re.ASCII)),
}  # fmt: skip


@pass_context
def mixed(context: Context, text: Any) -> Markup:
    """Text with its addresses as links and the language of what is not in the page's own."""
    lang, said = context["words"].lang, _LOOSE.sub("\u00a0%", str(text))
    out, at = [], 0
    for found in _URL.finditer(said):
        out += [_in_language(said[at : found.start()], lang), _link(found[0])]
        at = found.end()
    return Markup("").join([*out, _in_language(said[at:], lang)])


def _link(url: str) -> Markup:
    return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(url)


def _in_language(text: str, lang: str) -> Markup:
    tag, foreign = _FOREIGN[lang]
    out, at = [], 0
    for found in foreign.finditer(text):
        out += [escape(text[at : found.start()]), Markup('<span lang="{}">{}</span>').format(tag, found[0])]
        at = found.end()
    return Markup("").join([*out, escape(text[at:])])


_LOOSE = re.compile(r"(?<=\d) %")  # a number and its sign stay on one line
_CODE = re.compile(r"`([^`]+)`")
_REFERENCE = re.compile(r"\[([^\]]+)\]\([^)]+\)")


@pass_context
def inline(context: Context, text: str) -> Markup:
    """A line of Markdown: code, and the names of links, which lead nowhere from here."""
    parts = _CODE.split(_REFERENCE.sub(r"\1", text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if k % 2 else mixed(context, part)
        for k, part in enumerate(parts)
    )
