"""The start of the grader and of each kernel server is not spent on grammars that nothing uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

UNUSED = "rfc3987_syntax"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def with_the_grammar(tmp_path: Path) -> dict[str, str]:
    """An environment in which the package is there for jsonschema to find; a stand-in compiles no grammar."""
    (tmp_path / f"{UNUSED}.py").write_text("def is_valid_syntax(*_):\n    return True\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}


def printed(code: str, environment: dict[str, str]) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env=environment)
    return done.stdout.split()


@pytest.mark.parametrize("module", ["grader.commands", "grader.report.child",
                                    "grader.inside.runner.portable, grader.inside.runner.executing"])
def test_no_grammar_of_iris_is_compiled(module: str, with_the_grammar: dict[str, str]) -> None:
    code = f"import sys, {module}; print(*(name in sys.modules for name in ('{UNUSED}', 'nbformat')))"
    assert printed(code, with_the_grammar) == ["False", "True"]


def test_nbformat_by_itself_does_compile_it(with_the_grammar: dict[str, str]) -> None:
    code = f"import sys, nbformat; print('{UNUSED}' in sys.modules)"
    assert printed(code, with_the_grammar) == ["True"]


def test_the_package_can_be_imported_by_who_wants_it(with_the_grammar: dict[str, str]) -> None:
    code = f"import grader.wall.nbformat_lean, {UNUSED}; print({UNUSED}.__name__)"
    assert printed(code, with_the_grammar) == [UNUSED]
