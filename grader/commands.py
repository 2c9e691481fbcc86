"""The stages in order: intake, prepare, observe, judge, record, report."""

from __future__ import annotations

import gc
import importlib
import json
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
from grader.exercise.catalog import Exercise, course, discover, load
from grader.exercise.release import student_notebook
from grader.exercise.release import write as released
from grader.files import replace_file
from grader.intake.folder import IntakeError, read_file, read_folder
from grader.keep.gradebook import Entry, Gradebook, Override, overridden
from grader.keep.output import Output, line
from grader.options import Options
from grader.pipeline import Graded, Grading, device_of
from grader.report import plain

PAGES = "executed", "markdown", "student", "class_page"  # of grader.report; slow to import
# and the exercise's name: under it the gradebook keeps the notebook that students were given
RELEASED = "released "


class Watcher(Protocol):
    """Who is told how a batch goes on."""

    def begin(self, total: int, unchanged: int) -> None: ...
    def graded(self, result: records.Result) -> None: ...
    def note(self, text: str) -> None: ...


def batch(submissions: Path, out: Path, options: Options, sandbox: Sandbox,
          watcher: Watcher) -> list[records.Result]:
    """Grade a folder; what is unchanged since the last time is not run again. Returns every result in the
    gradebook."""
    folders = known(options)
    intake = read_folder(submissions, folders, options.exercise)
    exercises = {name: load(folders[name]) for name in sorted({s.exercise for s in intake.submissions})}
    for note in intake.notes:
        watcher.note(note)
    out.mkdir(parents=True, exist_ok=True)
    output, book = Output(out), Gradebook(Output(out).gradebook)
    try:
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
    finally:
        book.close()


def remember(book: Gradebook, options: Options, exercises: Mapping[str, Exercise]) -> None:
    """What the class page needs to know and no result says."""
    found = course(options.exercises)
    book.set_batch_value("title", found.title)
    book.set_batch_value("weights", json.dumps({place.name: place.weight for place in found.exercise}))
    if options.language:
        book.set_batch_value("language", options.language)
    for name, exercise in exercises.items():
        if (exercise.folder / "notebook.ipynb").exists():
            book.set_batch_value(RELEASED + name, student_notebook(exercise))


def get_ready(book: Gradebook) -> None:
    """What is slow the first time, done while the sandbox starts; later kernels would wait for it."""
    from grader.report import executed, page

    for name in PAGES:
        importlib.import_module(f"grader.report.{name}")
    said = book.batch_values()
    language = said.get("language", "en")
    page.compile_templates(language)
    for notebook in released_notebooks(said).values():
        executed.render(notebook, language=language)  # what it shares with those handed in is kept


def released_notebooks(said: Mapping[str, str]) -> dict[str, str]:
    """Exercise -> the notebook that students were given."""
    return {name.removeprefix(RELEASED): text for name, text in said.items() if name.startswith(RELEASED)}


def _unchanged(entry: Entry | None, submission: records.Submission | records.Unreadable,
               grading: Grading) -> bool:
    return (entry is not None and entry.result.status is not records.Status.WITHHELD
            and entry.fingerprint == grading.fingerprint(submission))


def grade(notebook: Path, options: Options, sandbox: Sandbox, *, visible_only: bool = False) -> Graded:
    """Grade one notebook; nothing is kept."""
    folders = known(options)
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
    folders = known(options)
    if name != "all" and name not in folders:
        raise IntakeError(f"there is no exercise {name!r} in {options.exercises}; there are all, "
                          f"{', '.join(folders)}")
    chosen = [load(folders[n]) for n in (folders if name == "all" else [name])]
    return [path for exercise in chosen for path in released(exercise, out)]


def rejudge(out: Path, options: Options) -> list[records.Result]:
    """Judge stored observations again, with today's checks; run nothing."""
    folders, output = known(options), Output(out)
    book = opened(out)
    try:
        entries = [e for e in book.entries() if e.result.exercise in folders]
        exercises = {name: load(folders[name]) for name in sorted({e.result.exercise for e in entries})}
        for entry in entries:
            graded = _rejudged(entry, exercises[entry.result.exercise], options, output)
            if graded:
                record(graded, entry.fingerprint, book, output, keep=False)
        return publish(book, output)
    finally:
        book.close()


