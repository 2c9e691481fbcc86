"""The command that marks written answers."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.shared import Failure, Points, epilog, takes
from grader.options import Options


@click.command(epilog=epilog("mark"))
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("named", metavar="[EXERCISE", required=False)
@click.argument("question", metavar="QUESTION", required=False)
@click.argument("person", metavar="PERSON]", required=False)
@click.option("--points", type=Points(), help="What the answer is worth: 2.5 or 2,5.")
@click.option("--tick", "ticks", type=int, multiple=True, metavar="N",
              help="The answer has the rubric's item N, and gets its points; may be given again.")
@click.option("--comment", default="", help="Shown to the student; the same text is one comment.")
@click.option("--alone", is_flag=True, help="Not those who wrote the same.")
@click.option("--unmark", is_flag=True, help="Take points and comments back.")
@click.option("--by", default="tutor", show_default=True, metavar="NAME", help="Who marks.")
@takes()
def mark(_: Options, out: Path, named: str | None, question: str | None, person: str | None,
         points: float | None, ticks: tuple[int, ...], comment: str, alone: bool, unmark: bool,
         by: str) -> None:
    """Mark written answers: of a PERSON, and of everybody who wrote the same.

    Without PERSON it shows the answers, equal ones together, and without QUESTION what is left to mark.
    """
    from grader.keep import mark as marking

    if named and question and person:
        click.echo(marking.mark(out, (named, question, person), points=points, comment=comment, by=by,
                                ticks=ticks, alone=alone, unmark=unmark))
        return
    if points is not None or comment or ticks or unmark:
        raise Failure("say whose answer: grader mark OUT EXERCISE QUESTION PERSON --points N")
    for line in marking.left(out, named, question):
        click.echo(line)
