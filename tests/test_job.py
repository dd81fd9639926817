"""Runs of one point that begin together on several threads share its inputs."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import scenarios
from experiments.job import ScenarioJob
from scenarios import assemble
from scenarios.errors import InputError

THREADS = 4


@pytest.fixture
def job():
    return ScenarioJob(scenarios.load("jiaojiang"))


@pytest.fixture
def made(monkeypatch):
    """What inputs were made of; making takes long enough for all threads to ask."""
    asked = []

    def inputs(scenario, *, overrides, households):
        asked.append(overrides)
        time.sleep(0.05)
        if overrides.get("b_cash", 0.0) < 0.0:
            raise InputError([f"b_cash: {overrides['b_cash']} is not possible"])
        return object()

    monkeypatch.setattr(assemble, "inputs", inputs)
    return asked


def together(job, tasks):
    """Each task's inputs, or why there are none, from as many threads that begin at once."""
    start = threading.Barrier(len(tasks))

    def one(task):
        start.wait()
        try:
            return job._inputs(task.values)
        except InputError as error:
            return str(error)

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(one, tasks))


def replications(job, **values):
    return [job.task(0, r, r, values) for r in range(THREADS)]


def test_replications_that_begin_together_have_inputs_made_once(job, made):
    assert len(set(map(id, together(job, replications(job, b_cash=0.5))))) == 1
    assert made == [{"b_cash": 0.5}]


def test_points_that_begin_together_have_inputs_of_their_own(job, made):
    tasks = [job.task(p, 0, 1, {"b_cash": 0.1 + p}) for p in range(THREADS)]
    assert len(set(map(id, together(job, tasks)))) == THREADS
    assert sorted(one["b_cash"] for one in made) == [0.1 + p for p in range(THREADS)]


def test_an_impossible_point_fails_for_all_and_is_not_kept(job, made):
    assert together(job, replications(job, b_cash=-1.0)) == ["b_cash: -1.0 is not possible"] * THREADS
    assert len(made) == 1
    done = job.run(replications(job, b_cash=-1.0)[0])
    assert done.error == "InputError: b_cash: -1.0 is not possible"
    assert len(made) == 2
