"""What `grader batch --dry-run` prints: what becomes of every file."""

from __future__ import annotations

from collections import Counter

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.intake.mapping import IGNORED, USES, Row
from grader.intake.sources import Intake
from grader.report.console import fitting

LOUD = {"unclear": "yellow", "unreadable": "red"}
COLUMNS = ("file", "person", "exercise", "attempt", "handed in", "use", "why")
SPARE = ("attempt", "handed in")      # that few sources say


def show(intake: Intake) -> None:
    """The table on standard output, and below it what there is to know."""
    console = Console()
    for line in intake.said:
        console.print(Text(fitting(line, 1000)), soft_wrap=True)
    table, rows = Table(box=box.SIMPLE_HEAD), [_cells(row) for row in intake.rows]
    shown = [at for at, column in enumerate(COLUMNS) if column not in SPARE or any(row[at] for row in rows)]
    for at in shown:
        table.add_column(COLUMNS[at], overflow="fold")
    for row, cells in zip(intake.rows, rows, strict=True):
        table.add_row(*(Text(fitting(cells[at], 300)) for at in shown),
                      style=LOUD.get(row.use, "dim" if row.use == IGNORED else ""))
    console.print(table)
    for note in intake.notes:
        console.print(Text(f"note: {fitting(note, 1000)}", style="yellow"), soft_wrap=True)
    counts = Counter(row.use for row in intake.rows)
    console.print(", ".join(f"{counts[use]} {use}" for use in USES if counts[use]) or "no files")
    there = {row.person for row in intake.rows}
    if missing := [person for person in intake.people if person.id not in there]:
        console.print(Text(fitting("nothing came from " + ", ".join(
            person.id + (f" ({person.name})" if person.name not in ("", person.id) else "")
            for person in missing), 5000)), soft_wrap=True)


def _cells(row: Row) -> tuple[str, ...]:
    person = row.person + (f" ({row.name})" if row.name not in ("", row.person) else "")
    return (row.file, person, row.exercise, str(row.attempt or ""), row.handed_in_at, row.use, row.why)
