"""What a submission costs with grader and with nbgrader: whole processes, the same notebooks, side by side in
one run.

    python benchmarks/compare.py                                 # 50 submissions, three rounds
    python benchmarks/compare.py --submissions 4 --rounds 1      # a try

A round marks the whole class once with each tool, from nothing: `grader batch`, and `nbgrader autograde` with
`nbgrader generate_feedback`; the tools take turns in going first. nbgrader runs in an environment of its own,
benchmarks/.env, made on first use from nbgrader-constraints.txt.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from course import EXERCISE, REPOSITORY, build

HERE = Path(__file__).resolve().parent
CONSTRAINTS = HERE / "nbgrader-constraints.txt"
WORK = HERE / "work"
VERSION = "0.9.6"
AIM = 0.1   # a tenth of nbgrader's time

Marks = dict[str, dict[str, float]]  # student -> check -> points


class Nbgrader:
    """nbgrader in a virtual environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        stamp = folder / "installed"
        wanted = CONSTRAINTS.read_text(encoding="utf-8")
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            self._install(folder)
            stamp.write_text(wanted, encoding="utf-8")

    def _install(self, folder: Path) -> None:
        click.echo(f"installing nbgrader {VERSION} in {folder.relative_to(REPOSITORY)} (minutes, once)")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [self.bin / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c",
               CONSTRAINTS]
        for packages in (["torch"], [f"nbgrader=={VERSION}", "numpy", "matplotlib", "tqdm"]):
            subprocess.run([*pip, *packages], check=True)

    def __call__(self, *arguments: str, cwd: Path) -> None:
        run([str(self.bin / "nbgrader"), *arguments], cwd=cwd, path=self.bin)  # it calls `alembic` by name

    def grade(self, course: Path) -> None:
        self("autograde", EXERCISE, cwd=course)
        self("generate_feedback", EXERCISE, cwd=course)

    def marks(self, course: Path) -> Marks:
        script = [str(self.bin / "python"), str(HERE / "nbgrader_marks.py"), EXERCISE]
        marks: Marks = json.loads(run(script, cwd=course, path=self.bin))
        feedback = len(list(course.glob(f"feedback/*/{EXERCISE}/{EXERCISE}.html")))
        if feedback != len(marks):
            raise click.ClickException(f"nbgrader wrote {feedback} pages of feedback for {len(marks)} "
                                       "submissions")
        return marks


class Grader:
    """grader as it stands in this repository."""

    def grade(self, submissions: Path, out: Path) -> None:
        run([sys.executable, "-m", "grader", "batch", str(submissions), "--out", str(out),
             "--exercises", str(REPOSITORY / "exercises")], cwd=REPOSITORY)

    def marks(self, out: Path) -> Marks:
        results = [json.loads(line) for line in (out
                                                 / "results.jsonl").read_text(encoding="utf-8").splitlines()]
        bad = [result["student"] for result in results if result["status"] != "graded"]
        if bad:
            raise click.ClickException(f"grader did not grade {', '.join(bad)}")
        return {result["student"]: {check["id"]: check["points"] for check in result["checks"]}
                for result in results}


@dataclass(frozen=True, kw_only=True)
class Round:
    """Seconds a submission."""

    grader: float
    nbgrader: float

    @property
    def ratio(self) -> float:
        return self.grader / self.nbgrader


def run(command: list[str], *, cwd: Path, path: Path | None = None) -> str:
    """Standard output of a command that must succeed."""
    environment = dict(os.environ)
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{environment.get('PATH', '')}"
    done = subprocess.run(command, cwd=cwd, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def take_turns(number: int, submissions: Path, course: Path, nbgrader: Nbgrader) -> tuple[Round, Marks,
                                                                                          Marks]:
    """One round: each tool marks the whole class once, from nothing; which goes first changes from round to
    round."""
    fresh, out = WORK / f"course-{number}", WORK / f"reports-{number}"
    count = len(list(submissions.iterdir()))
    shutil.copytree(course, fresh)
    tools = {"grader": lambda: Grader().grade(submissions, out), "nbgrader": lambda: nbgrader.grade(fresh)}
    took = {}
    for name in sorted(tools, reverse=number % 2 == 0):
        started = time.perf_counter()
        tools[name]()
        took[name] = (time.perf_counter() - started) / count
    return Round(**took), Grader().marks(out), nbgrader.marks(fresh)


def agreement(ours: Marks, theirs: Marks) -> str:
    """How many checks get the same points from both; names the first that do not."""
    pairs = [(student, check) for student in theirs for check in theirs[student]]
    differ = [f"{s} {c}" for s, c in pairs if ours.get(s, {}).get(c) != theirs[s][c]]
    text = f"{len(pairs) - len(differ)} of {len(pairs)} checks get the same points from both"
    return text + (f"; not: {', '.join(differ[:8])}{' ...' if len(differ) > 8 else ''}" if differ else "")


def conditions(nbgrader: Nbgrader, cores: int) -> Mapping[str, str]:
    """What the figures hold for."""
    ask = ("import torch, nbconvert, ipykernel; "
           "print(f'torch {torch.__version__}, nbconvert {nbconvert.__version__}, ipykernel "
           "{ipykernel.__version__}')")
    pythons = {"grader": sys.executable, "nbgrader": str(nbgrader.bin / "python")}
    told = {tool: run([python, "-c", f"import {tool}; print({tool}.__version__, end=', '); {ask}"],
                      cwd=REPOSITORY).strip() for tool, python in pythons.items()}
    return {**told, "machine": f"{cores} cores, {platform.system()} {platform.machine()}, Python "
                               f"{platform.python_version()}; both tools on it, in turns, in this one run"}


@click.command()
@click.option("--submissions", "count", type=click.IntRange(1, 99), default=50, show_default=True,
              help="In the class.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True,
              help="Times each tool marks the class.")
@click.option("--cores", type=click.IntRange(1), default=2, show_default=True,
              help="At most so many, for both tools.")
def main(count: int, rounds: int, cores: int) -> None:
    """Time grader and nbgrader side by side on one class of he_init notebooks."""
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    os.sched_setaffinity(0, allowed)
    nbgrader = Nbgrader(HERE / ".env")
    for name, text in conditions(nbgrader, len(allowed)).items():
        click.echo(f"{name:9} {text}")
    submissions, course = build(WORK, count, nbgrader)
    click.echo(f"class     {count} notebooks of {EXERCISE}, half right, half with a mistake; both get the "
               "same files\n"
               "timed     grader batch (default --jobs) | nbgrader autograde + generate_feedback (default "
               "settings)\n")
    found = []
    for number in range(1, rounds + 1):
        measured, ours, theirs = take_turns(number, submissions, course, nbgrader)
        found.append(measured)
        click.echo(f"round {number}   grader {measured.grader:.3f} s, nbgrader {measured.nbgrader:.3f} s a "
                   "submission, " f"ratio {measured.ratio:.3f}   ({agreement(ours, theirs)})")
    ratios = [one.ratio for one in found]
    middle = statistics.median(ratios)
    click.echo(f"\nratio     {middle:.3f} (median of {rounds}; {min(ratios):.3f} to {max(ratios):.3f}): "
               "grader costs "
               f"1/{1 / middle:.1f} of nbgrader. The aim is at most {AIM:g}: "
               f"{'met' if middle <= AIM else 'not met'}.")


if __name__ == "__main__":
    main()
