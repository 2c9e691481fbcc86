"""What each command does, a few lines each."""

from __future__ import annotations

import gc
import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TextIO

from grader import export as exporting
from grader import records
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import Sandbox
from grader.exercise.catalog import Exercise, known, load
from grader.exercise.release import write as released
from grader.intake.folder import IntakeError, read_file, read_folder
from grader.keep.gradebook import Entry, Gradebook
from grader.keep.output import Output
from grader.keep.publish import get_ready, opened, publish, record, remember, weights
from grader.options import Options
from grader.pipeline import Graded, Grading, device_of
from grader.report import plain


class Watcher(Protocol):
    """Who is told how a batch goes on."""

    def begin(self, total: int, unchanged: int) -> None: ...
    def graded(self, result: records.Result) -> None: ...
    def note(self, text: str) -> None: ...


def batch(submissions: Path, out: Path, options: Options, sandbox: Sandbox,
          watcher: Watcher) -> list[records.Result]:
    """Grade a folder; what is unchanged since the last time is not run again. Returns every result in the
    gradebook."""
    folders = known(options.exercises, options.exercise)
    intake = read_folder(submissions, folders, options.exercise)
    exercises = {name: load(folders[name]) for name in sorted({s.exercise for s in intake.submissions})}
    for note in intake.notes:
        watcher.note(note)
    out.mkdir(parents=True, exist_ok=True)
    output = Output(out)
    with Gradebook(output.gradebook) as book:
        remember(book, options, exercises)
        grading = Grading(options, exercises, batch_seed(book, options), sandbox.name,
                          device_of(sandbox.gpus))
        before = {(e.result.student, e.result.exercise): e for e in book.entries()}
        changed = [s for s in intake.submissions
                   if not _unchanged(before.get((s.student, s.exercise)), s, grading)]
        watcher.begin(len(changed), len(intake.submissions) - len(changed))
        if changed:
            get_ready(book)
        gc.freeze()  # what is loaded stays: the collector need not walk over it for each submission
        for graded in grading.run(changed, sandbox):
            record(graded, grading.fingerprint(graded.submission), book, output)
            watcher.graded(graded.result)
        return publish(book, output)


def _unchanged(entry: Entry | None, submission: records.Submission | records.Unreadable,
               grading: Grading) -> bool:
    return (entry is not None and entry.result.status is not records.Status.WITHHELD
            and entry.fingerprint == grading.fingerprint(submission))


def grade(notebook: Path, options: Options, sandbox: Sandbox, *, visible_only: bool = False) -> Graded:
    """Grade one notebook; nothing is kept."""
    folders = known(options.exercises, options.exercise)
    submission = read_file(notebook, student=notebook.resolve().parent.name or "student",
                           relative=notebook.name, exercises=folders, default=options.exercise)
    if not notebook.exists():
        raise IntakeError(f"{notebook}: no such file")
    if not submission.exercise:
        raise IntakeError(f"{notebook}: cannot tell which exercise this is; say it with --exercise "
                          f"({', '.join(folders)})")
    exercise = load(folders[submission.exercise])
    exercises = {exercise.name: exercise.visible_part() if visible_only else exercise}
    seed = options.seed if options.seed is not None else secrets.randbits(31)
    grading = Grading(options, exercises, seed, sandbox.name, device_of(sandbox.gpus))
    return next(grading.run([submission], sandbox))


def check(notebook: Path, options: Options) -> Graded:
    """A student's own check of a notebook: the visible checks, on their own machine, without a wall.

    A released notebook lies in its exercise's folder, beside the visible checks.
    """
    beside = notebook.resolve().parent
    if (beside / "exercise.toml").exists():
        options = replace(options, exercises=beside.parent, exercise=options.exercise or beside.name)
    with open_sandbox("process") as sandbox:
        return grade(notebook, options, sandbox, visible_only=True)


def release(out: Path, options: Options, name: str) -> list[Path]:
    """Write what students get of one exercise, or of all; returns the files."""
    folders = known(options.exercises, options.exercise)
    if name != "all" and name not in folders:
        raise IntakeError(f"there is no exercise {name!r} in {options.exercises}; there are all, "
                          f"{', '.join(folders)}")
    chosen = [load(folders[n]) for n in (folders if name == "all" else [name])]
    return [path for exercise in chosen for path in released(exercise, out)]


