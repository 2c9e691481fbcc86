"""What reads a stranger's text comes to an end, and a page comes out of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from grader.report import apart, executed

SECONDS = 30    # of computing; what is linear takes a fraction of one, what is not takes minutes
PLAIN = "it is shown as plain text"
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from grader.report import executed, resemblance, side_by_side
from grader.intake import pythons
from tests.notebooks import notebook
{statement}
"""
BACKSLASHES = "'''" + "\\'''" * 50_000
INDENTED = "\n " * 25_000


def cells(*sources: str, kind: str = "code") -> str:
    made = [{"cell_type": kind, "source": source, "outputs": [], "execution_count": 1} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of computing time")
@pytest.mark.parametrize("text", ["a." * 25_000, "*" * 50_000, "**a" * 17_000, INDENTED, "1." * 25_000,
                                  "www." * 12_500])
def test_a_cell_of_punctuation_is_set_in_no_time(text: str) -> None:
    ends(f"print(len(executed.render(notebook(*[{text!r}] * 10))))")


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of computing time")
def test_submissions_of_punctuation_are_compared_in_no_time() -> None:
    ends(f"resemblance.read(notebook(*[{BACKSLASHES!r}] * 10, '\"' * 200_000, '\"\\\\' * 90_000)).hashes")


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of computing time")
@pytest.mark.parametrize("text", ["x = f(a, b)\n" * 8_000, "(" * 100_000, "x = [" + "a, b[0], " * 10_000])
def test_submissions_that_repeat_themselves_are_set_side_by_side_in_no_time(text: str) -> None:
    """Every stretch is found everywhere."""
    ends(f"""
from tests.report.test_resemblance import own_work
books = {{(student, "e"): notebook(own_work(1), *[{text!r}] * 20) for student in ("ada", "ben")}}
groups = resemblance.alike(books)
(_, page), = side_by_side.pages(groups, lambda key: (books[key], {{}}), {{}}, names={{}}, titles={{}},
                                reports={{}}, language="en")
assert len(page) < 600_000, len(page)""")


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of computing time")
@pytest.mark.parametrize("text", ["(" * 20_000, "[x" * 50_000, "a." * 50_000, "@a." * 30_000, "{" * 90_000])
def test_what_no_python_reads_is_given_up_in_no_time(text: str) -> None:
    ends(f"pythons.needed(notebook(*[f'{{n}}' + {text!r} for n in range(20)]))")


def ends(statement: str) -> None:
    """A process that may compute for so long does this. What it does is passed by no argument: it is long."""
    done = subprocess.run([sys.executable, "-"], input=LIMITED.format(seconds=SECONDS, statement=statement),
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-300:]


def test_a_page_that_costs_too_much_is_plain_and_says_so_and_the_next_is_not() -> None:
    costly = cells(*(f"{n} <b>bold</b> " + "[" * 19_000 for n in range(40)), kind="markdown")
    page = apart.executed(costly, student="Ada", exercise="Weights", report="he_init.html")
    assert PLAIN in page
    assert '39 &lt;b&gt;bold&lt;/b&gt; [[[' in page
    assert "<title>Notebook as executed: Weights, Ada</title>" in page
    assert '<a href="he_init.html">' in page
    after = apart.executed(cells("x = 1"))
    assert PLAIN not in after
    assert '<span class="n">x</span>' in after
    assert "als bloßer Text" in apart.executed(costly, language="de")


def test_a_page_is_the_same_as_one_made_here() -> None:
    notebook = cells("x = 1\n", "# not a heading \ud800 \x1b[31m")
    assert apart.executed(notebook, student="Ada") == executed.render(notebook, student="Ada")


def test_a_process_that_was_killed_is_started_again() -> None:
    apart.executed(cells("x = 1"))
    process: Any = apart._child()._process
    os.kill(process.pid, signal.SIGTERM)
    process.wait()
    assert PLAIN not in apart.executed(cells("x = 1"))


def test_a_page_larger_than_any_reader_likes_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MOST_BYTES", 30_000)
    page = apart.executed(cells(*["x = 1 + 1\n" * 100] * 20))
    assert "cannot be shown" in page
    assert PLAIN not in page


def test_one_cell_that_cannot_be_set_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(text: str) -> str:
        raise RecursionError
    monkeypatch.setattr(executed, "_readable_lines", refusing)
    page = executed.render(cells("x <= 1") [:-2] + ', {"cell_type": "markdown", "source": "*after*"}]}')
    assert "x &lt;= 1" in page
    assert "<em>after</em>" in page


def test_a_plain_page_holds_what_was_written_and_no_picture() -> None:
    outputs = [{"output_type": "stream", "name": "stdout", "text": "<script>"},
               {"output_type": "error", "ename": "E", "evalue": "no", "traceback": ["\x1b[31mE\x1b[0m: no"]},
               {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": "<Figure>"}},
               {"output_type": "display_data", "data": {"text/html": "<b onclick=x>"}}]
    cell = {"cell_type": "code", "source": "a < b", "outputs": outputs, "execution_count": 1}
    page = executed.render(json.dumps({"cells": [cell]}), plain=True)
    for shown in ("a &lt; b", "&lt;script&gt;", ">E: no<", "&lt;b onclick=x&gt;", PLAIN):
        assert shown in page
    assert "<img" not in page
