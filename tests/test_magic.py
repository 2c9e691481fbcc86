"""`%grader check` in a shell: the visible checks of the functions that live in it, and nothing else
disturbed."""

from __future__ import annotations

import html
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import grader
from grader.exercise import catalog, release
from tests.conftest import CELLS


@pytest.fixture(autouse=True)
def nobody_grades(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have brought in what a graded notebook's kernel has."""
    monkeypatch.delitem(sys.modules, "grader.inside.kernel.start", raising=False)


@pytest.fixture
def released(exercise_folder: Path, tmp_path: Path) -> Path:
    release.hand_out(catalog.load(exercise_folder), tmp_path / "out")
    return tmp_path / "out" / "doubling"


@pytest.fixture
def course(exercise_folder: Path) -> Path:
    """An exercise whose checks are all visible."""
    checks = exercise_folder / "checks.py"
    checks.write_text(checks.read_text().replace("visible=False, ", ""))
    return exercise_folder


def page(line: str, *cells: str) -> str:
    """The text of the report that `%grader LINE` displays."""
    _, outputs = shown(line, *cells)
    (frame,) = [o["data"]["text/html"] for o in outputs if "text/html" in o["data"]]
    (inner,) = re.findall(r'srcdoc="([^"]*)"', frame)
    body = html.unescape(inner).partition("</style>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", body)).split())


def shown(line: str, *cells: str) -> tuple[str, list[dict[str, Any]]]:
    """What `%grader LINE` prints, and what it displays, after these cells."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    grader.load_ipython_extension(shell)
    for cell in cells:
        shell.run_cell(cell, store_history=True)
    shell.display_pub = CapturingDisplayPublisher()
    with capture_output(display=False) as captured:
        shell.run_line_magic("grader", line)
    InteractiveShell.clear_instance()
    return captured.stdout, shell.display_pub.outputs


def test_the_report_of_the_visible_checks_is_shown(released: Path) -> None:
    _, outputs = shown(f"check --folder {released}", *CELLS, "def double(x):\n    return x * x")
    (page,) = [o["data"]["text/html"] for o in outputs if "text/html" in o["data"]]
    assert "2 of 6 points are looked at after you hand in." in page
    assert 'sandbox=""' in page
    assert "the square" in page
    assert "&lt;h1&gt;Doubling" in page.replace("\n", "")
    assert "halve" not in page.replace("def halve", "")
    assert "def double" in page, "the student's own lines are quoted"


def test_nothing_else_is_disturbed(released: Path) -> None:
    torch.manual_seed(3)
    random.seed(3)
    want = torch.rand(2), random.random()
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    random.seed(3)
    shown(f"check --folder {released}", "import torch",
          "def double(x):\n    torch.set_grad_enabled(False)\n    return x + x")
    assert torch.equal(torch.rand(2), want[0])
    assert random.random() == want[1]
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(("line", "says"), [
    ("", "usage"), ("mark", "usage"), ("check --folder", "usage"), ("check 'a", "usage"),
    ("check -v", "usage"), ("check", "not the exercise's folder"),
    ("check --folder /nowhere", "exercise.toml in /nowhere")])
def test_what_cannot_be_done_is_one_line(line: str, says: str, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out, outputs = shown(line)
    assert not outputs
    assert len(out.strip().splitlines()) == 1
    assert says in out


def test_one_function_is_checked_while_another_is_not_written(course: Path, monkeypatch: pytest.MonkeyPatch
                                                              ) -> None:
    monkeypatch.chdir(course)
    cells = ("import torch", "def double(x):\n    return x + x",
             "def halve(x):\n    raise NotImplementedError")
    text = page("check double", *cells)
    assert "All visible checks of double passed. The other functions were not looked at." in text
    assert "halve(x)" not in text
    text = page("check", *cells)
    assert "Every check passed" not in text
    assert "Start here: Write halve" in text
    out, outputs = shown("check duoble", *cells)
    assert "no function 'duoble' in doubling; there are double, halve" in out
    assert not outputs


def test_a_folder_as_first_word_still_works_and_says_how_it_is_said_now(released: Path) -> None:
    out, outputs = shown(f"check {released} double", *CELLS)
    assert "--folder" in out
    assert any("All visible checks of" in o["data"].get("text/html", "") for o in outputs)


def test_the_cell_in_which_an_error_was_raised_is_named(released: Path) -> None:
    text = page(f"check --folder {released}", "import torch", "y = 1\n\ndef double(x):\n    return x.nothing")
    assert "Your code · Cell In[2], line 4" in text


def test_an_error_in_a_cell_that_was_handed_out_is_not_called_theirs(released: Path) -> None:
    helper, own = "def helper(x):\n    return x.nothing", "def double(x):\n    return helper(x)"
    text = page(f"check --folder {released}", helper, own)
    assert "Your code · Cell In[1], line 2" in text
    settings = released / "exercise.toml"
    given = f'given = ["{release.cell_digest(helper)}", '
    settings.write_text(settings.read_text().replace("given = [", given))
    text = page(f"check --folder {released}", helper, own)
    assert "As handed out · Cell In[1], line 2" in text
    assert "Your code · Cell In[2], line 2" in text


def test_a_notebook_that_is_graded_does_not_check_itself(released: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grader.inside.kernel.start", sys)
    assert shown(f"check --folder {released}", *CELLS) == ("", [])
