"""The page's server, a real one on a thread: what it answers, what it refuses, and that nothing stops it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sweeps import town

import scenarios
from experiments import cli
from experiments.page import live, serve, server
from experiments.page.live import Engine
from experiments.page.settings import Catalogue
from scenarios.errors import InputError

pytestmark = pytest.mark.usefixtures("silent")
FUTURES = 5
PATIENCE = 60.0  # seconds; an idle machine needs a tenth of one
MOVED = "set=homes_factor=1.5&set=subsidy_yuan_per_person=30000"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The address of a page of a small town."""
    catalogue = Catalogue(str(town(tmp_path_factory.mktemp("page"))))
    engine = Engine(threads=2, futures=FUTURES)
    made, listening = serve.make(catalogue, engine), serve.listen(0)
    thread = threading.Thread(target=made.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        client.engine, client.port = engine, listening.getsockname()[1]
        yield client
    made.should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive() and engine.close(PATIENCE)


def events(response):
    """(name, data) of a stream as they come."""
    name = None
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "), parse_constant=pytest.fail)


def followed(page, query):
    with page.stream("GET", f"/api/live?{query}") as response:
        assert response.status_code == 200 and response.headers["content-type"].startswith(
            "text/event-stream"
        )
        return list(events(response))


def alive(page):
    assert page.get("/api/start").status_code == 200


def test_the_page_and_its_files(page):
    index = page.get("/")
    assert index.status_code == 200 and "<!doctype html>" in index.text
    for name, kind in (("app.js", "javascript"), ("style.css", "css"), ("words.json", "json")):
        found = page.get(f"/web/{name}")
        assert found.status_code == 200 and kind in found.headers["content-type"]
    for response in (index, page.get("/api/start"), page.get("/nothing"), page.post("/")):
        assert response.headers["content-security-policy"].startswith("default-src 'self'")
        assert response.headers["cache-control"] == "no-store"
        assert "server" not in response.headers


def test_the_font_alone_is_kept_by_the_browser(page):
    found = page.get("/web/fonts/NotoSansSC-Regular.otf")
    assert found.status_code == 200 and found.headers["content-type"] == "font/otf"
    assert found.content[:4] == b"OTTO" and "max-age=" in found.headers["cache-control"]
    assert found.headers["content-security-policy"].startswith("default-src 'self'")
    assert page.get("/web/fonts/other.otf").status_code == 404


def test_what_the_page_needs_first(page):
    start = page.get("/api/start").json()
    titles = {region["name"]: region["title"] for region in start["regions"]}
    assert titles["lishui"] == {"zh": "丽水市", "en": "Lishui"} and start["sets"] == {}
    assert start["scenario"] == "town" and start["ready"] in (True, False) and start["version"]
    names = [region["name"] for region in start["regions"]]
    assert {"lishui", "town"} <= set(names) and not any(name.startswith("history") for name in names)
    assert all(policy["title"]["zh"] for region in start["regions"] for policy in region["policies"])


def test_levers_and_the_setting(page):
    found = page.get(f"/api/levers?scenario=town&{MOVED}").json()
    assert found["futures"] == FUTURES and found["targets"] and found["plan"] == "town"
    values = {lever["key"]: (lever["set"], lever["value"]) for lever in found["levers"]}
    assert values["homes_factor"] == (1.5, 1.0) and found["setting"] == f"scenario=town&{MOVED}"


def test_a_stream_answers_again_and_again_then_ends(page):
    said = followed(page, f"scenario=town&{MOVED}&tab=one")
    names = [name for name, _ in said]
    assert names[-1] == "done" and set(names[:-1]) <= {"answer", "waiting"}
    answers = [data for name, data in said if name == "answer"]
    counts = [answer["done"] for answer in answers]
    assert counts == sorted(set(counts)) and counts[0] >= 2 and counts[-1] == FUTURES == answers[-1]["of"]
    assert {answer["setting"] for answer in answers} == {f"scenario=town&{MOVED}"}
    again = followed(page, f"{'&'.join(reversed(MOVED.split('&')))}&tab=two")  # the scenario is the command's
    assert again[0] == ("answer", answers[-1])


@pytest.fixture
def endless(monkeypatch):
    """Runs of Lishui that end only when nobody waits for them."""
    inner = live.in_slices

    def run(inputs, *, seed, wanted):
        while len(inputs.population.county) > 10_000 and wanted():
            time.sleep(0.01)
        return inner(inputs, seed=seed, wanted=wanted)

    monkeypatch.setattr(live, "in_slices", run)


def test_a_newer_request_of_the_tab_ends_the_older(page, endless):
    with page.stream("GET", "/api/live?scenario=lishui&set=loan_limit_yuan=0&tab=three") as older:
        lines = events(older)
        said = threading.Thread(target=lambda: found.extend(lines))
        found = []
        said.start()
        waited_for(page)
        assert followed(page, "scenario=town&tab=three")[-1][0] == "done"
        said.join(PATIENCE)
        assert found[-1][0] == "stale"
    idle(page)


def waited_for(page):
    """Wait until somebody waits for something."""
    end = time.monotonic() + PATIENCE
    while not page.engine.tickets and time.monotonic() < end:
        time.sleep(0.01)
    assert page.engine.tickets


def idle(page):
    """Wait until nobody waits for anything and no run is at work."""
    end = time.monotonic() + PATIENCE
    while (page.engine.tickets or page.engine.hand) and time.monotonic() < end:
        time.sleep(0.02)
    assert not page.engine.tickets and not page.engine.hand


def test_a_closed_connection_ends_its_work(page, endless):
    with page.stream("GET", "/api/live?scenario=lishui&set=loan_limit_yuan=100000") as response:
        lines = response.iter_lines()  # kept: without it the connection would be closed
        assert next(lines).startswith("retry")
        waited_for(page)
    idle(page)


def test_a_visitor_who_hangs_up_at_once_leaves_nothing(page, endless):
    for n in range(20):
        with socket.create_connection(("127.0.0.1", page.port)) as sock:
            query = b"GET /api/live?scenario=lishui&set=loan_limit_yuan=%d HTTP/1.1\r\n" % (n * 10_000)
            sock.sendall(query + b"host: 127.0.0.1\r\n\r\n")
    followed(page, "scenario=town&tab=after")
    idle(page)


def test_a_hundred_quick_changes(page):
    """Each in the place of the one before: the last is answered, nothing is left over."""
    for n in range(100):
        with page.stream(
            "GET", f"/api/live?scenario=town&set=loan_limit_yuan={n * 1000}&tab=quick"
        ) as response:
            assert response.status_code == 200
    said = followed(page, "scenario=town&set=loan_limit_yuan=150000&tab=quick")
    assert said[-1][0] == "done"
    idle(page)
    alive(page)


def test_tabs_at_once(page):
    def one(n):
        return followed(page, f"scenario=town&set=public_posts={n % 3 * 10}&tab=tab{n}")[-1]

    with ThreadPoolExecutor(8) as pool:
        assert {name for name, _ in pool.map(one, range(8))} == {"done"}


def test_a_scenario_file(page, tmp_path):
    found = page.get(f"/api/scenario?scenario=lishui/subsidy-up&{MOVED}&set=loan_rate_factor=0.6")
    name = found.headers["content-disposition"].split('filename="')[1].rstrip('"')
    assert found.status_code == 200 and name.endswith(".toml")
    (tmp_path / name).write_bytes(found.content)
    assert cli.main(["check", str(tmp_path / name)]) == 0
    sets = {"homes_factor": "1.5", "loan_rate_factor": "0.6"}  # the subsidy is what the scenario has
    expected = scenarios.load("lishui/subsidy-up", sets=sets).resolved()
    assert scenarios.load(str(tmp_path / name)).resolved() == expected


def test_a_file_of_a_region_with_a_chinese_name(page, tmp_path):
    assert server._attached("青田-1a.toml")["content-disposition"] == (
        "attachment; filename=\"__-1a.toml\"; filename*=UTF-8''%E9%9D%92%E7%94%B0-1a.toml"
    )
    assert server._attached('a"b.toml')["content-disposition"].startswith('attachment; filename="a_b.toml"')


def test_the_chart_once_all_runs_are_done(page):
    setting = "scenario=town&set=loan_limit_yuan=123000"
    early = page.get(f"/api/figure?{setting}&lang=zh&format=png")
    assert early.status_code == 409 and early.json()["message"]["zh"]
    followed(page, setting)
    for lang, kind, magic in (("zh", "png", b"\x89PNG"), ("en", "svg", b"<?xml")):
        found = page.get(f"/api/figure?{setting}&lang={lang}&format={kind}")
        assert found.status_code == 200 and found.content.startswith(magic)


@pytest.mark.parametrize(
    "path, status",
    [
        ("/api/live?scenario=nowhere", 404), ("/api/levers?scenario=" + "x" * 4000, 404), ("/nothing", 404),
        ("/api/live?scenario=town&set=nothing=1", 422), ("/api/live?scenario=town&set=homes_factor=99", 422),
        ("/api/live?scenario=town&set=homes_factor=nan", 422), ("/api/live?scenario=town&set=homes_factor", 422),
        ("/api/live?scenario=town&set=homes_factor=1&set=homes_factor=2", 400),
        ("/api/live?scenario=town&scenario=lishui", 400), ("/api/live?else=1", 400), ("/api/start?a=b", 400),
        ("/api/live?scenario=%ff%fe", 404), ("/api/live?scenario=%00", 404), ("/api/live?tab=a&tab=b", 400),
        ("/api/live?scenario=../region", 404), ("/api/scenario?scenario=/etc/passwd", 404),
        ("/api/figure?scenario=town&format=exe", 400), ("/api/figure?scenario=town&lang=fr", 400),
        ("/web/", 404), ("/web/__init__.py", 404), ("/web/%2e%2e/levers.csv", 404), ("/web/..%2flevers.csv", 404),
        ("/web/%2e%2e%2f%2e%2e%2f%2e%2e%2fpyproject.toml", 404), ("/web//etc/passwd", 404), ("/web/a%00.js", 404),
        ("/api/live?" + "a" * 10_000, 414),
    ],
)  # fmt: skip
def test_garbage_is_refused_in_both_languages(page, path, status):
    found = page.get(path)
    assert found.status_code == status, found.text
    message = found.json()["message"]
    assert message["zh"] and message["en"] and message["zh"] != message["en"]
    alive(page)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "NONSENSE"])
