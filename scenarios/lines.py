"""Where each key of a TOML text stands. The text is known to be valid: tomllib has read it."""

from __future__ import annotations

import re
from bisect import bisect_left

Path = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?!")|\'\'\'.*?\'\'\'(?!\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_BARE = re.compile(r"[^,\]}#\r\n]*")


def lines(text: str) -> dict[Path, int]:
    """The line of every table, key and element; an index into a list is a step of the path, as in `("mode", 2, "id")`."""
    ends = [match.start() for match in re.finditer("\n", text)]
    found: dict[Path, int] = {(): 1}
    length: dict[Path, int] = {}

    def skip(at: int) -> int:
        match = _SPACE.match(text, at)
        return match.end() if match else at

    def note(path: Path, at: int) -> None:
        for n in range(1, len(path) + 1):
            found.setdefault(path[:n], bisect_left(ends, at) + 1)

    def key(at: int) -> tuple[list[str], int]:
        parts: list[str] = []
        while match := _KEY.match(text, at):
            parts.append(match[1].strip("\"'"))
            at = match.end()
            if text[at] != ".":
                break
            at += 1
        return parts, at

    def latest(base: Path, parts: list[str]) -> Path:
        """The path a header or key means: a list of tables stands for its last element."""
        for part in parts:
            base = (*base, part)
            if base in length:
                base = (*base, length[base] - 1)
        return base

    def value(path: Path, at: int) -> int:
        note(path, at)
        if text[at] in "\"'":
            match = _STRING.match(text, at)
            return match.end() if match else len(text)
        if text[at] not in "[{":
            match = _BARE.match(text, at)
            return match.end() if match else len(text)
        close, index = "]" if text[at] == "[" else "}", 0
        at = skip(at + 1)
        while text[at] != close:
            if close == "]":
                at = value((*path, index), at)
                index += 1
            else:
                start = at
                parts, at = key(at)
                note((*path, *parts), start)
                at = value((*path, *parts), skip(at + 1))
            at = skip(at)
            at = skip(at + 1) if text[at] == "," else at
        return at + 1

    here: Path = ()
    at = skip(0)
    while at < len(text):
        if text.startswith("[[", at):
            parts, end = key(at + 2)
            base = (*latest((), parts[:-1]), parts[-1])
            length[base] = length.get(base, 0) + 1
            here = (*base, length[base] - 1)
            note(here, at)
            at = end + 2
        elif text[at] == "[":
            parts, end = key(at + 1)
            here = latest((), parts)
            note(here, at)
            at = end + 1
        else:
            start = at
            parts, at = key(at)
            note((*here, *parts), start)
            at = value((*here, *parts), skip(at + 1))
        at = skip(at)
    return found
