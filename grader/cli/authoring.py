"""The commands of whoever writes exercises and hands them out."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from grader.cli.shared import FOLDER, Failure, epilog, takes
from grader.options import Options


@click.command(epilog=epilog("new"))
@click.argument("name")
@click.option("--title", help="What students read above it.")
@click.option("--function", "functions", multiple=True, metavar="NAME",
              help="What students write; may be given again.")
@click.option("--exercises", type=FOLDER, default="exercises", show_default=True, metavar="DIR",
              help="Where the exercise is to lie.")
@takes()
def new(options: Options, name: str, title: str | None, functions: tuple[str, ...]) -> None:
    """Write a whole small exercise, to be changed piece by piece into your own.

    It validates as it is. Whatever the functions are called, it is one about dropout: replace it piece by
    piece. What is not said is asked for in a terminal; else NAME stands for it.
    """
    from grader.exercise.new import write

    title, named = title or _asked("Title", name.replace("_", " ").capitalize()), list(functions)
    named = named or _asked("What students write: names of functions", name).replace(",", " ").split()
    count = len(write(options.exercises, name, title, named))
    where = "" if options.exercises == Path("exercises") else f" --exercises {options.exercises}"
    course = options.exercises / "course.toml"
    named_there = f", name it in {course}" if course.exists() else ""
    click.echo(f"{options.exercises / name}: an exercise of {count} files. Next: run `grader validate "
               f"{name}{where}`{named_there}, then change one file at a time, notebook.ipynb first, and "
               "validate again\n"
               "It is a small exercise about dropout, whatever its functions are called. Replace it piece by "
               "piece: the text and solutions in notebook.ipynb, checks.py and probes.py, then the files of "
               "wrong/ and right/")


def _asked(what: str, usual: str) -> str:
    return str(click.prompt(what, default=usual)) if sys.stdin.isatty() else usual


@click.command(epilog=epilog("release"))
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), required=True,
              help="Where to: a folder, or with --for gradescope a zip.")
@click.option("--for", "audience", type=click.Choice(["students", "gradescope"]), default="students",
              show_default=True,
              help="gradescope: the zip with which Gradescope grades by itself, not what students get.")
@takes("exercises", "sandbox")
def release(options: Options, name: str, out: Path, audience: str) -> None:
    """Write what students get: notebooks without solutions, the visible checks, and the grader itself.

    NAME is an exercise, or all. README.md and index.html say in which order, and how to install the wheel
    that lies beside them, or what course.toml says to `install`. For Gradescope, --sandbox says how
    submissions will run there.
    """
    from grader import commands

    if audience == "gradescope":
        click.echo(commands.autograder(out, options, name))
        return
    for path in commands.release(out, options, name):
        click.echo(path)


@click.command(epilog=epilog("validate"))
@click.argument("name", required=False)
@click.option("--sandbox", "where", type=click.Choice(["bubblewrap", "process", "inline"]),
              help="Where wrong and right solutions run; inline is quick, and only for code you trust.")
@click.option("--check", "checks", multiple=True, metavar="ID",
              help="Prove this check only; may be given again.")
@click.option("--solution", "solutions", multiple=True, metavar="FILE",
              help="Run this file of wrong/ or right/ only, or notebook.ipynb; may be given again.")
@click.option("--only", multiple=True, metavar="PROOF", help="Make this proof only; may be given again.")
@click.option("--draws", type=click.IntRange(0), default=1000, show_default=True,
              help="Fresh seeds with which the reference is judged to measure false alarms.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write what was proved as JUnit XML, which CI services read.")
@click.option("--styles", type=click.IntRange(1), metavar="N",
              help="Instead: does each right solution get full marks in N other wordings, too?")
@click.option("--mutants", is_flag=True,
              help="Instead: does each right solution lose a point for each mistake put into it?")
@click.option("--write-limits", is_flag=True,
              help="Also put the limits that follow into exercise.toml.")
@takes("exercises", "jobs", "seed")
def validate(options: Options, name: str | None, where: str | None, draws: int, only: tuple[str, ...],
             checks: tuple[str, ...], solutions: tuple[str, ...], junit: Path | None, styles: int | None,
             mutants: bool, write_limits: bool) -> None:
    """Prove exercises: the reference passes, every wrong solution fails as it says, no check is dead.

    \b
    The proofs, in their order:
      release     it can be handed out
      names       what exercise.toml forbids and preloads exists, and has no unlisted twin
      reference   the notebook runs to its end and passes
      right       other right solutions pass
      wrong       wrong solutions fail as their headers say
      cost        one mistake costs one promise
      killed      every check is failed by some wrong solution
      spoilt      wrong numbers do not pass, junk makes no check raise
      alarms      false alarms are as rare as claimed

    It also says how many points each wrong solution loses, and warns of lapses that no check notices: a seed
    set inside, a constant, an answer that is remembered, a second call gone wrong. And which limits follow
    from the time that the notebook takes in a sandbox: ten times its slowest cell, at least 5 s of CPU, and
    twenty times its slowest call, at least 2 s.

    --styles and --mutants try what is made of the right solutions by machine. A mutant that is right all the
    same goes into the exercise's equivalent.toml, with the reason.

    Exit code 0: all proved; 1: not; 2: nothing was proved, and one line says why.
    """
    if styles or mutants:
        odd = [word for word, given in (("--only", only), ("--check", checks), ("--junit", junit),
                                        ("--write-limits", write_limits)) if given]
        if odd or (where == "inline" and styles):
            raise Failure(f"{(odd or ['--sandbox inline'])[0]} does not go with --styles or --mutants")
        sys.exit(_varied(options, name, where, solutions, styles, mutants))
    if write_limits and where == "inline":
        raise Failure("--write-limits does not go with --sandbox inline, where no limit holds")
    from grader.execute.opening import open_sandbox

    with nullcontext() if where == "inline" else open_sandbox(where) as sandbox:
        from grader.exercise import validate as proving
        from grader.exercise.selection import Wanted
        from grader.report import console

        with console.working("validating") as progress:
            wanted = Wanted(only=only, checks=checks, solutions=solutions, draws=draws)
            reports = proving.validate(options, name, sandbox, wanted, progress=progress)
        if junit:
            from grader.export import proofs

            proofs.write(reports, junit)
        console.proofs_table(reports)
        for line in proving.write_limits(options, reports) if write_limits else ():
            click.echo(line)
        sys.exit(1 if any(report.flaws for report in reports) else 0)


def _varied(options: Options, name: str | None, where: str | None, solutions: tuple[str, ...],
            styles: int | None, mutants: bool) -> int:
    """What is made of right solutions, tried; the exit code."""
    from grader.execute.opening import open_sandbox

    with open_sandbox(where) if styles else nullcontext() as sandbox:
        from grader.exercise.variations import trials
        from grader.report import console, variations

        with console.working("validating") as progress:
            found = trials.tried(options, name, solutions, sandbox=sandbox, styles=styles, mutants=mutants,
                                 progress=progress)
        variations.show(found)
    return 0 if all(one.sound for one in found) else 1
