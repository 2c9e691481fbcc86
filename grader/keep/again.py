"""Judge once more what was observed: which of a class's submissions, by which exercises, and how."""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import structs

from grader import pipeline, records
from grader.exercise.catalog import Exercise, ExerciseError
from grader.keep.gradebook import Entry, Gradebook, Key
from grader.keep.output import LAST, Output
from grader.keep.processes import each
from grader.keep.publish import keep_mark
from grader.keep.unchanged import Today
from grader.pipeline import Conditions


class Watcher(Protocol):
    """Who is told whose mark changed."""

    def judged_again(self, before: records.Result, after: records.Result) -> None: ...


class Stands(enum.Enum):
    """What judging again comes to where it makes no other result."""

    AS_BEFORE = "as before"
    UNANSWERED = "unanswered"   # nothing is stored that answers what is asked today


def judge_again(keys: Iterable[Key], today: Today, book: Gradebook, output: Output, watcher: Watcher, *,
                write: bool = True) -> set[Key]:
    """Judge what was observed once more; run nothing. Returns student and exercise of those of whom nothing
    is stored that answers what is asked today.

    Whose result is as before keeps its pages, and has no event. Of the others' pages the last is taken away:
    `publish` writes them anew.

    Args:
        write: the marks; else they are only told.
    """
    keys, words = list(keys), book.words()
    left, alike = set(keys), list[Entry]()
    entries = (entry for key in keys if (entry := book.entry(*key)))
    judge = functools.partial(_judged, today=today, output=output)
    for entry, after in each(judge, entries, len(keys)):
        if after is Stands.UNANSWERED:
            continue
        left.discard(entry.key)
        judged = structs.replace(entry, judged=today.judged(entry.result.exercise))
        if isinstance(after, records.Result):
            if write:
                output.page(*entry.key, LAST).unlink(missing_ok=True)
                keep_mark(structs.replace(judged, result=after), book, what="rejudged")
            watcher.judged_again(words.applied(entry.result), words.applied(after))
        elif judged.judged != entry.judged:
            alike.append(structs.replace(judged, notebook="", executed=""))
    if write:
        book.judged_alike(alike)
    return left


def _judged(entry: Entry, *, today: Today, output: Output) -> records.Result | Stands:
    """One submission, judged once more."""
    observed = today.observed(entry.submission, output)
    if observed is None:
        return Stands.UNANSWERED
    result = pipeline.judge(entry.submission, observed, today.conditions).result
    return Stands.AS_BEFORE if result == entry.result else result


def remembered(book: Gradebook, out: Path) -> Path:
    """Where the exercises were when the class was graded last.

    Raises:
        ExerciseError: nobody says, or they are not there any more.
    """
    said = book.batch_values().get("exercises", "")
    if not said:
        raise ExerciseError(f"{out} does not say by which exercises it was graded: give --exercises DIR")
    if not Path(said).is_dir():
        raise ExerciseError(f"the exercises by which {out} was graded are not in {said} any more: say where "
                            "they are with --exercises DIR")
    return Path(said)


def as_graded(results: Iterable[records.Result],
              exercises: Mapping[str, Exercise]) -> Iterator[tuple[Conditions, list[Key]]]:
    """The keys of what has one seed, sandbox and device, and the conditions under which it was observed."""
    groups: dict[tuple[int, str, str, tuple[str, ...]], list[Key]] = {}
    for one in results:
        made = one.made_by
        groups.setdefault((made.seed, made.sandbox, made.device, made.layers), []).append(
            (one.student, one.exercise))
    for (seed, sandbox, device, layers), group in groups.items():
        used = {name: exercises[name] for name in sorted({exercise for _, exercise in group})}
        yield Conditions.drawn(used, seed=seed, sandbox=sandbox, device=device, layers=layers), group