def lost_overrides(out: Path) -> list[str]:
    """A tutor's words on checks that are not there any more."""
    book = opened(out)
    try:
        there = {(x.student, x.exercise, c.id) for x in book.results() for c in x.checks}
        return [f"the override of {o.student} {o.exercise} {o.check} counts no more: there is no such check"
                for o in book.overrides() if (o.student, o.exercise, o.check) not in there]
    finally:
        book.close()


def _rejudged(entry: Entry, exercise: Exercise, options: Options, output: Output) -> Graded | None:
    old = entry.result
    if old.status is records.Status.UNREADABLE:
        return None
    kept = {world: output.kept(old.student, old.exercise, world) for world in exercise.worlds}
    observed = {world: parcel for world, parcel in kept.items() if parcel is not None}
    if not observed:
        return None
    grading = Grading(options, {exercise.name: exercise}, old.made_by.seed, old.made_by.sandbox,
                      old.made_by.device)
    submission = records.Submission(student=old.student, exercise=old.exercise, path=old.notebook.path,
                              sha256=old.notebook.sha256, notebook=entry.notebook)
    return grading.judged(submission, observed)


def record(graded: Graded, fingerprint: str, book: Gradebook, output: Output, *, keep: bool = True) -> None:
    """Store observations, then the result: whoever has a result has what it was judged from."""
    result = graded.result
    if keep:
        for world, parcel in graded.observed.items():
            output.keep(result.student, result.exercise, world, parcel)
    book.record(Entry(result=result, fingerprint=fingerprint, notebook=graded.notebook,
                      executed=graded.executed))
    pages(result, graded.notebook, graded.executed, output, book.batch_value("language", "en"))


def pages(result: records.Result, notebook: str, executed: str, output: Output, language: str) -> None:
    """One submission's report, and the notebook as executed."""
    from grader.report import executed as inert
    from grader.report import markdown, student

    where = result.student, result.exercise
    href = f"{result.exercise}-executed.html" if executed else None
    if executed:
        replace_file(output.page(*where, ".ipynb"), executed)
        replace_file(output.page(*where, "-executed.html"), inert.render(
            executed, student=result.student, exercise=result.title or result.exercise,
            report=f"{result.exercise}.html",
            language=language))
    replace_file(output.page(*where, ".html"),
                 student.render(result, notebook, language=language, executed_href=href))
    replace_file(output.page(*where, ".md"), markdown.render(result, notebook, language=language))


def publish(book: Gradebook, output: Output, *, every_page: bool = False,
            touched: set[tuple[str, str]] | None = None) -> list[records.Result]:
    """The files of the whole class, with the tutor's overrides in them; `touched` names pages that must
    change too."""
    from grader.export import csv
    from grader.report import class_page

    entries, overrides, said = book.entries(), book.overrides(), book.batch_values()
    results = [overridden(entry.result, overrides) for entry in entries]
    language = said.get("language", "en")
    changed = {(o.student, o.exercise) for o in overrides} | (touched or set())
    every_page = every_page or said.get("language of the pages", language) != language
    for entry, result in zip(entries, results, strict=True):
        if every_page or (result.student, result.exercise) in changed:
            pages(result, entry.notebook, entry.executed, output, language)
    book.set_batch_value("language of the pages", language)
    replace_file(output.folder / "results.jsonl", b"".join(map(line, results)))
    with_notebooks = {(e.result.student, e.result.exercise): e.notebook for e in entries}
    links = {key: output.href(*key) for key in with_notebooks}
    isolated = all(result.made_by.sandbox == "bubblewrap" for result in results)
    replace_file(output.folder / "index.html", class_page.render(
        results, with_notebooks, title=said.get("title", "Class"), links=links, isolated=isolated,
        language=language, released=released_notebooks(said), weights=weights(said)))
    csv.write(results, output.folder / "grades.csv", weights(said))
    return results


def weights(said: Mapping[str, str]) -> dict[str, float]:
    """The course's exercises in their order, and what a point of each weighs in the total."""
    found: dict[str, float] = json.loads(said.get("weights", "{}"))
    return found


