"""Every layout's class, graded once behind the real wall, for all the tests that look at it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from filelock import FileLock

from grader.cli import main
from tests.lms.classes import EXERCISE, SECOND
from tests.lms.laying import Laid
from tests.lms.layouts import LAYOUTS
from tests.notebooks import notebook

SOLUTION = notebook("def token():\n    ### BEGIN SOLUTION\n    return 255\n    ### END SOLUTION")


def run(*words: object) -> Result:
    """In a terminal so wide that no name is broken."""
    return CliRunner(env={"COLUMNS": "500"}).invoke(main, [str(word) for word in words])


def write_exercises(root: Path) -> Path:
    """The two exercises of the course, alike but for their names."""
    for name in (EXERCISE, SECOND):
        shutil.copytree(Path(__file__).parent / "exercise", root / name,
                        ignore=shutil.ignore_patterns("__pycache__"))
        (root / name / "notebook.ipynb").write_text(SOLUTION)
    return root


@dataclass(frozen=True, kw_only=True)
class Graded:
    """A class in one layout, and what became of it."""

    laid: Laid
    out: Path
    said: str                # what the tutor read
    exit_code: int

    @property
    def rows(self) -> list[Mapping[str, object]]:
        return [json.loads(line) for line in (self.out / "results.jsonl").read_text().splitlines()]


def grade(laid: Laid, out: Path, exercises: Path, *options: object) -> Graded:
    result = run("batch", *laid.sources, "--out", out, "--exercises", exercises, "--seed", 7, *laid.options,
                 *options)
    assert result.exit_code in (0, 1), result.output
    return Graded(laid=laid, out=out, said=result.output, exit_code=result.exit_code)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all the processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "lms"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def exercises(shared: Path) -> Path:
    folder = shared / "exercises"
    with FileLock(f"{folder}.lock"):
        return folder if folder.exists() else write_exercises(folder)


# What differs from another layout in the intake alone, which test_mapping.py looks at for each of them.
LIKE_OTHERS = {"wrapper", "tar", "several", "named-regexp", "nbgrader", "moodle-folder", "moodle-older",
               "moodle-prefix", "moodle-online", "moodle-teams-default", "canvas-late", "canvas-resubmitted"}


@pytest.fixture(scope="session", params=[
    pytest.param(name, marks=pytest.mark.long) if name in LIKE_OTHERS else name for name in LAYOUTS])
def graded(request: pytest.FixtureRequest, shared: Path, exercises: Path) -> Graded:
    """Whichever process comes first grades; the others read what it wrote."""
    root = shared / request.param
    with FileLock(f"{root}.lock"):
        said = root / "said.json"
        laid = LAYOUTS[request.param](root)
        if not said.exists():
            done = grade(laid, root / "out", exercises)
            said.write_text(json.dumps([done.said, done.exit_code]))
        text, code = json.loads(said.read_text())
        return Graded(laid=laid, out=root / "out", said=text, exit_code=code)
