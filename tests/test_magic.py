"""`%grader check` in a shell: the visible checks of the functions that live in it, and nothing else
disturbed."""

from __future__ import annotations

import random
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


@pytest.fixture
def released(exercise_folder: Path, tmp_path: Path) -> Path:
    release.hand_out(catalog.load(exercise_folder), tmp_path / "out")
    return tmp_path / "out" / "doubling"


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
    _, outputs = shown(f"check {released}", *CELLS, "def double(x):\n    return x * x")
    (page,) = [o["data"]["text/html"] for o in outputs if "text/html" in o["data"]]
    assert "not the whole mark" in page
    assert 'sandbox=""' in page
    assert "the square" in page
    assert "&lt;h1&gt;Doubling" in page.replace("\n", "")
    assert "halve" not in page.replace("def halve", "")
    assert "def double" in page, "the student's own lines are quoted"


def test_nothing_else_is_disturbed(released: Path) -> None:
    torch.manual_seed(3)
    random.seed(3)
    want = torch.rand(2), random.random()
    torch.manual_seed(3)
    random.seed(3)
    shown(f"check {released}", "import torch",
          "def double(x):\n    torch.set_grad_enabled(False)\n    return x + x")
    assert torch.equal(torch.rand(2), want[0])
    assert random.random() == want[1]
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("line", ["", "mark", "check a b", "check /nowhere"])
def test_what_cannot_be_done_is_one_line(line: str) -> None:
    out, outputs = shown(line)
    assert not outputs
    assert len(out.strip().splitlines()) == 1
    assert "usage" in out
