"""The tools that are compared: each marks a whole class of the same notebooks, from nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import click
from course import EXERCISE, REPOSITORY, graded_blocks

HERE = Path(__file__).resolve().parent
ASK = ("import sys, torch, nbconvert, ipykernel; "
       "print(f'Python {sys.version.split()[0]}, torch {torch.__version__}, nbconvert "
       "{nbconvert.__version__}, ipykernel {ipykernel.__version__}')")
EXTRA = ("numpy", "matplotlib", "tqdm")  # what the exercise's notebook imports

Marks = dict[str, dict[str, float]]      # student -> check -> points


class Tool(Protocol):
    name: str
    does: str                            # what is timed

    def conditions(self) -> str:
        """What its figures hold for."""

    def grade(self, folder: Path) -> None:
        """Mark the class in `folder/submitted`, an nbgrader course; what comes of it stays in `folder`."""

    def marks(self, folder: Path) -> Marks:
        """What `grade` has given."""


class Environment:
    """A virtual environment of its own, made on first use from constraints that stand beside this file."""

    def __init__(self, folder: Path, package: str, constraints: str) -> None:
        self.bin, self.package = folder / "bin", package
        path, stamp = HERE / constraints, folder / "installed"
        wanted = path.read_text(encoding="utf-8")
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        click.echo(f"installing {package} in {folder.relative_to(REPOSITORY)} (minutes, once)")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [self.bin / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "-c", path]
        for packages in (["torch"], [package, "ipykernel", "nbconvert", *EXTRA]):
            subprocess.run([*pip, *packages], check=True)
        stamp.write_text(wanted, encoding="utf-8")

    def run(self, *command: str, cwd: Path) -> str:
        return run([str(self.bin / command[0]), *command[1:]], cwd=cwd, path=self.bin)

    def conditions(self) -> str:
        return f"{self.package}, {self.run('python', '-c', ASK, cwd=REPOSITORY).strip()}"


class Grader:
    """grader as it stands in this repository."""

    name, does = "grader", "grader batch (default --jobs)"

    def conditions(self) -> str:
        return run([sys.executable, "-c", f"import grader; print(grader.__version__, end=', '); {ASK}"],
                   cwd=REPOSITORY).strip()

    def grade(self, folder: Path) -> None:
        run([sys.executable, "-m", "grader", "batch", str(folder / "submitted"), "--out",
             str(folder / "reports"), "--exercises", str(REPOSITORY / "exercises")], cwd=REPOSITORY)

    def marks(self, folder: Path) -> Marks:
        lines = (folder / "reports" / "results.jsonl").read_text(encoding="utf-8").splitlines()
        results = [json.loads(line) for line in lines]
        bad = [result["student"] for result in results if result["status"] != "graded"]
        if bad:
            raise click.ClickException(f"grader did not grade {', '.join(bad)}")
        return {result["student"]: {check["id"]: check["points"] for check in result["checks"]}
                for result in results}


class Nbgrader:
    name, does = "nbgrader", "nbgrader autograde + generate_feedback (default settings)"

    def __init__(self) -> None:
        self.environment = Environment(HERE / ".env" / "nbgrader", "nbgrader==0.9.6",
                                       "nbgrader-constraints.txt")
        self.conditions = self.environment.conditions

    def __call__(self, *arguments: str, cwd: Path) -> None:
        self.environment.run("nbgrader", *arguments, cwd=cwd)  # it calls `alembic` by name

    def grade(self, folder: Path) -> None:
        self("autograde", EXERCISE, cwd=folder)
        self("generate_feedback", EXERCISE, cwd=folder)

    def marks(self, folder: Path) -> Marks:
        marks: Marks = json.loads(self.environment.run("python", str(HERE / "nbgrader_marks.py"), EXERCISE,
                                                       cwd=folder))
        feedback = len(list(folder.glob(f"feedback/*/{EXERCISE}/{EXERCISE}.html")))
        if feedback != len(marks):
            raise click.ClickException(f"nbgrader wrote {feedback} pages of feedback for {len(marks)} "
                                       "submissions")
        return marks


class Otter:
    """otter-grader as it runs inside its container, without one: `otter run`, one submission at a time."""

    name, does = "otter", "otter run for each, one after the other (what `otter grade` does in a container)"

    def __init__(self) -> None:
        self.environment = Environment(HERE / ".env" / "otter", "otter-grader==7.0.0",
                                       "otter-constraints.txt")
        self.conditions = self.environment.conditions

    def grade(self, folder: Path) -> None:
        tests = folder / "tests"
        tests.mkdir()
        for name, points, code in graded_blocks():
            (tests / f"{name}.py").write_text(OTTER_TEST.format(name=name, points=points, code=code),
                                              encoding="utf-8")
        self.environment.run("otter", "generate", "-t", "tests", "-o", "autograder.zip", "--no-config",
                             "--no-requirements", "--no-environment", cwd=folder)
        for student in sorted((folder / "submitted").iterdir()):
            out = folder / "otter" / student.name
            out.mkdir(parents=True)
            self.environment.run("otter", "run", "--no-logo", "-a", "autograder.zip", "-o", str(out),
                                 str(student / EXERCISE / f"{EXERCISE}.ipynb"), cwd=folder)

    def marks(self, folder: Path) -> Marks:
        return {path.parent.name: {test["name"]: test["score"]
                                   for test in json.loads(path.read_text(encoding="utf-8"))["tests"]
                                   if test.get("score") is not None}
                for path in sorted((folder / "otter").glob("*/results.json"))}


OTTER_TEST = """from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {points!r}
CODE = {code!r}


@test_case(points={points!r}, hidden=True)
def test(env):
    exec(CODE, env)
"""


def run(command: Sequence[str], *, cwd: Path, path: Path | None = None) -> str:
    """Standard output of a command that must succeed."""
    environment = dict(os.environ)
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{environment.get('PATH', '')}"
    done = subprocess.run(command, cwd=cwd, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout
