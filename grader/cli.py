"""Arguments -> one call -> exit code. Imports nothing heavy before it knows what is wanted."""

from __future__ import annotations

import atexit
import gc
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader import __version__

if TYPE_CHECKING:
    from grader.execute.sandbox import Sandbox
    from grader.options import Options

FORMATS = ("csv", "moodle", "canvas", "gradescope", "junit", "github", "classroom", "gradescope-autograder")
EXAMPLES = {
    "main": ["grader batch submissions/ --out reports", "grader grade he_init.ipynb", "grader doctor"],
    "batch": ["grader batch submissions/", "grader batch submissions/ --exercise he_init --seed 7 --jobs 4",
              "grader batch submissions/ --sandbox process    # no isolation: only for notebooks you trust"],
    "grade": ["grader grade ada/he_init.ipynb", "grader grade homework.ipynb --exercise he_init",
              "grader grade he_init.ipynb --format junit > report.xml"],
    "check": ["grader check he_init.ipynb"],
    "release": ["grader release he_init --out handout", "grader release all --out handout"],
    "validate": ["grader validate", "grader validate he_init",
                 "grader validate he_init --sandbox inline --draws 200"],
    "rejudge": ["grader rejudge reports    # after mending a check"],
    "report": ["grader report reports"],
    "export": ["grader export reports --format csv > marks.csv",
               "grader export reports --format moodle --worksheet Grades.csv --output filled.csv",
               "grader export --format gradescope-autograder --exercise he_init --to autograder.zip"],
    "override": ["grader override reports ada he_init variance --points 4 --comment 'Right up to the seed.'",
                 "grader override reports ada he_init variance --drop"],
    "doctor": ["grader doctor"],
}


def epilog(name: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {example}" for example in EXAMPLES[name])


class Failure(click.ClickException):
    """One line on standard error and exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"grader: {self.message}", err=True, file=file)


@contextmanager
def one_line_per_expected_error(debug: bool) -> Iterator[None]:
    """The one place where errors become a line and an exit code."""
    from grader.errors import Mendable

    try:
        yield
    except KeyboardInterrupt:
        click.echo("grader: interrupted; run the same command again to finish", err=True)
        sys.exit(130)
    except (Mendable, OSError) as error:
        if debug:
            traceback.print_exc()
        raise Failure(str(error)) from error


def default_exercises() -> Path:
    """`exercises/` beside the working directory, else in the repository."""
    here = Path.cwd() / "exercises"
    return here if here.is_dir() else Path(__file__).resolve().parent.parent / "exercises"


def grading_options(command: Any) -> Any:
    """The options that every grading command shares."""
    for option in reversed((
        click.option("--exercise", metavar="NAME",
                     help="The exercise of notebooks that do not say it themselves."),
        click.option("--exercises", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
                     help="Where the exercises are (default: ./exercises, else those of the repository)."),
        click.option("--sandbox", type=click.Choice(["bubblewrap", "process"]),
                     help="bubblewrap (default), or process: no isolation, only for notebooks you trust."),
        click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True,
                     help="cuda: make the checks that want one on this machine's GPU too; auto: where there "
                     "is one. "
                          "Simulated GPUs need none."),
        click.option("--jobs-per-gpu", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N",
                     help="Kernels that share one GPU, each with its part of the memory."),
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N",
                     help="Draw the inputs from this seed (default: secret, drawn once and recorded)."),
        click.option("--language", type=click.Choice(["en", "de"]), help="Of the reports (default: en)."),
        click.option("--debug", is_flag=True, help="Show the traceback of an error."),
    )):
        command = option(command)
    return command


@contextmanager
def opened_sandbox(chosen: dict[str, Any]) -> Iterator[Sandbox]:
    """The sandbox that was asked for, with the GPUs that were asked for."""
    from grader.execute import gpus
    from grader.execute.opening import open_sandbox

    with open_sandbox(chosen["sandbox"], gpus.chosen(chosen["device"])) as sandbox:
        yield sandbox


def options_from(chosen: dict[str, Any]) -> Options:
    from grader.options import Options

    return Options(exercises=chosen.get("exercises") or default_exercises(), exercise=chosen.get("exercise"),
                   jobs=chosen.get("jobs"), seed=chosen.get("seed"), language=chosen.get("language"),
                   jobs_per_gpu=chosen.get("jobs_per_gpu", 1))


@click.group(epilog=epilog("main"), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade PyTorch exercise notebooks on gradients and initialisation, and say why."""
    gc.set_threshold(50_000, 20, 100)  # of what is imported hardly anything is garbage
    # or Python goes through all of torch once more, for half a second, before it ends
    atexit.register(gc.freeze)


@main.command(epilog=epilog("batch"))
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("reports"),
              show_default=True, help="Where marks and reports are written.")
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N",
              help="Kernels in flight (default: as many as cores).")
