"""LaTeX as MathML: what can be drawn is, nothing acts, nothing hangs."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report import formulas
from tests.report.test_executed import ATTACKS
from tests.report.test_student import Tags

EXERCISES = Path(__file__).resolve().parent.parent.parent / "exercises"
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+?)\$", re.DOTALL)
DEFINITIONS = "".join(f"\\newcommand{{\\{b}}}{{\\{a}\\{a}}}" for a, b in pairwise("abcdefghijklmn"))
BOMBS = ("{" * 700 + "}" * 700, r"\frac" * 300, r"\sqrt" * 300 + "x", r"\left(" * 200 + r"\right)" * 200,
         "x^{" * 300 + "}" * 300, "_" * 1500, "&" * 1500, "'" * 1500,
         r"\begin{matrix}" * 60 + r"\end{matrix}" * 60,
         DEFINITIONS + r"\n", r"\def\a{\a\a}\a", r"\text{$" * 200 + "$}" * 200, "x" * 1_000_000, "\x00\ud800")


def own_formulas() -> list[str]:
    cells = [cell for path in sorted(EXERCISES.glob("*/notebook.ipynb"))
             for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return sorted({(a or b).strip() for text in texts for a, b in FORMULA.findall(text)})


def test_every_formula_of_ours_is_drawn() -> None:
    assert len(own_formulas()) > 50
    assert [latex for latex in own_formulas() if not formulas.mathml(latex)] == []


@pytest.mark.parametrize(("latex", "part"), [
    (r"\mathcal L", "<mi>ℒ</mi>"), (r"\text{fan\_in}", "<mtext>fan_in</mtext>"), (r"a < b", "<mo>&lt;</mo>"),
    (r"\begin{aligned}a &= b\\ c &= d\end{aligned}", "<mtable"), (r"\|x\|", "‖")])
def test_what_is_written_is_what_is_drawn(latex: str, part: str) -> None:
    assert part in formulas.mathml(latex)


@pytest.mark.timeout(30)  # without a bound of its own a bomb would take for ever
@pytest.mark.parametrize("latex", [r"\nonsense{x}", "a & b", r"\frac{1}", r"\href{https://a.example}{x}",
                                   r"\style{position:fixed}{x}", r"\class{skip}{x}", *BOMBS])
def test_what_is_no_formula_is_none_and_comes_to_an_end(latex: str) -> None:
    formulas.mathml(latex, block=True)
    assert formulas.mathml(latex) == "" or latex in BOMBS


@given(st.text(alphabet=r"\{}[]()^_&$'<>=+xyz12 \n", max_size=300)
       | st.lists(st.sampled_from([r"\frac", r"\sqrt", r"\text", r"\left(", r"\right)", "{", "}", "^", "_",
                                   "x", "&",
                                   "$", r"\begin{matrix}", r"\end{matrix}", r"\color{red}", r"\hspace{99em}",
                                   "<b>", *ATTACKS]), max_size=40).map(" ".join))
def test_only_mathml_comes_out(latex: str) -> None:
    tags = Tags(formulas.mathml(latex))
    assert {tag for tag, _ in tags.found} <= formulas._TAGS
    names = {name for _, attributes in tags.found for name in attributes}
    assert names <= formulas._WORDS | formulas._LENGTHS | {"scriptlevel"}
