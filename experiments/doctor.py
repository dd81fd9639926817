"""What anju runs on, and what is wrong with it. Imports nothing heavy before it is asked."""

from __future__ import annotations

import contextlib
import importlib.util
import locale
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent
LIBRARIES = (
    "mesa", "numba", "llvmlite", "numpy", "scipy", "SALib", "matplotlib", "pydantic", "tomlkit", "pint", "typer",
    "rich", "pyarrow", "platformdirs", "pylopdf-fonts-zh-cn",
)  # fmt: skip
FEATURES = ("fma", "avx2", "avx512f", "neon", "sve")  # of the CPU, those that speed depends on


def foreign_package() -> str | None:
    """One message if `simulation` or `scenarios` would be imported from elsewhere than beside this package, else None."""
    for name in ("simulation", "scenarios"):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin != HOME / name / "__init__.py":
            found = f"another package of that name: {origin}" if origin else "none"
            return (
                f"anju needs its own package {name!r} in {HOME}, but Python finds {found}. Install anju in a fresh "
                "environment, start it from another folder, and see that PYTHONPATH is empty."
            )
    return None


def report() -> dict[str, Any]:
    """Versions, paths, machine, cache and terminal as plain values; `problems` lists what is wrong and how to mend it."""
    versions, missing = _versions()
    found: dict[str, Any] = {"versions": versions, "install": _install()}
    problems = [f"{name} is not installed: install anju anew in a fresh environment" for name in missing]
    for part in (_machine, _paths, _font, _cache, _terminal):
        try:
            found[part.__name__.strip("_")] = part(problems)
        except Exception as error:  # doctor is for broken machines: say what fails and go on
            problems.append(f"{part.__name__.strip('_')}: {type(error).__name__}: {error}")
    foreign = foreign_package()
    found["problems"] = problems + ([foreign] if foreign else [])
    return found


def text(found: dict[str, Any]) -> str:
    """The report for people."""
    lines = []
    for part, content in found.items():
        if part == "problems":
            continue
        lines.append(part)
        lines += [f"  {name:<20} {_shown(value)}" for name, value in content.items()]
    problems = found["problems"]
    lines.append(f"problems: {len(problems)}" if problems else "no problems found")
    return "\n".join(lines + [f"  - {problem}" for problem in problems])


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _versions() -> tuple[dict[str, str], list[str]]:
    found, missing = {"python": platform.python_version()}, []
    for name in ("anju", *LIBRARIES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    return found, missing


def _install() -> dict[str, Any]:
    checkout = (HOME / "pyproject.toml").is_file()
    return {"kind": "checkout" if checkout else "wheel", "folder": str(HOME), "python": sys.executable}


def _machine(problems: list[str]) -> dict[str, Any]:
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if sys.maxsize < 2**32:
        problems.append("this Python is a 32-bit one: install a 64-bit Python")
    return {
        "system": platform.platform(terse=True),
        "architecture": platform.machine(),
        "cpu": llvm.get_host_cpu_name(),
        "cpu_features": [name for name in FEATURES if features.get(name)],
        "cores": usable,
    }


def _paths(problems: list[str]) -> dict[str, Any]:
    from experiments.files import check_folder
    from scenarios.errors import InputError

    results = Path.cwd() / "results"
    try:
        check_folder(results / "doctor")
    except InputError as error:
        problems.append(f"{error} (start anju in a folder that can be written, or give --out)")
    return {"scenarios": str(HOME / "scenarios"), "results": str(results), "working_folder": str(Path.cwd())}


def _font(problems: list[str]) -> dict[str, Any]:
    import pylopdf_fonts_zh_cn as fonts
    from matplotlib.ft2font import FT2Font

    path = Path(fonts.sans_path())
    if not path.is_file():
        problems.append(f"the font for Chinese charts is missing ({path}): reinstall pylopdf-fonts-zh-cn")
        return {"chinese": "none"}
    return {"chinese": FT2Font(str(path)).family_name, "file": str(path)}


def _cache(problems: list[str]) -> dict[str, Any]:
    import tempfile

    from simulation import codecache

    root, folder = codecache.cache_root(), codecache.cache_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=root).close()
    except OSError as error:
        problems.append(
            f"the cache folder {root} cannot be written ({error.strerror}), so every start compiles the engine: "
            "set ANJU_CACHE_DIR to a folder that can"
        )
    size = 0
    for at, _, names in os.walk(root):
        for name in names:
            # another process may write there: its files come and go
            with contextlib.suppress(FileNotFoundError):
                size += os.stat(os.path.join(at, name)).st_size
    return {
        "folder": str(root),
        "model_hash": codecache.model_hash(),
        "engine": folder.name,
        "compiled": codecache.is_compiled(),
        "size_mb": round(size / 1e6, 1),
    }


def _terminal(problems: list[str]) -> dict[str, Any]:
    from experiments.logs import can_show

    chinese = can_show("安居")
    if not chinese:
        problems.append(
            f"the terminal's encoding, {sys.stdout.encoding}, has no Chinese characters: set PYTHONUTF8=1 "
            "(on Windows also chcp 65001), or use --lang en"
        )
    return {
        "encoding": sys.stdout.encoding,
        "chinese": chinese,
        "locale": locale.setlocale(locale.LC_CTYPE),
        "is_terminal": sys.stdout.isatty(),
    }
