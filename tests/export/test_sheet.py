"""A table of anybody's, read and written: nothing changes but what is to change."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.export.out import ExportError
from grader.export.sheet import Sheet

CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", "a,b", "x;y", 'say "no"', "two\nlines", "two\r\nlines", "7,5", "-", "\t", "'", "\\"])


def read(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    path = tmp_path_factory.mktemp("sheet", numbered=True) / "sheet.csv"
    path.write_bytes(content)
    return Sheet(path, "a table")


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5),
       delimiter=st.sampled_from(",;\t"), ends=st.sampled_from(["\r\n", "\n"]), last=st.booleans(),
       encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), all_quoted=st.booleans(),
       new=CELLS, row=st.integers(0, 4), column=st.integers(0, 2))
def test_one_cell_changes_and_no_other_byte(
        tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, ends: str,
        last: bool, encoding: str, all_quoted: bool, new: str, row: int, column: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ends,
               quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL).writerows(
        [["one", "two", "three"], *rows])
    content = (text.getvalue() if last else text.getvalue().removesuffix(ends)).encode(encoding)
    assume("\x00" not in text.getvalue() + new)
    sheet = read(content, tmp_path_factory)
    assert [[field.value for field in row] for row in sheet.rows] == rows
    assert sheet.with_edits([]) == content
    row %= len(rows)
    changed = sheet.with_edits([(sheet.rows[row][column], new)])
    rows[row][column] = new
    again = read(changed, tmp_path_factory)
    assert [[field.value for field in row] for row in again.rows] == rows
    field = sheet.rows[row][column]
    assert again.text.startswith(sheet.text[: field.start])
    assert again.text.endswith(sheet.text[field.end:])


@given(content=st.binary(max_size=60) | st.text(st.sampled_from('a,;"\n\r\\1'), max_size=40).map(str.encode))
def test_whatever_it_is_it_is_a_table_that_stays_or_refused(
        tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        sheet = read(content, tmp_path_factory)
    except ExportError:
        return
    assert sheet.with_edits([]) == content
