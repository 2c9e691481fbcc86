"""CSV files as spreadsheets of any country write them -> rows of text; and back, so that they open right."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from grader.intake import cells
from grader.intake.handed import IntakeError

MOST_BYTES = 16 << 20    # a table of a hundred thousand files
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")   # how a cell begins that a spreadsheet would work out


@dataclass(frozen=True, kw_only=True)
class Table:
    heads: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]    # where each ends in the file, and as many cells as heads


def read(path: Path, *, ours: bool = False) -> Table:
    """What stands in a table.

    Args:
        ours: written here, and changed in a spreadsheet at most. Others write quotation marks in two ways.

    Raises:
        IntakeError: it is not there, no text, has no heading, or nobody can tell where a row ends.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise IntakeError(f"{path}: {error.strerror or error}") from None
    if len(data) > MOST_BYTES or data.startswith(b"PK\x03\x04"):
        raise IntakeError(f"{path}: not a table of text; save it as CSV")
    text = _text(data)
    if text[:4].lower() == "sep=":      # a line for Excel
        given, _, text = text[4:].partition("\n")
        separator = given.strip("\r") or ","
    else:
        separator = _separator(text)
    rows = (_ours if ours else _anybodys)(path, text, separator)
    lines = [(line, row) for line, row in rows if any(map(str.strip, row))]
    if not lines:
        raise IntakeError(f"{path}: an empty table")
    heads = [unicodedata.normalize("NFC", cell).strip() for cell in lines[0][1]]
    return Table(heads=tuple(heads), rows=tuple(
        (line, tuple([*map(unescaped, row), *[""] * len(heads)][:len(heads)])) for line, row in lines[1:]))


def _ours(path: Path, text: str, separator: str) -> list[tuple[int, list[str]]]:
    sheet = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [(sheet.line_num, row) for row in sheet]
    except csv.Error as error:
        raise IntakeError(f"{path}: not a table: {error}") from None


def _anybodys(path: Path, text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Where each row ends, and its cells. A cell that may hide the rows of others is refused."""
    rows, odd = cells.row_by_row(text, separator)
    if odd:
        raise IntakeError(f"{path}, line {1 + cells.line_ends(text, 0, odd[0])}: nobody can tell where this "
                          "row ends: a cell goes over several lines, or its quotation marks have no "
                          "partners; mend it in a text editor")
    ends = (0, *(row[-1].end for row in rows))
    lines = accumulate(cells.line_ends(text, at, end) for at, end in pairwise(ends))
    return [(1 + line, [field.value for field in row]) for line, row in zip(lines, rows, strict=True)]


def written(heads: Sequence[str], rows: Iterable[Sequence[str]], *, separator: str = ",") -> bytes:
    """A table that a spreadsheet opens without a question, with nothing in it that it would work out."""
    text = io.StringIO()
    sheet = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    sheet.writerow(heads)
    sheet.writerows([escaped(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "backslashreplace")


def escaped(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _separator(text: str) -> str:
    """Which of the three the heading has most of."""
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)
