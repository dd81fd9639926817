"""The page's server, for this machine alone: static files, the API that docs/page.md describes, nothing asked of the outside.

GET /api/start, /api/levers, /api/scenario and /api/figure answer once; /api/live is a stream of events: `waiting` while the engine
is compiled, `answer` with the whole picture so far, again and again, then `done`; `failed` with a message; `stale` where
the tab has asked for something newer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import h11
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from experiments.files import plain
from experiments.page import told
from experiments.page.live import Engine, Ticket, found_id
from experiments.page.settings import Catalogue, Setting
from experiments.page.told import Told

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

log = logging.getLogger(__name__)

FONT = "NotoSansSC-Regular.otf"
KEPT = "private, max-age=2592000"  # the font may be kept for 30 days, all else is asked for anew
HOSTS = ("127.0.0.1", "localhost")
LONGEST_QUERY = 8192  # bytes
FIRST = 2  # futures of the first answer
PACE_SECONDS = 0.1  # between two answers of a stream
ALIVE_SECONDS = 10.0  # between two signs of life
HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
WAITING = {
    "zh": "首次使用，正在编译模拟引擎，约需一分钟，仅此一次。",
    "en": "First use: the engine is being compiled, about a minute, once.",
}

T = TypeVar("T")


def app(catalogue: Catalogue, engine: Engine) -> ASGIApp:
    """The page as an ASGI application; answers only requests to this machine by one of its own names."""
    web = resources.files("experiments.page").joinpath("web")
    page = _Page(catalogue, engine, str(web))
    inner = Starlette(
        routes=[
            Route("/", page.index),
            Route("/favicon.ico", page.nothing),
            Route("/api/start", page.start),
            Route("/api/levers", page.levers),
            Route("/api/live", page.live),
            Route("/api/scenario", page.scenario),
            Route("/api/figure", page.figure),
            Route(f"/web/fonts/{FONT}", page.font),
            Mount("/web", _Files(directory=str(web))),
        ],
        exception_handlers={
            HTTPException: _http,
            Told: _refused,  # by its own name: what stands for all exceptions is raised again after the answer
            ValueError: _refused,
            Exception: _refused,
        },
    )
    return _Door(inner)


class _Files(StaticFiles):
    """What a browser reads; the folder is a package, too."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not path.endswith((".js", ".css", ".json", ".svg", ".html", ".LICENSE", ".woff2", ".png")):
            raise HTTPException(told.MISSING)
        return await super().get_response(path, scope)


