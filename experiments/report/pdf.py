"""A report's page as PDF: tagged, with bookmarks and the charts' numbers attached; the same bytes on every repeat."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.report.page import Report

EPOCH = datetime(
    2000, 1, 1, tzinfo=UTC
)  # a file in a PDF must have a date; this one says nothing of when it was made


class NoPango(Exception):
    """The system has no Pango, which sets the type of PDFs; the message says how to get it."""


INSTALL = (
    "the PDF needs Pango, a library of the system that is not here: Debian and Ubuntu: apt install libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0; Fedora: dnf install pango; macOS: brew install pango; Windows: install MSYS2, "
    "then pacman -S mingw-w64-x86_64-pango (docs/report.md)"
)


def weasyprint() -> Any:
    """The library that makes PDFs. Raises NoPango."""
    try:
        import weasyprint as library
    except OSError as error:  # its libraries are looked for when it is imported
        raise NoPango(INSTALL) from error
    return library


def render(report: Report) -> bytes:
    """The page on A4. Raises NoPango."""
    library = weasyprint()
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # rules for screens only are no news
    page = library.HTML(string=report.html, base_url=None, url_fetcher=_inside(library))
    attached = [
        library.Attachment(
            string=one.csv, name=one.file, description=one.title, created=EPOCH, modified=EPOCH
        )
        for one in report.pictures
    ]
    return page.write_pdf(
        pdf_variant="pdf/ua-1", pdf_tags=True, attachments=attached,
        pdf_identifier=hashlib.sha256(report.html.encode()).digest()[:16],
    )  # fmt: skip


def _inside(library: Any) -> Any:
    """Opens what the page itself holds and nothing else."""
    return library.urls.URLFetcher(allowed_protocols=("data",))
