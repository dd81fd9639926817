"""What a calibration leaves for later studies: a weighted sample of what nobody knows, given facts, in one file.

`--given` names it; a study then draws its futures from it instead of from the stated ranges.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import files, priors
from scenarios.errors import InputError
from scenarios.reader import family
from scenarios.words import listed

if TYPE_CHECKING:
    from experiments.priors import Uncertain
    from scenarios.scenario import Scenario

log = logging.getLogger(__name__)

FILE = "posterior.json"
WORD = "posterior"
"""What `--given` says for the calibration of the scenario's own region."""
KIND, FORMAT = "posterior", 1
MANIFEST, CALIBRATION = (
    "manifest.json",
    "calibration",
)  # of the folder that a calibration leaves, and what it says it is
GIVEN = "--given"
SLACK = 1e-9  # by which weights may miss 1 in all: rounding
DEPTHS = ("*", "*/*", "*/*/*")  # below a results folder
NEEDED = ("scenario", "names", "units", "particles", "weights", "facts", "model_hash", "calibration")


@dataclass(frozen=True, eq=False)
class Posterior:
    """Particles and their weights: what is believed of some uncertainties once some facts are known.

    `values` has shape (particles, names), base units; `weights` (particles,) add up to 1. `scenario` is the region it was
    calibrated for, such as "lishui". Each fact says region, period, quantity, value, unit and source. `calibration` is
    the id of the calibration, `path` the file it was read from; `id` is eight hex digits of the content.
    """

    path: str
    scenario: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray
    weights: np.ndarray
    facts: tuple[dict[str, Any], ...]
    model_hash: str
    id: str = ""
    calibration: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.id or files.digest(self._content())[:8])

    def _content(self) -> dict[str, Any]:
        """All that draws from it depend on."""
        return {
            "format": FORMAT,
            "scenario": self.scenario,
            "model_hash": self.model_hash,
            "names": list(self.names),
            "units": list(self.units),
            "particles": self.values,
            "weights": self.weights,
        }

    @property
    def effective(self) -> float:
        """How many equally weighted particles tell as much: 1 / sum of squared weights (Kong, Liu & Wong 1994, doi
        10.1080/01621459.1994.10476469)."""
        return float(1.0 / np.square(self.weights).sum())

    def as_dict(self) -> dict[str, Any]:
        """What the file says."""
        return {
            "format": FORMAT,
            "kind": KIND,
            "scenario": self.scenario,
            "model_hash": self.model_hash,
            "names": list(self.names),
            "units": list(self.units),
            "particles": self.values.tolist(),
            "weights": self.weights.tolist(),
            "facts": list(self.facts),
            "calibration": self.calibration,
            "anju": metadata.version("anju"),
        }


def write(path: Path, posterior: Posterior) -> None:
    """Write the file. Floats are written by `repr`, so that reading it back gives the same bits."""
    files.write_json(path, posterior.as_dict())


def read(path: str | Path) -> Posterior:
    """The posterior of a file, or of a calibration's folder. Raises InputError for what is none, or is damaged."""
    file = _file(Path(path))
    try:
        content = json.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise InputError([f"{file}: {error.strerror or error}"]) from error
    except ValueError as error:
        raise InputError([f"{file}: is no JSON, or not all of it: {error}; {_MEND}"]) from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise InputError([f'{file}: is no posterior; a file with "kind": "{KIND}" expected, {_MADE}'])
    if content.get("format") != FORMAT:
        raise InputError([f"{file}: format {content.get('format')} given, {FORMAT} expected; {_MEND}"])
    if missing := [name for name in NEEDED if name not in content]:
        raise InputError([f"{file}: {', '.join(missing)} missing; {_MEND}"])
    return _checked(file, content)


def find(text: str, scenario: Scenario, out: Path) -> Posterior:
    """What `--given` names: a file, a folder, or the word `posterior`, the calibration of the scenario's region under `out`.

    Raises InputError where there is none or there are several, and for a posterior of another region.
    """
    found = of_regions([family(scenario.name)], Path(out)) if text.strip() == WORD else read(text)
    check(found, scenario)
    return found


def check(posterior: Posterior, scenario: Scenario) -> None:
    """Raise InputError unless the posterior is of the scenario's region and says something of it; warn of another model."""
    from simulation.codecache import model_hash

    region = family(scenario.name)
    if posterior.scenario != region:
        raise InputError([
            f"{GIVEN} {posterior.path}: was calibrated for {posterior.scenario}, and {scenario.name} is of {region};"
            f" `anju calibrate {region}` makes one"
        ])  # fmt: skip
    known = {entry.name: entry.unit for entry in scenario.entries()}
    if not any(x.name in posterior.names for x in priors.uncertain(scenario)):
        raise InputError([
            f"{GIVEN} {posterior.path}: holds {listed(posterior.names)}, none of which is uncertain in {scenario.name}"
        ])  # fmt: skip
    wrong = [
        f"{GIVEN} {posterior.path}: {name} is in {unit}, and {known[name]} expected; {_MEND}"
        for name, unit in zip(posterior.names, posterior.units, strict=True)
        if known.get(name, unit) != unit
    ]
    wrong += [problem for name in posterior.names if name in known for problem in _illegal(posterior, name)]
    if wrong:
        raise InputError(wrong)
    if posterior.model_hash != model_hash():
        _warn(posterior.path, posterior.model_hash, region)


