"""What the terminal gets: results to stdout, messages to stderr, never a traceback for want of a letter."""

from __future__ import annotations

import io
import logging
import sys
from typing import TextIO

LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}
OURS = ("simulation", "scenarios", "experiments")

# English text must be readable where only ASCII is; what has no letter here is escaped.
PLAIN = str.maketrans(
    {
        "–": "-", "—": "-", "−": "-", "×": "x", "·": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"',
        "²": "2", "≤": "<=", "≥": ">=", "≈": "~", "±": "+/-", "→": "->", "•": "-", "°": " degrees ", "\u00a0": " ",
        "█": "#", "▓": "#", "▒": "+", "░": ".", "│": "|", "─": "-",
    }
)  # fmt: skip


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if record.levelno >= logging.ERROR:
            return f"error: {text}"
        return text


def start(verbosity: int = 0) -> None:
    """Make both streams safe to print on and send our log messages to stderr.

    `verbosity` counts -v less -q: -1 errors only, 0 warnings, 1 information, 2 everything.
    """
    for stream in (sys.stdout, sys.stderr):
        _make_safe(stream)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(message)s"))
    for name in OURS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(LEVELS[max(-1, min(verbosity, 2))])


def _make_safe(stream: TextIO | None) -> None:
    # a file or pipe gets UTF-8 on Windows too, where it would get the old code page; a terminal knows its own
    if not isinstance(stream, io.TextIOWrapper):
        return  # a notebook, a test, or no stream at all
    if sys.platform == "win32" and not stream.isatty():
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    else:
        stream.reconfigure(errors="backslashreplace")


def can_show(text: str, stream: TextIO | None = None) -> bool:
    """Whether a stream (stdout) has a letter for every letter of `text`."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def require(lang: str) -> None:
    """Raise InputError if text in `lang` cannot be shown on stdout; call it before anything is written."""
    if lang == "zh" and not can_show("安居乐业"):
        from scenarios.errors import (
            InputError,
        )  # late: the command must start even where that package is not ours

        raise InputError(
            [
                f"--lang zh: this terminal shows {sys.stdout.encoding} and has no Chinese characters; "
                "set PYTHONUTF8=1 (or LANG=C.UTF-8; on Windows: chcp 65001), or use --lang en"
            ]
        )


def for_terminal(text: str, stream: TextIO | None = None) -> str:
    """English text with the letters the stream lacks written plainly: `–` as `-`, `≥` as `>=`."""
    return text if can_show(text, stream) else text.translate(PLAIN)