def test_only_get_is_answered(page, method):
    for path in ("/", "/api/live", "/web/app.js"):
        found = page.request(method, path, content=b"x" * 1000)
        assert found.status_code == 405 and found.json()["message"]["zh"]
    alive(page)


def test_ten_megabytes_of_query(page):
    try:
        answered = raw(
            page, b"GET /api/live?scenario=" + b"a" * 10_000_000 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
        )
        assert b" 400 " in answered.split(b"\r\n")[0]
    except ConnectionError:
        pass  # hung up before all of it was sent
    alive(page)


def test_other_names_and_other_sites_are_refused(page):
    for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:8765", "", "[::1]x", "0.0.0.0"):
        found = page.get("/api/start", headers={"host": host})
        assert found.status_code == 400 and found.json()["message"]["zh"]
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert page.get("/api/start", headers={"sec-fetch-site": site}).status_code == status
    assert page.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200  # a link in a letter
    assert page.get("/api/start", headers={"host": f"localhost:{page.port}"}).status_code == 200


def raw(page, text):
    with socket.create_connection(("127.0.0.1", page.port), timeout=PATIENCE) as sock:
        sock.sendall(text)
        parts = []
        while part := sock.recv(65536):
            parts.append(part)
        return b"".join(parts)


@pytest.mark.parametrize(
    "text", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET", b"GET /api/start HTTP/1.1", b"\0" * 99, b"\r\n" * 40_000]
)  # fmt: skip
def test_what_is_no_http(page, text):
    head, _, body = raw(page, text + b"\r\n\r\n").partition(b"\r\n\r\n")
    assert b" 400 " in head.split(b"\r\n")[0]
    assert set(json.loads(body)["message"]) == {"zh", "en"}
    alive(page)


