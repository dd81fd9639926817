"""The page's static files, and the one file that holds them all."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from typing import Any

from experiments import fonts

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
_FONT = re.compile(r'url\("fonts/[^"]*"\) format\("opentype"\)')
_PRELOAD = re.compile(r'<link rel="modulepreload" href="web/([\w-]+\.js)">\n')


def one_file(static: dict[str, Any], lang: str = "zh") -> str:
    """The whole page as one HTML text that opens without a server and asks for nothing.

    `static` is what the page finds as `window.ANJU_STATIC`: start, levers and grid, JSON all through. Its policy for content admits
    the scripts and the style in it by their hashes, and nothing else. `lang` is the language of a page that is not yet run.
    """
    page = _read("index.html")
    modules = [*_PRELOAD.findall(page), "app.js"]
    script = "\n".join(map(_module, modules))
    text = _data("words", json.loads(_read("words.json"))) + _data("anju-static", static)
    style, library = _typeset(_read("style.css"), page + script + text), _read("vendor/d3.min.js")
    icon = base64.b64encode(_read("icon.svg").encode()).decode()
    policy = (
        f"default-src 'none'; script-src {_hash(library)} {_hash(script)}; style-src {_hash(style)}; "
        "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )
    page = re.sub(r"<!-- In the order.*?-->\n", "", _PRELOAD.sub("", page))
    for old, new in (
        ('<html lang="en">', f'<html lang="{"zh-CN" if lang == "zh" else "en"}">'),
        (
            '<meta charset="utf-8">\n',
            f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        ),
        ('href="web/icon.svg"', f'href="data:image/svg+xml;base64,{icon}"'),
        ('<link rel="stylesheet" href="web/style.css">', f"<!--\n{_notice()}\n-->\n<style>{style}</style>"),
        (
            '<script src="web/vendor/d3.min.js" defer></script>',
            f"<!--\nd3: {_read('vendor/d3.LICENSE')}-->\n<script>{library}</script>",
        ),
        (
            '<script type="module" src="web/app.js"></script>',
            text + f'<script type="module">{script}</script>',
        ),
    ):
        if page.count(old) != 1:
            raise RuntimeError(f"index.html: expected once: {old}")
        page = page.replace(old, new)
    return page


def _typeset(style: str, text: str) -> str:
    """The style sheet with the Chinese letters of a text in the place of the whole font."""
    wanted = {ord(letter) for letter in set(text)} & fonts.known()
    letters = {code for code in wanted if any(low <= code <= high for low, high in _ranges(style))}
    return _FONT.sub(lambda _: f'url("{fonts.data_uri(fonts.cut(letters))}") format("woff2")', style, count=1)


def _ranges(style: str) -> list[tuple[int, int]]:
    """The letters that the style sheet has the font for."""
    found = re.search(r"unicode-range: ([^;]*);", style)
    spans = found[1].replace("U+", "").split(", ") if found else []
    return [(int(low, 16), int(high, 16)) for low, high in (span.split("-") for span in spans)]


def _notice() -> str:
    """What the licence of the font asks to be said."""
    copyright, licence = fonts.notice()
    return f"Chinese letters: Noto Sans SC. {copyright} {licence}"


def _read(name: str) -> str:
    return resources.files("experiments.page.web").joinpath(name).read_text("utf-8")


def _module(name: str) -> str:
    """A module as an expression of its own, so that it runs beside the others in one script.

    Only `import { a, b } from "./x.js";` and `export` before a function, a class or a const are known: all that is used.
    """
    text = _read(name)
    exported = _EXPORT.findall(text)
    text = _EXPORT.sub("", _IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_scope(found[2])};", text))
    if re.search(r"^(import|export)\b", text, re.MULTILINE):
        raise RuntimeError(f"{name}: an import or export of another form")
    text = text.replace("</script", r"<\/script")
    return f"const {_scope(name)} = (() => {{\n{text}\nreturn {{ {', '.join(exported)} }};\n}})();"


def _scope(name: str) -> str:
    return "module_" + name.removesuffix(".js").replace("-", "_")


def _data(name: str, content: Any) -> str:
    """Data within the page: read by its scripts, never run."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f'<script type="application/json" id="{name}">{text.replace("<", chr(92) + "u003c")}</script>\n'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
