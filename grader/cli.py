"""Arguments -> one call -> exit code. Imports nothing heavy before it knows what is wanted."""

from __future__ import annotations

import atexit
import functools
import gc
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader import __version__
from grader.options import Options

if TYPE_CHECKING:
    from grader.execute.sandbox import Sandbox

PACKING = "gradescope-autograder"  # the name that packing had in 0.1, among the formats of marks
FORMATS = ("csv", "moodle", "canvas", "gradescope", "junit", "github", "classroom", "nbgrader")
EXAMPLES = {
    "main": ["grader batch submissions/ --out reports", "grader grade he_init.ipynb", "grader doctor"],
    "batch": ["grader batch submissions.zip --dry-run    # whose each file is, and which counts",
              "grader batch submissions.zip --roster participants.csv",
              "grader batch submissions/ --exercise he_init --seed 7 --jobs 4",
              "grader batch submissions/ --save-mapping mapping.csv    # change it, and give it back:",
              "grader batch submissions/ --mapping mapping.csv",
              "grader batch submissions/ --sandbox process    # no isolation: only for notebooks you trust"],
    "grade": ["grader grade ada/he_init.ipynb", "grader grade homework.ipynb --exercise he_init",
              "grader grade he_init.ipynb --format junit > report.xml"],
    "check": ["grader check he_init.ipynb"],
    "release": ["grader release he_init --out handout", "grader release all --out handout",
                "grader release he_init --for gradescope --out autograder.zip"],
    "validate": ["grader validate", "grader validate he_init",
                 "grader validate he_init --solution wrong/lecun.py",
                 "grader validate he_init --check variance --only wrong --only killed",
                 "grader validate he_init --sandbox inline --draws 200",
                 "grader validate he_init --mutants    # do mistakes made by machine lose a point?",
                 "grader validate he_init --styles 50    # do right answers in other words get full marks?"],
    "rejudge": ["grader rejudge reports    # after mending a check"],
    "report": ["grader report reports"],
    "remove": ["grader remove reports 1003", "grader remove reports 'Anna Schmidt'",
               "grader remove reports 1003 --erase    # nothing of them is left"],
    "export": ["grader export reports --format csv --output marks.csv",
               "grader export reports --format csv --separator ';' --output marks.csv    # Excel in Germany",
               "grader export reports --format moodle --worksheet Grades.csv    # shows what would change",
               "grader export reports --format moodle --worksheet Grades.csv --output filled.csv"],
    "feedback": ["grader feedback reports --for moodle --worksheet Grades.csv --output feedback.zip"],
    "override": ["grader override reports ada he_init variance --points 4 --comment 'Right up to the seed.'",
                 "grader override reports ada he_init variance --drop"],
    "doctor": ["grader doctor", "grader doctor submissions/    # what they import and this machine lacks"],
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


class Points(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions only
    """A number, with a decimal point or comma."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value)
        try:
            return float(text.replace(",", ".") if "." not in text else text)
        except ValueError:
            self.fail(f"{text!r} is no number", param, ctx)


FOLDER = click.Path(path_type=Path, file_okay=False)
TABLE = click.Path(path_type=Path, exists=True, dir_okay=False)
LAYOUTS = ("folders", "moodle", "canvas", "nbgrader", "classroom", "gradescope")
# Options that several commands share: said once, and they reach a command as one `Options`.
SHARED = {
    "exercise": click.option("--exercise", metavar="NAME",
                             help="The exercise of notebooks that do not say it themselves: a default. To "
                                  "grade one exercise and no other, say --only."),
    "exercises": click.option("--exercises", type=FOLDER, metavar="DIR",
                              help="Where the exercises are (default: ./exercises, else those of the "
                                   "repository; check: beside the notebook)."),
    "sandbox": click.option("--sandbox", type=click.Choice(["bubblewrap", "process"]),
                            help="bubblewrap (default), or process: no isolation, only for notebooks you "
                                 "trust."),
    "device": click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu",
                           show_default=True,
                           help="cuda: make the checks that want one on this machine's GPU too; auto: where "
                                "there is one. Simulated GPUs need none."),
    "jobs": click.option("--jobs", type=click.IntRange(1, 256), metavar="N",
                         help="Kernels in flight (default: as many as cores)."),
    "jobs_per_gpu": click.option("--jobs-per-gpu", type=click.IntRange(1, 64), default=1, show_default=True,
                                 metavar="N",
                                 help="Kernels that share one GPU, each with its part of the memory."),
    "seed": click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N",
                         help="Draw the inputs from this seed (default: secret, drawn once and recorded)."),
    "language": click.option("--language", type=click.Choice(["en", "de"]),
                             help="Of the reports (default: en)."),
    "layout": click.option("--layout", metavar="NAME|REGEX",
                           help="How the sources are laid out (default: seen by what is there): "
                                f"{', '.join(LAYOUTS)}; or a regular expression that each file's path "
                                "must match, with (?P<student_id>...)."),
    "only": click.option("--only", multiple=True, metavar="EXERCISE",
                         help="Grade this exercise and no other; may be given again."),
    "prefer": click.option("--prefer", multiple=True, metavar="GLOB",
                           help="Where several files could count for somebody, those that fit this count: "
                                "'*_final.ipynb'; may be given again."),
    "mapping": click.option("--mapping", type=TABLE, metavar="FILE",
                            help="The table of --save-mapping, changed: it decides whose each file is, and "
                                 "what becomes of it."),
    "roster": click.option("--roster", multiple=True, type=TABLE, metavar="FILE",
                           help="Everybody in the course: CSV with id, name, email, group, or what Moodle, "
                                "Canvas or nbgrader export; may be given again."),
    "debug": click.option("--debug", is_flag=True, help="Show the traceback of an error."),
}
WHOSE = ("layout", "roster", "mapping", "prefer", "only")
ONLY = click.option("--only", multiple=True, metavar="EXERCISE",
                    help="This exercise only; may be given again.")
GRADING = ("exercise", "exercises", "sandbox", "device", "jobs_per_gpu", "seed", "language")


def takes(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The command takes these of the shared options, and --debug, as one `Options`; its expected errors
    become one line."""
    def make(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(exercises: Path | None = None, exercise: str | None = None, sandbox: str | None = None,
                   device: str = "cpu", jobs: int | None = None, jobs_per_gpu: int = 1,
                   seed: int | None = None, language: str | None = None, debug: bool = False,
                   **own: Any) -> None:
            whose = {name: own.pop(name) for name in names if name in WHOSE}
            options = Options(exercises=exercises or default_exercises(), exercise=exercise, sandbox=sandbox,
                              device=device, jobs=jobs, jobs_per_gpu=jobs_per_gpu, seed=seed,
                              language=language, **whose)
            with one_line_per_expected_error(debug):
                command(options, **own)

        made: Callable[..., None] = called
        for name in reversed((*names, "debug")):
            made = SHARED[name](made)
        return made
    return make


@contextmanager
def opened_sandbox(options: Options) -> Iterator[Sandbox]:
    """The sandbox that was asked for, with the GPUs that were asked for."""
    from grader.execute import gpus
    from grader.execute.opening import open_sandbox

    with open_sandbox(options.sandbox, gpus.chosen(options.device)) as sandbox:
        yield sandbox


@click.group(epilog=epilog("main"), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade PyTorch exercise notebooks on gradients and initialisation, and say why."""
    gc.set_threshold(50_000, 20, 100)  # of what is imported hardly anything is garbage
    # or Python goes through all of torch once more, for half a second, before it ends
    atexit.register(gc.freeze)


@main.command(epilog=epilog("batch"))
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=FOLDER, default=Path("reports"),
              show_default=True, help="Where marks and reports are written.")
@click.option("--dry-run", is_flag=True,
              help="Say whose each file is and which counts; grade and write nothing.")
@click.option("--save-mapping", "save", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The same, and write it as a table for --mapping.")
@takes(*GRADING, "jobs", *WHOSE)
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
    with opened_sandbox(options) as sandbox:
        from grader import commands  # slow imports, while the sandbox gets ready
        from grader.report import console

        with console.watching() as watcher:
            results = commands.batch(sources, out, options, sandbox, watcher)
        console.class_table(results, out, commands.language(out))
        sys.exit(commands.batch_exit_code(results))


@main.command(epilog=epilog("grade"))
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

        from grader import commands  # slow imports, while the sandbox gets ready
        from grader.report import terminal

        graded = commands.grade(notebook, options, sandbox)
        if form:
            commands.export_one(graded, form, summary)
        else:
            terminal.show(graded.result, graded.notebook, Console(), language=options.language or "en")
        sys.exit(commands.exit_code(graded.result))


@main.command(epilog=epilog("check"))
@click.argument("notebook", type=click.Path(path_type=Path))
@takes("exercise", "exercises")
def check(options: Options, notebook: Path) -> None:
    """For students: run the visible checks on your own notebook, on your own machine.

    The visible checks are not the whole mark. Exit code 0: all of them passed; 1: not all.
    """
    from rich.console import Console

    from grader import commands
    from grader.report import terminal

    graded = commands.check(notebook, options)
    terminal.show(graded.result, graded.notebook, Console())
    click.echo("These are the visible checks; they are not the whole mark.")
    sys.exit(commands.exit_code(graded.result))


@main.command(epilog=epilog("release"))
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), required=True,
              help="Where to: a folder, or with --for gradescope a zip.")
@click.option("--for", "audience", type=click.Choice(["students", "gradescope"]), default="students",
              show_default=True,
              help="gradescope: the zip with which Gradescope grades by itself, not what students get.")
@takes("exercises", "sandbox")
def release(options: Options, name: str, out: Path, audience: str) -> None:
    """Write what students get: the notebook without solutions, and the visible checks.

    NAME is an exercise, or all. For Gradescope, --sandbox says how submissions will run there.
    """
    from grader import commands

    if audience == "gradescope":
        click.echo(commands.autograder(out, options, name))
        return
    for path in commands.release(out, options, name):
        click.echo(path)


@main.command(epilog=epilog("validate"))
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
@click.option("--styles", type=click.IntRange(1), metavar="N",
              help="Instead: does each right solution get full marks in N other wordings, too?")
@click.option("--mutants", is_flag=True,
              help="Instead: does each right solution lose a point for each mistake put into it?")
@takes("exercises", "jobs", "seed")
def validate(options: Options, name: str | None, where: str | None, draws: int, only: tuple[str, ...],
             checks: tuple[str, ...], solutions: tuple[str, ...], styles: int | None, mutants: bool) -> None:
    """Prove exercises: the reference passes, every wrong solution fails as it says, no check is dead.

    \b
    The proofs, in their order:
      release     it can be handed out
      names       what exercise.toml forbids and preloads exists
      reference   the notebook runs to its end and passes
      right       other right solutions pass
      wrong       wrong solutions fail as their headers say
      cost        one mistake costs one promise
      killed      every check is failed by some wrong solution
      spoilt      wrong numbers do not pass, junk makes no check raise
      alarms      false alarms are as rare as claimed

    --styles and --mutants try what is made of the right solutions by machine. A mutant that is right all the
    same goes into the exercise's equivalent.toml, with the reason.

    Exit code 0: all proved; 1: not; 2: nothing was proved, and one line says why.
    """
    if styles or mutants:
        odd = [word for word, given in (("--only", only), ("--check", checks)) if given]
        if odd or (where == "inline" and styles):
            raise Failure(f"{(odd or ['--sandbox inline'])[0]} does not go with --styles or --mutants")
        sys.exit(_varied(options, name, where, solutions, styles, mutants))
    from grader.execute.opening import open_sandbox

    with nullcontext() if where == "inline" else open_sandbox(where) as sandbox:
        from grader.exercise import validate as proving
        from grader.exercise.selection import Wanted
        from grader.report import console

        with console.working("validating") as progress:
            wanted = Wanted(only=only, checks=checks, solutions=solutions, draws=draws)
            reports = proving.validate(options, name, sandbox, wanted, progress=progress)
        console.proofs_table(reports)
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


@main.command(epilog=epilog("rejudge"))
@click.argument("out", type=click.Path(path_type=Path))
@takes("exercises")
def rejudge(options: Options, out: Path) -> None:
    """Judge stored observations again with today's checks; run no notebook."""
    from grader import commands
    from grader.keep import overrides
    from grader.report import console

    with console.watching() as watcher:
        results = commands.rejudge(out, options, watcher)
    console.class_table(results, out, commands.language(out))
    for note in overrides.lost_overrides(out):
        click.echo(f"grader: {note}", err=True)


@main.command(epilog=epilog("report"))
@click.argument("out", type=click.Path(path_type=Path))
@takes()
def report(_: Options, out: Path) -> None:
    """Write every page again from the gradebook; run nothing, judge nothing."""
    from grader import commands
    from grader.report import console

    console.class_table(commands.render_again(out), out, commands.language(out))


@main.command(epilog=epilog("override"))
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("student")
@click.argument("named", metavar="EXERCISE")
@click.argument("check")
@click.option("--points", type=Points(), help="The points this check shall have: 2.5 or 2,5.")
@click.option("--comment", default="", help="Shown to the student.")
@click.option("--drop", is_flag=True, help="Take the override back.")
@takes()
def override(_: Options, out: Path, student: str, named: str, check: str, points: float | None,
             comment: str, drop: bool) -> None:
    """Give one check a tutor's own mark or comment; it survives every regrade."""
    from grader.keep import overrides

    click.echo(overrides.override(out, (student, named, check), points=points, comment=comment,
                                   drop=drop))


@main.command(epilog=epilog("remove"))
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


@main.command(epilog=epilog("export"))
@click.argument("out", type=click.Path(path_type=Path), required=False)
@click.option("--format", "form", required=True, metavar=f"[{'|'.join(FORMATS)}]",
              type=click.Choice([*FORMATS, PACKING]), help="What to write.")
@click.option("--output", "--to", type=click.Path(path_type=Path, dir_okay=False),
              help="Where to (default: standard output; a sheet of yours is written nowhere without it).")
@ONLY
@click.option("--student", metavar="NAME", help="One student only; gradescope's results.json holds one.")
@click.option("--worksheet", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="moodle: the grading worksheet you downloaded; canvas: the gradebook you exported.")
@click.option("--replace", is_flag=True, help="Write over marks that your sheet has already.")
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
           student: str | None, worksheet: Path | None, replace: bool, scale: bool,
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
        filled(out, form, output, only=only, worksheet=worksheet, titles=titles,
               wish={"replace": replace, "scale": scale, "student": student})
        return
    if replace or scale or worksheet:
        raise Failure("--worksheet, --replace and --scale are for sheets of yours: moodle, and canvas with "
                      "the gradebook that it exports")
    from rich.console import Console

    from grader.export import table
    from grader.keep import exports

    told = exports.export(out, form, output or sys.stdout, only=only, student=student, assignments=titles,
                          summary=summary, separator=separator)
    table.lines(told, Console(stderr=True))


def filled(out: Path, form: str, output: Path | None, *, only: tuple[str, ...], worksheet: Path | None,
           titles: dict[str, str], wish: dict[str, Any]) -> None:
    """Fill a tutor's sheet, and show how."""
    from rich.console import Console

    from grader.export import table
    from grader.export.filling import Wish
    from grader.keep import exports

    done = exports.fill(out, form, output, only=only, worksheet=worksheet, assignments=titles,
                        wish=Wish(**wish))
    console = Console(stderr=output is not None)
    table.show(done, console)
    if output:
        table.lines([f"written: {output}"], console)
        return
    words = ["grader", "export", str(out), "--format", form, "--worksheet", str(worksheet)]
    words += [word for name in only for word in ("--only", name)]
    words += [word for pair in titles.items() for word in ("--assignment", "=".join(pair))]
    words += [word for name, value in wish.items() if value
              for word in ((f"--{name}",) if value is True else (f"--{name}", value))]
    target = f"{Path(str(worksheet)).stem}-filled.csv"
    table.lines(["nothing is written; to write it:", shlex.join([*words, "--output", target])], console)


@main.command(epilog=epilog("feedback"))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--for", "audience", type=click.Choice(["moodle", "canvas"]), required=True,
              help="Which of them hands the reports out.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="The zip to write.")
@click.option("--worksheet", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="moodle: the grading worksheet, which knows teams and names; canvas: the gradebook.")
@ONLY
@takes()
def feedback(_: Options, out: Path, audience: str, output: Path, worksheet: Path | None,
             only: tuple[str, ...]) -> None:
    """Write the reports of OUT as the zip that Moodle or Canvas hands out: each person their own.

    Moodle: "Upload multiple feedback files in a zip". Canvas: "Upload submissions". Who cannot be placed, and
    who has no mark, is named and left out.
    """
    from rich.console import Console

    from grader.export import table
    from grader.keep import exports

    packed = exports.feedback(out, audience, output, only=only, worksheet=worksheet)
    console = Console(stderr=True)
    table.lines([f"{person}: left out, {why}" for person, why in packed.left], console)
    reports = "1 report" if packed.reports == 1 else f"{packed.reports} reports"
    table.lines([f"{reports} in {output}; {len(packed.left)} left out"], console)


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


@main.command(epilog=epilog("doctor"))
@click.argument("sources", metavar="[SOURCE...]", nargs=-1, type=click.Path(path_type=Path))
@takes("exercise", "exercises", "layout")
def doctor(options: Options, sources: tuple[Path, ...]) -> None:
    """Say what this machine can do, and how to mend what is missing. Exit code 0: ready to grade.

    With SOURCE, as `grader batch` takes it: which packages those notebooks import that are not installed
    here, and nothing else.
    """
    if sources:
        from grader import commands

        lines = commands.doctor(sources, options)
        click.echo("\n".join(lines) or "what these notebooks import is installed here")
        sys.exit(1 if lines else 0)
    from grader.execute.doctor import findings
    from grader.report import console

    found = findings()
    console.findings_table(found)
    sys.exit(0 if all(finding.ok for finding in found) else 1)
