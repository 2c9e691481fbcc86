"""Who gains and who loses by what is judged again."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.records import Result
from grader.report.console import Bar, Lines, change


class Told:
    """A watcher that hands on what it is told, and keeps whose mark changed."""

    def __init__(self, watcher: Bar | Lines) -> None:
        self.changes: list[tuple[Result, Result]] = []
        self.begin, self.graded, self.note = watcher.begin, watcher.graded, watcher.note
        self._watcher = watcher

    def judged_again(self, before: Result, after: Result) -> None:
        if change(before, after):
            self.changes.append((before, after))
        self._watcher.judged_again(before, after)


def show(changes: Sequence[tuple[Result, Result]]) -> None:
    """Who gains and who loses, and by which checks, added up."""
    console = Console()
    if not changes:
        console.print("no mark changes")
        return
    found: dict[tuple[str, str], list[float]] = {}
    for before, after in changes:
        was, now = ({check.id: check.points for check in result.checks} for result in (before, after))
        for check in {**was, **now}:
            if moved := now.get(check, 0.0) - was.get(check, 0.0):
                found.setdefault((after.exercise, check), []).append(moved)
    table = Table(box=box.SIMPLE_HEAD)
    for head in "exercise", "check", "gain", "lose":
        table.add_column(head, overflow="fold")
    for (exercise, check), moves in sorted(found.items()):
        table.add_row(*map(Text, (exercise, check, *(_moves(moves, sign) for sign in (1, -1)))))
    console.print(table)
    totals = [(after.score or 0.0) - (before.score or 0.0) for before, after in changes]
    console.print(f"{sum(one > 0 for one in totals)} gain, {sum(one < 0 for one in totals)} lose")


def _moves(moves: Sequence[float], sign: int) -> str:
    mine = [abs(one) for one in moves if one * sign > 0]
    return f"{len(mine)}, by {sum(mine):g} points together" if mine else ""
