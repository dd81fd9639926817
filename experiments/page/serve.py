"""Serving the page: a port of this machine, the browser, and Ctrl-C."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from experiments.page.live import Engine
from experiments.page.server import HOSTS, Protocol, app
from experiments.page.settings import Catalogue
from scenarios.errors import InputError

PORT = 8765  # tried first


def serve(
    catalogue: Catalogue, *, port: int | None, open_: bool, futures: int | None, seed: int, threads: int | None,
    lang: str, said: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve the page until Ctrl-C. Raises InputError for a port that is taken."""
    listening = listen(port)
    engine = Engine(threads=threads, seed=seed, futures=futures)
    address = f"http://{HOSTS[0]}:{listening.getsockname()[1]}/?lang={lang}&{catalogue.begin.query}"
    said({"zh": f"页面：{address}（Ctrl-C 结束）", "en": f"page: {address} (Ctrl-C ends it)"}[lang])
    server = make(catalogue, engine)
    if open_ and _has_screen():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    plan = catalogue.plan(catalogue.first)
    engine.ask(plan, plan)  # what every setting is compared with is begun before the browser is there
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        stopped = engine.close()
    if not stopped:  # a slice, or the compiling of the engine, is still in hand: Python would wait for it
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def make(catalogue: Catalogue, engine: Engine) -> uvicorn.Server:
    """The server of a page; it ends its streams at once when it is told to stop."""
    return uvicorn.Server(
        uvicorn.Config(
            app(catalogue, engine),
            http=Protocol,
            ws="none",
            lifespan="off",
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=0,
            timeout_keep_alive=30,
        )  # fmt: skip
    )


def listen(port: int | None) -> socket.socket:
    """A listening socket at a port of this machine; without `port` the usual one, or a free one if that is taken."""
    try:
        return socket.create_server((HOSTS[0], PORT if port is None else port))
    except OSError as error:
        if port is None:
            return socket.create_server((HOSTS[0], 0))
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise InputError(
            [f"--port {port}: {why}; give another, or leave it out to get a free one"]
        ) from error


def _has_screen() -> bool:
    """Whether a browser with a window can be opened; one in the terminal would be in the way."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
