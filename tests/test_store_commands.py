"""`anju store`: what it prints, what it leaves, and how it ends."""

import json
import os
import shutil

import pytest
from stores import done, exported, made, runs, tree

from experiments import cli
from experiments.store import shards, text


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An English terminal, in a folder with one store in results/."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("ANJU_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made(folder / "results/plan-sweep-1")
    return folder


def anju(capsys, *args):
    code = cli.main(["store", *args])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def refused(capsys, *args):
    code, out, err = anju(capsys, *args)
    assert code == cli.BAD_INPUT and out == "" and err.startswith("error: ") and err.count("\n") == 1
    return err


STORE = "results/plan-sweep-1"


def test_ls_has_a_row_a_store(capsys, home):
    made(home / "results/plan-sweep-2", results=runs(6)[:5])
    (made(home / "results/plan-sweep-3") / "manifest.json").write_text("{")
    code, out, _ = anju(capsys, "ls")
    assert code == cli.DONE
    head, one, two, three = out.splitlines()
    assert head.split() == [
        "store",
        "scenario",
        "design",
        "points",
        "replications",
        "done",
        "planned",
        "failed",
        "size",
    ]
    assert one.split()[:8] == ["plan-sweep-1", "lishui/plan", "lhs", "6", "2", "10", "12", "2"]
    assert two.split()[5:8] == ["5", "12", "0"]
    assert "plan-sweep-3" in three and "not the JSON" in three
    found = json.loads(anju(capsys, "ls", "--json")[1])
    assert [row["done"] for row in found] == [10, 5, 0] and found[0]["path"] == STORE and found[2]["problem"]
    zh = anju(capsys, "ls", "--lang", "zh")[1]
    assert zh.splitlines()[0].split()[:3] == ["结果库", "情景", "设计"] and "plan-sweep-1" in zh
    assert anju(capsys, "ls", str(home))[1] == "no stores here\n"
    assert anju(capsys, "ls", str(home), "--lang", "zh")[1] == "此处没有结果库\n"


def test_ls_of_no_folder_is_refused(capsys):
    assert "nowhere: " in refused(capsys, "ls", "nowhere")


def test_info_says_what_a_store_holds_and_how_to_read_it(capsys, home):
    for lang, words in {
        "en": (
            "runs done / planned: 10 / 12",
            "runs failed: 2",
            "2 x ValueError: no homes",
            "subsidy",
            "1 shard",
        ),
        "zh": (
            "完成／计划的模拟：10 / 12",
            "失败的模拟：2",
            "2 x ValueError: no homes",
            "subsidy",
            "1个分片",
        ),
    }.items():
        code, out, _ = anju(capsys, "info", STORE, "--lang", lang)
        assert code == cli.DONE and all(word in out for word in words)
        assert f"{home / STORE}/shards" in out
    found = json.loads(anju(capsys, "info", STORE, "--json")[1])
    assert (found["done"], found["failed"], found["in_journal"], found["shards"]) == (10, 2, 0, 1)
    assert found["errors"] == {"ValueError: no homes": 2} and found["model_hash"].startswith("a1")


def test_how_info_says_to_read_a_store_is_true(capsys, home):
    import pandas

    out = anju(capsys, "info", STORE)[1]
    said = next(line.strip() for line in out.splitlines() if "pandas" in line)
    assert len(eval(said, {"pandas": pandas})) == 12


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_export_writes_the_file_asked_for(capsys, home, format):
    expected = exported(home / STORE, format)
    code, out, err = anju(capsys, "export", STORE, "--format", format)
    assert code == cli.DONE and out == "" and "(12 runs)" in err
    assert (home / f"plan-sweep-1.{format}").read_bytes() == expected
    assert anju(capsys, "export", STORE, "-o", f"deep/all.{format}")[0] == cli.DONE
    assert (home / f"deep/all.{format}").read_bytes() == expected


@pytest.mark.parametrize(
    "args, said",
    [
        (("--format", "xlsx"), "--format xlsx: parquet or csv expected"),
        (("-o", "all.xlsx"), "all.xlsx: a name that ends in .parquet or .csv expected"),
        (("-o", "all.csv", "--format", "parquet"), "all.csv: a name that ends in .parquet expected"),
        (("-o", f"{STORE}/all.csv"), "lies in the store itself"),
    ],
)
def test_an_export_that_cannot_be_is_refused(capsys, home, args, said):
    before = tree(home)
    assert said in refused(capsys, "export", STORE, *args)
    assert tree(home) == before


