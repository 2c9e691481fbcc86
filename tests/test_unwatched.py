"""What no recorder can watch is seen in a notebook's text, and honest notebooks hold none of it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch

from grader.exercise.catalog import known, load
from grader.exercise.solutions import cells
from grader.unwatched import unwatched
from tests.notebooks import notebook

COURSE = Path(__file__).resolve().parents[1] / "exercises"
FORBIDDEN = ("torch.nn.init.kaiming_normal_", "torch.nn.init.no_such_", "torch.mul")


@pytest.mark.parametrize(("source", "what"), [
    ("exec('x = 1')", "`exec`"),
    ("run = eval\nrun('1')", "`eval`"),
    ("f.__code__ = g.__code__", "`__code__`"),
    ("getattr(f, '__code__')", "`__code__`"),
    ("from inspect import getsource as s", "`getsource`"),
    ("import inspect\ninspect.getsource(torch.nn.init)", "`getsource`"),
    ("import ctypes.util", "`ctypes`"),
    ("import grader.inside.kernel.recorder as r", "`grader.inside`"),
    ("from grader import inside", "`grader.inside`"),
    ("sys.modules['grader.inside.kernel.recorder']", "`grader.inside`"),
    ("import gc\ngc.get_objects()", "`get_objects`"),
    ("def broken(:\n    exec('x')", "`exec`"),
])
def test_what_cannot_be_watched_is_told_with_its_cell(source: str, what: str) -> None:
    (need,) = unwatched(notebook("import torch", source), FORBIDDEN)
    assert need.kind == "unwatched"
    assert need.reason == f"Cell 2 uses {what}, with which a forbidden function can be called unseen."
    assert not unwatched(notebook("import torch", source), ())  # nothing is forbidden


@pytest.mark.parametrize("source", [
    "model.eval()\nmodel.compile()\ntorch.compile(model)\nre.compile('x')\npattern = 'eval'",
    "def compile(x):\n    return x\ncompile(1)",
    "import gc\ngc.collect()",
    "%load_ext grader\n%grader check he_init",
    "print(__name__, __file__)",
    "import inspect\ninspect.signature(print)",
])
def test_what_honest_notebooks_do_is_not(source: str) -> None:
    assert not unwatched(notebook(source), FORBIDDEN)


def test_the_librarys_own_source_is_known_under_any_name() -> None:
    text = inspect.getsource(torch.nn.init.kaiming_normal_)
    assert "def kaiming_normal_" in text
    mine = text.replace("def kaiming_normal_", "def he_normal_")
    (need,) = unwatched(notebook(f"from torch.nn.init import *\n{mine}"), FORBIDDEN)
    assert need.reason == "Cell 1 holds the library's own source of `torch.nn.init.kaiming_normal_`."


@pytest.mark.parametrize("name", sorted(known(COURSE)))
def test_no_right_solution_is_suspected(name: str) -> None:
    exercise = load(COURSE / name)
    forbidden = exercise.settings.forbidden or FORBIDDEN
    for path in [*sorted((COURSE / name / "right").glob("*.py")), COURSE / name / "notebook.ipynb"]:
        assert not unwatched(notebook(*cells(exercise, path)), forbidden), path.name
