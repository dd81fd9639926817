"""The page as a visitor has it: a real browser and the real server, few futures."""

import contextlib
import json
import os
import re
import shutil
import threading
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from browser import ARGS, Requests, axe

import scenarios
from experiments.page import static
from experiments.page.live import Engine, found_id
from experiments.page.serve import listen, make
from experiments.page.settings import Catalogue

FUTURES = 3
SUBSIDY = "subsidy_yuan_per_person"
PATIENCE = 60_000  # ms; an idle machine needs two seconds
WEB = resources.files("experiments.page.web")

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture(scope="module")
def engine():
    made = Engine(futures=FUTURES)
    yield made
    made.close()


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue("lishui", {"pool_persons": "4000"})  # a small pool: quick runs


@contextlib.contextmanager
def served(catalogue, engine, port=0):
    """The page's server on a thread; gives its address."""
    socket = listen(port)
    running = make(catalogue, engine)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/"
    finally:
        running.should_exit = running.force_exit = True
        thread.join(10)
        socket.close()


@pytest.fixture(scope="module")
def address(catalogue, engine):
    with served(catalogue, engine) as found:
        yield found


@pytest.fixture
def visit(browser):
    """Open pages, each in a context of its own: visit(url, width=…) -> (page, its requests)."""
    contexts = []

    def opened(url, width=1440, **more):
        height = 844 if width < 500 else 900
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **more))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        requests = Requests(page)
        page.goto(url)
        return page, requests

    yield opened
    for context in contexts:
        context.close()


def finished(page, *sets, scenario="lishui"):
    """Wait for the whole answer to a setting."""
    wanted = "".join([f"scenario={scenario}", *(f"&set={one}" for one in sets)])
    page.wait_for_selector(f'body[data-state="done"][data-setting="{wanted}"]')


def said(page, name):
    return page.locator(f"#{name}").text_content()


def study_id(engine, plan):
    return found_id(engine.ask(plan, plan).job)


def lever(page, key=SUBSIDY):
    return page.locator(f"#lever-{key}")


def test_what_a_visitor_sees_first(visit, address, engine, catalogue):
    page, requests = visit(f"{address}?lang=en")
    finished(page)
    plan = catalogue.plan("lishui")
    answer = engine.ask(plan, plan).answer()
    target = answer["target"]
    assert said(page, "sentence").startswith(f"{target['reached']} of {FUTURES} futures reach the target")
    assert said(page, "verdict-title") == "Target: 30,000 persons moved by the end of 2026"
    assert said(page, "futures") == f"all {FUTURES} futures run"
    assert "This is the plan itself" in said(page, "tiles")
    assert f"seed 1, study {study_id(engine, plan)}, {FUTURES} futures" in said(page, "made")
    assert "not a probability" in page.locator("footer").text_content()
    chart = page.locator("#movers svg")
    assert chart.get_attribute("role") == "img"
    median = answer["movers"]["p50"][answer["movers"]["at"]]
    shown = float(re.search(r"median ([\d,]+)", chart.get_attribute("aria-label"))[1].replace(",", ""))
    assert shown == pytest.approx(median, rel=0.006)
    assert page.locator("#money table.uses tbody tr").count() == sum(
        row["yuan"] > 0 for row in answer["money"]["uses"]
    )
    requests.assert_clean()


def test_a_language_it_does_not_speak_is_said(visit, address):
    page, requests = visit(f"{address}?lang=xx&scenario=lishui")
    finished(page)
    assert "“xx”" in said(page, "took")
    assert "lang=xx" not in page.url
    requests.assert_clean()


def test_a_slider_moved_by_keyboard_and_by_mouse(visit, address):
    page, requests = visit(f"{address}?lang=en")
    finished(page)
    lever(page).focus()
    page.keyboard.press("ArrowRight")
    finished(page, f"{SUBSIDY}=19000")
    assert f"set={SUBSIDY}=19000" in page.url
    assert page.locator(".lever.changed").count() == 1
    assert said(page, "changed") == "1 changed"
    assert "plan 18,000 yuan a person" in page.locator(".lever.changed").text_content()
    assert "plan × 1" in page.locator(".lever[data-key=homes_factor] .plan").text_content()
    assert page.locator("#movers [data-part=plan50]").count() == 1  # the plan beside it
    box = lever(page).bounding_box()
    page.mouse.click(box["x"] + box["width"] - 9, box["y"] + box["height"] / 2)
    finished(page, f"{SUBSIDY}=35000")
    assert page.locator(f".lever[data-key={SUBSIDY}] input[type=number]").input_value() == "35000"
    assert said(page, "command") == (
        f"anju run lishui --points {FUTURES} --replications 1 --set pool_persons=4000 --set {SUBSIDY}=35000"
    )
    page.locator("#reset").click()
    finished(page)
    assert page.locator(".lever.changed").count() == 0
    assert "set=" not in page.url
    requests.assert_clean()


