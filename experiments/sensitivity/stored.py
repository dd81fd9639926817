"""What the runs of a sweep that is there already say about its inputs: nothing is run, and the store stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import design as designs
from experiments import vary
from experiments.design import DUMMY, Design
from experiments.sensitivity.analysis import DESIGNED, analysed, directions, settling
from experiments.sensitivity.asked import method_named, quantity
from experiments.sensitivity.outcomes import of_store
from experiments.sensitivity.plan import DEPENDENT, POSTERIOR
from experiments.sensitivity.study import Sensitivity, held, labels
from experiments.store import Store, below
from experiments.store.layout import MANIFEST
from scenarios import frozen
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.vary import Factor
    from scenarios.scenario import Scenario

SAMPLES = ("lhs", "sobol", "table", "grid", "futures", POSTERIOR)
"""Designs whose rows are a sample of the inputs, so that methods without a design of their own can read them."""
ANY = ("rank", "pawn", "delta", "rbd_fast", "hdmr")
READS = (
    {kind: (method,) for method, kind in DESIGNED.items()}
    | {kind: ANY for kind in SAMPLES}
    | {POSTERIOR: DEPENDENT}
)
"""Methods that can read each design, the first by default."""
NEEDS = {
    "sobol": "a saltelli design", "morris": "a morris design", "fast": "a fast design", "dgsm": "a dgsm design",
}  # fmt: skip


def is_store(path: str | Path) -> bool:
    """Whether a name is that of a folder with a store in it, or of one that holds stores, rather than a scenario's."""
    folder = Path(path).expanduser()
    return (folder / MANIFEST).is_file() or (folder.is_dir() and bool(below(folder)))


def sensitivity_of(
    path: str | Path, *, method: str | None = None, outcome: str | None = None, target: str | None = None,
    of: str | None = None, dummy: bool = True, seed: int = 1,
) -> Sensitivity:  # fmt: skip
    """Analyse the runs of a store. Raises InputError for a design that the method cannot read, and for one with runs missing."""
    with Store.open(_one(Path(path).expanduser())) as store:
        scenario = frozen.thaw(store.scenario_json, where=str(store.folder))
        design = _design(store, scenario)
        common = not store.manifest.get("fresh_seeds", False)
        if common and DUMMY in design.names:
            raise InputError([
                f"{store.folder}: has a dummy input, but the same luck at every point, so that it could show no noise; "
                "run it again with luck of its own at every point (`anju sensitivity` does)"
            ])  # fmt: skip
        method = _method(store, design, method)
        asked = quantity(scenario, store.columns, outcome=outcome, target=target, of=of)
        y = of_store(store, asked.column)
    result = analysed(method, design, y, asked, common=common, dummy=dummy, seed=seed)
    return Sensitivity(
        scenario=scenario, id=store.study[:8], name=f"{method}-{asked.key}", method=method, quantity=asked,
        seed=store.manifest["seed"], design=design, y=y, common=common, result=result,
        directions=directions(design, y, asked), settling=settling(result, design, y),
        labels=labels(scenario, [*result.names, *design.names, *held(scenario, ())]),
        held=held(scenario, design.names), screen=None, given=None, stored=store.folder,
        runs={store.folder.name: y.size}, model_hash=store.manifest["model_hash"],
        households_hash=store.manifest.get("households_hash", ""),
    )  # fmt: skip


def _one(folder: Path) -> Path:
    """The store meant by a folder. Raises InputError where there is none, or where there are several."""
    found = below(folder)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError([f"{folder}: holds no store; the folder of a sweep expected"])
    listed = "".join(f"\n  {one}" for one in found)
    raise InputError([f"{folder}: holds several stores; name one of them:{listed}"])


def _design(store: Store, scenario: Scenario) -> Design:
    """The design as the store's manifest describes it. Raises InputError for one that no method can read."""
    told = dict(store.manifest["design"])
    kind = told.pop("kind")
    if "futures" in told:
        raise InputError([
            f"{store.folder}: is a crossed design (--futures): its futures repeat at every point, and no method here reads that; "
            "sweep everything together instead, for example --design saltelli --vary uncertainties"
        ])  # fmt: skip
    if kind not in READS:
        raise InputError([
            f"{store.folder}: its design ({kind}) does not tell what the outcome hangs on; {', '.join(READS)} do"
        ])  # fmt: skip
    values = store.design
    factors = tuple(
        _factor(scenario, row, column)
        for row, column in zip(store.manifest["factors"], values.T, strict=True)
    )
    return Design(store.factors, values, kind, told, factors)


def _factor(scenario: Scenario, row: Any, column: np.ndarray) -> Factor:
    """A factor of the manifest; that of a table spans its column."""
    if row["name"] == DUMMY:
        return designs.dummy()
    if row["low"] is None:
        row = row | {"low": float(column.min()), "high": float(column.max())}
        row["scale"] = "linear"
    return vary.restored(scenario, [row])[0]


def _method(store: Store, design: Design, text: str | None) -> str:
    """The method asked for, or the first that can read the design. Raises InputError."""
    dependent = POSTERIOR in (design.kind, design.options.get("prior"))
    able = DEPENDENT if dependent else READS[design.kind]
    if text is None:
        return able[0]
    method = method_named(text)
    if method in able:
        return method
    said = method.replace("_", "-")
    if method in NEEDS:
        raise InputError([
            f"--method {said}: takes {NEEDS[method]}, and {store.folder} is a {design.kind} design; read it with "
            f"--method {able[0].replace('_', '-')}, or run `anju sensitivity {store.manifest['scenario']} --method {said}`"
        ])  # fmt: skip
    others = ", ".join(one.replace("_", "-") for one in able)
    why = (
        "whose rows are no sample of the inputs"
        if design.kind in DESIGNED.values()
        else "whose inputs hang together"
    )
    raise InputError([
        f"--method {said}: cannot read {store.folder}, a {design.kind} design {why}; use --method {others}, or sweep with "
        "--design lhs or sobol"
    ])  # fmt: skip
