"""A function that a magic has thrown away is told so, by name of the magic and number of the cell."""

from __future__ import annotations

import pytest

from grader.judge import UNDEFINED
from grader.records import Cause, Mark, Sentence, Verdict
from grader.report import markdown, source, thrown_away
from tests import samples as s
from tests.notebooks import notebook

DEFINES = "def double(x):\n    return 2 * x"


@pytest.mark.parametrize(("cells", "says"), [
    ((f"%%timeit\n{DEFINES}",), "Cell 1 begins with `%%timeit`"),
    (("1", f"\n\n%%bash -x\n{DEFINES}"), "Cell 2 begins with `%%bash`"),
    ((f"%%writefile double.py\n{DEFINES}",), "Cell 1 begins with `%%writefile`"),
    ((f"%%html\n{DEFINES}",), "Cell 1 begins with `%%html`"),
    ((f"%%script python\n{DEFINES}",), "Cell 1 begins with `%%script`"),
    ((f"%%nosuchmagic\n{DEFINES}",), "Cell 1 begins with `%%nosuchmagic`"),
    ((DEFINES, "1", "%reset -f"), "Cell 3 runs `%reset`"),
    ((DEFINES, "x = 1\n  %reset_selective -f double"), "Cell 2 runs `%reset`"),
    ((DEFINES, "get_ipython().run_line_magic('reset', '-f')"), "Cell 2 runs `%reset`"),
    ((f"{DEFINES}\n\n%reset -f",), "Cell 1 runs `%reset`"),
    ((f"%reset -f\n{DEFINES}",), ""),
    (("%reset -f", DEFINES), ""),
    ((f"%%time\n{DEFINES}",), ""),
    ((f"%%capture out\n{DEFINES}",), ""),
    ((DEFINES, "%matplotlib inline"), ""),
    (("def other(x):\n    return x", "%reset -f"), ""),
    (("%%timeit\n1",), ""),
])
def test_who_threw_it_away(cells: tuple[str, ...], says: str) -> None:
    found = thrown_away.sentence(source.cells(notebook(*cells)), "double")
    assert (found.template % found.values if found else "").startswith(says)
    assert bool(found) == bool(says)


@pytest.mark.parametrize(("language", "says"), [("en", "what it defines is thrown away"),
                                                ("de", "was sie definiert, wird verworfen")])
def test_the_report_says_it_of_that_function(language: str, says: str) -> None:
    missing = Sentence(template=UNDEFINED, values={"name": "double"})
    verdict = Verdict(id="values", title="Doubles.", mark=Mark.FAIL, points=0, max_points=3,
                      cause=Cause.MISSING, message="x", said=missing, functions=("double",))
    text = markdown.render(s.result(checks=(verdict,)), notebook(f"%%timeit\n{DEFINES}"), language=language)
    assert says in text
    assert says not in markdown.render(s.result(checks=(verdict,)), notebook(DEFINES), language=language)
