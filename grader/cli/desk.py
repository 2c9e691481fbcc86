"""The commands at the tutor's desk: overrides, what happened to a person's marks, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from grader.cli.shared import TABLE, Failure, Points, epilog, takes
from grader.options import Options

OUT = click.argument("out", type=click.Path(path_type=Path))
BY = click.option("--by", default="tutor", show_default=True, metavar="NAME", help="Whose word it is.")


@click.command(epilog=epilog("override"))
@OUT
@click.argument("student")
@click.argument("named", metavar="EXERCISE")
@click.argument("check", required=False, default="")
@click.option("--points", type=Points(), help="What the check shall have, or the submission: 2.5 or 2,5.")
@click.option("--bonus", type=Points(), help="On top of the submission's points.")
@click.option("--comment", default="", help="Shown to the student.")
@click.option("--keep", is_flag=True, help="What was said of an earlier submission holds for this one, too.")
@click.option("--drop", is_flag=True, help="Take the override back; also one of an earlier submission.")
@BY
@takes()
def override(_: Options, out: Path, student: str, named: str, check: str, points: float | None,
             bonus: float | None, comment: str, keep: bool, drop: bool, by: str) -> None:
    """Give a check, or without CHECK the submission as a whole, a tutor's own mark or comment.

    It survives every regrade, and belongs to the submission that it was made on: if the student hands in
    again, you are asked whether it still holds.
    """
    said = points is not None or bonus is not None or bool(comment)
    if keep + drop + said > 1:
        raise Failure("--keep and --drop stand alone, without --points, --bonus or --comment")
    if bonus is not None and check:
        raise Failure(f"--bonus is for the submission as a whole: leave {check} out")
    from grader.keep import overrides

    word = overrides.Word(check=check, points=points, bonus=bonus or 0.0, comment=comment, drop=drop,
                          keep=keep, by=by)
    click.echo(overrides.override(out, student, named, word))


@click.command(epilog=epilog("overrides"))
@OUT
@click.option("--csv", "to", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write them as a table.")
@click.option("--from", "table", type=TABLE, metavar="FILE",
              help="Take such a table's, all or none. A line without points, bonus and comment takes one "
                   "back.")
@click.option("--separator", type=click.Choice([",", ";"]), default=",", show_default=True,
              help="Of the table that is written.")
@BY
@takes()
def overrides(_: Options, out: Path, to: Path | None, table: Path | None, separator: str, by: str) -> None:
    """List what tutors have said of marks, and whether it counts."""
    if to and table:
        raise Failure("give --csv or --from")
    from grader.keep import override_table

    if table:
        for line in override_table.read(out, table, by=by) or ["no mark is changed"]:
            click.echo(line)
    elif to:
        click.echo(f"{override_table.write(out, to, separator=separator)} in {to}", err=True)
    else:
        show(override_table.SHOWN, override_table.shown(out))


@click.command(epilog=epilog("history"))
@OUT
@click.argument("person")
@takes()
def history(_: Options, out: Path, person: str) -> None:
    """Say what happened to a person's marks, when, and by whom."""
    from rich.console import Console

    from grader.export import table
    from grader.keep import history as telling

    table.lines(telling.history(out, person), Console())


@click.command(epilog=epilog("undo"))
@OUT
@click.argument("event", type=int, required=False)
@BY
@takes()
def undo(_: Options, out: Path, event: int | None, by: str) -> None:
    """Take back the last word of a tutor's, or that of an event which `grader history` numbers."""
    from grader.keep import history as telling

    for line in telling.undo(out, event, by=by):
        click.echo(line)


def show(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table in the terminal, whatever strangers wrote into it."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from grader.export.table import fit

    table = Table(box=box.SIMPLE_HEAD)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(fit, row))
    Console().print(table if table.row_count else "no overrides")