def rejudge(out: Path, options: Options) -> list[records.Result]:
    """Judge stored observations again, with today's checks; run nothing."""
    folders, output = known(options.exercises, options.exercise), Output(out)
    with opened(out) as book:
        entries = [e for e in book.entries() if e.result.exercise in folders]
        exercises = {name: load(folders[name]) for name in sorted({e.result.exercise for e in entries})}
        for entry in entries:
            graded = _rejudged(entry, exercises[entry.result.exercise], options, output)
            if graded:
                record(graded, entry.fingerprint, book, output, keep=False)
        return publish(book, output)


def _rejudged(entry: Entry, exercise: Exercise, options: Options, output: Output) -> Graded | None:
    old = entry.result
    if old.status is records.Status.UNREADABLE:
        return None
    kept = {world.name: output.kept(old.student, old.exercise, world.name) for world in exercise.worlds}
    observed = {world: parcel for world, parcel in kept.items() if parcel is not None}
    if not observed:
        return None
    grading = Grading(options, {exercise.name: exercise}, old.made_by.seed, old.made_by.sandbox,
                      old.made_by.device)
    submission = records.Submission(student=old.student, exercise=old.exercise, path=old.notebook.path,
                              sha256=old.notebook.sha256, notebook=entry.notebook)
    return grading.judged(submission, observed)


def render_again(out: Path) -> list[records.Result]:
    """Every page once more, from the gradebook."""
    with opened(out) as book:
        return publish(book, Output(out), every_page=True)


def language(out: Path) -> str:
    """In which the batch's pages are written."""
    with opened(out) as book:
        return book.batch_value("language", "en")


def export(out: Path, form: str, to: Path | TextIO, *, student: str | None, worksheet: Path | None,
           assignments: Mapping[str, str], summary: Path | None) -> str:
    """Write the marks in another program's format; says what the tutor should know of it."""
    with opened(out) as book:
        results = [x for x in book.results() if student in (None, x.student)]
        notebooks = {(e.result.student, e.result.exercise): e.notebook for e in book.entries()}
        said = book.batch_values()
    if not results:
        raise IntakeError(f"{out}: no results" + (f" of a student {student!r}" if student else ""))
    return exporting.write(form, results, to, worksheet=worksheet, assignments=assignments, summary=summary,
                           notebooks=notebooks, language=said.get("language", "en"), weights=weights(said))


def autograder(to: Path, options: Options, name: str | None) -> str:
    """Pack one exercise as Gradescope's autograder; says what the tutor should know of it."""
    from grader.export import autograder as packing

    folders = known(options.exercises, None if name == "all" else name)
    if name not in folders:
        raise IntakeError("Gradescope's autograder grades one exercise: say which exercise "
                          f"({', '.join(folders)})")
    if to.is_dir():
        raise IntakeError(f"{to} is a folder, and Gradescope wants a zip: --out autograder.zip")
    return packing.write(load(folders[name]), to, sandbox=options.sandbox or "bubblewrap")


def batch_seed(book: Gradebook, options: Options) -> int:
    """The batch's seed: secret and drawn once, unless the tutor names one."""
    if options.seed is not None:
        book.set_batch_value("seed", str(options.seed))
        return options.seed
    return int(book.batch_value("seed", str(secrets.randbits(31))))


def exit_code(result: records.Result) -> int:
    """Of `grader grade`: 0 every check passed, 1 not all, 3 withheld."""
    if result.score is None:
        return 3
    return 0 if result.status is records.Status.GRADED and result.score == result.max_score else 1


def export_one(graded: Graded, form: str, summary: Path | None) -> None:
    """One notebook's result on standard output, as a CI service reads it; on standard error why it has no
    mark."""
    where = graded.result.student, graded.result.exercise
    exporting.write(form, [graded.result], sys.stdout, summary=summary, notebooks={where: graded.notebook})
    if graded.result.status is records.Status.WITHHELD:
        print(f"grader: mark withheld: {plain.no_commands(plain.line(graded.result.reason))}",
              file=sys.stderr)
