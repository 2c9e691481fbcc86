"""What the notebooks say of the course and of the day: which exercise comes when, and the newest PyTorch."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parent.parent / "exercises"
SETTINGS = tomllib.loads((COURSE / "course.toml").read_text(encoding="utf-8"))
ORDER = [place["name"] for place in SETTINGS["exercise"]]
INSTALLING = "cuda_check"


def cell(exercise: str, name: str) -> str:
    document = json.loads((COURSE / exercise / "notebook.ipynb").read_text(encoding="utf-8"))
    return next("".join(cell["source"]) for cell in document["cells"] if cell["id"] == name)


def title(exercise: str) -> str:
    return str(tomllib.loads((COURSE / exercise / "exercise.toml").read_text(encoding="utf-8"))["title"])


@pytest.mark.parametrize("exercise", ORDER)
def test_a_notebook_says_how_long_it_takes_what_was_before_and_what_comes_next(exercise: str) -> None:
    place = ORDER.index(exercise)
    before = f' Before it: "{title(ORDER[place - 1])}".' if place else ""
    after = f'Next: "{title(ORDER[place + 1])}".' if place + 1 < len(ORDER) else "It is the last."
    line = cell(exercise, "title").splitlines()[-1]
    told = re.sub(r"about \d+ minutes", "about N minutes", line)
    expected = f"*Exercise {place + 1} of {len(ORDER)}, about N minutes.{before} {after} You need: "
    assert told.startswith(expected)


@pytest.mark.online
def test_the_notebook_on_cuda_speaks_of_the_newest_torch() -> None:
    """Where it does not: read the release notes, bring the cell up to date (wheels, CUDA, drivers, date)."""
    said = re.search(r"As of .* \(PyTorch (\d+\.\d+)\)", cell(INSTALLING, "install"))
    done = subprocess.run([sys.executable, "-m", "pip", "index", "versions", "torch"], check=True,
                          timeout=240, capture_output=True, text=True)
    newest = re.match(r"torch \((\d+\.\d+)", done.stdout)
    assert said
    assert newest
    assert said[1] == newest[1]
