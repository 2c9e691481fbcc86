"""A tutor's CSV, filled in place: every byte outside the filled fields stays as it was."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

from grader.export.out import ExportError
from grader.intake import cells
from grader.intake.cells import Field, Row

_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECIMAL_COMMA, _DECIMAL_POINT = re.compile(r"-?\d+,\d+"), re.compile(r"-?\d+\.\d+")


class Sheet:
    """Rows of fields, each as wide as the heading; what is shorter is nobody's row, and stays as it was."""

    def __init__(self, path: Path, what: str) -> None:
        """Read it.

        Args:
            what: this should be, for people: "a grading worksheet of Moodle".

        Raises:
            ExportError: it is no CSV with a heading and a row.
        """
        content = path.read_bytes()
        self.path = path
        self.encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
        try:
            self.text = content.decode(self.encoding)
        except UnicodeDecodeError:
            self.encoding = "cp1252"
            self.text = content.decode(self.encoding, "surrogateescape")
        head = self.text.split("\n", 1)[0]
        self.delimiter = max(",;\t", key=head.count)
        # where one odd name fits no grammar, the other rows still do
        rows = min(cells.ways(self.text, self.delimiter), key=lambda rows: len({len(row) for row in rows}),
                   default=[]) or self._row_by_row()
        if len(rows) < 2 or len(rows[0]) < 3 or len(rows[0]) < max(map(len, rows)):
            raise ExportError(f"{path}: not {what}: no table with a heading and a row for each person")
        self.heading = [field.value.strip() for field in rows[0]]
        self.rows = [row for row in rows[1:] if len(row) == len(self.heading)]

    def _row_by_row(self) -> list[Row]:
        rows, odd = cells.row_by_row(self.text, self.delimiter)
        if not rows or (odd and odd[0] < rows[0][0].start):
            return []
        return [row for row in rows if len(row) <= len(rows[0])]

    def comma(self, columns: Iterable[int]) -> bool:
        """Do numbers in these columns have a decimal comma? Where none has any decimals, the separator
        tells."""
        values = [row[at].value.strip() for at in columns for row in self.rows]
        return any(map(_DECIMAL_COMMA.fullmatch, values)) or (
            self.delimiter == ";" and not any(map(_DECIMAL_POINT.fullmatch, values)))

    def with_edits(self, edits: Iterable[tuple[Field, str]]) -> bytes:
        """The file with other values in some fields, each quoted where it was or has to be."""
        parts, at = [], 0
        for field, value in sorted(edits, key=lambda edit: edit[0].start):
            if self.encoding == "cp1252":  # what it has no sign for is written as HTML would
                value = value.encode("cp1252", "xmlcharrefreplace").decode("cp1252")
            quoted = self.text.startswith('"', field.start) or set('"\r\n' + self.delimiter) & set(value)
            shown = '"' + value.replace('"', '""') + '"' if quoted else value
            parts += [self.text[at:field.start], shown]
            at = field.end
        text = "".join(parts) + self.text[at:]
        return text.encode(self.encoding, "surrogateescape" if self.encoding == "cp1252" else "replace")
