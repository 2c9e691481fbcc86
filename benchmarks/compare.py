"""What a submission costs with grader, with nbgrader and with otter-grader: whole processes, the same
notebooks, side by side in one run.

    python benchmarks/compare.py                                 # 50 submissions of each kind, three rounds
    python benchmarks/compare.py --submissions 4 --rounds 1      # a try

A round marks the whole class once with each tool, from nothing; the tools take turns in going first.
nbgrader and otter-grader run in environments of their own, below benchmarks/.env, made on first use.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from course import EXERCISE, KINDS, build
from metered import Cost, metered
from tools import HERE, Grader, Marks, Nbgrader, Otter, Tool

WORK = HERE / "work"
AIM = 20.0  # times cheaper than nbgrader

Round = Mapping[str, Cost]  # tool -> what the class cost


def take_turns(number: int, course: Path, tools: Sequence[Tool]) -> tuple[Round, Mapping[str, Marks]]:
    """One round: each tool marks the whole class once; who goes first changes from round to round."""
    found: dict[str, Cost] = {}
    marks: dict[str, Marks] = {}
    first = number % len(tools)
    for tool in (*tools[first:], *tools[:first]):
        folder = WORK / f"{course.name}-{tool.name}-{number}"
        shutil.copytree(course, folder)
        found[tool.name] = metered(lambda tool=tool, folder=folder: tool.grade(folder))
        marks[tool.name] = tool.marks(folder)
        shutil.rmtree(folder)
    return found, marks


def agreement(ours: Marks, theirs: Marks) -> str:
    """How many checks get the same points from both; names the first that do not."""
    pairs = [(student, check) for student in theirs for check in theirs[student]]
    differ = [f"{s} {c}" for s, c in pairs if ours.get(s, {}).get(c) != theirs[s][c]]
    text = f"{len(pairs) - len(differ)} of {len(pairs)} checks get the same points"
    return text + (f"; not: {', '.join(differ[:8])}{' ...' if len(differ) > 8 else ''}" if differ else "")


def times(rounds: Sequence[Round], tool: str, what: str) -> str:
    """How many times grader's cost another tool's is: the median and the spread over the rounds."""
    ratios = [getattr(one[tool], what) / getattr(one["grader"], what) for one in rounds]
    return f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"


def table(rounds: Sequence[Round], count: int) -> list[str]:
    """Markdown: the medians of each tool a submission, and the ratios to grader's."""
    lines = ["| tool | s a submission | CPU s a submission | peak memory, MiB | times grader's s | "
             "times grader's CPU s |", "| --- | --- | --- | --- | --- | --- |"]
    for tool in rounds[0]:
        seconds, cpu, peak = (statistics.median(getattr(one[tool], what) for one in rounds)
                              for what in ("seconds", "cpu", "peak"))
        lines.append(f"| {tool} | {seconds / count:.3f} | {cpu / count:.3f} | {peak:.0f} | "
                     f"{times(rounds, tool, 'seconds')} | {times(rounds, tool, 'cpu')} |")
    return lines


@click.command()
@click.option("--submissions", "count", type=click.IntRange(1, 99), default=50, show_default=True,
              help="In each class.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True,
              help="Times each tool marks each class.")
@click.option("--cores", type=click.IntRange(1), default=2, show_default=True,
              help="At most so many, for all tools.")
@click.option("--without", multiple=True, type=click.Choice(["nbgrader", "otter"]),
              help="Leave this tool out.")
def main(count: int, rounds: int, cores: int, without: tuple[str, ...]) -> None:
    """Measure grader, nbgrader and otter-grader side by side on two classes of he_init notebooks."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    nbgrader = Nbgrader()
    tools: list[Tool] = [tool for tool in (Grader(), nbgrader, Otter()) if tool.name not in without]
    for tool in tools:
        click.echo(f"{tool.name:9} {tool.conditions()}\n{'':9} timed: {tool.does}")
    click.echo(f"machine   {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.machine()}; "
               "all tools on it, in turns, in this one run")
    shutil.rmtree(WORK, ignore_errors=True)
    for kind, means in KINDS.items():
        course = build(WORK / kind, count, nbgrader, kind)
        click.echo(f"\n{kind}: {count} notebooks of {EXERCISE}, {means}; half right, half with a mistake\n")
        compare(course, count, rounds, tools)


def compare(course: Path, count: int, rounds: int, tools: Sequence[Tool]) -> None:
    """Mark one class `rounds` times with each tool; says what came of it."""
    found = []
    for number in range(rounds):
        measured, marks = take_turns(number, course, tools)
        found.append(measured)
        agree = "; ".join(f"{name}: {agreement(marks['grader'], theirs)}" for name, theirs in marks.items()
                          if name != "grader")
        costs = ", ".join(f"{name} {cost.seconds / count:.3f} s" for name, cost in measured.items())
        click.echo(f"round {number + 1}   {costs}   ({agree})")
    click.echo("\n" + "\n".join(table(found, count)))
    if "nbgrader" in found[0]:
        ratio = statistics.median(one["nbgrader"].seconds / one["grader"].seconds for one in found)
        click.echo(f"\nThe aim is {AIM:g} times nbgrader's speed: {'met' if ratio >= AIM else 'not met'}.")


if __name__ == "__main__":
    main()
