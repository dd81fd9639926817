"""A real browser for tests: the system's Chromium, Chinese letters, and a record of every request."""

import os
import shutil
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import pytest

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{folder}</dir></fontconfig>
"""


def started(folder):
    """Chromium through Playwright, until the generator is closed; see the fixture `browser`."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("no chromium on the PATH")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGS, env=os.environ | fonts(folder))
        yield chromium
        chromium.close()


def missing(why: str) -> None:
    """Skip the test, or fail it where a browser is required."""
    if os.environ.get("ANJU_NEED_BROWSER"):
        pytest.fail(f"{why}, and ANJU_NEED_BROWSER is set")
    pytest.skip(why)


def fonts(folder) -> dict[str, str]:
    """The environment in which Chromium finds the Chinese font that the charts are drawn with."""
    from pylopdf_fonts_zh_cn import sans_path

    config = folder / "fonts.conf"
    config.write_text(FONTS.format(folder=escape(str(sans_path().parent))), encoding="utf-8")
    return {"FONTCONFIG_FILE": str(config)}


class Requests:
    """What a page or a context asked for: `urls`, `failed` (url, why), `errors` (console and scripts).

    Give it the page, or the context of several pages, before it goes anywhere.
    """

    def __init__(self, page) -> None:
        self.urls: list[str] = []
        self.failed: list[tuple[str, str]] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("requestfailed", lambda request: self.failed.append((request.url, request.failure or "")))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("weberror" if hasattr(page, "pages") else "pageerror", lambda e: self.errors.append(str(e)))

    def assert_local(self) -> None:
        """Fail if anything was asked of another machine, or nothing was asked at all."""
        assert self.urls, "no request was recorded: record before the page goes anywhere"
        foreign = [url for url in self.urls if not local(url)]
        assert not foreign, f"requests left this machine: {foreign}"

    def assert_clean(self) -> None:
        """Fail on a foreign or failed request or an error; a stream that the page itself has closed is none."""
        self.assert_local()
        failed = [f for f in self.failed if not ("/api/live" in f[0] and f[1] == "net::ERR_ABORTED")]
        assert not failed, f"requests failed: {failed}"
        assert not self.errors, f"the page reports errors: {self.errors}"


def local(url: str) -> bool:
    """Whether `url` stays on this machine."""
    parts = urlsplit(url)
    if parts.scheme in ("file", "data", "blob", "about"):
        return True
    return parts.scheme in ("http", "ws") and parts.hostname == "127.0.0.1"


def axe(page) -> list[str]:
    """Serious and critical findings of axe-core on `page`, one line each: rule, help, elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']} ({v['impact']}): {v['help']}: {[node['html'][:120] for node in v['nodes']]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
