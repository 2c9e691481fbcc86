"""The student's page and its Markdown twin."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from msgspec import structs

from grader import judge, records
from grader.report import markdown, safe_text, student
from grader.report import page as page_module
from grader.wall import messages
from tests import samples as s

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m\ud800`\n](javascript:alert(1)) |"


def page(result: records.Result, notebook: str = s.NOTEBOOK, **options: str) -> str:
    return student.render(result, notebook, **options)


class Tags(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]


def test_what_was_measured_stands_beside_what_was_expected() -> None:
    html = page(s.result())
    for text in ("0.00391", "0.00781\xa0±\xa00.00021", "LeCun&#39;s scaling", "Where does the factor 2",
                 "arxiv.org/abs/15"):
        assert text in html


def test_the_student_sees_their_own_lines_with_cell_and_line_numbers() -> None:
    html = page(s.result())
    assert "Your code · Cell 3 (code cell 2), line 5" in html
    assert re.search(r'class="row here".*?5</span><span>        norms\[name\] = p\.grad\.norm', html)
    assert "std = math.sqrt(1.0 / fan_in)" in html


def test_root_causes_come_first_and_what_depends_on_them_is_folded_under_them() -> None:
    html = page(s.result())
    root = html.index('<article class="check" id="check-4"')
    folded = html.index("2 checks depend on this one")
    assert root < folded < html.index("The signal keeps its size", root) < html.index('id="check-7"')
    assert '<article class="check" id="check-5"' not in html


@pytest.mark.parametrize("render", [student.render, markdown.render])
def test_a_hidden_check_shows_promise_mark_and_hint_and_nothing_it_measured(render) -> None:  # type: ignore[no-untyped-def]
    text = render(s.result(checks=(s.HIDDEN,)), s.NOTEBOOK)
    assert "Two calls give different weights" in text
    assert "Is a seed set inside the function?" in text
    assert "SECRET" not in text
    assert "NaN after step" not in text


@pytest.mark.parametrize("render", [student.render, markdown.render])
def test_a_withheld_mark_is_never_a_number(render) -> None:  # type: ignore[no-untyped-def]
    text = render(s.withheld(), s.NOTEBOOK)
    assert "Mark withheld" in text
    assert not re.search(r"\b0\b[^<\n]{0,20}/ ?9", text)
    assert "leaky-gain" not in text


def test_an_unreadable_notebook_says_why_and_gets_its_zero() -> None:
    html = page(s.unreadable(), "")
    assert "ends in the middle of line 12" in html
    assert ">0 <span>/ 20 points" in html


@pytest.mark.parametrize("render", [student.render, markdown.render])
def test_one_misconception_is_explained_once(render) -> None:  # type: ignore[no-untyped-def]
    again = structs.replace(s.VARIANCE, id="again", title="It holds in a network.",
                            message="Layer 30 is off.")
    text = render(s.result(checks=(s.VARIANCE, again)), s.NOTEBOOK)
    assert text.count("Half the variance is 1\xa0/\xa0fan") == 1
    assert text.count("Where does the factor 2") == 1
    assert text.count("1 more check fails for the same reason") == 1
    assert "Layer 30 is off." in text.replace("\\", "")


def test_what_the_message_says_is_not_said_again() -> None:
    said = structs.replace(s.VARIANCE, message=f"It is off. {s.VARIANCE.meaning}")
    assert page(s.result(checks=(said,))).count("LeCun&#39;s scaling. ReLU") == 1


def test_a_check_that_hangs_on_nothing_wrong_is_still_shown() -> None:
    lost = structs.replace(s.HANGING[0], root=s.PASSED[0].id)
    tags = Tags(page(s.result(checks=(*s.PASSED, lost))))
    assert "check-4" in tags.ids


def test_a_reference_by_arxiv_number_is_a_link() -> None:
    html = page(s.result(checks=(structs.replace(s.VARIANCE, read="He et al. 2015 (arXiv 1502.01852)"),)))
    assert '<a href="https://arxiv.org/abs/1502.01852" rel="noreferrer">arXiv 1502.01852</a>)' in html


def test_when_all_passes_nothing_is_left_to_do() -> None:
    html = page(s.passed_all())
    assert "Every check passed." in html
    assert "Nothing is left to do here." in html
    assert "What to work on" not in html
    assert html.count("The weights have mean 0.") == 2, "once to read, once as the name of what was measured"


def test_a_cell_that_stopped_is_something_left_to_do() -> None:
    html = page(structs.replace(s.passed_all(), events=s.EVENTS))
    assert "Every check passed.</span> One of your cells stopped, see below." in html
    assert "Nothing is left" not in html


def test_a_cell_that_came_with_the_notebook_is_not_called_theirs() -> None:
    own, given = s.EVENTS[0], structs.replace(s.EVENTS[0], cell=2)
    html = page(structs.replace(s.passed_all(), events=(given,), given=(2,)))
    assert "Every check passed.</span> A cell that came with the notebook stopped, see below." in html
    assert "your cells" not in html
    assert "Cell 3, as it was handed out:" in html
    stops = html.partition('id="stops"')[2].partition("</section>")[0]
    assert 'class="code"' in stops
    assert "Your code" not in stops
    html = page(structs.replace(s.passed_all(), events=(given, own), given=(2,)))
    assert "One of your cells stopped, see below. A cell that came with the notebook stopped" in html
    assert "Cell 4:" in html


def test_lines_of_a_cell_that_came_with_the_notebook_are_not_called_theirs() -> None:
    html = page(s.result(given=(2,)))
    assert "As handed out · Cell 3 (code cell 2), line 5" in html
    assert "Your code · Cell 3" not in html
    assert "Your code · Cell 2" in html


def test_a_cell_that_stopped_in_a_function_leads_to_the_check_that_tells_of_it() -> None:
    called = s.notebook(s.SOURCE, s.NORMS, "print(1)\nprint(fans(w), he_normal_(w))")
    for notebook, told in ((called, True), (called.replace("he_normal_(", "he_norm("), False),
                           (called.replace("he_normal_(w)", "he_normal_"), False)):
        result = s.result(events=s.EVENTS, given=(3,))
        stops = page(result, notebook).partition('id="stops"')[2].partition("</section>")[0]
        assert ('<a href="#check-4">It calls <code>he_normal_</code>, of which' in stops) is told
        assert ("It calls `he\\_normal\\_`" in markdown.render(result, notebook)
                or "It calls `he_normal_`" in markdown.render(result, notebook)) is told


@pytest.mark.parametrize(("waited", "language", "says"), [
    (False, "en", "it computed for more than 5 seconds"), (False, "de", "sie rechnete länger als 5 Sekunden"),
    (True, "en", "it waited for more than 5 seconds and computed nothing"),
    (True, "de", "sie wartete länger als 5 Sekunden, ohne zu rechnen")])
def test_the_limit_that_a_cell_met_is_named(waited: bool, language: str, says: str) -> None:
    stopped = messages.CellEvent(cell=1, cause=messages.CellCause.TIMEOUT, error="KeyboardInterrupt",
                                 message="computed for more than 5 s", after_seconds=5.0, waited=waited)
    html = page(structs.replace(s.passed_all(), events=(stopped,)), language=language)
    assert says in html
    assert "KeyboardInterrupt" not in html


def test_what_was_never_executed_was_not_executed_behind_a_wall() -> None:
    walled = structs.replace(s.MADE_BY, layers=("namespaces",))
    for made_by in (walled, structs.replace(s.MADE_BY, sandbox="process")):
        assert "xecuted" in page(s.result(made_by=made_by)).partition("<footer")[2]
        assert "xecuted" not in page(structs.replace(s.unreadable(), made_by=made_by)).partition("<footer")[2]


# --- a cell that could not be read ---------------------------------------------------------------------

UNCLOSED = s.notebook(s.NORMS, "def he_normal_(weight):\n    std = math.sqrt(2 / (fan_in(weight))\n    "
                      "return weight", "print(he_normal_(w))", "print(modle)")
LOST = structs.replace(s.VARIANCE, cause=records.Cause.MISSING, diagnosis=None, meaning="", advice="",
                       read="", pictures=(),
                       measurements=(), message="`he_normal_` is not defined after the notebook's last cell.",
                       said=records.Sentence(template=judge.UNDEFINED, values={"name": "he_normal_"}))
NAMELESS = structs.replace(s.RAISED, message="`init` raised NameError: name 'he_normal_' is not defined",
                           advice="", functions=("init",), said=records.Sentence(
                               template=judge.RAISED_WITH, values={
                                   "name": "init", "error": "NameError",
                                   "message": "name 'he_normal_' is not defined"}))
STOPS = (messages.CellEvent(cell=2, cause=messages.CellCause.RAISED, error="SyntaxError",
                     message="'(' was never closed", line=2),
         messages.CellEvent(cell=3, cause=messages.CellCause.RAISED, error="NameError",
                            message="name 'he_normal_' is not defined"),
         messages.CellEvent(cell=4, cause=messages.CellCause.RAISED, error="NameError",
                            message="name 'modle' is not defined", line=1))


def broken() -> records.Result:
    return s.result(checks=(*s.PASSED, LOST, *s.HANGING, NAMELESS), events=STOPS)


@pytest.mark.parametrize("render", [student.render, markdown.render])
def test_a_cell_that_could_not_be_read_is_the_root_of_all_it_was_to_define(render) -> None:  # type: ignore[no-untyped-def]
    text = render(broken(), UNCLOSED).replace("&#39;", "'").replace("\\", "")
    start, work = text.index("Start here:"), text.index("What to work on")
    assert start < text.index("Cell 3 could not be read:") < work
    assert "SyntaxError: '(' was never closed" in text[start:work]
    assert text.count("Cell 4 stopped for the same reason.") == 1
    assert "69367206" not in text
    assert "8 points depend on it" not in text
    assert "12 points depend on it" in text[work:]
    assert "4 checks need this cell" in text[work:]
    assert "line 2" in text[work:]


def test_what_a_broken_cell_cost_has_no_card_of_its_own() -> None:
    html = page(broken(), UNCLOSED)
    assert re.findall(r'<article class="check" id="([^"]+)"', html) == ["cell-3"]
    assert "While your notebook ran" in html, "a cell that stopped for another reason is still told"
    assert '<span class="label">Cell 5:</span>' in html
    assert '<span class="label">Cell 4:</span>' not in html


def test_a_name_that_no_stopped_cell_defines_is_no_cells_fault() -> None:
    html = page(broken(), s.NOTEBOOK)
    assert 'id="check-4"' in html
    assert "could not be read" not in html


def test_checks_that_miss_one_name_are_one_card() -> None:
    html = page(s.result(checks=(LOST, NAMELESS)), s.notebook("x = 1"))
    folded = html.index("1 more check fails for the same reason")
    assert folded < html.index('<article class="check" id="check-2"')
    assert html.count(">Start here:<") == 1


def test_a_line_at_which_several_checks_fail_is_quoted_once() -> None:
    other = structs.replace(s.RAISED, id="again", title="It does so twice.")
    html = page(s.result(checks=(s.RAISED, other)))
    assert "1 more check fails for the same reason" in html
    assert html.count('<p>Your code · Cell 3 (code cell 2), line 5</p>') == 1
    elsewhere = structs.replace(other, diagnosis="d", lines=(messages.Line(cell=2, line=2, text="x"),))
    html = page(s.result(checks=(structs.replace(s.RAISED, diagnosis="d"), elsewhere)))
    assert html.count('<p>Your code · Cell 3 (code cell 2), line') == 2


def test_without_an_answer_the_advice_is_of_its_cause() -> None:
    endless = structs.replace(LOST, cause=records.Cause.TIMEOUT, said=None,
                              message="It was stopped after 12 seconds.")
    for text in (page(s.result(checks=(endless,))), markdown.render(s.result(checks=(endless,)), s.NOTEBOOK)):
        assert "Start here:" in text
        work = text[text.index("What to work on"):]
        assert work.index("It was stopped after 12 seconds.") < work.index("Does this loop end?")


def test_the_lines_a_misconception_is_about_are_marked() -> None:
    html = page(s.result(checks=(structs.replace(s.VARIANCE, pattern=r"sqrt|normal_\("),)))
    assert re.findall(r'class="row here".*?</span>(\d+)</span><span>(.*?)</span>', html) == [
        ("13", "    std = math.sqrt(1.0 / fan_in)"), ("14", "    return weight.normal_(0.0, std)")]


def test_a_long_docstring_is_cut_short_and_line_numbers_stay_true() -> None:
    source = 'def he_normal_(w):\n    """Fills `w`.\n\n    At length.\n    """\n    return w'
    html = page(s.result(checks=(s.VARIANCE,)), s.notebook(source))
    assert "At length" not in html
    assert re.search(r'2</span><span>    &#34;&#34;&#34;Fills `w`. ...&#34;&#34;&#34;</span>', html)
    assert re.search(r'class="row"><span>6</span><span>    return w', html)


# --- what stands on every page -------------------------------------------------------------------------


@pytest.mark.parametrize("render", [student.render, markdown.render])
def test_the_title_is_for_people_and_the_id_stands_beside_it(render) -> None:  # type: ignore[no-untyped-def]
    text = render(s.result(title="Weights that keep a network alive"), s.NOTEBOOK)
    assert re.search(r"(<h1>|^# )Weights that keep a network alive", text)
    assert re.search(r"(<code>|`)he_init(</code>|`)", text)
    assert re.search(r"(<code>|`)variance(</code>|`)", text), "a check's id, for hints and for the tutor"


@pytest.mark.parametrize("render", [student.render, markdown.render])
def test_the_seed_that_inputs_are_drawn_from_is_no_students_to_know(render) -> None:  # type: ignore[no-untyped-def]
    text = render(s.result(made_by=structs.replace(s.MADE_BY, seed=987654321, torch="2.13.0+cpu")),
                  s.NOTEBOOK)
    assert "987654321" not in text
    assert "PyTorch 2.13.0 on CPU" in text


def test_an_unreadable_notebook_says_what_to_hand_in() -> None:
    assert "<code>he_init.ipynb</code> in Jupyter" in page(s.unreadable(), "")


def test_what_the_exercise_says_is_marked_as_english_on_a_german_page() -> None:
    html = page(s.result(), language="de")
    assert '<h3 class="promise" id="check-4-t" lang="en">The weights' in html
    assert 'lang="en"' not in page(s.result()).partition("<head>")[2]
    withheld = page(s.withheld(), language="de")
    # our own words are German, and marked as nothing
    assert "<p>Bei uns ist etwas schiefgegangen. Diese" in withheld


@pytest.mark.parametrize(("written", "printed"), [
    ("4.06e-05", "4.06 × 10⁻⁵"), ("a^2", "a²"), ("mean -0.3", "mean −0.3"), ("2 / fan_in", "2 / fan_in"),
    ("(2 / n)^2.", "(2 / n)²."),
    ("`1e-05 - a^2`", "`1e-05 - a^2`"), ("from 2 to -2", "from 2 to −2"), ("x-2", "x-2"), ("2 - 3", "2 - 3")])
def test_numbers_and_formulas_are_printed_as_in_a_book(written: str, printed: str) -> None:
    assert safe_text.typeset(written).replace("\xa0", " ") == printed


@pytest.mark.parametrize(("name", "address"), [
    ("torch.Tensor.normal_(mean)", "generated/torch.Tensor.normal_.html"), ("torch.nn", ""),
    ("torch.nn.Module.apply", "generated/torch.nn.Module.html#torch.nn.Module.apply"),
    ("torch.nn.init.calculate_gain", "nn.init.html#torch.nn.init.calculate_gain"),
    ("torch.optim.SGD", "generated/torch.optim.SGD.html"), ("torch.utils.hooks.RemovableHandle", "")])
def test_a_name_of_pytorchs_leads_to_its_page(name: str, address: str) -> None:
    found = re.findall(r'href="https://docs.pytorch.org/docs/stable/([^"]+)"', page_module.linked(name))
    assert found == ([address] if address else [])


def test_a_check_no_machine_could_look_at_is_not_a_failure() -> None:
    html = page(s.result(checks=(*s.PASSED, s.CUDA)))
    assert "not counted" in html
    assert "What to work on" not in html
    assert "Every check passed." not in html


def test_a_run_without_isolation_says_so() -> None:
    assert "without isolation" not in page(s.result())
    open_ = s.result(made_by=structs.replace(s.MADE_BY, sandbox="process"))
    assert "without isolation" in page(open_)
    assert "without isolation" in markdown.render(open_, s.NOTEBOOK)


def test_a_student_s_own_check_says_nothing_of_walls() -> None:
    own = s.result(made_by=structs.replace(s.MADE_BY, sandbox=records.OWN))
    for text in page(own), markdown.render(own, s.NOTEBOOK):
        assert "isolation" not in text
        assert "wall" not in text


def hostile() -> records.Result:
    """Hostile text in every field that can hold a student's."""
    line = messages.Line(cell=1, line=3, text=HOSTILE)
    row = records.Measurement(what=HOSTILE, measured=HOSTILE, expected=HOSTILE, meaning=HOSTILE)
    verdict = structs.replace(s.RAISED, title=HOSTILE, message=HOSTILE, measurements=(row,),
                              lines=(line, messages.Line(cell=-4, line=-9, text=HOSTILE)),
                              pictures=(structs.replace(s.signal(), title=HOSTILE, alt=HOSTILE,
                                                        x_label=HOSTILE),),
                              meaning=HOSTILE, advice=HOSTILE, read=HOSTILE,
                              functions=(HOSTILE, "he_normal_"))
    return s.result(HOSTILE, HOSTILE, (verdict, structs.replace(s.HANGING[0], title=HOSTILE, root="norms")),
                    events=(messages.CellEvent(cell=10**9, cause=messages.CellCause.RAISED, error=HOSTILE,
                                               message=HOSTILE, line=10**9),
                            messages.CellEvent(cell=1, cause=messages.CellCause.RAISED, error=HOSTILE,
                                               line=2)),
                    comment=HOSTILE, notebook=records.NotebookFile(path=HOSTILE, sha256="",
                                                                   first_error=HOSTILE))