def test_numbers_are_typed_and_checked(visit, address):
    page, _ = visit(f"{address}?lang=zh")
    finished(page)
    number = page.locator(f".lever[data-key={SUBSIDY}] input[type=number]")
    number.fill("99000")
    number.press("Enter")
    assert "5000元/人 至 3.5万元/人" in page.locator(".fault").first.text_content()
    assert number.get_attribute("aria-invalid") == "true"
    assert "set=" not in page.url
    number.fill("20500")
    number.press("Enter")
    finished(page, f"{SUBSIDY}=20500")
    money = page.locator(".lever[data-key=budget_county_yuan_per_year] input[type=number]")
    assert money.input_value() == "1.8"  # 亿元
    money.fill("2.5")
    money.press("Enter")
    finished(page, "budget_county_yuan_per_year=250000000", f"{SUBSIDY}=20500")


def test_the_language_changes_at_once_and_is_remembered(visit, address):
    page, requests = visit(f"{address}?lang=zh")
    finished(page)
    assert "种未来情形中有" in said(page, "sentence")
    asked = len(requests.urls)
    page.locator("[data-lang=en]").click()
    assert "futures reach the target" in said(page, "sentence")
    assert page.locator("html").get_attribute("lang") == "en"
    assert len([url for url in requests.urls[asked:] if "/api/live" in url]) == 0  # nothing is run again
    assert "lang=en" in page.url
    page.reload()
    finished(page)
    assert "futures reach the target" in said(page, "sentence")
    texts = page.locator("body").inner_text().replace("中文", "").replace("安居", "")
    assert not re.search(r"[\u4e00-\u9fff]", texts)


def test_a_link_gives_a_second_page_the_same_picture(visit, address):
    page, _ = visit(f"{address}?lang=en", permissions=["clipboard-read", "clipboard-write"])
    finished(page)
    lever(page).focus()
    page.keyboard.press("End")
    lever(page, "job_before_move").check()
    finished(page, "job_before_move=1", f"{SUBSIDY}=35000")
    page.locator("#copy-link").click()
    page.wait_for_selector("#took:has-text('Link copied')")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    other, _ = visit(link)
    finished(other, "job_before_move=1", f"{SUBSIDY}=35000")
    for name in ("sentence", "tiles", "money", "stay", "made"):
        assert said(other, name) == said(page, name)
    for name in ("movers", "incomes"):
        drawn = [p.locator(f"#{name} svg").inner_html() for p in (page, other)]
        assert drawn[0] == drawn[1]
    assert lever(other).input_value() == "35000"
    assert lever(other, "job_before_move").is_checked()


def test_the_scenario_file_and_the_picture(visit, address, tmp_path):
    page, requests = visit(f"{address}?lang=zh&scenario=lishui&set={SUBSIDY}=26000")
    finished(page, f"{SUBSIDY}=26000")
    with page.expect_download() as download:
        page.locator("#scenario-file").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert tomllib.loads(file.read_text("utf-8"))["extends"] == "lishui"
    assert scenarios.load(str(file)).values[SUBSIDY].at(0) == 26000
    with page.expect_download() as download:
        page.locator("#png").click()
    picture = tmp_path / download.value.suggested_filename
    download.value.save_as(picture)
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size > 20_000
    requests.assert_clean()


def test_many_quick_moves_end_at_the_last(visit, address):
    page, requests = visit(f"{address}?lang=en")
    finished(page)
    lever(page).focus()
    for key in ["ArrowRight"] * 12 + ["ArrowLeft"] * 5 + ["End", "ArrowLeft", "Home"] + ["ArrowRight"] * 3:
        page.keyboard.press(key)
    finished(page, f"{SUBSIDY}=8000")
    assert said(page, "command").endswith(f"{SUBSIDY}=8000")
    streams = [url for url in requests.urls if "/api/live" in url]
    assert len(streams) < 12, "not every step of a moving slider is asked for"
    requests.assert_clean()


