"""The commands that work on marks: judge, remove, export, hand back."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from grader.cli.shared import FOLDER, ONLY, PROVISIONAL, Failure, epilog, takes
from grader.options import Options

PACKING = "gradescope-autograder"  # the name that packing had in 0.1, among the formats of marks
FORMATS = ("csv", "moodle", "canvas", "gradescope", "junit", "github", "classroom", "nbgrader")


@click.command(epilog=epilog("rejudge"))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--apply", is_flag=True, help="Write the new marks; without it they are only shown.")
@click.option("--exercises", "given", type=FOLDER, metavar="DIR",
              help="Where the exercises are (default: where the batch had them).")
@takes()
def rejudge(_: Options, out: Path, given: Path | None, apply: bool) -> None:
    """Judge stored observations again with today's checks, and say who gains and who loses what; run no
    notebook, and write nothing without --apply."""
    from grader import commands
    from grader.keep import overrides
    from grader.report import console, gains

    with console.watching() as watcher:
        told = gains.Told(watcher)
        results = commands.rejudge(out, given, told, apply=apply)
    if apply:
        console.class_table(results, out, commands.language(out), commands.groups_alike(out))
        for note in overrides.lost_overrides(out):
            click.echo(f"grader: {note}", err=True)
    gains.show(told.changes)
    if told.changes and not apply:
        words = ["grader", "rejudge", str(out), *(["--exercises", str(given)] if given else []), "--apply"]
        click.echo(f"nothing is written; to write it: {shlex.join(words)}")


@click.command(epilog=epilog("report"))
@click.argument("out", type=click.Path(path_type=Path))
@takes("extensions")
def report(options: Options, out: Path) -> None:
    """Write every page again from the gradebook; run nothing, judge nothing.

    The course's rules are read again: course.toml where the batch found it, and the extensions.
    """
    from grader import commands
    from grader.report import console

    with console.watching() as watcher:
        results = commands.render_again(out, options.extensions, watcher)
    console.class_table(results, out, commands.language(out), commands.groups_alike(out))


@click.command(epilog=epilog("review"))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--marker", "markers", multiple=True, metavar="NAME",
              help="Who marks; may be given again: each has a link of their own (default: tutor).")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N",
              help="The port (default: a free one).")
@click.option("--no-open", is_flag=True, help="Print the link, and open no browser.")
@takes()
def review(_: Options, out: Path, markers: tuple[str, ...], port: int, no_open: bool) -> None:
    """Mark OUT in the browser: what needs you, each submission beside its report, comments, written answers.

    Every change is at once in the gradebook, the report, the class page, results.jsonl and grades.csv. Only
    this machine can reach the page, and only who has the printed link. Ctrl+C ends it.
    """
    try:
        from grader.review import serving
    except ModuleNotFoundError as error:
        raise Failure(f"this needs {error.name}: pip install \"torch-grader[review]\"") from error
    serving.serve(out, markers, port=port, browse=not no_open, tell=click.echo)


@click.command(epilog=epilog("remove"))
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("person")
@click.option("--erase", is_flag=True, help="Leave nothing of them in OUT: no attempt, history, override, "
                                            "observation or page.")
@takes()
def remove(_: Options, out: Path, person: str, erase: bool) -> None:
    """Take a person out of the class page, results.jsonl, grades.csv and every export.

    PERSON is an id, or a name that only one person has. Their attempts, overrides and history stay in the
    gradebook: if they hand in again, they are back. Files that were exported before are not changed.
    """
    from grader.keep import removal

    for line in removal.remove(out, person, erase=erase):
        click.echo(line)


@click.command(epilog=epilog("prune"))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--keep", type=click.Choice(["marks", "failed", "all"]), required=True,
              help="marks: what was observed of every submission that has a mark goes; failed: it stays "
                   "where points were lost; all: it stays for all that count, and only what nobody uses any "
                   "more goes.")
@click.option("--dry-run", is_flag=True, help="Say how much would be freed, and delete nothing.")
@takes()
def prune(_: Options, out: Path, keep: str, dry_run: bool) -> None:
    """Make room: delete what was observed of submissions.

    Observations are most of what a batch writes. A pruned submission keeps its mark, its report and its
    executed notebook, and is not run again while nothing changes. `grader rejudge` cannot judge it again: it
    names it and leaves its mark. A batch would run it again after a change to the exercise. Where the mark is
    withheld nothing is deleted.
    """
    from grader.keep import pruning

    for line in pruning.prune(out, keep, dry_run=dry_run):
        click.echo(line)


@click.command(epilog=epilog("export"))
@click.argument("out", type=click.Path(path_type=Path), required=False)
@click.option("--format", "form", required=True, metavar=f"[{'|'.join(FORMATS)}]",
              type=click.Choice([*FORMATS, PACKING]), help="What to write.")
@click.option("--output", "--to", type=click.Path(path_type=Path, dir_okay=False),
              help="Where to (default: standard output; a sheet of yours is written nowhere without it).")
@ONLY
@PROVISIONAL
@click.option("--student", metavar="NAME", help="One student only; gradescope's results.json holds one.")
@click.option("--worksheet", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="moodle: the grading worksheet you downloaded; canvas: the gradebook you exported.")
@click.option("--replace", is_flag=True,
              help="Write over marks, and comments beside them, that your sheet has already.")
@click.option("--scale", is_flag=True,
              help="Make the points here the sheet's: 20 of 20 become 10 where its maximum is 10.")
@click.option("--assignment", "assignments", multiple=True, metavar="EXERCISE=TITLE",
              help="canvas: the column of an exercise, with Canvas's number: 'he_init=Sheet 3 (12345)'.")
@click.option("--summary", type=click.Path(path_type=Path, dir_okay=False),
              help="github: the file to which the step summary is added, $GITHUB_STEP_SUMMARY.")
@click.option("--separator", type=click.Choice([",", ";"]), default=",", show_default=True,
              help="csv: between the cells. Excel wants , in the US, and ; with a decimal comma in Germany; "
                   "UTF-8 with a byte order mark either way.")
@click.option("--exercise", hidden=True)
@click.option("--exercises", type=FOLDER, hidden=True)
@click.option("--sandbox", hidden=True)
@takes()
def export(options: Options, out: Path | None, form: str, output: Path | None, only: tuple[str, ...],
           provisional: bool, student: str | None, worksheet: Path | None, replace: bool, scale: bool,
           assignments: tuple[str, ...], summary: Path | None, separator: str) -> None:
    """Write the marks of a batch's folder OUT in another program's format.

    A sheet of yours, moodle's worksheet or canvas's gradebook, is filled: each person's old and new mark are
    shown, and with --output a copy is written.
    """
    if form == PACKING:
        packed_as_before(options, out, output)
        return
    if options.exercise or options.sandbox:
        raise Failure(f"--exercise and --sandbox are not for {form}: they say what to pack, with "
                      "grader release NAME --for gradescope")
    if out is None:
        raise Failure(f"say which folder `grader batch --out` wrote: grader export reports --format {form}")
    odd = [word for word in assignments if "=" not in word]
    if odd:
        raise Failure(f"--assignment {odd[0]!r}: say EXERCISE=TITLE")
    titles = dict(word.split("=", 1) for word in assignments)
    if form == "moodle" or (form == "canvas" and worksheet):
        filled(out, form, output, only=only, worksheet=worksheet, titles=titles, provisional=provisional,
               wish={"replace": replace, "scale": scale, "student": student})
        return
    if replace or scale or worksheet:
        raise Failure("--worksheet, --replace and --scale are for sheets of yours: moodle, and canvas with "
                      "the gradebook that it exports")
    from rich.console import Console

    from grader.export import table
    from grader.keep import exports

    told = exports.export(out, form, output or sys.stdout, only=only, student=student, assignments=titles,
                          summary=summary, separator=separator, provisional=provisional)
    table.lines(told, Console(stderr=True))


def filled(out: Path, form: str, output: Path | None, *, only: tuple[str, ...], worksheet: Path | None,
           titles: dict[str, str], provisional: bool, wish: dict[str, Any]) -> None:
    """Fill a tutor's sheet, and show how."""
    from rich.console import Console

    from grader.export import table
    from grader.export.filling import Wish
    from grader.keep import exports

    done = exports.fill(out, form, output, only=only, worksheet=worksheet, assignments=titles,
                        wish=Wish(**wish), provisional=provisional)
    console = Console(stderr=output is not None)
    table.show(done, console)
    if output:
        table.lines([f"written: {output}"], console)
        return
    if not any(change.new for change in done.changes):
        table.lines(["nothing is written: no mark is new"], console)
        return
    words = ["grader", "export", str(out), "--format", form, "--worksheet", str(worksheet)]
    words += [word for name in only for word in ("--only", name)]
    words += [word for pair in titles.items() for word in ("--assignment", "=".join(pair))]
    words += ["--provisional"] if provisional else []
    words += [word for name, value in wish.items() if value
              for word in ((f"--{name}",) if value is True else (f"--{name}", value))]
    table.lines(["nothing is written; to write it:",
                 shlex.join([*words, "--output", copy_of(Path(str(worksheet)).stem)])], console)


