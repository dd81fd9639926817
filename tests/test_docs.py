"""The documentation does what it says: its commands exist, its links resolve, its tutorial runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import cli

HOME = Path(__file__).parents[1]
PAGES = sorted([*HOME.glob("README*.md"), *(HOME / "docs").glob("*.md")])
TUTORIALS = sorted((HOME / "docs").glob("tutorial*.md"))
IDS = [str(page.relative_to(HOME)) for page in PAGES]
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.S | re.M)
COMMAND = re.compile(r"\banju ([^`\n#]+)")


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and content of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)


@pytest.fixture(scope="session")
def options() -> dict[str, set[str]]:
    """The options of every command, as its help would list them."""
    import typer

    command = typer.main.get_command(cli.app)
    found = {name: {o for p in c.params for o in (*p.opts, "--help")} for name, c in command.commands.items()}
    return found | {"": {o for p in command.params for o in (*p.opts, "--help")}}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_exist(page, options):
    code = "\n".join(CODE.findall(page.read_text(encoding="utf-8")))
    for text in COMMAND.findall(code):
        name = "" if text.startswith("-") else text.split()[0]
        assert name in options, f"anju {text}"
        unknown = {word for word in re.findall(r"(?<!\S)--?[a-z][\w-]*", text)} - options[name]
        assert not unknown, f"anju {text}: {unknown}"


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