def render_again(out: Path) -> list[records.Result]:
    """Every page once more, from the gradebook."""
    book = opened(out)
    try:
        return publish(book, Output(out), every_page=True)
    finally:
        book.close()


def language(out: Path) -> str:
    """In which the batch's pages are written."""
    book = opened(out)
    try:
        return book.batch_value("language", "en")
    finally:
        book.close()


def export(out: Path, form: str, to: Path | TextIO, *, student: str | None, worksheet: Path | None,
           assignments: Mapping[str, str], summary: Path | None) -> str:
    """Write the marks in another program's format; says what the tutor should know of it."""
    book = opened(out)
    try:
        results = [x for x in book.results() if student in (None, x.student)]
        notebooks = {(e.result.student, e.result.exercise): e.notebook for e in book.entries()}
        said = book.batch_values()
    finally:
        book.close()
    if not results:
        raise IntakeError(f"{out}: no results" + (f" of a student {student!r}" if student else ""))
    return exporting.write(form, results, to, worksheet=worksheet, assignments=assignments, summary=summary,
                           notebooks=notebooks, language=said.get("language", "en"), weights=weights(said))


def autograder(to: Path, options: Options, sandbox: str | None) -> str:
    """Pack one exercise as Gradescope's autograder; says what the tutor should know of it."""
    from grader.export import autograder as packing

    folders = known(options)
    if options.exercise is None:
        raise IntakeError(f"say which exercise with --exercise ({', '.join(folders)})")
    return packing.write(load(folders[options.exercise]), to, sandbox=sandbox or "bubblewrap")


def opened(out: Path) -> Gradebook:
    """The gradebook of a folder that a batch wrote."""
    path = Output(out).gradebook
    if not path.exists():
        raise IntakeError(f"{out}: no gradebook here; give the folder that `grader batch --out` wrote")
    return Gradebook(path)


def known(options: Options) -> dict[str, Path]:
    """Name -> folder of every exercise."""
    found = discover(options.exercises)
    if (options.exercises / "exercise.toml").exists():
        raise IntakeError(f"{options.exercises}: this is one exercise; give the folder it lies in, "
                          f"--exercises {options.exercises.parent}")
    if not found:
        raise IntakeError(f"{options.exercises}: no exercises here (folders with an exercise.toml); say "
                          "where they are with --exercises DIR")
    if options.exercise and options.exercise not in found:
        raise IntakeError(f"there is no exercise {options.exercise!r} in {options.exercises}; "
                          f"there are {', '.join(found)}")
    return found


def batch_seed(book: Gradebook, options: Options) -> int:
    """The batch's seed: secret and drawn once, unless the tutor names one."""
    if options.seed is not None:
        book.set_batch_value("seed", str(options.seed))
        return options.seed
    return int(book.batch_value("seed", str(secrets.randbits(31))))


def override(out: Path, where: tuple[str, str, str], *, points: float | None, comment: str,
             drop: bool) -> str:
    """Record or drop a tutor's own word on one check; says what was done."""
    student, exercise, check = where
    book = opened(out)
    try:
        found = [e.result for e in book.entries()
                 if (e.result.student, e.result.exercise) == (student, exercise)]
        ids = [c.id for result in found for c in result.checks]
        if check not in ids:
            raise IntakeError(f"no check {check!r} of {student!r} in {exercise!r}; "
                              + (f"there are {', '.join(ids)}" if ids
                                 else "there is no such result with checks"))
        if drop:
            book.drop_override(student, exercise, check)
        elif points is None and not comment:
            raise IntakeError("say --points, --comment or --drop")
        else:
            _within(points, next(c for c in found[0].checks if c.id == check))
            book.override(Override(student=student, exercise=exercise, check=check, points=points,
                                   comment=comment))
        publish(book, Output(out), touched={(student, exercise)})
        result = next(x for x in book.results() if (x.student, x.exercise) == (student, exercise))
    finally:
        book.close()
    total = "withheld" if result.score is None else f"{result.score:g} / {result.max_score:g}"
    return f"{student} {exercise}: {total}"


def _within(points: float | None, check: records.Verdict) -> None:
    if points is not None and not 0 <= points <= check.max_points:
        raise IntakeError(f"{check.id} has {check.max_points:g} points; {points:g} is not between 0 and that")


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
