"""Flows: money is neither lost nor made between payer and payee, and words do not lie on each other."""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import scenarios
from experiments.figures import flows, style
from experiments.figures.text import LANGS, Words
from experiments.study import run_study
from simulation.ledger import FLOW, FLOWS
from simulation.outcomes import INDICATORS


@pytest.fixture(scope="module")
def study():
    return run_study(scenarios.load("lishui", sets={"pool_persons": "8000"}), points=2, replications=2)


def made(study):
    """The study with a random sum in every flow: all that any region may have."""
    rng = np.random.default_rng(5)
    ledger = rng.integers(1, 10**9, study.ledger.shape).astype(float)
    for flow in FLOWS:
        if flow.payee == "office":
            ledger[..., FLOW[flow.name]] *= 3.0
    return replace(study, ledger=ledger)


def sums(pairs, of: int) -> dict:
    found = defaultdict(float)
    for key, value in pairs.items():
        found[key[of]] += value
    return found


@pytest.mark.parametrize("some", [lambda s: s, made])
def test_what_comes_in_goes_out(study, some):
    for block in flows.data(some(study)).blocks.values():
        into, out = sums(block.incoming, 1), sums(block.outgoing, 0)
        assert into.keys() == out.keys()
        for purse in into:
            assert into[purse] == pytest.approx(out[purse], rel=1e-12)


@pytest.mark.parametrize("some", [lambda s: s, made])
def test_every_node_that_is_drawn_takes_in_what_it_gives_out(study, some):
    for block in flows.data(some(study)).blocks.values():
        plan = flows._plan(block, Words("en"), 1e6)
        for k, nodes in enumerate(plan.columns):
            into = sums(plan.links[k - 1], 1) if k else None
            out = sums(plan.links[k], 0) if k < 3 else None
            for node in nodes:
                ends = (into[node.key] if into is not None else node.value,
                        out[node.key] if out is not None and node.key in out else node.value)  # fmt: skip
                assert ends == pytest.approx((node.value, node.value), rel=1e-12), node.key


def test_every_flow_of_the_ledger_is_shown_or_said_to_be_left_out(study):
    d = flows.data(made(study))
    yuan = dict(zip(FLOW, made(study).ledger.sum(axis=1).mean(axis=0) / 100.0, strict=True))
    public = sum(v for (_, use, to), v in d.blocks["a"].outgoing.items() if to)
    assert public == pytest.approx(
        sum(yuan[f.name] for f in FLOWS if f.payer == "office" or (f.programme and f.payer == "county"))
    )
    private = sum(v for (_, use, to), v in d.blocks["b"].outgoing.items() if to)
    known = {f.name for f in FLOWS if f.payer == "household"} - set(flows.ORDINARY)
    assert private == pytest.approx(sum(yuan[name] for name in known))
    assert known == {
        "home_price",
        "fitting_out",
        "rent",
        "loan_principal",
        "loan_interest",
        "startup_investment",
    }


def test_what_is_not_spent_is_what_the_accounts_hold_at_the_end(study):
    held = sum(study.region[:, -1, INDICATORS.index(name)] for name in ("cash_fen", "jobs_cash_fen"))
    left = flows.data(study).blocks["a"].outgoing["account", "unspent", ""]
    assert left == pytest.approx(held.mean() / 100.0, rel=1e-9)


def test_small_purposes_are_pooled_with_their_sum(study):
    block = flows.data(made(study)).blocks["a"]
    tiny = {("account", f"tiny {k}", "household"): 1.0 for k in range(4)}
    more = flows.Block({**block.incoming, ("kin", "account"): 4.0}, {**block.outgoing, **tiny})
    pooled, others = flows.pooled(more)
    assert others["account"] == 4 and pooled.outgoing["account", "other", "household"] == 4.0
    assert sum(pooled.outgoing.values()) == pytest.approx(sum(more.outgoing.values()))
    alone, others = flows.pooled(
        flows.Block(block.incoming, {**block.outgoing, ("account", "tiny", "household"): 1.0})
    )
    assert not others and ("account", "tiny", "household") in alone.outgoing


def test_ribbons_are_as_wide_as_the_money_they_carry(study):
    block = flows.data(study).blocks["b"]
    plan = flows._plan(block, Words("en"), 1e6)
    scale = flows._scale([plan])
    path = flows.ribbon(0.0, 1.0, 20.0, 8.0, 1e6 * scale)
    ys = path.vertices[:, 1]
    assert (
        ys[3] == 8.0
        and ys[4] - ys[3] == pytest.approx(1e6 * scale)
        and ys[7] - ys[0] == pytest.approx(1e6 * scale)
    )
    assert (
        scale > 0.0
        and flows._height(plan, scale) <= max(flows.ROOM, flows._height(plan, 0.0) + flows.ROOM / 4.0) + 1e-6
    )


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("some", [lambda s: s, made])
def test_words_neither_overlap_nor_leave_the_paper(study, lang, some):
    shown = some(study)
    with warnings.catch_warnings(), style.session():
        warnings.simplefilter("error")
        sheet = flows.draw(shown, flows.data(shown), Words(lang))
        sheet.render("png", name="flows")
        renderer = FigureCanvasAgg(sheet.figure).get_renderer()
        boxes = [
            (text.get_text(), text.get_window_extent(renderer))
            for text in sheet.figure.findobj(lambda artist: hasattr(artist, "get_text"))
            if text.get_text().strip()
        ]
    paper = sheet.figure.bbox
    for k, (said, box) in enumerate(boxes):
        assert box.x0 >= paper.x0 and box.x1 <= paper.x1 and box.y0 >= paper.y0 and box.y1 <= paper.y1, said
        for other, against in boxes[:k]:
            assert not box.shrunk(0.98, 0.8).overlaps(against.shrunk(0.98, 0.8)), (said, other)


def test_nothing_to_show(study):
    none = replace(study, ledger=np.zeros_like(study.ledger))
    assert not flows.shows(none) and flows.shows(study)
    with style.session():
        sheet = flows.draw(none, flows.data(none), Words("en"))
    assert "pays nothing out" in sheet.title and len(flows.rows(none, flows.data(none))) == 1
