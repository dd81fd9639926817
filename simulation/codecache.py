"""Compiled code kept between processes, named by the content of our source.

numba's own cache looks only at the file a kernel is written in: a kernel that calls a rule from another file
keeps the old rule after an edit, and gives wrong results in silence. Here one hash of all our source names
the folder, so an edit anywhere compiles anew and going back finds the old code again.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import logging
import os
import pickle
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import caching, compiler
from numba.core import config as _config
from numba.core import dispatcher as _dispatcher
from numba.core.serialize import dumps
from platformdirs import user_cache_dir

config: Any = _config  # their names are made at run time
dispatcher: Any = _dispatcher

log = logging.getLogger(__name__)

SOURCE = Path(__file__).resolve().parent
TESTED = (0, 65), (0, 69)  # numba versions, first and first-not: the class below stands in for a private one
DRIVER = "advance"  # the kernel that every run needs
COMPILE_SECONDS = 60
KEEP_DAYS = 30
KEEP_FOLDERS = 20  # some 10 MB each


def cache_root() -> Path:
    """The folder of compiled code and other caches: `ANJU_CACHE_DIR`, or the user's cache folder."""
    return Path(os.environ.get("ANJU_CACHE_DIR") or user_cache_dir("anju", appauthor=False))


@functools.lru_cache(maxsize=1)
def model_hash() -> str:
    """SHA-256 of the source this process runs, hex: sorted POSIX paths, LF-normalised bytes of our *.py."""
    return _hash_source(_stamps())


def _stamps() -> tuple[tuple[str, int, int], ...]:
    """Path, time and size of every source file: cheap to ask for, and different after any edit."""
    found = []
    for folder, folders, files in os.walk(SOURCE):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        for name in files:
            if name.endswith(".py") and not name.startswith("."):  # editors leave hidden copies and locks
                path = os.path.join(folder, name)
                stat = os.stat(path)
                found.append(
                    (Path(os.path.relpath(path, SOURCE.parent)).as_posix(), stat.st_mtime_ns, stat.st_size)
                )
    return tuple(sorted(found))


