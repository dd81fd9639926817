"""The doctor finds what is wrong and says how to mend it."""

import json
import os
import subprocess
import sys
import time

from experiments import doctor


def test_report_is_plain_and_printable():
    found = doctor.report()
    assert json.loads(json.dumps(found)) == found
    assert found["install"]["kind"] == "checkout"
    assert found["font"]["chinese"] == "Noto Sans SC"
    assert len(found["cache"]["model_hash"]) == 64
    assert "numba" in doctor.text(found)


def test_a_bad_cache_folder_is_found(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ANJU_CACHE_DIR", str(tmp_path / "file"))
    found = doctor.report()
    assert any("ANJU_CACHE_DIR" in problem for problem in found["problems"])
    assert "problems: " in doctor.text(found)


def test_another_process_that_compiles_does_no_harm(tmp_path, monkeypatch):
    monkeypatch.setenv("ANJU_CACHE_DIR", str(tmp_path))
    program = (
        "import pathlib, sys; at = pathlib.Path(sys.argv[1])\n"
        "while True:\n"
        "    for n in range(40): (at / f'{n}.tmp').touch()\n"
        "    for n in range(40): (at / f'{n}.tmp').unlink()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) as other:
        try:
            while not any(tmp_path.iterdir()):
                time.sleep(0.01)
            for _ in range(4000):
                assert doctor._cache([])["size_mb"] == 0
        finally:
            other.kill()


def test_a_foreign_package_is_named(tmp_path):
    assert doctor.foreign_package() is None
    (tmp_path / "simulation").mkdir()
    (tmp_path / "simulation/__init__.py").touch()
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import experiments.doctor as d; sys.path.insert(0, sys.argv[2]); print(d.foreign_package())"
    )
    command = [sys.executable, "-c", program, str(doctor.HOME), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "simulation") in done.stdout
    assert "fresh environment" in done.stdout.replace("\n", " ")
