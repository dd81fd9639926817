"""The page's static files, and the one file that holds them all."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from typing import Any

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
_PRELOAD = re.compile(r'<link rel="modulepreload" href="web/([\w-]+\.js)">\n')


def one_file(static: dict[str, Any], lang: str = "zh") -> str:
    """The whole page as one HTML text that opens without a server and asks for nothing.

    `static` is what the page finds as `window.ANJU_STATIC`: start, levers and grid, JSON all through. Its policy for content admits
    the scripts and the style in it by their hashes, and nothing else. `lang` is the language of a page that is not yet run.
    """
    page = _read("index.html")
    modules = [*_PRELOAD.findall(page), "app.js"]
    style, library, script = _read("style.css"), _read("vendor/d3.min.js"), "\n".join(map(_module, modules))
    icon = base64.b64encode(_read("icon.svg").encode()).decode()
    policy = (
        f"default-src 'none'; script-src {_hash(library)} {_hash(script)}; style-src {_hash(style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    page = re.sub(r"<!-- In the order.*?-->\n", "", _PRELOAD.sub("", page))
    for old, new in (
        ('<html lang="en">', f'<html lang="{"zh-CN" if lang == "zh" else "en"}">'),
        (
            '<meta charset="utf-8">\n',
            f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        ),
        ('href="web/icon.svg"', f'href="data:image/svg+xml;base64,{icon}"'),
        ('<link rel="stylesheet" href="web/style.css">', f"<style>{style}</style>"),
        (
            '<script src="web/vendor/d3.min.js" defer></script>',
            f"<!--\nd3: {_read('vendor/d3.LICENSE')}-->\n<script>{library}</script>",
        ),
        (
            '<script type="module" src="web/app.js"></script>',
            _data("words", json.loads(_read("words.json")))
            + _data("anju-static", static)
            + f'<script type="module">{script}</script>',
        ),
    ):
        if page.count(old) != 1:
            raise RuntimeError(f"index.html: expected once: {old}")
        page = page.replace(old, new)
    return page


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
