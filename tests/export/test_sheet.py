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
       encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), everything=st.booleans(),
       new=CELLS, row=st.integers(0, 4), column=st.integers(0, 2))
def test_one_cell_changes_and_no_other_byte(
        tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, ends: str,
        last: bool, encoding: str, everything: bool, new: str, row: int, column: int) -> None:
    everything = everything or "\r" in "".join(cell for row in rows for cell in row)  # csv may not quote it
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ends,
               quoting=csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL).writerows(
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


@pytest.mark.parametrize("odd", ['"a\\"b c\\"', '"a\\"b', '"', '"x" y', '"a\\"b c\\",e\n3,"Bob'])
def test_a_name_that_fits_no_grammar_costs_its_row_alone(
        tmp_path_factory: pytest.TempPathFactory, odd: str) -> None:
    text = f'id,name,date\n1,"Ada ""A"" B","May, 1"\n2,{odd},"May, 2"\n4,"Zoe\nZ","May, 4"\n'
    sheet = read(text.encode(), tmp_path_factory)
    assert [row[0].value for row in sheet.rows] in (["1", "4"], ["1", "3", "4"])
    assert [row[1].value for row in sheet.rows][::len(sheet.rows) - 1] == ['Ada "A" B', "Zoe\nZ"]
    assert sheet.with_edits([(sheet.rows[0][2], "x")]).decode() == text.replace('"May, 1"', '"x"')


def test_a_row_never_takes_in_another(tmp_path_factory: pytest.TempPathFactory) -> None:
    """By PHP's grammar Eve's name would end at the quotation mark before Zoe's comma."""
    text = 'id,name,mail\n1,"y\\",a@x\n2,"e\\"b c\\",e@x\n3,Bob,b@x\n4,", Zoe",z@x\n'
    assert [row[0].value for row in read(text.encode(), tmp_path_factory).rows] == ["1", "3", "4"]


@given(content=st.binary(max_size=60) | st.text(st.sampled_from('a,;"\n\r\\1'), max_size=40).map(str.encode))
def test_whatever_it_is_it_is_a_table_that_stays_or_refused(
        tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        sheet = read(content, tmp_path_factory)
    except ExportError:
        return
    assert sheet.with_edits([]) == content