class Protocol(H11Protocol):
    """HTTP that says in both languages, too, what is no HTTP."""

    def send_400_response(self, msg: str) -> None:
        wrong = Told(told.BAD, en="This is no valid request, or a far too long one.", zh="请求无效或过长。")
        body = _text(wrong.plain()).encode()
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        for event in (
            h11.Response(status_code=told.BAD, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class _Door:
    """Lets in requests from this machine to this machine, and puts the page's headers on every answer."""

    def __init__(self, inside: ASGIApp) -> None:
        self.inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inside(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                rest = [
                    pair
                    for pair in message["headers"]
                    if pair[0] != b"cache-control" or pair[1] == KEPT.encode()
                ]
                known = {name for name, _ in rest}
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*rest, *(pair for pair in own if pair[0] not in known)]
            await send(message)

        wrong = _foreign(scope)
        if wrong is None:
            await self.inside(scope, receive, with_headers)
        else:
            await _response(wrong)(scope, receive, with_headers)


def _foreign(scope: Scope) -> Told | None:
    """What is wrong with where a request comes from, or with its size."""
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    if re.sub(r":\d+$", "", host, flags=re.ASCII) not in HOSTS:
        return Told(told.BAD, en="This page answers only at 127.0.0.1.", zh="本页面只在127.0.0.1上应答。")
    site = headers.get(b"sec-fetch-site", b"none").decode("latin-1")
    if site not in ("none", "same-origin") and scope["path"].startswith("/api/"):
        return Told(told.FORBIDDEN, en="Other sites may not ask this page.", zh="其他网站不得访问本页面。")
    if len(scope["query_string"]) > LONGEST_QUERY:
        return Told(told.TOO_LONG, en="The address is too long.", zh="网址过长。")
    return None


class _Page:
    """The answers to requests."""

    def __init__(self, catalogue: Catalogue, engine: Engine, web: str) -> None:
        self.catalogue, self.engine, self.web = catalogue, engine, web
        self.asked: dict[str, int] = {}  # by tab, the number of its newest request
        self.requests = 0
        self.asking = threading.Lock()  # so that of two requests of a tab the newer asks last
        self.drawing = threading.Lock()  # matplotlib is of one thread

    async def index(self, request: Request) -> Response:
        return FileResponse(f"{self.web}/index.html")

    async def font(self, request: Request) -> Response:
        from pylopdf_fonts_zh_cn import sans_path

        return FileResponse(sans_path(), media_type="font/otf", headers={"cache-control": KEPT})

    async def nothing(self, request: Request) -> Response:
        return Response(status_code=204)

    async def start(self, request: Request) -> Response:
        _query(request)
        return _json(start(self.catalogue, self.engine))

    async def levers(self, request: Request) -> Response:
        asked = _query(request, "scenario", "set")
        setting = await _aside(self._setting, asked)
        return _json(await _aside(levers, self.catalogue, self.engine, setting))

    async def live(self, request: Request) -> Response:
        asked = _query(request, "scenario", "set", "tab")
        tab = _one(asked, "tab") or f"request {self.requests}"
        self.requests += 1
        mine = self.asked[tab[:64]] = self.requests
        while len(self.asked) > 1000:
            del self.asked[next(iter(self.asked))]

        def newest() -> bool:
            return self.asked.get(tab[:64], mine) == mine

        def read() -> tuple[Setting, Scenario, Scenario] | None:
            if not newest():  # loading it would only hold up what is newer
                return None
            setting = self._setting(asked)
            return setting, self.catalogue.scenario(setting), self.catalogue.plan(setting.scenario)

        found = await _aside(read)
        events = _stale() if found is None else self._events(*found, tab, newest)
        return StreamingResponse(events, media_type="text/event-stream")

    async def scenario(self, request: Request) -> Response:
        from experiments.page import export

        setting = await _aside(self._setting, _query(request, "scenario", "set"))
        text = await _aside(export.toml, self.catalogue, setting)
        name = _attached(export.file_name(setting))
        return Response(text, media_type="application/toml; charset=utf-8", headers=name)

    async def figure(self, request: Request) -> Response:
        asked = _query(request, "scenario", "set", "lang", "format")
        lang, kind = _one(asked, "lang") or "zh", _one(asked, "format") or "png"
        if lang not in ("zh", "en") or kind not in KINDS:
            raise Told(
                told.BAD,
                en="lang: zh or en; format: png, svg or pdf.",
                zh="lang 应为 zh 或 en；format 应为 png、svg 或 pdf。",
            )
        setting = await _aside(self._setting, asked)
        content = await _aside(self._drawn, setting, lang, kind)
        from experiments.page import export

        name = export.file_name(setting).removesuffix(".toml") + f".{lang}.{kind}"
        return Response(content, media_type=KINDS[kind], headers=_attached(name))

    def _drawn(self, setting: Setting, lang: str, kind: str) -> bytes:
        from experiments.page import drawn

        scenario, plan = self.catalogue.scenario(setting), self.catalogue.plan(setting.scenario)
        job = self.engine.known(scenario, plan)
        if job is None or job.done < job.of:
            raise Told(
                told.NOT_YET,
                en="The runs of this setting are not all done yet.",
                zh="该设置的模拟尚未全部完成。",
            )
        with self.drawing:
            return drawn.movers(job, lang, kind)

    def _setting(self, asked: dict[str, list[str]]) -> Setting:
        name = _one(asked, "scenario") or self.catalogue.first
        return self.catalogue.setting(name, asked.get("set", []))

    async def _events(
        self, setting: Setting, scenario: Scenario, plan: Scenario, tab: str, newest: Callable[[], bool]
    ) -> AsyncIterator[str]:
        """The stream of one setting. What it waits for ends with it, at whatever point the visitor hangs up."""
        changed, loop = asyncio.Event(), asyncio.get_running_loop()
        tickets: list[Ticket] = []
        said = 0

        def call() -> None:
            with contextlib.suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(changed.set)

        def ask() -> None:
            with self.asking:
                if newest():
                    tickets.append(self.engine.ask(scenario, plan, call, tab=tab))

        try:
            yield RETRY
            # before the first run, which may be done at once
            cold = not self.engine.ready and not await _aside(_compiled)
            await _aside(ask)
            if not tickets:
                yield _event("stale", {})
                return
            (ticket,) = tickets
            if cold:
                yield _event("waiting", {"message": WAITING})
            while not ticket.ended:
                if ticket.error:
                    yield _event("failed", told.of(ticket.error).plain())
                    return
                done, of = ticket.done, ticket.job.of
                if done > said and done >= min(FIRST, of):
                    said = done
                    yield _event("answer", await _aside(picture, self.engine, setting, ticket, done))
                    if done == of:
                        yield _event("done", {"setting": setting.query, "done": done, "of": of})
                        return
                    await asyncio.sleep(PACE_SECONDS)
                    continue
                changed.clear()
                if ticket.done == done and not ticket.error and not ticket.ended:
                    try:
                        await asyncio.wait_for(changed.wait(), ALIVE_SECONDS)
                    except TimeoutError:
                        yield ": alive\n\n"
            yield _event("stale", {})
        except ValueError as error:  # nothing that could be run
            yield _event("failed", told.of(error).plain())
        finally:
            for ticket in tickets:
                self.engine.end(ticket)


def start(catalogue: Catalogue, engine: Engine) -> dict[str, Any]:
    """What the page needs first."""
    return {
        "version": metadata.version("anju"),
        "scenario": catalogue.first,
        "sets": {key: value for key, value in catalogue.begin.sets},
        "regions": catalogue.regions(),
        "seed": engine.seed,
        "ready": engine.ready or _compiled(),
        "waiting": WAITING,
    }


def levers(catalogue: Catalogue, engine: Engine, setting: Setting) -> dict[str, Any]:
    """What the page shows of a scenario before anything is run."""
    scenario, plan = catalogue.scenario(setting), catalogue.plan(setting.scenario)
    moved = dict(setting.sets)
    return {
        "scenario": setting.scenario,
        "setting": setting.query,
        "title": dict(catalogue.offered[setting.scenario].title),
        "plan": catalogue.offered[setting.scenario].plan,
        "start": scenario.start,
        "months": scenario.months,
        "window": scenario.window,
        "households": engine.households.count(plan),
        "futures": engine.usual(plan),
        "command": catalogue.command(setting.scenario, engine.usual(plan), engine.seed),
        "targets": [
            {
                "id": target.id, "label": {"zh": target.zh, "en": target.en}, "value": float(target.value),
                "unit": target.unit, "date": target.date, "at_least": target.at_least,
            }
            for target in scenario.targets
        ],
        "levers": [
            lever.plain() | {"set": moved.get(lever.key, lever.value)} for lever in catalogue.levers(setting.scenario)
        ],
    }  # fmt: skip


def picture(engine: Engine, setting: Setting, ticket: Ticket, futures: int) -> dict[str, Any]:
    """The answer over the first futures, with what it is an answer to."""
    job = ticket.job
    about = {
        "setting": setting.query,
        "id": job.key[:8],
        "study": found_id(job) if futures == job.of else None,
        "seed": engine.seed,
        "version": metadata.version("anju"),
    }
    return about | ticket.answer(futures)


def _compiled() -> bool:
    from simulation.codecache import is_compiled

    return is_compiled()


KINDS = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
RETRY = "retry: 86400000\n\n"  # a stream that has ended is not asked for again


def _attached(name: str) -> dict[str, str]:
    """The header of a file to be saved; a name of other letters than ASCII is written twice, as RFC 6266 has it."""
    plain_ = re.sub(r'[^ -~]|["\\\\%]', "_", name)
    return {
        "content-disposition": f"attachment; filename=\"{plain_}\"; filename*=UTF-8''{quote(name, safe='')}"
    }


def _event(name: str, content: Any) -> str:
    return f"event: {name}\ndata: {_text(content)}\n\n"


async def _stale() -> AsyncIterator[str]:
    yield RETRY
    yield _event("stale", {})


def _text(content: Any) -> str:
    return json.dumps(plain(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _json(content: Any, status: int = 200) -> Response:
    return Response(_text(content), status, media_type="application/json")


def _response(wrong: Told) -> Response:
    return JSONResponse(wrong.plain(), wrong.status)


async def _aside(function: Callable[..., T], *args: Any) -> T:
    """The result of a function run on a thread, so that other requests are answered meanwhile."""
    return await run_in_threadpool(partial(function, *args))


def _query(request: Request, *known: str) -> dict[str, list[str]]:
    """The values of each key of the query. Raises Told."""
    try:
        bytes(request.scope["query_string"]).decode("ascii")
        found: dict[str, list[str]] = {}
        for key, value in request.query_params.multi_items():
            found.setdefault(key, []).append(value)
    except ValueError as error:
        raise Told(told.BAD, en="The address is no text.", zh="网址无法读取。") from error
    for key in found:
        if key not in known:
            said, names = key[:80], ", ".join(known)
            raise Told(
                told.BAD, en=f'Unknown key "{said}" in the address; known: {names or "none"}.',
                zh=f"网址中有未知的键“{said}”；可用：{names or '无'}。", key=said,
            )  # fmt: skip
    return found


def _one(asked: dict[str, list[str]], key: str) -> str | None:
    """The value of a key that may stand once. Raises Told."""
    values = asked.get(key, [])
    if len(values) > 1:
        raise Told(
            told.BAD,
            en=f'"{key}" stands more than once in the address.',
            zh=f"网址中“{key}”出现多次。",
            key=key,
        )
    return values[0] if values else None


def _refused(request: Request, error: Exception) -> Response:
    return _response(told.of(error))


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else told.BAD
    wrong = {
        told.MISSING: Told(told.MISSING, en="There is nothing here.", zh="此处没有内容。"),
        told.METHOD: Told(told.METHOD, en="Only GET is answered.", zh="只接受GET请求。"),
    }
    return _response(
        wrong.get(status) or Told(status, en="This request cannot be answered.", zh="无法应答该请求。")
    )
