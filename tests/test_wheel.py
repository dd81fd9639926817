"""The wheel holds three packages and their data, and works away from the checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
PACKAGES = {"simulation", "scenarios", "experiments"}
DATA = {".toml", ".csv", ".html", ".css", ".js", ".svg", ".jinja", ".md", ".json"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=HOME, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel in it; the dependencies are borrowed from the present one."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "venv", with_pip=True)
    scripts = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
    install = [scripts / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True, cwd=home)
    paths = {"base": str(home / "venv"), "platbase": str(home / "venv")}
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))

    def anju(*words: str) -> subprocess.CompletedProcess:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"ANJU_CACHE_DIR": str(home / "cache")}
        return subprocess.run(
            [scripts / "anju", *words],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    return anju


def test_contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name) for name in archive.namelist()}
    assert {name.parts[0] for name in names if not name.parts[0].endswith(".dist-info")} == PACKAGES
    assert any(name.parts[-2:] == ("licenses", "LICENSE") for name in names)
    for package in PACKAGES:
        for file in (HOME / package).rglob("*"):
            if file.suffix in DATA | {".py"}:
                assert file.relative_to(HOME) in names
    assert any(name.parts[0] == "scenarios" and name.suffix == ".toml" for name in names)


def test_it_runs_away_from_the_checkout(installed):
    done = installed("doctor", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["install"]["kind"] == "wheel"
    assert not Path(found["install"]["folder"]).is_relative_to(HOME)
    done = installed("list")
    assert done.returncode == 0, done.stderr
    assert "lishui" in done.stdout
