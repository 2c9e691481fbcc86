"""What commands share: options, examples, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import errno
import functools
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.options import SEED_BITS, Options, Shard

if TYPE_CHECKING:
    from grader.execute.sandbox import Sandbox

EXAMPLES = {
    "main": ["grader batch submissions/ --out reports", "grader grade he_init.ipynb", "grader doctor"],
    "batch": ["grader batch submissions.zip --dry-run    # whose each file is, and which counts",
              "grader batch submissions.zip --roster participants.csv",
              "grader batch submissions/ --exercise he_init --seed 7 --jobs 4",
              "grader batch submissions/ --save-mapping mapping.csv    # change it, and give it back:",
              "grader batch submissions/ --mapping mapping.csv",
              "grader batch submissions/ --cluster tcp://10.0.0.1:8786    # on the workers there",
              "grader batch submissions/ --sandbox process    # no isolation: only for notebooks you trust",
              "grader batch submissions/ --shard 2/8 --seed 7 --out shards/2    # one machine of eight"],
    "merge": ["grader merge shards/1 shards/2 shards/3 --out reports", "grader merge shards/*"],
    "grade": ["grader grade ada/he_init.ipynb", "grader grade homework.ipynb --exercise he_init",
              "grader grade he_init.ipynb --format junit > report.xml"],
    "check": ["grader check he_init.ipynb", "grader check he_init.ipynb fan_in    # one function only"],
    "new": ["grader new dropout",
            "grader new dropout --title 'Dropout' --function dropout --function centred"],
    "release": ["grader release he_init --out handout", "grader release all --out handout",
                "grader release he_init --for gradescope --out autograder.zip"],
    "validate": ["grader validate", "grader validate he_init",
                 "grader validate he_init --solution wrong/lecun.py",
                 "grader validate he_init --check variance --only wrong --only killed",
                 "grader validate he_init --sandbox inline --draws 200",
                 "grader validate --junit proofs.xml    # a case for each solution and each proof",
                 "grader validate he_init --mutants    # do mistakes made by machine lose a point?",
                 "grader validate he_init --styles 50    # do right answers in other words get full marks?"],
    "rejudge": ["grader rejudge reports    # after mending a check: who would gain, and who would lose",
                "grader rejudge reports --apply"],
    "prune": ["grader prune reports --keep failed --dry-run    # how much that would free",
              "grader prune reports --keep failed",
              "grader prune reports --keep marks    # at the end of a term"],
    "report": ["grader report reports    # after changing a rule in course.toml",
               "grader report reports --extensions extensions.csv"],
    "review": ["grader review reports",
               "grader review reports --marker ada --marker bo    # a link for each",
               "grader review reports --port 8642 --no-open    # on a server: ssh -L 8642:127.0.0.1:8642"],
    "mark": ["grader mark reports    # what is left to mark", "grader mark reports he_init think",
             "grader mark reports he_init think ada --points 2 --comment 'Which factor shrinks?'",
             "grader mark reports he_init think ada --tick 1 --tick 3    # items of the rubric"],
    "remove": ["grader remove reports 1003", "grader remove reports 'Anna Schmidt'",
               "grader remove reports 1003 --erase    # nothing of them is left"],
    "export": ["grader export reports --format csv --output marks.csv",
               "grader export reports --format csv --separator ';' --output marks.csv    # Excel in Germany",
               "grader export reports --format moodle --worksheet Grades.csv    # shows what would change",
               "grader export reports --format moodle --worksheet Grades.csv --output filled.csv"],
    "feedback": ["grader feedback reports --for moodle --worksheet Grades.csv --output feedback.zip"],
    "override": ["grader override reports ada he_init variance --points 4 --comment 'Right up to the seed.'",
                 "grader override reports ada he_init --points 12    # as a whole, where it has no mark",
                 "grader override reports ada he_init --bonus 2 --comment 'A fine plot.'",
                 "grader override reports ada he_init --keep    # it holds for the new submission, too",
                 "grader override reports ada he_init variance --drop"],
    "overrides": ["grader overrides reports", "grader overrides reports --csv overrides.csv",
                  "grader overrides reports --from overrides.csv"],
    "history": ["grader history reports ada"],
    "undo": ["grader undo reports", "grader undo reports 117"],
    "doctor": ["grader doctor", "grader doctor --apparmor | sudo tee /etc/apparmor.d/grader-bwrap",
               "grader doctor submissions/    # what they import and this machine lacks"],
    "worker": ["grader worker tcp://10.0.0.1:8786",
               "grader worker tcp://10.0.0.1:8786 --device cuda --jobs-per-gpu 4"],
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
        raise Failure(no_room(error) or str(error)) from error


def no_room(error: Exception) -> str:
    """Where a disk is full, and what to do; "" for another error."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return ""
    return (f"{error.filename or 'here'}: no room is left on this disk; make some (`grader prune --help`), "
            "and run the same command again: what was recorded is kept")


def default_exercises() -> Path:
    """`exercises/` beside the working directory, else in the repository."""
    here = Path.cwd() / "exercises"
    return here if here.is_dir() else Path(__file__).resolve().parents[2] / "exercises"


class Points(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions only
    """A number, with a decimal point or comma."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value)
        try:
            return float(text.replace(",", ".") if "." not in text else text)
        except ValueError:
            self.fail(f"{text!r} is no number", param, ctx)


class ShardType(click.ParamType):  # type: ignore[type-arg]  # as above
    """`2/3`: the second of three."""

    name = "shard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", str(value))
        number, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            self.fail(f"{value!r} is no shard: 1/3, 2/3, 3/3 (of an index that begins with 0: add 1)", param,
                      ctx)
        return Shard(number=number, of=of)


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
    "cluster": click.option("--cluster", metavar="ADDRESS",
                            help="Run the notebooks on the workers of the Dask scheduler there, which "
                                 "`grader worker` starts."),
    "seed": click.option("--seed", type=click.IntRange(0, 2**SEED_BITS - 1), metavar="N",
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
    "extensions": click.option("--extensions", type=TABLE, metavar="FILE",
                               help="Who may hand in later, and who need not: CSV with student, exercise, "
                                    "due, reason (default: the list that was given last)."),
    "shard": click.option("--shard", type=ShardType(), metavar="I/N",
                          help="Grade the I-th of N parts of the class, each with the same --seed and its "
                               "own --out; then `grader merge`."),
    "debug": click.option("--debug", is_flag=True, help="Show the traceback of an error."),
}
WHOSE = ("layout", "roster", "mapping", "prefer", "only", "extensions", "shard")
ONLY = click.option("--only", multiple=True, metavar="EXERCISE",
                    help="This exercise only; may be given again.")
PROVISIONAL = click.option("--provisional", is_flag=True,
                           help="Marks too of which written answers are not marked yet.")
GRADING = ("exercise", "exercises", "sandbox", "device", "jobs_per_gpu", "seed", "language")


def takes(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The command takes these of the shared options, and --debug, as one `Options`; its expected errors
    become one line."""
    def make(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(exercises: Path | None = None, exercise: str | None = None, sandbox: str | None = None,
                   device: str = "cpu", jobs: int | None = None, jobs_per_gpu: int = 1,
                   cluster: str | None = None, seed: int | None = None, language: str | None = None,
                   debug: bool = False, **own: Any) -> None:
            whose = {name: own.pop(name) for name in names if name in WHOSE}
            options = Options(exercises=exercises or default_exercises(), exercise=exercise, sandbox=sandbox,
                              device=device, jobs=jobs, jobs_per_gpu=jobs_per_gpu, cluster=cluster,
                              seed=seed, language=language, **whose)
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
