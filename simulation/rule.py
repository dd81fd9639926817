"""How a rule is compiled, and how the same rule is run as plain Python."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numba
from numba.core import types as nb


def rule(
    function: Callable, *, inline: bool = False, allocates: bool = False, any_order: bool = False
) -> Callable:
    """Compile one decision of one household or institution.

    No fastmath and no fused multiply-add: a rule gives the same bits compiled and interpreted, here and on any other machine.
    A rule is compiled once: every integer argument is an int64, whether it comes as a literal, a count or a flag. A rule makes no
    arrays, which spares it the counting of references.
    """
    compiler: Any = numba.njit
    dispatcher = compiler(
        cache=True, nogil=True, error_model="numpy", forceinline=inline, _nrt=allocates,
        fastmath={"reassoc"} if any_order else False,
    )(function)  # fmt: skip
    template = dispatcher.get_call_template
    dispatcher.get_call_template = lambda args, kws: template(tuple(map(_widened, args)), kws)
    return dispatcher


def primitive(function: Callable) -> Callable:
    """A rule that is written out at every call, so that a loop of calls can become vector instructions."""
    return rule(function, inline=True)


def whole_sum(function: Callable) -> Callable:
    """A sum of whole numbers below 2**53: exact in any order, so the compiler may choose a fast one."""
    return rule(function, any_order=True)


def step(function: Callable) -> Callable:
    """A loop over many rows that makes arrays of its own."""
    return rule(function, allocates=True)


def _widened(argument: Any) -> Any:
    plain: Any = nb.unliteral(argument)
    if isinstance(plain, nb.Boolean):
        return nb.int64
    integer: Any = plain
    return nb.int64 if isinstance(plain, nb.Integer) and integer.bitwidth < 64 else plain


def interpreted(function: Any, _seen: dict | None = None) -> Callable:
    """The same rule as plain Python, with every rule it calls interpreted too.

    Draws, exp, log and the normal stay compiled: they are arithmetic, not behaviour.
    """
    seen = {} if _seen is None else _seen
    if function in seen:
        return seen[function]
    source = function.py_func
    names = dict(source.__globals__)
    for name in source.__code__.co_names:
        called = names.get(name)
        if hasattr(called, "py_func") and called.__module__.startswith("simulation.rules"):
            names[name] = interpreted(called, seen)
    seen[function] = types.FunctionType(source.__code__, names, source.__name__, source.__defaults__)
    return seen[function]
