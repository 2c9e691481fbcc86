"""What a submission costs, taken apart: CPU milliseconds by phase, of a class of right answers.

    python benchmarks/cost.py                       # 40 submissions
    python benchmarks/cost.py --submissions 8

The whole is what Linux's control group of the batch has counted (as root). What the phases leave of it is the
end of processes, which nobody can see from inside.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import metering
import nbformat
from course import EXERCISE, REPOSITORY, solutions, source_notebook
from metered import counted, cpu_seconds
from nbformat.v4 import new_code_cell

HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", re.DOTALL)
MEANING = {
    "starting": "importing; once a batch, in three processes", "fork": "the warm server: forks of runners",
    "namespaces": "runner, holder and init, until there is a kernel", "shell": "the kernel, up to its hello",
    "client": "nbconvert, its client and its event loop", "kernel": "ipykernel, around the cells",
    "cells": "the cells themselves, figures with them", "forks of calls": "the call's process, set up",
    "calls": "the calls themselves", "asking": "the runner, between grader and call",
    "watch": "looking at limits", "wire": "writing and reading what crosses the wall",
    "judge": "checks, and what drives the batch", "observations": "stored for judging again",
    "gradebook": "its transactions", "pages": "report, executed notebook",
    "class": "class page and lists, once a batch", "other threads": "outputs, sockets, system calls asked",
}


def hand_in(folder: Path, count: int) -> None:
    """A class of right answers, as compare.py's students hand them in."""
    right, _ = solutions()
    for number, code in zip(range(1, count + 1), itertools.cycle(right), strict=False):
        notebook = source_notebook()
        answers = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
        for cell in notebook.cells:
            cell.source = HIDDEN.sub("", cell.source).replace("    ### BEGIN SOLUTION\n", "")
            cell.source = cell.source.replace("\n    ### END SOLUTION", "")
        if code:
            notebook.cells.insert(notebook.cells.index(answers[-1]) + 1, new_code_cell(code, id="once-more"))
        own = folder / f"student{number:03}" / EXERCISE
        own.mkdir(parents=True)
        nbformat.write(notebook, own / f"{EXERCISE}.ipynb")


@click.command()
@click.option("--submissions", "count", type=click.IntRange(1), default=40, show_default=True)
def main(count: int) -> None:
    """Take apart what a submission costs."""
    with tempfile.TemporaryDirectory() as made, counted() as (group, usage, unit):
        work = Path(made)
        work.chmod(0o755)
        table = work / "table"
        table.write_bytes(bytes(metering.ROWS * metering.COLUMNS * 8))
        table.chmod(0o666)
        hand_in(work / "class", count)
        command = [sys.executable, metering.__file__, str(table), "batch", str(work / "class"), "--out",
                   str(work / "out"), "--exercises", str(REPOSITORY / "exercises")]
        joined = f'echo 0 > {group}/cgroup.procs; exec "$@"'
        done = subprocess.run(["sh", "-c", joined, "sh", *command],
                              env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise click.ClickException(done.stdout[-3000:])
        whole, phases = cpu_seconds(usage, unit), metering.added_up(table)
    rest = {"(not told apart)": whole - sum(phases.values()), "whole": whole}
    for name, spent in {**phases, **rest}.items():
        share = f"{1000 * spent / count:8.1f} ms{spent / whole:7.1%}"
        click.echo(f"{name:17}{share}  {MEANING.get(name, '')}".rstrip())


if __name__ == "__main__":
    main()
