"""The documentation does what it says: its commands exist, its links resolve, its tutorial runs."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from experiments import cli

HOME = Path(__file__).parents[1]
PAGES = sorted([*HOME.glob("README*.md"), *(HOME / "docs").glob("*.md")])
TUTORIALS = sorted((HOME / "docs").glob("tutorial*.md"))
SWEEPS = sorted((HOME / "docs").glob("sweeps*.md"))
TABLES = sorted((HOME / "docs").glob("tables*.md"))
IDS = [str(page.relative_to(HOME)) for page in PAGES]
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.S | re.M)
COMMAND = re.compile(r"\banju ([^`\n#]+)")
LINE = re.compile(r"(?:uv run )?(?:\S*[\\/])?anju (.+)")


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and content of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)


def lines(page: Path) -> list[list[str]]:
    """The arguments of every `anju ...` that stands alone on a line of code, with 1 for what a shell fills in."""
    code = "\n".join(content for _, content in blocks(page)).replace("\\\n", " ")
    found = [match[1] for line in code.splitlines() if (match := LINE.fullmatch(line.strip()))]
    return [shlex.split(re.sub(r"\$\w+", "1", text), comments=True) for text in found]


@pytest.fixture(scope="session")
def options() -> dict[str, set[str]]:
    """The options of every command, as its help would list them; a group has those of all its commands."""
    command: Any = typer.main.get_command(cli.app)

    def own(c):
        below = set().union(*map(own, getattr(c, "commands", {}).values()))
        return below | {o for p in c.params for o in (*p.opts, "--help")}

    found = {name: own(c) for name, c in command.commands.items()}
    return found | {"": {o for p in command.params for o in (*p.opts, "--help")}}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_exist(page, options):
    code = "\n".join(CODE.findall(page.read_text(encoding="utf-8")))
    for text in COMMAND.findall(code):
        name = "" if text.startswith("-") else text.split()[0]
        assert name in options, f"anju {text}"
        unknown = {word for word in re.findall(r"(?<!\S)--?[a-z][\w-]*", text)} - options[name]
        assert not unknown, f"anju {text}: {unknown}"


@pytest.fixture(scope="session")
def parse():
    """The command line with nothing behind it: what a command would be called with."""
    command, asked = typer.main.get_command(cli.app), []

    def disarm(c):
        for below in getattr(c, "commands", {}).values():
            disarm(below)
        c.callback = lambda **given: asked.append(given)

    def parsed(args: list[str]) -> dict:
        try:
            command.main(args, "anju", standalone_mode=False)
        except cli.UsageError as error:
            pytest.fail(f"anju {shlex.join(args)}: {error.format_message()}")
        return asked[-1]

    disarm(command)
    return parsed


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_parse(page, parse):
    """Arguments, options and the numbers of options."""
    for args in lines(page):
        parse(args)


def test_sweeps_of_the_documentation_can_be_planned(parse):
    """Names, spans, units and designs, too."""
    from experiments import sweep
    from experiments.commands.common import load

    planned = [args for page in PAGES for args in lines(page) if args[0] == "sweep"]
    assert len(planned) >= 10
    for args in planned:
        given = parse(args)
        wanted = {
            name: given[name]
            for name in ("points", "levels", "second_order", "futures", "replications", "seed")
        }
        scenario = load(given["name"], given["set_"], given["with_"])
        plan = sweep.plan(scenario, given["vary"] or (), kind=given["design"], table=given["table"], **wanted)
        assert plan.count() > 0


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> Path:
    """A folder with the region of `anju new-region` and a small sweep of it."""
    folder = tmp_path_factory.mktemp("swept")
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        assert cli.main(["new-region", "town"]) == 0
        vary = ("--vary", "subsidy_yuan_per_person=10000..30000", "--points", "3", "--replications", "2")
        assert cli.main(["sweep", "town/plan.toml", *vary, "--store", "store", "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("page", SWEEPS, ids=lambda page: page.name)
def test_stores_are_read_as_the_page_says(page, swept, tmp_path, monkeypatch):
    """Its snippets, and every `anju store` and `anju reproduce` on its store."""
    monkeypatch.chdir(tmp_path)
    snippets = [content for kind, content in blocks(page) if kind == "python"]
    assert len(snippets) == 3
    (store,) = set(re.findall(r"results/[\w-]+", "".join(snippets)))
    shutil.copytree(swept / "store", store)
    script = "\n".join([*snippets, "assert len(table) == 6"])
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", script], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("persons") == 2  # pandas, then DuckDB
    used = [args for args in lines(page) if args[0] in ("store", "reproduce") and "merge" not in args]
    for args in used:
        if "unpack" in args:
            shutil.rmtree(store)
        assert cli.main([*args, "--quiet"] if args[0] == "reproduce" else args) == 0, args
    assert {args[1] for args in used} >= {"ls", "info", "export", "verify", "pack", "unpack"}
    assert used[-1][0] == "reproduce"


def described(page: Path) -> list[tuple[str, str]]:
    """Pattern and unit of every outcome of a run that the page describes."""
    found = []
    for row in re.findall(r"^\| (`.+?`) \| (.+?) \|", page.read_text(encoding="utf-8"), re.M):
        found += [(name, row[1]) for name in re.findall(r"`([^`]+)`", row[0])]
    names = [name for name, _ in found]
    start = names.index("target_*")
    end = names.index("leased_mu", start)
    return found[start : end + 1]


@pytest.fixture(scope="session")
def outcomes() -> dict[str, set[str]]:
    """Every number of a run that a scenario of ours leaves, with its units."""
    from experiments import measures
    from experiments.commands.common import load

    found: dict[str, set[str]] = {}
    for name in ("lishui", "gansu", "jiaojiang", "yueyang"):
        for column, unit in measures.units(load(name, None, None)).items():
            found.setdefault(column, set()).add(unit)
    return found


def test_every_outcome_of_a_run_is_described(outcomes):
    """Each in one row, an exact name before a pattern, and with its unit; and no row is idle."""
    rows = described(HOME / "docs/tables.md")
    rows.sort(key=lambda row: "*" in row[0])
    used = set()
    for column, units in outcomes.items():
        name = column.removesuffix("_end")
        pattern, unit = next((row for row in rows if re.fullmatch(regex(row[0]), name)), ("", ""))
        assert pattern, f"{column}: not in docs/tables.md"
        assert unit == "of the target" or {unit} == units, f"{column}: {unit}, is {units}"
        used.add(pattern)
    assert used == {pattern for pattern, _ in rows}


def regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".+").replace("YYYY\\-MM", r"\d{4}-\d\d")


def test_both_languages_describe_the_same_outcomes():
    first, *others = ([name for name, _ in described(page)] for page in TABLES)
    assert others and all(names == first for names in others)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_resolve(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in headings(target), f"{page.name}: {link}"


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_readme_names_the_two_commands(name):
    text = (HOME / name).read_text(encoding="utf-8")
    assert "make demo" in text and "make test" in text
    assert len(text.splitlines()) <= 170


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda page: page.name)
def test_tutorial_runs(tutorial, tmp_path_factory, monkeypatch):
    """Every command, file and snippet, in order; two futures are enough to see that they work."""
    folder = tmp_path_factory.mktemp(tutorial.stem)
    monkeypatch.chdir(folder)
    snippets = []
    for kind, content in blocks(tutorial):
        if kind == "toml":
            name = re.match(r"# (\S+\.toml)\n", content)
            assert name, "a file's first line names it"
            (folder / name[1]).write_text(content, encoding="utf-8")
        elif kind == "bash":
            for line in content.splitlines():
                program, *args = shlex.split(re.sub(r"--points \d+", "--points 2", line))
                assert program == "anju"
                assert cli.main([*args, "--quiet"] if args[0] == "run" else args) == 0, line
        elif kind == "python":
            snippets.append(content)
    assert len(snippets) >= 2
    script = "\n".join(snippets)  # one process: pandas is slow to import
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", script], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "more" in done.stdout


def test_the_readme_policy_is_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("README.md", "README.zh.md"):
        (content,) = [content for kind, content in blocks(HOME / name) if kind == "toml"]
        Path("my-policy.toml").write_text(content, encoding="utf-8")
        assert cli.main(["check", "my-policy.toml"]) == 0
