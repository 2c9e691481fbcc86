"""The import contracts hold for modules that did not exist when they were written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FENCED = {"wall": "the wall knows nothing of ours",
          "inside/runner": "what runs beside hostile code knows the wall and nothing else",
          "inside/kernel": "the kernel does not know its runner",
          "spec": "the specification knows the wall and the records"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its contracts, to be broken."""
    shutil.copytree(ROOT / "grader", tmp_path / "grader",
                    ignore=lambda _, names: [n for n in names if "." in n and not n.endswith(".py")])
    (tmp_path / "tests").mkdir()
    for name in "pyproject.toml", "tests/__init__.py", "tests/contracts.py":
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def broken(copy: Path) -> set[str]:
    """The names of the contracts that do not hold."""
    done = subprocess.run([Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=copy, text=True,
                          env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, check=False)
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    return set(re.findall(r"^(.+) BROKEN$", done.stdout, re.MULTILINE))


def test_as_it_is_every_contract_holds(copy: Path) -> None:
    assert broken(copy) == set()


@pytest.mark.parametrize("line", ["from grader.keep import new_and_unheard_of", "from grader import errors",
                                  "def late():\n    from grader.report.new_and_unheard_of import x",
                                  "from typing import TYPE_CHECKING\n"
                                  "if TYPE_CHECKING:\n    import grader.exercise.catalog"])
def test_what_is_on_no_list_may_not_be_imported(copy: Path, line: str) -> None:
    for package in "keep", "report":
        (copy / "grader" / package / "new_and_unheard_of.py").write_text("x = 1\n")
    for package in FENCED:
        (copy / "grader" / package / "quite_new.py").write_text(f"{line}\n")
    assert set(FENCED.values()) <= broken(copy)


def test_the_judge_has_no_arrow_up(copy: Path) -> None:
    judge = copy / "grader" / "judge.py"
    judge.write_text(judge.read_text() + "\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
                                         "    from grader.exercise.catalog import Exercise\n")
    assert broken(copy) == {"one direction", "the judge knows the specification, the wall and the records"}
