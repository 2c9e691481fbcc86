"""The start of the grader and of each kernel server is not spent on grammars that nothing uses."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["grader.pipeline",
                                    "grader.inside.runner.portable, grader.inside.runner.executing"])
def test_no_grammar_of_iris_is_compiled(module: str) -> None:
    asked = "lark", "rfc3987_syntax", "nbformat"
    code = f"import sys, {module}; print(*(name in sys.modules for name in {asked}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "True"]


def test_the_package_can_be_imported_by_who_wants_it() -> None:
    code = "import grader.wall.nbformat_lean, rfc3987_syntax; print(rfc3987_syntax.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "rfc3987_syntax"
