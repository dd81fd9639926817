"""What a visitor of the page is told when something cannot be done: in both languages, with the key it is about."""

from __future__ import annotations

from typing import Any

BAD, FORBIDDEN, MISSING, METHOD, NOT_YET, TOO_LONG, OUTSIDE = 400, 403, 404, 405, 409, 414, 422


class Told(Exception):
    """A request that cannot be answered; `status` is that of HTTP, `key` the setting it is about."""

    def __init__(self, status: int, *, en: str, zh: str, key: str | None = None) -> None:
        super().__init__(en)
        self.status, self.en, self.zh, self.key = status, en, zh, key

    def plain(self) -> dict[str, Any]:
        """As the page reads it."""
        return {"message": {"zh": self.zh, "en": self.en}} | ({"key": self.key} if self.key else {})


def of(error: Exception) -> Told:
    """Any error as a message; what the reader of scenarios says is in English only."""
    if isinstance(error, Told):
        return error
    if isinstance(error, ValueError):
        return Told(OUTSIDE, en=str(error), zh=f"该设置无法模拟：{error}")
    return Told(OUTSIDE, en=f"This setting cannot be run: {error}", zh=f"该设置无法模拟：{error}")
