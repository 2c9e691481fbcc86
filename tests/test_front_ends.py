"""What `%grader check` and `grader.check` display asks nothing of the program that shows it: no script, no
network, no widget, and something to read where HTML, or a frame, is not shown."""

from __future__ import annotations

import html
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import nh3
import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.exercise import catalog, release
from tests.conftest import CELLS
from tests.notebooks import notebook
from tests.test_magic import shown

WRONG = (*CELLS, "def double(x):\n    return x * x")
FETCHING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping", "manifest"}
# JupyterLab 4, packages/apputils/src/sanitizer.ts: of what is in a frame's HTML it lets through
LAB = {"div", "p", "span", "strong", "b", "em", "code", "pre", "ul", "ol", "li", "table", "tr", "td", "th",
       "details", "summary", "h1", "h2", "h3", "a", "br"}


@pytest.fixture(autouse=True)
def nobody_grades(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have brought in what a graded notebook's kernel has."""
    monkeypatch.delitem(sys.modules, "grader.inside.kernel.start", raising=False)


@pytest.fixture
def released(exercise_folder: Path, tmp_path: Path) -> Path:
    release.hand_out(catalog.load(exercise_folder), tmp_path / "handout")
    return tmp_path / "handout" / "doubling"


def bundle(folder: Path) -> dict[str, str]:
    """All that is displayed, by type."""
    _, (output,) = shown(f"check --folder {folder}", *WRONG)
    assert output["metadata"] in ({}, None)
    return dict(output["data"])


class Parts(HTMLParser):
    """The tags of a page, and what they would do."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags = set[str]()
        self.handlers, self.fetched = list[str](), list[str]()
        self.inner = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.fetched += [f"{tag} {name}" for name, _ in attrs
                         if name in FETCHING or (name.endswith("href") and tag not in ("a", "use"))]
        self.inner += dict(attrs).get("srcdoc") or ""


def test_it_is_plain_html_with_a_text_beside_it(released: Path) -> None:
    data = bundle(released)
    assert set(data) == {"text/html", "text/plain"}, "no widget, no script, nothing of one front end's own"
    outer = Parts(data["text/html"])
    for parts in (outer, Parts(outer.inner)):
        assert parts.tags & {"script", "object", "embed", "link", "base", "form"} == set()
        assert (parts.handlers, parts.fetched) == ([], [])
    assert outer.tags == {"div", "iframe"}
    assert "default-src 'none'" in html.unescape(outer.inner)
    assert re.findall(r"@import|url\(", outer.inner) == []


def test_where_no_html_is_shown_the_report_is_text(released: Path) -> None:
    text = bundle(released)["text/plain"]
    assert "the square" in text
    assert "What to work on" in text
    assert "<" not in text.replace("<=", "")
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 88


def test_where_the_frame_is_taken_away_the_mark_is_left(released: Path) -> None:
    left = nh3.clean(bundle(released)["text/html"], tags=LAB)
    assert left == "<div>Doubling: 0 / 4 points. Run this cell to see the report.</div>"


def test_a_cell_that_goes_into_the_folder_makes_every_place_alike(released: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """Colab and Kaggle start a notebook elsewhere."""
    monkeypatch.chdir(released.parent.parent)
    said, nothing = shown("check", *WRONG)
    assert "not the exercise's folder" in said
    assert nothing == []
    _, (output,) = shown("check", "%cd handout/doubling", *WRONG)
    assert "the square" in output["data"]["text/plain"]


def test_nothing_is_written_beside_the_checks(released: Path) -> None:
    """Kaggle's input is read-only."""
    before = {path: path.stat().st_mtime_ns for path in released.rglob("*")}
    bundle(released)
    assert {path: path.stat().st_mtime_ns for path in released.rglob("*")} == before


@pytest.mark.parametrize("before", ["", "!unzip -q handout.zip\n", "!cp -r /kaggle/input/handout .\n"],
                         ids=["vscode", "colab", "kaggle"])
def test_the_line_that_goes_there_does_no_harm_where_it_is_graded(exercise_folder: Path, tmp_path: Path,
                                                                  before: str) -> None:
    handed_in = tmp_path / "doubling.ipynb"
    check = "import grader\ngrader.check('doubling')"
    handed_in.write_text(notebook(f"{before}%cd handout/doubling", *CELLS, check,
                                  grader={"exercise": "doubling", "version": 3}))
    done = CliRunner().invoke(main, ["grade", str(handed_in), "--exercises", str(exercise_folder.parent),
                                     "--sandbox", "process"])
    assert done.exit_code == 0, done.output
    assert "6 / 6 points" in done.output
    assert "Nothing is left to do here" in done.output, "no cell stopped"
