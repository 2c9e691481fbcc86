"""A small exercise that tests of the machinery share; the real ones are proved in test_exercises.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.notebooks import notebook

os.environ.setdefault("OMP_NUM_THREADS", "1")
# How long an example takes is the machine's business, not the test's.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

TOML = """
title = "Doubling"
version = 3
points = 6
functions = ["double", "halve"]
forbidden = ["torch.mul"]
"""

CHECKS = '''
import torch
from grader.spec import Call, Diagnosis, Probe, check, expect_tensor, fail, normal

doubled = Call("double", normal(4, 3))
twice = Call("double", normal(2, 2), times=2)
halved = Probe("halves", uses=("halve",), x=normal(5))
SQUARED = Diagnosis("squared", "each entry is x * x: the square", advice="Add x to itself.", read="Any book.")


@check(looks_at=doubled, points=3)
def values(seen):
    """double(x) is 2 x."""
    x = seen.given["0"]
    seen.measure("first entry", f"{seen.value}"[:9], "2 x")
    expect_tensor(seen.value, 2 * x, rtol=1e-6, what="double(x)", otherwise={SQUARED: x * x})


@check(looks_at=(doubled, twice), points=1, after=values)
def untouched(seen, again):
    """The tensor passed in
    is not changed."""
    expect_tensor(seen.argument(0), seen.given["0"], rtol=0.0, what="x afterwards")
    expect_tensor(again.value, 2 * again.given["0"], rtol=1e-6, what="double(x)")
    expect_tensor(again.argument(0, call=1), again.given["0"], rtol=0.0, what="x afterwards")


@check(looks_at=halved, points=2, visible=False, hint="Divide.")
def half(seen):
    """halve(x) is x / 2."""
    expect_tensor(seen.value, seen.given["x"] / 2, rtol=1e-6, what="halve(x)")
'''

PROBES = '''
def halves(namespace, x):
    return namespace["halve"](x)
'''

CELLS = [
    "import torch",
    "def double(x):\n    ### BEGIN SOLUTION\n    return x + x\n    ### END SOLUTION",
    "def halve(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION",
    "double(torch.ones(2))",
]


def write_exercise(folder: Path, *, toml: str = TOML, checks: str = CHECKS) -> Path:
    folder.mkdir(parents=True)
    (folder / "exercise.toml").write_text(toml)
    (folder / "checks.py").write_text(checks)
    (folder / "probes.py").write_text(PROBES)
    (folder / "notebook.ipynb").write_text(notebook(*CELLS))
    for kind, name, text in (
            ("wrong", "squares", '"""Squares.\n\nfails: values\ndiagnosis: squared\n'
                                 'points: 4 (both promises are about the value)\n"""\n'
                                 "def double(x):\n    return x * x"),
            ("wrong", "in_place", '"""Writes into x.\n\nfails: untouched\ndiagnosis: none\npoints: 1\n"""\n'
                                  "def double(x):\n    return x.add_(x)"),
            ("wrong", "raises", '"""Raises.\n\nfails: half\ndiagnosis: none\ncause: raised\npoints: 2\n"""\n'
                                'def halve(x):\n    raise KeyError("no")'),
            ("right", "operator", '"""Another style."""\ndef double(x):\n    return 2 * x')):
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / f"{name}.py").write_text(text)
    return folder


@pytest.fixture
def exercise_folder(tmp_path: Path) -> Path:
    return write_exercise(tmp_path / "exercises" / "doubling")
