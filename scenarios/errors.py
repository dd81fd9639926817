"""What is wrong with a scenario, all of it at once."""

from __future__ import annotations

from collections.abc import Iterable


class InputError(ValueError):
    """Bad input. `messages` holds one line a problem: `file:line: key: what is wrong; expected ...; how to mend`."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = list(messages)
        super().__init__("\n".join(self.messages))


def problem(where: str, key: str, wrong: str, expected: str = "", mend: str = "") -> str:
    """One message; `where` is `file:line`."""
    parts = [wrong, f"expected {expected}" if expected else "", mend]
    return f"{where}: {key}: " + "; ".join(p for p in parts if p)
