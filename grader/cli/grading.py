"""The commands that grade notebooks, and the one that says what this machine lacks for it."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click

from grader.cli.cluster import opened_place
from grader.cli.shared import FOLDER, GRADING, WHOSE, Failure, epilog, opened_sandbox, takes
from grader.options import SEED_BITS, Options


@click.command(epilog=epilog("batch"))
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=FOLDER, default=Path("reports"),
              show_default=True, help="Where marks and reports are written.")
@click.option("--dry-run", is_flag=True,
              help="Say whose each file is and which counts; grade and write nothing.")
@click.option("--save-mapping", "save", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The same, and write it as a table for --mapping.")
@takes(*GRADING, "jobs", "cluster", *WHOSE)
def batch(options: Options, sources: tuple[Path, ...], out: Path, dry_run: bool, save: Path | None) -> None:
    """Grade what a class handed in.

    SOURCE is a folder or an archive: what you downloaded from Moodle, Canvas, nbgrader, GitHub Classroom or
    Gradescope, or <student>/<notebook>.ipynb, or <student>_<exercise>.ipynb. Several sources are one class.

    What was graded before and has not changed is not run again. Exit code 0: every submission has a mark;
    1: some are withheld or unclear; 2: nothing was graded.
    """
    if dry_run or save:
        from grader import commands
        from grader.report import mapping_table

        intake = commands.mapped(sources, options, save)
        mapping_table.show(intake)
        sys.exit(1 if any(row.use == "unclear" for row in intake.rows) else 0)
    if options.shard and options.seed is None:
        raise Failure("--shard needs --seed N, the same number for every shard, which no student can guess: "
                      f"{secrets.randbits(SEED_BITS)} was drawn just now")
    with opened_place(options) as place:
        from grader import commands  # slow imports, while the sandbox gets ready
        from grader.report import console

        with console.watching() as watcher:
            results = commands.batch(sources, out, options, place, watcher)
        console.class_table(results, out, commands.language(out), commands.groups_alike(out))
        if options.shard:
            click.echo(f"this is shard {options.shard} alone; when all are done, give their folders to "
                       "`grader merge`")
        sys.exit(commands.batch_exit_code(results))


@click.command(epilog=epilog("merge"))
@click.argument("shards", metavar="OUT...", nargs=-1, required=True, type=FOLDER)
@click.option("--out", type=FOLDER, default=Path("reports"), show_default=True,
              help="Where the class is written: a new folder.")
@takes()
def merge(_: Options, shards: tuple[Path, ...], out: Path) -> None:
    """Put all shards of a class together, as if one batch had graded it, with all that tutors have said.

    OUT are the folders that `grader batch --shard` wrote, each given once. Shards that are not of one class,
    or not done, are refused. Afterwards the folder is like any other: a batch into it runs what is new alone.
    """
    from grader import commands
    from grader.keep import merging
    from grader.report import console

    with console.watching() as watcher:
        merged = merging.merge(shards, out)
        for note in merged.notes:
            watcher.note(note)
    console.class_table(merged.results, out, commands.language(out), commands.groups_alike(out))
    sys.exit(commands.batch_exit_code(merged.results))


@click.command(epilog=epilog("grade"))
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["junit", "github", "classroom", "gradescope"]),
              help="Write what a CI service reads instead.")
@click.option("--summary", type=click.Path(path_type=Path, dir_okay=False),
              help="github: the file to which the step summary is added, $GITHUB_STEP_SUMMARY.")
@takes(*GRADING)
def grade(options: Options, notebook: Path, form: str | None, summary: Path | None) -> None:
    """Grade one notebook and say why, in the terminal.

    Exit code 0: every check passed; 1: not all; 3: the mark is withheld.
    """
    with opened_sandbox(options) as sandbox:
        from rich.console import Console

        from grader import single  # slow imports, while the sandbox gets ready
        from grader.report import terminal

        graded = single.grade(notebook, options, sandbox)
        if form:
            from grader import commands

            sys.exit(single.exit_code(commands.export_one(graded, form, summary, options.exercises)))
        terminal.show(graded.result, graded.notebook, Console(), language=options.language or "en")
        sys.exit(single.exit_code(graded.result))


@click.command(epilog=epilog("check"))
@click.argument("notebook", type=click.Path(path_type=Path))
@click.argument("functions", metavar="[FUNCTION...]", nargs=-1)
@takes("exercise", "exercises", "language")
def check(options: Options, notebook: Path, functions: tuple[str, ...]) -> None:
    """For students: run the visible checks on your own notebook, on your own machine.

    With FUNCTION only those of that function. A function that is not written yet counts as not started.
    Exit code 0: all of these checks passed; 1: not all.
    """
    from grader.execute.opening import open_for

    with open_for(notebook) as sandbox:   # before anything is here that its code is not to see
        from rich.console import Console

        from grader import single
        from grader.report import terminal

        graded = single.check(notebook, options, sandbox, functions)
        terminal.show(graded.result, graded.notebook, Console(), language=options.language or "en")
        sys.exit(single.exit_code(graded.result))


@click.command(epilog=epilog("doctor"))
@click.argument("sources", metavar="[SOURCE...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--apparmor", is_flag=True, help="Write an AppArmor profile that lets bubblewrap make user "
              "namespaces, which Ubuntu forbids since 23.10, and nothing else.")
@takes("exercise", "exercises", "layout")
def doctor(options: Options, sources: tuple[Path, ...], apparmor: bool) -> None:
    """Say what this machine can do, and how to mend what is missing. Exit code 0: ready to grade.

    Where the exercises are there, each one's solution is run as a submission would be.

    With SOURCE, as `grader batch` takes it: which packages those notebooks import that are not installed
    here, and nothing else.
    """
    if sources:
        from grader import commands

        lines = commands.doctor(sources, options)
        click.echo("\n".join(lines) or "what these notebooks import is installed here")
        sys.exit(1 if lines else 0)
    from grader.execute.doctor import apparmor_profile, findings
    from grader.report import console

    if apparmor:
        click.echo(apparmor_profile(), nl=False)
        return

    found = findings()
    console.findings_table(found)
    ready = all(finding.ok for finding in found)
    if ready and options.exercises.is_dir():
        from grader.exercise.refused import refused

        click.echo("each exercise's solution, run behind the wall, and the system calls that it was refused:")
        with opened_sandbox(options) as sandbox:
            for name, calls in refused(options.exercises, sandbox):
                told = ", ".join(f"{call} ({times} times)" for call, times in calls.items())
                click.echo(f"  {name}: {told or 'none'}")
    sys.exit(0 if ready else 1)
