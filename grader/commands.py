"""What each command does, a few lines each."""

from __future__ import annotations

import gc
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from grader import environment, pipeline, records
from grader import export as exporting
from grader.execute.executor import Executor
from grader.execute.sandbox import Sandbox
from grader.exercise import released
from grader.exercise.catalog import course, course_packages, known, load
from grader.export import handout
from grader.intake import mapping
from grader.intake.handed import IntakeError
from grader.intake.packages import remedy
from grader.intake.sources import Intake, keep_apart, read_sources, refuse_nothing
from grader.keep import ruling, shards
from grader.keep.again import as_graded, judge_again, remembered
from grader.keep.arrivals import Key, changed, key, received
from grader.keep.claim import at_work
from grader.keep.gradebook import Gradebook
from grader.keep.output import Output
from grader.keep.pruning import not_judged
from grader.keep.publish import ALIKE, get_ready, opened, publish, record, remember
from grader.keep.space import told_of_space
from grader.keep.unchanged import Due, Today, due
from grader.options import SEED_BITS, Options
from grader.pipeline import Conditions, Graded, device_of
from grader.report import safe_text
from grader.report.calculation import as_student
from grader.single import leave_the_cores_to_kernels


class Watcher(Protocol):
    """Who is told how a batch goes on."""

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None: ...
    def graded(self, result: records.Result) -> None: ...
    def judged_again(self, before: records.Result, after: records.Result) -> None: ...
    def note(self, text: str) -> None: ...


def batch(sources: Sequence[Path], out: Path, options: Options, sandbox: Sandbox | Executor,
          watcher: Watcher) -> list[records.Result]:
    """Grade what was handed in. What is unchanged since the last time is not run again; where only the
    judging has changed, what was observed is judged again. Returns every result in the gradebook, and who is
    missing."""
    keep_apart(sources, out, "--out")
    folders = known(options.exercises, options.exercise)
    told, notes = ruling.look(out, options.exercises, options.extensions)
    with intake_of(sources, folders, options) as intake:
        for line in (*intake.said, *intake.notes, *notes):
            watcher.note(line)
        refuse_nothing(intake)
        return graded(intake, folders, out, options, sandbox, watcher, told)


def intake_of(sources: Sequence[Path], exercises: Mapping[str, Path],
              options: Options) -> AbstractContextManager[Intake]:
    """Whose each file is and what is graded, as the command line wants it."""
    return read_sources(sources, exercises, default=options.exercise, layout=options.layout,
                        only=options.only, prefer=options.prefer, mapping=options.mapping,
                        roster=options.roster)


def mapped(sources: Sequence[Path], options: Options, save: Path | None) -> Intake:
    """Say what a batch would grade, and write nothing but the mapping, where that is wanted."""
    if save:
        keep_apart(sources, save, "--save-mapping")
    with intake_of(sources, known(options.exercises, options.exercise), options) as intake:
        if save:
            mapping.save(intake.rows, save, separator=";" if options.language == "de" else ",")
        return intake


def graded(intake: Intake, folders: Mapping[str, Path], out: Path, options: Options,
           sandbox: Sandbox | Executor, watcher: Watcher, told: ruling.Told) -> list[records.Result]:
    """Grade what is due of it, and publish the whole class under the rules that were told."""
    exercises = {name: load(folders[name]) for name in sorted({s.exercise for s in intake.submissions})}
    part = shards.part_of(intake, options.shard) if options.shard else None
    mine = part.found.submissions if part else intake.submissions
    lacking = missing_packages(mine, options)
    for line in (*told_missing(lacking), *released.differing(mine, exercises)):
        watcher.note(line)
    out.mkdir(parents=True, exist_ok=True)
    output = Output(out)
    leave_the_cores_to_kernels()
    with at_work(out), Gradebook(output.gradebook) as book:
        shards.refuse_others(book, out, part)
        today = Today(Conditions.drawn(exercises, seed=batch_seed(book, options), sandbox=sandbox.name,
                                       device=device_of(sandbox.gpus), layers=sandbox.layers))
        if part:
            shards.begin(book, part, today.conditions)
        ruling.remember(book, told)
        remember(book, options, exercises, lacking)
        arrived, notes = received(book, out, intake.submissions, intake.people, roster=intake.roster,
                                  passing=intake.passing, kinds=intake.kinds,
                                  found=part.found if part else None)
        for note in notes:
            watcher.note(note)
        touched = graded_today(arrived, today, book, output, sandbox, options, watcher)
        results = publish(book, output, touched=touched)
        for note in ruling.Ruled(book).notes(results) if part is None else ():  # `merge` knows everybody
            watcher.note(note)
        shards.end(book, out)
        return results