def test_hostile_text_makes_no_element_and_no_attribute() -> None:
    html = page(hostile(), s.notebook(HOSTILE + "\n", HOSTILE), executed_href="javascript:alert(1)")
    tags = Tags(html)
    assert not {"script", "img", "iframe", "object", "form"} & {tag for tag, _ in tags.found}
    assert not [a for _, attributes in tags.found for a in attributes if a.startswith("on") or a == "style"]
    assert all((a.get("href") or "").startswith(("#", "https://")) for tag, a in tags.found if tag == "a")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\ud800-\udfff]", html)


def test_hostile_text_is_inert_in_markdown() -> None:
    text = markdown.render(hostile(), s.notebook(HOSTILE), language="en")
    text.encode("utf-8")
    outside = re.sub(r"^(`{3,}).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    spans = re.sub(r"(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)", "", outside)
    assert "<script" not in re.sub(r"\\<", "", spans)
    assert "](javascript" not in spans.replace("\\]", "")


def test_ids_are_unique_and_links_lead_somewhere() -> None:
    tags = Tags(page(s.result(events=s.EVENTS)))
    assert len(tags.ids) == len(set(tags.ids))
    targets = {a["href"][1:] for tag, a in tags.found
               if tag == "a" and a["href"] and a["href"].startswith("#")}
    assert targets <= set(tags.ids)


def test_the_page_is_one_file_with_a_policy_against_everything_else() -> None:
    html = page(s.result(), executed_href="he_init.ipynb.html")
    assert "default-src &#39;none&#39;; style-src &#39;sha256-" in html
    assert not re.search(r'(?:src|srcset|data)="(?!#)', html)
    assert 'href="he_init.ipynb.html"' in html


@pytest.mark.parametrize(("target", "kept"), [
    ("ada/he_init.html", True), ("a%20b/x.html", True), ("javascript:alert(1)", False),
    ("//evil.example/x", False),
    ("/etc/passwd", False), ("https://evil.example", False), ("a\\b", False), ("data:text/html,x", False),
    ("a\nb", False)])
def test_links_stay_beside_the_page(target: str, kept: bool) -> None:
    assert bool(safe_text.href(target)) is kept


@pytest.mark.parametrize("notebook", ["", "{", "[]", "null", '{"cells": 3}', '{"cells": [3]}', "[" * 100_000,
                                      '{"cells": [{"source": 4}]}',
                                      '{"cells": [{"cell_type": "code", "source": ["a", 1]}]}'])
def test_no_notebook_can_break_a_report(notebook: str) -> None:
    assert "he_init" in page(s.result(events=s.EVENTS), notebook)
    assert "he" in markdown.render(s.result(events=s.EVENTS), notebook)


def test_the_last_definition_is_the_one_that_counts() -> None:
    twice = s.notebook("def he_normal_(w):\n    first = 1\n",
                       "%matplotlib inline\n@cached\ndef he_normal_(\n    w,\n):\n    second = 2\n\nx = 1")
    html = page(s.result(checks=(s.VARIANCE,)), twice)
    assert "second = 2" in html
    assert "@cached" in html
    assert "first = 1" not in html
    assert "x = 1" not in html


def test_a_long_function_is_shortened_round_its_marked_line() -> None:
    source = "def gradient_norms(m):\n" + "".join(f"    step_{i} = {i}\n" for i in range(200))
    failed = structs.replace(s.RAISED, lines=(messages.Line(cell=1, line=150, text=""),))
    html = page(s.result(checks=(failed,)), s.notebook(source))
    assert "step_148 = 148" in html
    assert "step_10 = 10" not in html
    assert "shortened" in html


def test_what_python_cannot_read_is_said_with_its_version() -> None:
    event = messages.CellEvent(cell=1, cause=messages.CellCause.RAISED, error="SyntaxError",
                               message="invalid syntax", line=1)
    result = s.result(events=(event,))
    result = structs.replace(result, made_by=structs.replace(result.made_by, python="3.11"))
    for text in page(result), markdown.render(result, s.NOTEBOOK):
        assert "SyntaxError: invalid syntax (Python 3.11)" in text


def test_what_was_skipped_is_told_once_for_each_reason() -> None:
    one = messages.Skipped(cell=1, line=1, error="ModuleNotFoundError", message="No module named 'wandb'")
    result = structs.replace(s.passed_all(), skipped=(one, structs.replace(one, line=3), structs.replace(
        one, cell=10**9, line=-5, error=HOSTILE, message=HOSTILE)))
    for text in page(result), markdown.render(result, s.NOTEBOOK):
        assert "lines 1, 3" in text
        assert text.count("wandb") == 1
        assert "Skipped on the grading machine" in text
    assert "Skipped on the grading machine" not in page(s.passed_all())


@pytest.mark.parametrize(("language", "says"), [("en", "Handed in by your team, Gruppe 7."),
                                                ("de", "Abgegeben von deinem Team, Gruppe 7.")])
def test_a_team_s_page_names_the_student_and_the_team(language: str, says: str) -> None:
    result = s.result("1003", name="Anna Schmidt", team="Gruppe 7")
    html, text = (render(result, s.NOTEBOOK, language=language) for render in (student.render,
                                                                               markdown.render))
    assert "<bdi>Anna Schmidt</bdi> (<bdi>1003</bdi>)" in html
    assert "Anna Schmidt (1003)</title>" in html
    assert "Anna Schmidt (1003)" in text
    assert says in html
    assert says in text
    assert "team" not in page(s.result()).casefold()


def test_where_nobody_may_know_the_name_the_id_stands_alone() -> None:
    assert "<bdi>1003</bdi></p>" in page(s.result("1003"))


@pytest.mark.parametrize(("language", "says"), [
    ("en", "it is not clear which of them counts: a.ipynb, b.ipynb. Your tutor decides."),
    ("de", "es ist nicht klar, welche davon zählt: a.ipynb, b.ipynb. Das entscheidet")])
def test_whose_file_is_unclear_is_told_which(language: str, says: str) -> None:
    claims = tuple(records.NotebookFile(path=name, sha256=name) for name in ("a.ipynb", "b.ipynb"))
    result = s.result(checks=(), status=records.Status.UNCLEAR, score=None, claims=claims)
    for render in student.render, markdown.render:
        text = render(result, "", language=language)
        assert says in text
        assert "our side" not in text
        assert "bei uns" not in text.casefold()
