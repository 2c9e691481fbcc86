"""What `grader batch --dry-run` prints: what becomes of every file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from grader.intake.edited import EDITED
from grader.intake.mapping import IGNORED, USES, Row
from grader.intake.sources import Intake
from grader.intake.telling import called, told
from grader.report import rows
from grader.report.console import fitting

LOUD = {"unclear": "yellow", "unreadable": "red"}
COLUMNS = ("person", "exercise", "file", "attempt", "handed in", "use", "why")
SPARE = ("attempt", "handed in")      # that few sources say


def show(intake: Intake) -> None:
    """The table on standard output, and below it what there is to know."""
    console = Console()
    for line in intake.said:
        console.print(Text(fitting(line, 1000)), soft_wrap=True)
    cells = _cells(intake.rows)
    shown = [at for at, column in enumerate(COLUMNS) if column not in SPARE or any(row[at] for row in cells)]
    rows.show(console, [COLUMNS[at] for at in shown],
              [rows.Row(cells=tuple(fitting(own[at], 300) for at in shown),
                        style=LOUD.get(row.use, "dim" if row.use == IGNORED else ""))
               for row, own in zip(intake.rows, cells, strict=True)])
    for note in intake.notes:
        console.print(Text(f"note: {fitting(note, 1000)}", style="yellow"), soft_wrap=True)
    counts = Counter(row.use for row in intake.rows)
    console.print(", ".join(f"{counts[use]} {use}" for use in USES if counts[use]) or "no files")
    if intake.roster is None:
        console.print("no --roster: nobody can say who has handed in nothing")
    there = {row.person for row in intake.rows}
    if missing := [one for one in intake.people if one.id in (intake.roster or ()) and one.id not in there]:
        console.print(Text(fitting(f"nothing came from {told(missing)}", 5000)), soft_wrap=True)


def _cells(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """A file stands by its own name, with as many folders above it as tell it from the person's others."""
    alike = Counter((row.person, row.file.rpartition("/")[2]) for row in rows)
    found: list[tuple[str, ...]] = []
    for row in rows:
        name = row.file.rpartition("/")[2]
        short = name if row.person and alike[row.person, name] == 1 and row.why != EDITED else row.file
        why = row.why.replace(row.file.removesuffix(name), "") if short == name else row.why
        found.append((called(row.person, row.name), row.exercise, short, str(row.attempt or ""),
                      row.handed_in_at, row.use, why))
    return found