def test_an_old_picture_is_dimmed_and_nothing_jumps(visit, address):
    page, _ = visit(f"{address}?lang=en", reduced_motion="reduce")  # no transitions: a state shows at once
    opacity = "getComputedStyle(document.getElementById('movers').parentNode).opacity"
    finished(page)
    places = "[...document.querySelectorAll('.card')].slice(0, 2).map((c) => c.getBoundingClientRect().top)"
    before = page.evaluate(places)
    page.evaluate("window.seen = []; new MutationObserver(() => window.seen.push(document.body.dataset.state))"
                  ".observe(document.body, { attributes: true })")  # fmt: skip
    lever(page).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"[document.body.dataset.state, {opacity}]") == ["stale", "0.45"]
    assert page.evaluate(places) == before
    finished(page, f"{SUBSIDY}=19000")
    assert page.evaluate(places) == before
    assert page.evaluate("window.seen[0]") == "stale"
    assert page.evaluate(opacity) == "1"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("scenario=lishuy", "lishui"),
        ("scenario=%3Cscript%3Ealert(1)%3C/script%3E", "<script>"),
        (f"scenario=lishui&set={SUBSIDY}=abc", "a number from 5000 to 35000"),
        ("scenario=lishui&set=subsidy_yuan_per_persn=1", SUBSIDY),
        ("set=" + "x" * 9000, "too long"),
    ],
)
def test_garbage_in_the_address_is_said_and_can_be_left(visit, address, query, message):
    page, requests = visit(f"{address}?lang=en&{query}")
    if message == "too long":  # the server refuses the page itself
        assert message in page.content()
        return
    page.wait_for_selector("#message:not([hidden])")
    assert message in said(page, "message-text")
    page.locator("#message-reset").click()
    finished(page)
    assert page.locator("#message").is_hidden()
    requests.assert_local()


def test_a_server_that_is_gone_is_said_and_found_again(visit, catalogue, engine):
    with served(catalogue, engine) as address:
        page, _ = visit(f"{address}?lang=en")
        finished(page)
    lever(page).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#message:not([hidden])")
    assert "does not answer" in said(page, "message-text")
    with served(catalogue, engine, port=int(address.rpartition(":")[2].strip("/"))):
        finished(page, f"{SUBSIDY}=19000")
        assert page.locator("#message").is_hidden()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_serious_finding_and_nothing_wider_than_the_window(visit, address, lang, width):
    page, requests = visit(f"{address}?lang={lang}&scenario=lishui&set={SUBSIDY}=26000", width)
    finished(page, f"{SUBSIDY}=26000")
    closed = page.locator("details:not([open]) > summary")
    while closed.count():
        closed.first.click()
    for about in page.locator(".more").all():
        about.click()
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")  # colours come to rest
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        "[...document.querySelectorAll('main *, header *')].filter((e) => !e.closest('.unseen, .scroll') &&"
        " e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 90))"
    )
    assert beyond == []
    cut = page.evaluate(
        "[...document.querySelectorAll('.chart text')].filter((t) => { const b = t.getBoundingClientRect(),"
        " s = t.ownerSVGElement.getBoundingClientRect(); return b.width && (b.left < s.left - 1 || b.right > s.right + 1"
        " || b.top < s.top - 1 || b.bottom > s.bottom + 1); }).map((t) => t.textContent)"
    )
    assert cut == []
    requests.assert_clean()


def test_all_of_it_works_with_the_keyboard_alone(visit, address):
    page, _ = visit(f"{address}?lang=en")
    finished(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = {}
    for _ in range(120):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "(() => { const e = document.activeElement; return [e.id || e.dataset.lang || e.className || e.tagName,"
            " getComputedStyle(e).outlineStyle]; })()"
        )
        reached[found[0]] = found[1]
    wanted = {"region", "policy", "zh", "en", f"lever-{SUBSIDY}", "lever-job_before_move", "copy-link",
              "scenario-file", "png", "copy-command"}  # fmt: skip
    assert wanted <= set(reached)
    assert {reached[name] for name in wanted} == {"solid"}  # the focus is seen
    lever(page, "job_before_move").focus()
    page.keyboard.press("Space")
    finished(page, "job_before_move=1")
    page.locator("#policy").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_selector('body[data-state="done"]:not([data-setting^="scenario=lishui&"])')


@pytest.fixture(scope="module")
def bare(browser, tmp_path_factory):
    """Chromium on a machine that has Latin letters only."""
    import matplotlib

    config = tmp_path_factory.mktemp("latin") / "fonts.conf"
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    config.write_text(f'<?xml version="1.0"?><fontconfig><dir>{folder}</dir></fontconfig>', "utf-8")
    env = os.environ | {"FONTCONFIG_FILE": str(config)}
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    found = browser.browser_type.launch(executable_path=path, args=ARGS, env=env)
    yield found
    found.close()


HAN = re.compile(r"[\u2e80-\u303f\u4e00-\u9fff\uff00-\uffef]")


