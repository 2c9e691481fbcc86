"""The grammar of CSV: every cell with its place. As the standard says, and as PHP writes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

_PLAIN = '[^"\r\n{0}][^\r\n{0}]*|'
# With PHP a quotation mark behind a backslash is not doubled.
_QUOTED = '"[^"]*(?:""[^"]*)*"', r'"[^"\\]*(?:(?:""|\\.)[^"\\]*)*"'
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Field:
    """A cell, and where it stands in the text, quotes included."""

    start: int
    end: int
    value: str

    @property
    def number(self) -> float | None:
        """The number in it, with either decimal mark; None where there is none."""
        text = self.value.strip()
        return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


Row = list[Field]
# a text, and where a row starts in it -> its cells, and where the next starts
_Reader = Callable[[str, int], tuple[Row, int] | None]


def ways(text: str, delimiter: str) -> list[list[Row]]:
    """All rows, by each grammar by which the whole text is a table."""
    return [rows for read in _readers(delimiter) if (rows := _all(text, read)) is not None]


def row_by_row(text: str, delimiter: str) -> tuple[list[Row], list[int]]:
    """Rows, each by the grammar that fits it; and where a line begins that is none, for no grammar fits it,
    or each in another way. No row takes in others."""
    rows, odd, at = list[Row](), list[int](), _start(text)
    while at < len(text):
        found = [each for read in _readers(delimiter) if (each := read(text, at))]
        width = len(rows[0] if rows else found[0][0]) if rows or found else 0
        fitting = [each for each in found if len(each[0]) == width and not swallows(text, each[0], delimiter)]
        fitting = fitting or [each for each in found if not _LINE_END.search(text, at, each[0][-1].end)]
        if fitting and all(each == fitting[0] for each in fitting):
            row, at = fitting[0]
            rows.append(row)
        else:
            odd.append(at)
            end = _LINE_END.search(text, at)
            at = end.end() if end else len(text)
    return rows, odd


def line_ends(text: str, start: int, end: int) -> int:
    """How many lines end between two places."""
    return len(_LINE_END.findall(text, start, end))


def swallows(text: str, row: Row, delimiter: str) -> bool:
    """Does a row span lines, one of which is as wide a row by itself?"""
    _, *inner = _LINE_END.split(text[row[0].start:row[-1].end])
    return any((found := read(line, 0)) and (len(found[0]), found[1]) == (len(row), len(line))
               for line in inner for read in _readers(delimiter))


def _start(text: str) -> int:
    return 1 if text.startswith("\ufeff") else 0


@cache
def _readers(delimiter: str) -> tuple[_Reader, ...]:
    return tuple(_reader(delimiter, quoted) for quoted in _QUOTED)


def _reader(delimiter: str, quoted: str) -> _Reader:
    mark = re.escape(delimiter)
    pattern = re.compile(rf"({quoted}|{_PLAIN.format(mark)})({mark}|\r\n|\n|\r|\Z)", re.DOTALL)

    def read(text: str, at: int) -> tuple[Row, int] | None:
        row: Row = []
        while match := pattern.match(text, at):
            raw = match.group(1)
            value = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
            row.append(Field(match.start(1), match.end(1), value))
            at = match.end()
            if match.group(2) != delimiter:
                return row, at
        return None

    return read


def _all(text: str, read: _Reader) -> list[Row] | None:
    rows, at = list[Row](), _start(text)
    while at < len(text):
        found = read(text, at)
        if found is None:
            return None
        row, at = found
        if len(row) > 1 or row[0].value:
            rows.append(row)
    return rows
