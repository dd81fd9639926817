"""An answer's text for the terminal as headings, paragraphs and tables; not a word is lost or added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len

from experiments.wording import PIECE, WIDTH

DOT = " · "  # stands where a line of names has gaps
_GAP = re.compile(r" {2,}")
_BANDS = re.compile(r"(?:5–95|9[05]) ?%")  # "5–95 % band" is a heading for all its digits


@dataclass
class Paragraph:
    """`depth` is how far it is indented, in steps of two cells."""

    text: str
    depth: int = 0


@dataclass
class Row:
    """`depth` of its first cell; a `label` has no other cells."""

    cells: list[str]
    depth: int = 0

    @property
    def label(self) -> bool:
        return not any(self.cells[1:])


@dataclass
class Table:
    """Rows of equal length; `head` holds the names of the columns, or nothing; `right` says which are set right."""

    head: list[str]
    rows: list[Row]
    right: list[bool]


@dataclass
class Section:
    """What stands under one heading; the first of a text has none."""

    title: str
    blocks: list[Paragraph | Table] = field(default_factory=list)

    @property
    def said(self) -> list[str]:
        """Its paragraphs but those that only name what the text is about."""
        told = [block.text for block in self.blocks if isinstance(block, Paragraph)]
        return [text for text in told if DOT not in text] or told


def sections(text: str) -> list[Section]:
    """The parts of a text, between its empty lines."""
    parts = [part.splitlines() for part in re.split(r"\n{2,}", text.strip("\n"))]
    return [_section(lines, first=k == 0) for k, lines in enumerate(parts)]


def _section(lines: list[str], *, first: bool) -> Section:
    titled = not first and not _continued(lines[:2]) and not lines[0].startswith(" ")
    title = DOT.join(_cells(lines[0])) if titled else ""
    return Section(title, list(_blocks(lines[1:] if titled else lines)))


def _blocks(lines: Sequence[str]) -> Iterator[Paragraph | Table]:
    at = 0
    while at < len(lines):
        if _begins_table(lines, at):
            end = _table_end(lines, at)
            yield _table(lines[at:end])
        else:
            end = _paragraph_end(lines, at)
            yield Paragraph(_joined(lines[at:end]), _depth(lines[at]))
        at = end


# ---------------------------------------------------------------- paragraphs


def _continued(lines: Sequence[str]) -> bool:
    """Whether the second line goes on where the first one was full."""
    if len(lines) < 2 or not lines[1].strip():
        return False
    hanging = _depth(lines[1]) == _depth(lines[0]) + 1 and _full(lines[0], lines[1])
    return hanging or _hand_broken(lines[0], lines[1])


def _hand_broken(before: str, after: str) -> bool:
    """A long line without an end that is no item of a list, and one that begins as none would."""
    if before.lstrip()[:1].isdigit():
        return False
    long = cell_len(before) > 0.8 * WIDTH and before[-1] not in ".;:)。；：）"
    return long and _depth(after) == _depth(before) and after.lstrip()[0].islower()


def _paragraph_end(lines: Sequence[str], at: int) -> int:
    end, depth = at + 1, _depth(lines[at])
    while end < len(lines):
        hanging = _depth(lines[end]) == depth + 1 and _full(lines[end - 1], lines[end])
        if not hanging and not _hand_broken(lines[end - 1], lines[end]):
            break
        end += 1
    return end


def _full(before: str, after: str) -> bool:
    """Whether the next word had no room; a line that is too long is one long word, after which nothing is known."""
    need = cell_len(PIECE.findall(after.lstrip())[0]) + (not _wide(before[-1]))
    return cell_len(before) <= WIDTH < cell_len(before) + need


def _joined(lines: Sequence[str]) -> str:
    said = re.sub(r" {2,}", DOT, lines[0].strip())
    for line in lines[1:]:
        line = line.strip()
        said += ("" if _wide(said[-1]) or _wide(line[0]) else " ") + line
    return said


def _wide(letter: str) -> bool:
    return cell_len(letter) == 2


def _depth(line: str) -> int:
    return (len(line) - len(line.lstrip())) // 2


# ---------------------------------------------------------------- tables


def _cells(line: str) -> list[str]:
    return _GAP.split(line.strip())


def _tabular(line: str) -> bool:
    return len(_cells(line)) > 1


def _heads(line: str) -> bool:
    """A row that begins far to the right: a table's heading with an empty first cell."""
    return len(line) - len(line.lstrip()) >= 12