def copy_of(stem: str) -> str:
    """What to call the filled copy of a sheet: `Grades-filled.csv`, and of that one `Grades-filled-2.csv`."""
    match = re.fullmatch(r"(.*\bfilled)(?:-(\d{1,4}))?", stem)
    return f"{match[1]}-{int(match[2] or 1) + 1}.csv" if match else f"{stem}-filled.csv"


@click.command(epilog=epilog("feedback"))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--for", "audience", type=click.Choice(["moodle", "canvas"]), required=True,
              help="Which of them hands the reports out.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="The zip to write.")
@click.option("--worksheet", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="The grading worksheet (moodle) or the gradebook (canvas), which says whose each number "
                   "is; needed where teams hand in.")
@ONLY
@PROVISIONAL
@takes()
def feedback(_: Options, out: Path, audience: str, output: Path, worksheet: Path | None,
             only: tuple[str, ...], provisional: bool) -> None:
    """Write the reports of OUT as the zip that Moodle or Canvas hands out: each person their own.

    Moodle: "Upload multiple feedback files in a zip". Canvas: "Upload submissions". Who cannot be placed, and
    who has no mark, is named and left out.
    """
    from rich.console import Console

    from grader.export import table
    from grader.keep import exports

    packed = exports.feedback(out, audience, output, only=only, worksheet=worksheet,
                              provisional=provisional)
    console = Console(stderr=True)
    table.lines([f"{person}: left out, {why}" for person, why in packed.left], console)
    reports = "1 report" if packed.reports == 1 else f"{packed.reports} reports"
    table.lines([f"{reports} in {output}; {len(packed.left)} left out"], console)
    if audience == "moodle" and worksheet is None:
        table.lines(["without --worksheet: where teams hand in, a team's number may be somebody else's; look "
                     "at whom Moodle names before you confirm"], console)


def packed_as_before(options: Options, out: Path | None, output: Path | None) -> None:
    """What `grader release --for gradescope` does, by the name that it had in 0.1."""
    from grader import commands

    if out is not None:
        raise Failure(f"{PACKING} packs an exercise and no marks: leave {out} out")
    if output is None:
        raise Failure("a zip is nothing to print: say where to with --output autograder.zip")
    click.echo(commands.autograder(output, options, options.exercise), err=True)
    click.echo(f"grader: this is `grader release {options.exercise} --for gradescope --out {output}` now; "
               "the old spelling goes with 0.3", err=True)