def draws(posterior: Posterior, uncertain: Sequence[Uncertain], seed: int, n: int) -> np.ndarray:
    """The first `n` futures given the posterior, shape (n, uncertain), base units.

    Each future takes one particle whole, so that what the posterior ties together stays tied; an uncertainty that it does not
    hold comes from its uniform prior. Future k is the same however many are drawn.
    """
    found = priors.futures("uniform", uncertain, seed, n)
    ends = np.cumsum(posterior.weights)
    at = [np.searchsorted(ends, priors.luck(seed, k, WORD) * ends[-1], side="right") for k in range(n)]
    chosen = posterior.values[np.array(at, dtype=np.int64)]
    for k, x in enumerate(uncertain):
        if x.name in posterior.names:
            found[:, k] = chosen[:, posterior.names.index(x.name)]
    return found


_MADE = "as `anju calibrate` writes it"
_MEND = "make it again with `anju calibrate`"


def _file(path: Path) -> Path:
    if not path.exists():
        said = f'{path}: no such file or folder; a {FILE}, a calibration\'s folder, or the word "{WORD}" expected'
        raise InputError([f"{GIVEN} {said}"])
    if not path.is_dir():
        return path
    inside = _below(path) if not (path / FILE).is_file() else [path / FILE]
    if len(inside) == 1:
        return inside[0]
    listed = "".join(f"\n  {one}" for one in inside)
    raise InputError([
        f"{GIVEN} {path}: holds several, name one of them:{listed}" if inside else
        f"{GIVEN} {path}: holds no {FILE}; the folder of a calibration expected, {_MADE}"
    ])  # fmt: skip


def _below(folder: Path) -> list[Path]:
    """The posteriors of calibrations in a folder of results, not in those that are being written."""
    found = {path for depth in DEPTHS for path in folder.glob(f"{depth}/{FILE}")}
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") for part in path.parent.relative_to(folder).parts)
        and not _is_copy(path)
    )


def _is_copy(path: Path) -> bool:
    """Whether a posterior is the one that another study keeps beside its answer."""
    try:
        manifest = json.loads((path.parent / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("kind") != CALIBRATION


def of_regions(regions: Sequence[str], out: Path) -> Posterior:
    """The one posterior below `out` that is of one of these regions. Raises InputError where there is none, or are several."""
    found, damaged = [], []
    for path in _below(out):
        try:
            one = read(path)
        except InputError as error:
            damaged += error.messages
            continue
        if one.scenario in regions:
            found.append(one)
    if len(found) == 1:
        return found[0]
    named = " or ".join(regions)
    if found:
        listed = "".join(f"\n  {one.path}" for one in found)
        raise InputError([f"{GIVEN} {WORD}: {out} holds several of {named}; name one of them:{listed}"])
    raise InputError([
        f"{GIVEN} {WORD}: {out} holds none of {named}; make one with `anju calibrate {regions[0]}`, or name a file",
        *damaged,
    ])  # fmt: skip


def _checked(file: Path, content: Mapping[str, Any]) -> Posterior:
    """The content of a file as a posterior. Raises InputError with all that is wrong."""
    names, units = _texts(content["names"]), _texts(content["units"])
    values, weights = _numbers(content["particles"], 2), _numbers(content["weights"], 1)
    facts = content["facts"]
    wrong = []
    if not names or len(set(names)) != len(names):
        wrong.append("names: one or more expected, each once")
    if len(units) != len(names):
        wrong.append(f"units: {len(units)} given, one for each of {len(names)} names expected")
    if values is None or values.shape[1:] != (len(names),) or not len(values):
        wrong.append("particles: rows of numbers expected, at least one, with a number for each name")
    if weights is None or (values is not None and len(weights) != len(values)):
        wrong.append("weights: a number for each particle expected")
    elif not (weights >= 0.0).all() or abs(math.fsum(weights) - 1.0) > SLACK:
        wrong.append(f"weights: add up to {math.fsum(weights):.6g}; none below 0, and 1 in all expected")
    if not isinstance(facts, list) or not all(isinstance(one, dict) for one in facts):
        wrong.append("facts: a list expected")
    said = {name: content[name] for name in ("scenario", "model_hash", "calibration")}
    wrong += [f"{name}: a text expected" for name, text in said.items() if not isinstance(text, str)]
    if wrong or values is None or weights is None:
        raise InputError([f"{file}: {one}; {_MEND}" for one in wrong])
    return Posterior(
        str(file), names=names, units=units, values=values, weights=weights, facts=tuple(facts), **said
    )


def _texts(content: Any) -> tuple[str, ...]:
    whole = isinstance(content, list) and all(isinstance(text, str) and text for text in content)
    return tuple(content) if whole else ()


def _numbers(content: Any, axes: int) -> np.ndarray | None:
    """Finite numbers as an array, None where they are not."""
    try:
        found = np.array(content, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return found if found.ndim == axes and np.isfinite(found).all() else None


def _illegal(posterior: Posterior, name: str) -> list[str]:
    low, high = priors.legal(name)
    column = posterior.values[:, posterior.names.index(name)]
    if low <= column.min() and column.max() <= high:
        return []
    span = f"{column.min():g} to {column.max():g}"
    return [f"{GIVEN} {posterior.path}: {name} is {span}; {low:g} to {high:g} expected; {_MEND}"]


@cache
def _warn(path: str, model: str, region: str) -> None:
    """Said once a file."""
    log.warning(
        "warning: %s %s: was made with another model (%s); `anju calibrate %s` makes it again",
        GIVEN, path, model[:8], region,
    )  # fmt: skip