def test_half_open_connections(page):
    """Some never finish their request, some never read their stream, some hang up in the middle."""
    held = [socket.create_connection(("127.0.0.1", page.port)) for _ in range(30)]
    for n, sock in enumerate(held):
        head = b"GET /api/live?scenario=town&set=public_posts=%d HTTP/1.1\r\nhost: 127.0.0.1\r\n" % n
        sock.sendall(head if n % 3 == 0 else head + b"\r\n")
        if n % 3 == 2:
            sock.close()
    alive(page)
    assert followed(page, f"scenario=town&{MOVED}&tab=z")[-1][0] == "done"
    for sock in held:
        sock.close()
    idle(page)


def test_a_setting_that_cannot_be_run_is_said_in_the_stream(page, monkeypatch):
    def broken(*args, **more):
        raise InputError(["town: impossible"])

    monkeypatch.setattr(live, "inputs_of", broken)
    name, data = followed(page, "scenario=town&set=loan_limit_yuan=77000")[-1]
    assert name == "failed" and "impossible" in data["message"]["en"] and data["message"]["zh"]
    monkeypatch.undo()
    assert followed(page, "scenario=town&set=loan_limit_yuan=77000")[-1][0] == "done"


def test_the_engine_being_compiled_is_said(page, monkeypatch):
    idle(page)  # a run of another test that ends now would say that the engine is there
    monkeypatch.setattr(server, "_compiled", lambda: False)
    monkeypatch.setattr(page.engine, "ready", False)
    assert page.get("/api/start").json()["ready"] is False
    ask = page.engine.ask

    def late(*args, **more):  # all runs are done before anybody looks
        ticket = ask(*args, **more)
        page.engine.wait(ticket, PATIENCE)
        return ticket

    monkeypatch.setattr(page.engine, "ask", late)
    said = followed(page, "scenario=town&set=loan_limit_yuan=88000")
    assert said[0] == ("waiting", {"message": server.WAITING}) and said[-1][0] == "done"