def graded_today(arrived: Sequence[records.AnySubmission], today: Today, book: Gradebook, output: Output,
                 sandbox: Sandbox | Executor, options: Options, watcher: Watcher) -> set[Key]:
    """Observe and judge what has changed. Returns the keys of which only the person or the file is told of in
    another way: their pages are to be written."""
    there = book.fingerprints()
    prints = {key(one): today.fingerprints(one) for one in arrived}
    wanted = {where: due(there.get(where), found) for where, found in prints.items()}
    told = retold([one for one in arrived if wanted[key(one)] is not Due.OBSERVE], book)
    again = [where for where, what in wanted.items() if what is Due.JUDGE]
    run = {where for where, what in wanted.items() if what is Due.OBSERVE}
    if again or run:
        get_ready(book)
    left = judge_again(again, today, book, output, watcher)
    run |= teammates(arrived, run | left)
    work = [one for one in arrived if key(one) in run | left]
    for line in told_of_space(output, work):
        watcher.note(line)
    unchanged = wanted.keys() - run - {*again}
    watcher.begin(len(work), len(unchanged), len(again) - len(left))
    gc.freeze()  # what is loaded stays: the collector need not walk over it for each submission
    rules = ruling.Ruled(book)
    for graded in pipeline.grade(work, today.conditions, sandbox, options):
        record(graded, prints[key(graded.submission)], book, output, rules)
        watcher.graded(book.words(*key(graded.submission)).applied(graded.result))
    return told


def retold(unchanged: Iterable[records.AnySubmission], book: Gradebook) -> set[Key]:
    """Write down who handed these in, and when, where only that is known in another way now. Returns the keys
    of those."""
    found = set()
    for one in unchanged:
        entry = book.entry(*key(one))
        if entry and (told := changed(entry, one)):
            book.record(told, what=None)
            found.add(entry.key)
    return found


def teammates(submissions: Iterable[records.HandedIn], run: set[Key]) -> set[Key]:
    """Student and exercise of those whose team's submission is run: what one is observed to do holds for
    all."""
    teams: dict[tuple[str, str, str], set[Key]] = {}
    for one in submissions:
        if one.team and isinstance(one, records.Submission):
            teams.setdefault((one.team, one.path, one.sha256), set()).add(key(one))
    return {each for team in teams.values() if not team.isdisjoint(run) for each in team}


def missing_packages(submissions: Iterable[records.HandedIn],
                     options: Options) -> dict[str, int]:
    """The packages that submissions import and this machine lacks -> how many do."""
    notebooks = [one.notebook for one in submissions if isinstance(one, records.Submission)]
    return environment.missing(notebooks, course_packages(options.exercises))


def told_missing(lacking: Mapping[str, int]) -> list[str]:
    """What is missing, and the line that installs it; nothing where nothing is."""
    if not lacking:
        return []
    listed = ", ".join(f"{name} (in {count} notebook{'' if count == 1 else 's'})"
                       for name, count in lacking.items())
    return [f"not installed here: {listed}", f"to install what is missing: {remedy(list(lacking))}"]


def doctor(sources: Sequence[Path], options: Options) -> list[str]:
    """What notebooks import and this machine lacks, in lines; none where that is nothing."""
    with intake_of(sources, known(options.exercises, options.exercise), options) as intake:
        refuse_nothing(intake)
        return told_missing(missing_packages(intake.submissions, options))


