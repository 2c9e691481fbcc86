"""The same story in the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from grader import records as r
from grader.report import terminal
from tests import samples as s
from tests.test_report_student import hostile


def shown(result: r.Result, *, width: int = 80, colour: bool = False, language: str = "en") -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None)
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


def test_a_terminal_without_unicode_gets_ascii_shapes() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="replace")
    terminal.show(s.result(), s.NOTEBOOK, Console(file=out, width=80))
    out.flush()
    assert b"[x] Not yet" in raw.getvalue()