@pytest.mark.parametrize("command", ["info", "export", "verify", "pack"])
def test_where_there_is_no_store_the_nearest_is_offered(capsys, command):
    assert 'did you mean "plan-sweep-1"' in refused(capsys, command, "results/plan-sweep-2")


def test_what_is_no_store_cannot_be_verified(capsys, home):
    (home / "study").mkdir()
    (home / "study" / "manifest.json").write_text("{}")
    assert "holds a result, but no store" in refused(capsys, "verify", "study")
    (home / "study" / "manifest.json").write_text("{")
    assert anju(capsys, "verify", "study")[0] == cli.INTERNAL  # a store whose manifest is damaged


def test_verify_says_what_is_wrong_and_exits_with_1(capsys, home):
    assert anju(capsys, "verify", STORE) == (cli.DONE, f"{STORE}: in order\n", "")
    assert anju(capsys, "verify", STORE, "--lang", "zh")[1] == f"{STORE}：完好\n"
    shard = shards.paths(home / STORE)[0]
    shard.write_bytes(shard.read_bytes()[:-1])
    (home / STORE / "scenario.json").write_text("{}")
    before = tree(home)
    code, out, _ = anju(capsys, "verify", STORE)
    assert code == cli.INTERNAL and out.startswith(f"{STORE}: 2 problems\n") and out.count("\n") == 3
    assert json.loads(anju(capsys, "verify", STORE, "--json")[1])["problems"][1].startswith(str(shard))
    assert anju(capsys, "verify", STORE, "--lang", "zh")[1].startswith(f"{STORE}：2处问题")
    assert tree(home) == before


def test_merge_makes_one_store_of_many(capsys, home):
    for k in range(2):
        made(home / f"part-{k}", results=runs(6)[k::2])
    code, out, _ = anju(capsys, "merge", "results/all", "part-0", "part-1")
    assert code == cli.DONE and out.splitlines()[1].split()[5:8] == ["10", "12", "2"]
    assert exported(home / "results/all") == exported(home / STORE)
    assert json.loads(anju(capsys, "merge", "results/all", "part-0", "--json")[1])["done"] == 10
    made(home / "other", seed=2)
    before = tree(home)
    assert "not the same: the seed" in refused(capsys, "merge", "results/all", "other")
    assert tree(home) == before


def test_pack_and_unpack(capsys, home):
    code, out, err = anju(capsys, "pack", STORE)
    assert (code, out) == (cli.DONE, "") and err.startswith("plan-sweep-1.zip  (")
    assert "exists already" in refused(capsys, "unpack", "plan-sweep-1.zip")
    shutil.move(home / STORE, home / "elsewhere")
    assert anju(capsys, "unpack", "plan-sweep-1.zip")[0] == cli.DONE
    assert exported(home / STORE) == exported(home / "elsewhere")
    assert anju(capsys, "unpack", "plan-sweep-1.zip", "-o", "third")[0] == cli.DONE
    assert "ends in .zip" in refused(capsys, "pack", STORE, "-o", "study.tar")
    os.truncate(home / "plan-sweep-1.zip", 500)
    assert "cut short" in refused(capsys, "unpack", "plan-sweep-1.zip", "-o", "fourth")
    assert not (home / "fourth").exists()


def test_a_contradiction_is_one_line(capsys, home):
    made(home / "twice", results=[done(0), done(0, shift=1.0)])
    assert done(0).task.id in refused(capsys, "export", "twice")


@pytest.mark.parametrize(
    "n, said",
    [(0, "0 B"), (999, "999 B"), (999.6, "1 kB"), (12345, "12.3 kB"), (5e6, "5 MB"), (2.5e12, "2.5 TB")],
)
def test_sizes_are_said_as_people_do(n, said):
    assert text.size(n) == said


def test_one_run_is_no_runs(capsys, home):
    made(home / "one", points=1, results=runs(1)[:1])
    assert "(1 run)" in anju(capsys, "export", "one")[2]
    assert "1 shard, 0 runs in the journal" in anju(capsys, "info", "one")[1]
