"""The table of the language's words in docs/ is what the docstrings say."""

from __future__ import annotations

import runpy
from pathlib import Path

import grader.spec as spec

ROOT = Path(__file__).resolve().parent.parent.parent
PAPER = ROOT / "docs" / "checks-language.md"


def test_the_page_is_up_to_date() -> None:
    written = runpy.run_path(str(ROOT / "scripts" / "words.py"))["page"]()
    assert PAPER.read_text(encoding="utf-8") == written, "run `make docs`"


def test_every_word_has_its_line() -> None:
    lines = PAPER.read_text(encoding="utf-8").splitlines()
    words = {line.split("`")[1] for line in lines if line.startswith("| `")}
    headings = {line.removeprefix("## ") for line in lines if line.startswith("## ")}
    assert set(spec.__all__) <= words | headings