def test_a_port_that_is_taken():
    with serve.listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--port {port}: is taken"):
            serve.listen(port)
        assert taken.getsockname()[0] == "127.0.0.1"


def test_the_usual_port_gives_way(monkeypatch):
    with serve.listen(0) as taken:
        monkeypatch.setattr(serve, "PORT", taken.getsockname()[1])
        with serve.listen(None) as other:
            assert other.getsockname()[1] != taken.getsockname()[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_at_once(tmp_path):
    plan = town(tmp_path)
    command = [
        sys.executable,
        "-m",
        "experiments",
        "page",
        str(plan),
        "--no-open",
        "--port",
        "0",
        "--lang",
        "en",
    ]
    root = Path(__file__).resolve().parent.parent
    ran = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    try:
        address = ran.stdout.readline().split()[1].split("/?")[0]
        with httpx.stream("GET", f"{address}/api/live?scenario=lishui", timeout=PATIENCE) as response:
            next(response.iter_lines())
            began = time.monotonic()
            ran.send_signal(signal.SIGINT)
            assert ran.wait(PATIENCE) == 0 and time.monotonic() - began < PATIENCE / 2
        assert not ran.stderr.read()
    finally:
        ran.kill()


def test_the_command_refuses_what_it_cannot_serve(capsys, tmp_path):
    with serve.listen(0) as taken:
        for args, said in (
            (["page", "lishuu"], 'did you mean "lishui"'),
            (["page", "lishui", "--no-open", "--port", str(taken.getsockname()[1])], "is taken"),
            (["page", "lishui", "--set", "nothing=1"], "unknown key"),
            (["page", "lishui", "--static", str(tmp_path)], ".html"),
            (["page", "lishui", "--static", str(tmp_path / "a.html"), "--grid", "homes=1"], "no lever"),
        ):
            assert cli.main(args) == 2
            assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
