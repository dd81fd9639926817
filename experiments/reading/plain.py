"""Plain data of an answer as the dataclasses it was made of."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def made(kind: Any, content: Any) -> Any:
    """The value of a declared type from what `files.plain` and JSON made of it; a float that is null was not a number.

    Raises KeyError, TypeError or ValueError for something else.
    """
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if content is None and types.NoneType in args else made(_other(args), content)
    if is_dataclass(kind):
        hints = _hints(kind)
        return kind(
            **{f.name: made(hints[f.name], content[f.name]) for f in fields(kind) if f.name in content}
        )  # type: ignore[operator]
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        values = content.values() if isinstance(content, Mapping) else content
        return kind(*(made(hint, value) for hint, value in zip(_hints(kind).values(), values, strict=True)))
    if origin is tuple:
        hints = args[:1] * len(content) if args[-1] is ... else args
        return tuple(made(hint, value) for hint, value in zip(hints, content, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: made(args[1], value) for key, value in content.items()}
    if kind is float:
        return math.nan if content is None else float(content)
    return content


def _other(args: tuple[Any, ...]) -> Any:
    return next(arg for arg in args if arg is not types.NoneType)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