@grading_options
def batch(submissions: Path, out: Path, debug: bool, **chosen: Any) -> None:
    """Grade a folder of notebooks.

    SUBMISSIONS holds <student>/<notebook>.ipynb, or <student>_<exercise>.ipynb. What was graded before and
    has not changed is not run again. Exit code 0: every submission has a mark; 1: some are withheld; 2:
    nothing was graded.
    """
    with one_line_per_expected_error(debug), opened_sandbox(chosen) as sandbox:
        from grader import commands  # slow imports, while the sandbox gets ready
        from grader.report import console

        with console.watching() as watcher:
            results = commands.batch(submissions, out, options_from(chosen), sandbox, watcher)
        console.class_table(results, out, commands.language(out))
        sys.exit(1 if any(result.score is None for result in results) else 0)


@main.command(epilog=epilog("grade"))
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["junit", "github", "classroom", "gradescope"]),
              help="Write what a CI service reads instead.")
@click.option("--summary", type=click.Path(path_type=Path, dir_okay=False),
              help="github: the file to which the step summary is added, $GITHUB_STEP_SUMMARY.")
@grading_options
def grade(notebook: Path, debug: bool, form: str | None, summary: Path | None, **chosen: Any) -> None:
    """Grade one notebook and say why, in the terminal.

    Exit code 0: every check passed; 1: not all; 3: the mark is withheld.
    """
    with one_line_per_expected_error(debug), opened_sandbox(chosen) as sandbox:
        from rich.console import Console

        from grader import commands  # slow imports, while the sandbox gets ready
        from grader.report import terminal

        graded = commands.grade(notebook, options_from(chosen), sandbox)
        if form:
            commands.export_one(graded, form, summary)
        else:
            terminal.show(graded.result, graded.notebook, Console(), language=chosen["language"] or "en")
        sys.exit(commands.exit_code(graded.result))


