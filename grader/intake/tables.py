"""CSV files as spreadsheets of any country write them -> rows of text; and back, so that they open right."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.intake.handed import IntakeError

MOST_BYTES = 16 << 20    # a table of a hundred thousand files
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")   # how a cell begins that a spreadsheet would work out


@dataclass(frozen=True, kw_only=True)
class Table:
    heads: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]    # where each ends in the file, and as many cells as heads


def read(path: Path) -> Table:
    """What stands in a table.

    Raises:
        IntakeError: it is not there, no text, or has no heading.
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
    sheet = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        lines = [(sheet.line_num, row) for row in sheet if any(map(str.strip, row))]
    except csv.Error as error:
        raise IntakeError(f"{path}: not a table: {error}") from None
    if not lines:
        raise IntakeError(f"{path}: an empty table")
    heads = [unicodedata.normalize("NFC", cell).strip() for cell in lines[0][1]]
    return Table(heads=tuple(heads), rows=tuple(
        (line, tuple([*map(unescaped, row), *[""] * len(heads)][:len(heads)])) for line, row in lines[1:]))


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
