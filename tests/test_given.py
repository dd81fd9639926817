"""The posterior of a calibration as a file: written, read, found, and drawn from."""

import dataclasses
import json

import numpy as np
import pytest

import scenarios
from experiments import given, priors
from experiments.given import Posterior
from scenarios.errors import InputError
from simulation.codecache import model_hash

FACT = dict(
    region="Lishui", period="2017", quantity="persons rehoused", value=15018.0, unit="persons", source="x"
)


def made(scenario="lishui", **other):
    """Two parameters that rise together, 40 particles of unequal weight."""
    rng = np.random.default_rng(1)
    attachment = rng.uniform(-1.0, 1.0, 40)
    weights = rng.random(40)
    return dataclasses.replace(
        Posterior(
            path="", scenario=scenario, names=("attachment_mean", "pool_persons"), units=("utility", "persons"),
            values=np.stack([attachment, 90_000.0 + 30_000.0 * attachment], axis=1), weights=weights / weights.sum(),
            facts=(FACT,), model_hash=model_hash(), calibration="01234567",
        ),
        **other,
        id="",
    )  # fmt: skip


@pytest.fixture(scope="module")
def lishui():
    return scenarios.load("lishui")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "posterior.json"
    given.write(path, made())
    return path


def test_a_file_read_back_is_the_same_to_the_last_bit(file):
    back, one = given.read(file), made()
    assert back.values.tobytes() == one.values.tobytes() and back.weights.tobytes() == one.weights.tobytes()
    assert (back.names, back.units, back.facts, back.scenario) == (one.names, one.units, one.facts, "lishui")
    assert (back.path, back.calibration, back.id) == (str(file), "01234567", one.id)
    before = file.read_bytes()
    given.write(file, back)
    assert file.read_bytes() == before


def test_the_id_changes_with_what_is_drawn_and_not_with_the_place(file):
    one = made()
    assert given.read(file).id == one.id and len(one.id) == 8
    values = one.values.copy()
    values[3, 0] += 1e-9
    others = [
        made(values=values),
        made(weights=one.weights[::-1]),
        made(scenario="gansu"),
        made(model_hash="0"),
    ]
    assert len({one.id, *(other.id for other in others)}) == 5


def test_how_many_equal_particles_tell_as_much():
    assert made(weights=np.full(40, 1 / 40)).effective == pytest.approx(40.0)
    assert made(weights=np.eye(40)[7]).effective == pytest.approx(1.0)


def test_a_folder_stands_for_the_posterior_in_it(file, tmp_path):
    assert given.read(tmp_path).id == made().id
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    file.rename(deep / "posterior.json")
    assert given.read(tmp_path / "a").id == made().id
    with pytest.raises(InputError, match="holds no posterior.json"):
        (tmp_path / "empty").mkdir()
        given.read(tmp_path / "empty")


def damaged(file, **change):
    content = json.loads(file.read_text("utf-8")) | change
    file.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}), "utf-8")
    return file


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(kind="prior"), "is no posterior"),
        (dict(format=2), "format 2 given, 1 expected"),
        (dict(weights=...), "weights missing"),
        (dict(particles=[]), "particles: rows of numbers expected, at least one"),
        (dict(particles=[[1.0, 2.0]] * 39), "weights: a number for each particle"),
        (dict(particles=[[1.0]] * 40), "particles: rows of numbers expected"),
        (dict(particles=[[1.0, float("nan")]] * 40), "particles: rows of numbers expected"),
        (dict(particles=[["a", 1.0]] * 40), "particles: rows of numbers expected"),
        (dict(weights=[0.1] * 40), "add up to 4; none below 0"),
        (dict(weights=[-1.0, 2.0] + [0.0] * 38), "none below 0"),
        (dict(weights=[None] * 40), "weights: a number for each particle"),
        (dict(names=[]), "names: one or more"),
        (dict(names=["pool_persons"] * 2), "each once"),
        (dict(units=["persons"]), "units: 1 given"),
        (dict(facts="x"), "facts: a list"),
        (dict(scenario=3), "scenario: a text"),
    ],
)
def test_damaged_files_are_refused(file, change, said):
    with pytest.raises(InputError, match=said) as error:
        given.read(damaged(file, **change))
    assert all(str(file) in line for line in error.value.messages)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "\x00"])
def test_what_is_no_posterior_at_all(tmp_path, text):
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(InputError, match=r"p\.json: is no"):
        given.read(tmp_path / "p.json")
    with pytest.raises(InputError, match="no such file or folder"):
        given.read(tmp_path / "none.json")


def kept(out, name, posterior):
    place = out / name / "answer"
    place.mkdir(parents=True)
    given.write(place / "posterior.json", posterior)
    return place / "posterior.json"