def drawn_from(page, selector):
    """Letters of an element that only a Chinese font has, and how many were drawn from a font of the page's own."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    node = devtools.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    used = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    own = sum(font["glyphCount"] for font in used if font["isCustomFont"])
    return len(HAN.findall(page.locator(selector).first.text_content())), int(own)


@pytest.mark.parametrize("static_", [False, True])
def test_chinese_letters_on_a_machine_without_any(bare, address, catalogue, tmp_path, static_):
    file = tmp_path / "out.html"
    if static_:
        static.write(catalogue, file, grid=[f"{SUBSIDY}=26000"], futures=FUTURES)
    for lang, places in (
        ("en", ["button[lang=zh-CN]", ".brand b"]),
        ("zh", ["label[for=region]", "#money-title", "#sentence", "button[lang=zh-CN]", ".lever .unit"]),
    ):
        page = bare.new_page()
        requests = Requests(page)
        page.set_default_timeout(PATIENCE)
        page.goto(f"{file.as_uri()}#lang={lang}" if static_ else f"{address}?lang={lang}")
        finished(page)
        page.wait_for_selector("html.letters")
        requests.assert_clean()
        assert any(url.endswith(".otf") for url in requests.urls) != static_
        for place in places:
            letters, own = drawn_from(page, place)
            assert letters and own >= letters, f"{lang}, {place}: {own} of {letters} letters"
        page.close()
    if static_:
        text = file.read_text("utf-8")
        assert "Open Font License" in text and "Adobe" in text and len(text) < 1_000_000


def test_a_machine_with_chinese_letters_is_sent_none(visit, address):
    page, requests = visit(f"{address}?lang=zh")
    finished(page)
    assert not [url for url in requests.urls if "font" in url]


def test_the_settings_of_the_command_are_where_a_bare_address_begins(visit, engine):
    with served(Catalogue("lishui", {"pool_persons": "4000", SUBSIDY: "26000"}), engine) as address:
        page, _ = visit(address)
        finished(page, f"{SUBSIDY}=26000")
        other, _ = visit(f"{address}?scenario=lishui")  # whoever names a scenario means it as it is
        finished(other)


def test_another_region(visit, address):
    page, _ = visit(f"{address}?lang=en")
    finished(page)
    page.locator("#region").select_option("jiaojiang")
    # the numbers of one region never stand under the name of another
    assert page.evaluate(
        "() => !('answered' in document.body.dataset) || document.body.dataset.setting.includes('jiaojiang')"
    )
    page.wait_for_selector('body[data-setting="scenario=jiaojiang"]')
    assert "scenario=jiaojiang" in page.url
    assert page.locator("#policy option").count() > 2


def test_the_one_file_opens_without_a_server(visit, catalogue, tmp_path):
    file = tmp_path / "out.html"
    static.write(catalogue, file, grid=[f"{SUBSIDY}=12000,26000"], futures=FUTURES)
    page, requests = visit(file.as_uri())  # in the language it was written for
    finished(page)
    assert "预先计算：共3种设置，每种3种未来情形" in said(page, "precomputed")
    assert page.locator(".lever").count() == 1
    lever(page).focus()
    page.keyboard.press("ArrowRight")
    finished(page, f"{SUBSIDY}=26000")
    assert page.locator(".lever input[type=number]").input_value() == "26000"
    number = page.locator(".lever input[type=number]")
    number.fill("13000")
    number.press("Enter")
    finished(page, f"{SUBSIDY}=12000")  # the nearest value that was run
    page.locator("[data-lang=en]").click()
    link = page.url
    assert page.locator("#scenario-file").is_hidden()
    with page.expect_download() as download:
        page.locator("#png").click()
    picture = tmp_path / download.value.suggested_filename
    download.value.save_as(picture)
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size > 20_000
    assert axe(page) == []
    assert {url.split(":")[0] for url in requests.urls} <= {"file", "data", "blob"}
    assert not requests.errors
    other, _ = visit(link)
    finished(other, f"{SUBSIDY}=12000")
    assert said(other, "sentence") == said(page, "sentence")


def test_every_word_is_there_in_both_languages():
    words = json.loads(WEB.joinpath("words.json").read_text("utf-8"))
    scripts = {f.name: f.read_text("utf-8") for f in WEB.iterdir() if f.name.endswith((".js", ".html"))}
    code = "\n".join(scripts.values())
    for key, pair in words.items():
        assert set(pair) == {"zh", "en"} and all(pair.values()), key
        assert set(re.findall(r"\{(\w+)\}", pair["zh"])) <= set(re.findall(r"\{(\w+)\}", pair["en"])) | {
            "month"
        }, key
    asked = set(re.findall(r'\bsay\(\s*"(\w+)"', code)) | set(
        re.findall(r'data-say(?:-label)?="(\w+)"', code)
    )
    assert asked <= set(words)
    unused = [k for k in words if not re.search(rf'["`]{k}["`]', code) and not re.match("group_|figure_", k)]
    assert [k for k in unused if not re.search(rf"{re.escape(k.rpartition('_')[2])}", code)] == []