@functools.lru_cache(maxsize=8)
def _hash_source(stamps: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, _, _ in stamps:
        source = (SOURCE.parent / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        digest.update(name.encode() + b"\0" + source + b"\0")
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where the compiled code of the present source, Python, numba and kind of machine is kept."""
    python = f"py{sys.version_info.major}{sys.version_info.minor}{getattr(sys, 'abiflags', '')}"
    # short names: Windows refuses long paths
    return (
        cache_root() / "code" / f"{model_hash()[:16]}-{python}-numba{numba.__version__}-{platform.machine()}"
    )


def is_compiled() -> bool:
    """Whether the engine's main kernel is in the cache for the present source."""
    return any(cache_folder().glob(f"*.{DRIVER}-*.nbc"))


def announce_compile() -> bool:
    """Say once, through logging, that the engine will be compiled now; true if it was said."""
    if announce_compile.said or is_compiled():
        return False
    announce_compile.said = True
    log.warning("compiling the engine, about %d s, once", COMPILE_SECONDS)
    return True


announce_compile.said = False


class CodeCache(caching._Cache):
    """The cache of one function: one file a signature and CPU, its first 32 bytes the SHA-256 of the rest.

    Whatever goes wrong with a file, the function is compiled and runs.
    """

    _warned = False

    def __init__(self, py_func):
        self._func = py_func
        module = Path(py_func.__code__.co_filename).stem
        self._base = f"{module}.{py_func.__qualname__}-{py_func.__code__.co_firstlineno}"
        self._base = self._base.replace("<", "").replace(">", "")
        self._enabled = True

    @property
    def cache_path(self) -> str:
        return str(cache_folder())

    def enable(self) -> None:
        self._enabled = True

    def disable(self) -> None:
        self._enabled = False

    def flush(self) -> None:
        for file in cache_folder().glob(f"{self._base}-*.nbc"):
            file.unlink(missing_ok=True)

    def load_overload(self, sig, target_context) -> Any:
        target_context.refresh()
        file = self._file(sig, target_context.codegen())
        if file is None:
            return None
        try:
            data = file.read_bytes()
            if hashlib.sha256(data[32:]).digest() != data[:32]:
                raise ValueError("incomplete or changed")
            return compiler.CompileResult._rebuild(target_context, *pickle.loads(data[32:]))
        except OSError:
            return None  # not there, or not to be read: saving will say so
        except Exception as error:
            log.warning("compiled code %s cannot be used (%s): compiling again", file, error)
            return None

    def save_overload(self, sig, data) -> None:
        file = self._file(sig, data.codegen)
        if file is None or any(not lifted.can_cache for lifted in data.lifted):
            return
        if data.library.has_dynamic_globals:
            log.warning("%s holds a large global array and cannot be cached", self._base)
            return
        try:
            content = dumps(data._reduce())
            write(file, hashlib.sha256(content).digest() + content)
        except Exception as error:
            self._warn(error)
        else:
            _remove_old()

    @classmethod
    def _warn(cls, error: Exception) -> None:
        if not cls._warned:
            log.warning(
                "compiled code cannot be kept (set ANJU_CACHE_DIR to a folder that can be written): %s", error
            )
            cls._warned = True

    def _file(self, sig, codegen) -> Path | None:
        # a process that has seen an edit may hold both old and new functions: its code belongs to no hash
        if not self._enabled or _hash_source(_stamps()) != model_hash():
            return None
        switches = config.OPT, config.BOUNDSCHECK, config.DEBUGINFO_DEFAULT, llvmlite.__version__
        key = repr((str(sig), codegen.magic_tuple(), switches))
        if " at 0x" in key:  # a function as an argument: its address means nothing in another process
            return None
        cells = dumps(tuple(cell.cell_contents for cell in self._func.__closure__ or ()))
        return cache_folder() / f"{self._base}-{hashlib.sha256(key.encode() + cells).hexdigest()[:16]}.nbc"


def write(file: Path, content: bytes) -> None:
    """Write a cache file so that other processes see all of it or nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@functools.lru_cache(maxsize=1)
def _remove_old() -> None:
    """Drop the code of sources last started more than `KEEP_DAYS` ago, and all but the latest `KEEP_FOLDERS`."""
    with contextlib.suppress(OSError):  # another process may be doing the same
        limit = time.time() - KEEP_DAYS * 86400
        used = {folder: folder.stat().st_mtime for folder in (cache_root() / "code").glob("*-py*-numba*")}
        for rank, folder in enumerate(sorted(used, key=lambda folder: -used[folder])):
            if folder != cache_folder() and (used[folder] < limit or rank >= KEEP_FOLDERS):
                shutil.rmtree(folder, ignore_errors=True)


def _cache_for(py_func) -> Any:
    """numba asks for the cache of each `@njit(cache=True)`: ours for our files, its own for all others."""
    if SOURCE in Path(py_func.__code__.co_filename).resolve().parents:
        return CodeCache(py_func)
    return caching.FunctionCache(py_func)


def install() -> None:
    """Make `@njit(cache=True)` in this package use the cache above; to be called before the first one."""
    version = tuple(int(part) for part in numba.__version__.split(".")[:2])
    if TESTED[0] <= version < TESTED[1]:
        dispatcher.FunctionCache = _cache_for
        with contextlib.suppress(OSError):  # not there yet, or not ours to touch
            os.utime(cache_folder())
    else:
        # a public setting, but for all packages; the folder lives as long as the process, for stamps may lie
        log.warning("numba %s is not known here: every start compiles the engine anew", numba.__version__)
        config.CACHE_DIR = tempfile.mkdtemp(prefix="anju-")
        atexit.register(shutil.rmtree, config.CACHE_DIR, ignore_errors=True)