@main.command(epilog=epilog("check"))
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--exercise", metavar="NAME", help="The exercise, where the notebook does not say it itself.")
@click.option("--exercises", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Where the exercises are (default: beside the notebook).")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def check(notebook: Path, debug: bool, **chosen: Any) -> None:
    """For students: run the visible checks on your own notebook, on your own machine.

    The visible checks are not the whole mark. Exit code 0: all of them passed; 1: not all.
    """
    with one_line_per_expected_error(debug):
        from rich.console import Console

        from grader import commands
        from grader.report import terminal

        graded = commands.check(notebook, options_from(chosen))
        terminal.show(graded.result, graded.notebook, Console())
        click.echo("These are the visible checks; they are not the whole mark.")
        sys.exit(commands.exit_code(graded.result))


@main.command(epilog=epilog("release"))
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where to.")
@click.option("--exercises", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Where the exercises are.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def release(name: str, out: Path, debug: bool, **chosen: Any) -> None:
    """Write what students get: the notebook without solutions, and the visible checks."""
    with one_line_per_expected_error(debug):
        from grader import commands

        for path in commands.release(out, options_from(chosen), name):
            click.echo(path)


@main.command(epilog=epilog("validate"))
@click.argument("name", required=False)
@click.option("--exercises", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Where the exercises are.")
@click.option("--sandbox", type=click.Choice(["bubblewrap", "process", "inline"]),
              help="Where wrong and right solutions run; inline is quick, and only for code you trust.")
@click.option("--draws", type=click.IntRange(0), default=1000, show_default=True,
              help="Fresh seeds with which the reference is judged to measure false alarms.")
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N",
              help="Kernels in flight (default: as many as cores).")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def validate(name: str | None, draws: int, debug: bool, **chosen: Any) -> None:
    """Prove exercises: the reference passes, every wrong solution fails as it says, no check is dead."""
    from grader.execute.opening import open_sandbox

    inline = chosen["sandbox"] == "inline"
    opened = nullcontext() if inline else open_sandbox(chosen["sandbox"])
    with one_line_per_expected_error(debug), opened as sandbox:
        from grader.exercise import validate as proving
        from grader.report import console

        with console.working("validating") as told:
            proofs = proving.validate(options_from(chosen), name, sandbox, draws=draws, told=told)
        console.proofs_table(proofs)
        sys.exit(1 if any(proof.failures for proof in proofs) else 0)


@main.command(epilog=epilog("rejudge"))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--exercises", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Where the exercises are.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def rejudge(out: Path, debug: bool, **chosen: Any) -> None:
    """Judge stored observations again with today's checks; run no notebook."""
    with one_line_per_expected_error(debug):
        from grader import commands
        from grader.keep import overrides
        from grader.report import console

        console.class_table(commands.rejudge(out, options_from(chosen)), out, commands.language(out))
        for note in overrides.lost_overrides(out):
            click.echo(f"grader: {note}", err=True)


@main.command(epilog=epilog("report"))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def report(out: Path, debug: bool) -> None:
    """Write every page again from the gradebook; run nothing, judge nothing."""
    with one_line_per_expected_error(debug):
        from grader import commands
        from grader.report import console

        console.class_table(commands.render_again(out), out, commands.language(out))


@main.command(epilog=epilog("override"))
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("student")
@click.argument("exercise")
@click.argument("check")
@click.option("--points", type=float, help="The points this check shall have.")
@click.option("--comment", default="", help="Shown to the student.")
@click.option("--drop", is_flag=True, help="Take the override back.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def override(out: Path, student: str, exercise: str, check: str, debug: bool, **word: Any) -> None:
    """Give one check a tutor's own mark or comment; it survives every regrade."""
    with one_line_per_expected_error(debug):
        from grader.keep import overrides

        click.echo(overrides.override(out, (student, exercise, check), **word))


@main.command(epilog=epilog("export"))
@click.argument("out", type=click.Path(path_type=Path), required=False)
@click.option("--format", "form", required=True, type=click.Choice(FORMATS), help="What to write.")
@click.option("--output", "--to", type=click.Path(path_type=Path, dir_okay=False),
              help="Where to (default: standard output).")
@click.option("--student", metavar="NAME", help="One student only; gradescope's results.json holds one.")
@click.option("--worksheet", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="moodle: the grading worksheet you downloaded; canvas: the gradebook you exported.")
@click.option("--assignment", "assignments", multiple=True, metavar="EXERCISE=TITLE",
              help="canvas: the column of an exercise, with Canvas's number: 'he_init=Sheet 3 (12345)'.")
@click.option("--summary", type=click.Path(path_type=Path, dir_okay=False),
              help="github: the file to which the step summary is added, $GITHUB_STEP_SUMMARY.")
@click.option("--exercise", metavar="NAME", help="gradescope-autograder: the exercise.")
@click.option("--exercises", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="gradescope-autograder: where the exercises are.")
@click.option("--sandbox", type=click.Choice(["bubblewrap", "process"]),
              help="gradescope-autograder: bubblewrap (default), or process where Gradescope's containers "
              "refuse it.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def export(out: Path | None, form: str, output: Path | None, assignments: tuple[str, ...], debug: bool,
           **chosen: Any) -> None:
    """Write the marks of a batch's folder OUT in another program's format.

    gradescope-autograder writes no marks: it packs an exercise as the zip with which Gradescope grades by
    itself.
    """
    with one_line_per_expected_error(debug):
        from grader import commands

        odd = [word for word in assignments if "=" not in word]
        if odd:
            raise Failure(f"--assignment {odd[0]!r}: say EXERCISE=TITLE")
        columns = dict(word.split("=", 1) for word in assignments)
        packing = {name: chosen.pop(name) for name in ("exercise", "exercises", "sandbox")}
        if form == "gradescope-autograder":
            told = commands.autograder(_wanted_zip(out, output), options_from(packing), packing["sandbox"])
        elif out is None:
            raise Failure("say which folder `grader batch --out` wrote: grader export reports --format "
                          + form)
        elif any(packing.values()):
            raise Failure("--exercise, --exercises and --sandbox are for gradescope-autograder, not for "
                          f"{form}")
        else:
            told = commands.export(out, form, output or sys.stdout, assignments=columns, **chosen)
        if told:
            click.echo(told, err=True)


def _wanted_zip(out: Path | None, output: Path | None) -> Path:
    if out is not None:
        raise Failure(f"gradescope-autograder packs an exercise and no marks: leave {out} out")
    if output is None:
        raise Failure("a zip is nothing to print: say where to with --output autograder.zip")
    return output


@main.command(epilog=epilog("doctor"))
def doctor() -> None:
    """Say what this machine can do, and how to mend what is missing. Exit code 0: ready to grade."""
    from grader.execute.doctor import findings
    from grader.report import console

    found = findings()
    console.findings_table(found)
    sys.exit(0 if all(finding.ok for finding in found) else 1)
