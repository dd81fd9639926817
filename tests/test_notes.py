"""Notes and sources in Chinese: all of them, with the same numbers and addresses, and nothing that no scenario says."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import scenarios
from scenarios import notes
from scenarios.scenario import SET
from scenarios.show import source_text

FOLDER = Path(notes.__file__).parent
URL = re.compile(r"https?://[^\s()（）,，;；。]+")
ID = re.compile(
    r"\b(?:lishui|jiaojiang|yueyang)-plan\b|\bgansu-opinions\b|\bprecise-relocation\b|\bassumption\b"
)
CITED = re.compile(
    r"(?:[A-Z][\w&,. ]+\d{4}(?:, \d+\(\d+\) \d+)?(?: \(\))?(?:; )?)+|DYNAMO-M settings.yml \(\)"
)  # papers, a program
TIMES = {"million": 1e6, "billion": 1e9, "万": 1e4, "亿": 1e8}
SMALL = 31  # up to here a number may be a day, a month or a square metre's 2


def written() -> Counter[str]:
    """Every note and source that a bundled scenario file says."""
    found: Counter[str] = Counter()

    def walk(part) -> None:
        if isinstance(part, dict):
            found.update(part[key] for key in ("note", "source") if isinstance(part.get(key), str))
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            walk(inner)

    for path in FOLDER.rglob("*.toml"):
        walk(tomllib.loads(path.read_text(encoding="utf-8")))
    return found


def is_english(text: str) -> bool:
    rest = ID.sub("", URL.sub("", text))
    return bool(re.search(r"[A-Za-z]{3}", rest)) and not CITED.fullmatch(rest)


def numbers(text: str) -> set[float]:
    found = re.findall(r"(\d+(?:,\d{3})*(?:\.\d+)?)\s?(million|billion|万|亿)?", URL.sub(" ", text))
    values = (float(number.replace(",", "")) * TIMES.get(times, 1.0) for number, times in found)
    return {round(value, 6) for value in values if value > SMALL}


def test_every_note_and_source_is_there():
    missing = [text for text in written() if is_english(text) and text not in notes._chinese()]
    assert not missing, "add them to scenarios/notes.zh.csv"


def test_nothing_is_there_that_no_scenario_says():
    assert set(notes._chinese()) <= {*written(), SET}


def test_numbers_and_addresses_are_the_same():
    wrong = []
    for en, zh in notes._chinese().items():
        assert re.search(r"[\u4e00-\u9fff]", zh), en
        if sorted(URL.findall(en)) != sorted(URL.findall(zh)) or numbers(en) != numbers(zh):
            wrong.append((en, zh))
    assert not wrong


def test_a_number_with_several_notes_and_one_of_ones_own():
    zh = notes._chinese()
    parted = next(text for text in zh if "; " in text)  # a note that holds what joins notes
    plain = next(text for text in zh if "; " not in text)
    several = f"{plain}; {parted}; counted by us"
    assert notes.said(several, "zh") == f"{zh[plain]}；{zh[parted]}; counted by us"
    assert notes.said("counted by us; twice", "zh") == "counted by us; twice"
    assert notes.said(parted, "en") == parted
    assert notes.sourced("", "", "zh") == ""


def test_the_table_of_inputs_says_them_in_chinese():
    entry = scenarios.load("lishui").values["loan_term_years"]
    assert source_text(entry, "en") == f"{entry.source}: {entry.note}"
    assert source_text(entry, "zh") == f"{entry.source}：{notes._chinese()[entry.note]}"