def release(out: Path, options: Options, name: str) -> list[Path]:
    """Write what students get of one exercise, or of all; returns the files."""
    folders = known(options.exercises, options.exercise)
    if name != "all" and name not in folders:
        raise IntakeError(f"there is no exercise {name!r} in {options.exercises}; there are all, "
                          f"{', '.join(folders)}")
    chosen = [load(folders[n]) for n in (folders if name == "all" else [name])]
    return handout.write(chosen, out, course(options.exercises))


def rejudge(out: Path, given: Path | None, watcher: Watcher, *, apply: bool) -> list[records.Result]:
    """Judge stored observations again, with today's checks; run nothing.

    Args:
        given: where the exercises are; None: where the batch had them.
        apply: write the new marks; else they are only told.
    """
    output = Output(out)
    leave_the_cores_to_kernels()
    with opened(out) as book, at_work(out) if apply else nullcontext():
        folders = known(given or remembered(book, out), None)
        there = [one.result for one in book.judged(pictures=False)]
        for name in sorted({one.exercise for one in there} - folders.keys()):
            watcher.note(f"{name}: not judged again, there is no such exercise; say where it is with "
                         "--exercises")
        there = [one for one in there if one.exercise in folders]
        exercises = {name: load(folders[name]) for name in sorted({one.exercise for one in there})}
        for conditions, group in as_graded(there, exercises):
            left = judge_again(group, Today(conditions), book, output, watcher, write=apply)
            for student, exercise in sorted(left):
                watcher.note(not_judged(output, student, exercise))
        return publish(book, output) if apply else book.results(pictures=False)


def render_again(out: Path, extensions: Path | None, watcher: Watcher) -> list[records.Result]:
    """Every page once more, from the gradebook, under the rules as they are read now."""
    with opened(out) as book:
        told, notes = ruling.look(out, None, extensions)
        ruling.remember(book, told)
        results = publish(book, Output(out), every_page=True)
        for note in (*notes, *ruling.Ruled(book).notes(results)):
            watcher.note(note)
        return results


def language(out: Path) -> str:
    """In which the batch's pages are written."""
    with opened(out) as book:
        return book.batch_value("language", "en")


def groups_alike(out: Path) -> int:
    """How many groups of submissions that look alike the class page shows."""
    with opened(out) as book:
        return int(book.batch_value(ALIKE, "0"))


def autograder(to: Path, options: Options, name: str | None) -> str:
    """Pack one exercise as Gradescope's autograder; says what the tutor should know of it."""
    from grader.export import autograder as packing

    folders = known(options.exercises, None if name == "all" else name)
    if name not in folders:
        raise IntakeError("Gradescope's autograder grades one exercise: say which exercise "
                          f"({', '.join(folders)})")
    if to.is_dir():
        raise IntakeError(f"{to} is a folder, and Gradescope wants a zip: --out autograder.zip")
    return packing.pack(load(folders[name]), to, sandbox=options.sandbox or "bubblewrap")


def batch_seed(book: Gradebook, options: Options) -> int:
    """The batch's seed: secret and drawn once, unless the tutor names one."""
    if options.seed is not None:
        book.set_batch_value("seed", str(options.seed))
        return options.seed
    return int(book.batch_value("seed", str(secrets.randbits(SEED_BITS))))


def batch_exit_code(results: Iterable[records.Result]) -> int:
    """0 every submission has a mark, 1 some were withheld or are unclear. Whoever is missing or excused has
    none."""
    return int(any(result.score is None and result.status not in (
        records.Status.MISSING, records.Status.EXCUSED) for result in results))


def export_one(graded: Graded, form: str, summary: Path | None, exercises: Path) -> records.Result:
    """One notebook's result on standard output, as a CI service reads it; on standard error why it has no
    mark. Returns it as its student may see it."""
    where, shown = (graded.result.student, graded.result.exercise), ruling.alone(graded.result, exercises)
    exporting.write(form, [shown], sys.stdout, summary=summary, notebooks={where: graded.notebook})
    if graded.result.status is records.Status.WITHHELD:
        print(f"grader: mark withheld: {safe_text.no_commands(safe_text.line(graded.result.reason))}",
              file=sys.stderr)
    return as_student(shown)
