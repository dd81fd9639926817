"""A report on an answer: one page of HTML that opens offline, and the same as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import files

if TYPE_CHECKING:
    from experiments.report.chapters import Chapter
    from experiments.report.page import Report

FORMATS = ("html", "pdf")

__all__ = ["FORMATS", "write"]


def write(
    folders: Sequence[str | Path], out: Path, *, langs: Sequence[str], formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Write the report on the answers in `folders` into `out`, a file a language and format; returns the paths.

    The first folder is what the report is about, the others become chapters. The same answers give the same bytes. All is
    made before anything is written. Raises InputError for folders that cannot be used or do not go together, and for a letter
    that no glyph is there for; pdf.NoPango.
    """
    from experiments.report import chapters as answers
    from experiments.report import page

    for name in langs:
        files.check_parent(out / f"report.{name}.html")
    found = answers.chapters(folders)
    made: dict[str, bytes] = {}
    for lang in langs:
        report = page.report(found, lang)
        for kind in formats:
            made[f"{named(found[0])}.{lang}.{kind}"] = _file(report, kind)
    out.mkdir(parents=True, exist_ok=True)
    return [_write(out / name, content) for name, content in made.items()]


def named(chapter: Chapter) -> str:
    """The first part of a report's file name."""
    return chapter.folder.replace("/", "-") + "-report"


def _file(report: Report, kind: str) -> bytes:
    from experiments.report import pdf

    return report.html.encode() if kind == "html" else pdf.render(report)


def _write(path: Path, content: bytes) -> Path:
    """Whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