def test_the_word_posterior_is_the_calibration_of_the_region(tmp_path, lishui):
    mine = kept(tmp_path, "lishui-calibration-1", made())
    kept(tmp_path, "gansu-calibration-1", made("gansu"))
    kept(tmp_path, ".half-written.part", made())
    assert given.find("posterior", lishui, tmp_path).path == str(mine)
    assert given.find(str(mine.parent), lishui, tmp_path / "elsewhere").path == str(mine)
    assert given.find("posterior", scenarios.load("lishui/status-quo"), tmp_path).path == str(mine)


def test_none_or_several_of_the_region(tmp_path, lishui):
    with pytest.raises(InputError, match="holds none of lishui; make one with `anju calibrate lishui`"):
        given.find("posterior", lishui, tmp_path)
    two = [kept(tmp_path, f"lishui-{k}", made()) for k in range(2)]
    with pytest.raises(InputError, match="holds several of lishui") as error:
        given.find("posterior", lishui, tmp_path)
    assert all(str(path) in str(error.value) for path in two)
    two[0].write_text("{")  # not one of them, and the other is meant
    assert given.find("posterior", lishui, tmp_path).path == str(two[1])
    two[1].write_text("{")
    with pytest.raises(InputError, match="is no JSON"):
        given.find("posterior", lishui, tmp_path)


@pytest.mark.parametrize("manifest", ['{"kind": "reach"}', '{"scenario": {}}'])
def test_a_copy_that_a_study_keeps_is_no_second_calibration(tmp_path, lishui, manifest):
    kept(tmp_path, "lishui-calibration-01234567", made())
    (tmp_path / "lishui-calibration-01234567/answer/manifest.json").write_text('{"kind": "calibration"}')
    copy = kept(tmp_path, "lishui-1-0123", made())
    (tmp_path / "lishui-1-0123/answer/manifest.json").write_text(manifest)
    assert "calibration" in given.find("posterior", lishui, tmp_path).path
    assert given.find(str(copy), lishui, tmp_path).path == str(copy)


def test_another_region_s_posterior_is_refused(tmp_path, lishui):
    other = kept(tmp_path, "gansu", made("gansu"))
    with pytest.raises(InputError, match=r"was calibrated for gansu, and lishui is of lishui"):
        given.find(str(other), lishui, tmp_path)


def test_a_posterior_that_does_not_suit_is_refused(lishui):
    with pytest.raises(InputError, match="none of which is uncertain in lishui"):
        given.check(made(names=("a", "b"), units=("", "")), lishui)
    with pytest.raises(InputError, match="pool_persons is in homes, and persons expected"):
        given.check(made(units=("utility", "homes")), lishui)
    with pytest.raises(InputError, match="pool_persons is -118844 to -6"):
        given.check(made(values=-made().values), lishui)


def test_another_model_is_warned_of_once(lishui, monkeypatch):
    said = []
    monkeypatch.setattr(given.log, "warning", lambda text, *args: said.append(text % args))
    old = made(model_hash="f" * 64, path="once.json")
    given.check(old, lishui)
    given.check(old, lishui)
    assert said == [
        "warning: --given once.json: was made with another model (ffffffff); `anju calibrate lishui` makes it again"
    ]


def test_draws_keep_particles_whole_and_take_the_rest_from_the_range(lishui):
    uncertain, one = priors.uncertain(lishui), made()
    names = [x.name for x in uncertain]
    drawn = given.draws(one, uncertain, 1, 300)
    pairs = drawn[:, [names.index(name) for name in one.names]]
    assert {tuple(row) for row in pairs} <= {tuple(row) for row in one.values}
    free = [k for k, name in enumerate(names) if name not in one.names]
    assert np.array_equal(drawn[:, free], priors.futures("uniform", uncertain, 1, 300)[:, free])


def test_draws_do_not_depend_on_how_many_and_follow_the_seed(lishui):
    uncertain, one = priors.uncertain(lishui), made()
    assert np.array_equal(given.draws(one, uncertain, 1, 50), given.draws(one, uncertain, 1, 80)[:50])
    assert not np.array_equal(given.draws(one, uncertain, 1, 50), given.draws(one, uncertain, 2, 50))
    assert given.draws(one, uncertain, 1, 0).shape == (0, len(uncertain))


def test_particles_are_drawn_as_often_as_they_weigh():
    one = made()
    x = priors.Uncertain("attachment_mean", 0.0, -1.0, 1.0, "linear")
    drawn = given.draws(one, (x,), 3, 4000)[:, 0]
    counts = np.array([(drawn == value).sum() for value in one.values[:, 0]])
    expected = 4000 * one.weights
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    assert chi2 < 39 + 4 * np.sqrt(2 * 39)


def test_a_particle_without_weight_is_never_drawn():
    weights = np.zeros(40)
    weights[[0, 39]] = 0.0, 0.0
    weights[[5, 20]] = 0.5
    x = priors.Uncertain("attachment_mean", 0.0, -1.0, 1.0, "linear")
    drawn = set(given.draws(made(weights=weights), (x,), 1, 200)[:, 0])
    assert drawn == set(made().values[[5, 20], 0])