def _begins_table(lines: Sequence[str], at: int) -> bool:
    if not lines[at].startswith(" "):
        return False
    return _tabular(lines[at]) or _heads(lines[at]) or _label(lines, at)


def _label(lines: Sequence[str], at: int) -> bool:
    """A line that names the deeper rows under it."""
    deeper = at + 1 < len(lines) and _depth(lines[at + 1]) == _depth(lines[at]) + 1
    return deeper and _tabular(lines[at + 1]) and not lines[at].rstrip().endswith((":", "：", ".", "。"))


def _table_end(lines: Sequence[str], at: int) -> int:
    """The first line after the table: prose, or a row whose cells do not stand in the same columns."""
    end = at + 1
    while end < len(lines):
        row = _tabular(lines[end]) or _label(lines, end)
        if not row or not _fit([*lines[at:end], lines[end]]):
            break
        end += 1
    return end


def _fit(lines: Sequence[str]) -> bool:
    """Whether the rows stand in the same columns: each cell in one of its own, no column for the newcomer only."""
    columns, rows = _columns(lines), [line for line in lines if _tabular_or_head(line)]
    most = max((len(_spans(line)) + _headless(line, columns) for line in rows), default=1)
    return len(columns) <= most and all(_fills(line, columns) for line in rows)


def _headless(line: str, columns: list[tuple[int, int]]) -> bool:
    """Whether the first cell of a heading is empty though other rows have one."""
    return _heads(line) and _spans(line)[0][0] > columns[0][1]


def _fills(line: str, columns: list[tuple[int, int]]) -> bool:
    """Whether each cell of the row has a column for itself."""
    found = [_column(columns, start) for start, _, _ in _spans(line)]
    return len(set(found)) == len(found)


def _spans(line: str) -> list[tuple[int, int, str]]:
    """(first cell, end, text) of each part of a line, in cells of the terminal."""
    found, at = [], len(line) - len(line.lstrip())
    for part in _GAP.split(line.strip()):
        at = line.index(part, at)
        start = cell_len(line[:at])
        found.append((start, start + cell_len(part), part))
        at += len(part)
    return found


def _columns(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Where the columns are: cells that some row fills, parted where no row fills two or more."""
    taken: set[int] = set()
    for line in filter(_tabular_or_head, lines):
        for start, end, _ in _spans(line):
            taken.update(range(start, end))
    columns: list[tuple[int, int]] = []
    for cell in sorted(taken):
        if columns and cell - columns[-1][1] < 2:
            columns[-1] = (columns[-1][0], cell + 1)
        else:
            columns.append((cell, cell + 1))
    return columns


def _tabular_or_head(line: str) -> bool:
    return _tabular(line) or _heads(line)


def _column(columns: list[tuple[int, int]], start: int) -> int:
    return next(k for k, (left, right) in enumerate(columns) if left <= start < right)


def _table(lines: Sequence[str]) -> Table:
    columns = _columns(lines)
    rows = [_row(line, columns) for line in lines]
    numbers = [any(map(_number, row.cells[1:])) for row in rows if not row.label]
    head = not rows[0].label and not numbers[0] and 2 * sum(numbers) >= len(numbers) > 1
    ends = [{end for line in lines if _tabular(line) for start, end, _ in _spans(line)
             if _column(columns, start) == k} for k in range(len(columns))]  # fmt: skip
    right = [k > 0 and len(found) <= 1 for k, found in enumerate(ends)]
    if head:
        return Table(rows[0].cells, _raised(rows[1:]), right)
    return Table([], _raised(rows), right)


def _row(line: str, columns: list[tuple[int, int]]) -> Row:
    cells = [""] * len(columns)
    if not _tabular_or_head(line):
        return Row([line.strip(), *cells[1:]], _depth(line))
    for start, _, text in _spans(line):
        cells[_column(columns, start)] = text
    return Row(cells, _depth(line) if cells[0] else 0)


def _raised(rows: list[Row]) -> list[Row]:
    """The rows with the least depth as 0."""
    least = min((row.depth for row in rows), default=0)
    return [Row(row.cells, row.depth - least) for row in rows]


def _number(cell: str) -> bool:
    return bool(re.search(r"\d", _BANDS.sub("", cell)))
