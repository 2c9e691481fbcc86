"""A table at every width: nothing of it is lost, and no word is broken while there is room."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from grader.report.rows import Row, show

HEADS = "person", "file", "mark", "why"
ROWS = [Row(cells=("Anna-Katharina Schmidt (1003)", "he_init-Copy1.ipynb", "7 / 20", "lecun scaling")),
        Row(cells=("Ben (1)", "report.pdf", "0 / 20", "Handed in: report.pdf. No notebook is among it."))]


def told(width: int, rows: list[Row] = ROWS, heads: tuple[str, ...] = HEADS) -> list[str]:
    out = io.StringIO()
    show(Console(file=out, width=width), heads, rows, right=["mark"])
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [72, 80, 90, 120, 200])
def test_no_word_is_broken_at_usual_widths(width: int) -> None:
    lines = told(width)
    assert max(map(cell_len, lines)) <= width
    for row in ROWS:
        for cell in row.cells:
            assert any(cell in line for line in lines), cell


def test_what_explains_stands_below_only_where_it_does_not_fit() -> None:
    lines = [line.split() for line in told(90) if line.strip()]
    assert lines[2][-2:] == ["lecun", "scaling"]
    assert lines[3][-1] == "20"
    assert lines[4][0] == "Handed"


@given(width=st.integers(30, 130), texts=st.lists(
    st.tuples(*[st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=40)] * 4),
    min_size=1, max_size=4))
def test_nothing_is_lost_and_no_line_is_too_long(width: int, texts: list[tuple[str, ...]]) -> None:
    lines = told(width, [Row(cells=cells) for cells in texts])
    assert max(map(cell_len, lines)) <= width
    for last in [cells[-1] for cells in texts]:
        assert all(sign in "".join(lines) for sign in last)
