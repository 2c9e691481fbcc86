"""The same story in the terminal."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys

import pytest
from msgspec import structs
from rich.console import Console

from grader import records
from grader.report import terminal
from tests import samples as s
from tests.report.test_student import hostile


def shown(result: records.Result, *, width: int = 80, colour: bool = False, language: str = "en") -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour,
                      color_system="standard" if colour else None)
    terminal.show(result, s.NOTEBOOK, console, language=language)
    return out.getvalue()


def test_it_tells_what_the_page_tells() -> None:
    text = shown(s.result(events=s.EVENTS))
    for part in ("7 / 20 points", "Not yet", "0.00391", "0.00781 ± 0.00021", "Try next:", "line 5", ">   5",
                 "2 checks depend on this one", "NameError", "Not looked at"):
        assert part in text
    assert "SECRET" not in text


@pytest.mark.parametrize("width", [30, 40, 59, 60, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, shown(s.result(events=s.EVENTS), width=width).splitlines())) <= width


def test_it_says_where_the_pictures_are_that_it_does_not_show() -> None:
    result = s.result()
    assert "Drawn on the page that `grader batch` writes." in shown(result)
    own = structs.replace(result, made_by=structs.replace(s.MADE_BY, sandbox=records.OWN))
    assert "Drawn by `%grader check` in the notebook." in shown(own)
    assert "%grader check" in shown(own, language="de")
    assert "Drawn" not in shown(s.result(checks=s.PASSED))


def test_no_colour_when_piped_and_some_on_a_terminal() -> None:
    assert "\x1b" not in shown(s.result())
    assert "\x1b[" in shown(s.result(), colour=True)


def test_hostile_text_sends_no_escapes_and_is_no_markup() -> None:
    text = shown(hostile())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x[/red]" in shown(s.result("[red]x[/red]"))


def test_marks_are_told_in_words_and_a_withheld_one_is_no_number() -> None:
    text = shown(s.withheld())
    assert "Mark withheld" in text
    assert "0 /" not in text
    assert "Every check passed." in shown(s.passed_all())


def test_code_is_folded_and_nothing_of_it_left_out() -> None:
    long = "    std = " + " + ".join(f"term_{i}" for i in range(30))
    out = io.StringIO()
    notebook = s.notebook(f"def he_normal_(w):\n{long}")
    terminal.show(s.result(checks=(s.VARIANCE,)), notebook, Console(file=out, width=50))
    code = out.getvalue().partition("Your code")[2]
    assert "…" not in code
    assert [int(i) for i in re.findall(r"term_(\d+)", code)] == list(range(30))
    assert max(map(len, code.splitlines())) <= 50
    folded = code[code.index("term_0"):code.index("To read")].strip().splitlines()[1:]
    assert all(line.startswith(" " * 9)
               for line in folded), "folded lines stand under the code, not under its number"


def test_start_here_names_the_first_check_and_leaves_the_rest_to_it() -> None:
    top, _, work = shown(s.result()).partition("What to work on")
    assert "Start here: The weights have variance 2 / fan_in." in top
    for once in "0.00391; expected 0.00781.", "Where does the factor 2":
        assert once not in top
        assert work.count(once) == 1


def test_points_are_not_parted_from_their_number() -> None:
    for width in range(30, 90):
        assert re.search(r"\(mean, 2 of 2 points\)", shown(s.result(), width=width)), width


@pytest.mark.parametrize(("text", "ascii_"), [("4 × 10⁻⁵", "4 x 10^-5"), ("a² · b", "a^2 - b"),
                                              ("für", "fuer"), ("→ 你", "-> ?")])
def test_what_a_stream_cannot_write_is_spelled(text: str, ascii_: str) -> None:
    assert terminal.spelled(text, "ascii") == ascii_
    assert terminal.spelled(text, "utf-8") == text


def test_a_report_is_no_error_on_a_stream_without_unicode() -> None:
    code = ("from rich.console import Console; from grader.report import terminal; from tests import samples "
            "as s; terminal.show(s.result(title='Gr\\u00f6\\u00dfe \\u00b2', events=s.EVENTS), s.NOTEBOOK, "
            "Console(), language='de')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60,
                          env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0, done.stderr.decode()
    assert b"Groesse ^2 (he_init) - ada" in done.stdout


def test_a_terminal_without_unicode_gets_ascii_shapes() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="replace")
    terminal.show(s.result(), s.NOTEBOOK, Console(file=out, width=80))
    out.flush()
    assert b"[x] Not yet" in raw.getvalue()
