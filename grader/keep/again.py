"""Judge once more what was observed: which of a class's submissions, by which exercises, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from grader import pipeline, records
from grader.exercise.catalog import Exercise, ExerciseError
from grader.keep.gradebook import Gradebook, Key
from grader.keep.output import Output
from grader.keep.publish import record_mark
from grader.keep.ruling import Ruled
from grader.keep.unchanged import Today
from grader.pipeline import Conditions


class Watcher(Protocol):
    """Who is told whose mark changed."""

    def judged_again(self, before: records.Result, after: records.Result) -> None: ...


def judge_again(keys: Iterable[Key], today: Today, book: Gradebook, output: Output, watcher: Watcher, *,
                write: bool = True) -> set[Key]:
    """Judge what was observed once more; run nothing. Returns student and exercise of those of whom nothing
    is stored that answers what is asked today.

    Args:
        write: the marks; else they are only told.
    """
    left, words, rules = set(), book.words(), Ruled(book)
    for where in keys:
        entry = book.entry(*where)
        observed = None if entry is None else today.observed(entry.submission, output)
        if entry is None or observed is None:
            left.add(where)
            continue
        graded = pipeline.judge(entry.submission, observed, today.conditions)
        if write:
            graded = replace(graded, executed=entry.executed)   # it is kept in the gradebook alone
            record_mark(graded, book, output, rules, observed=entry.observed,
                        judged=today.fingerprints(entry.submission).judged, what="rejudged")
        watcher.judged_again(words.applied(entry.result), words.applied(graded.result))
    return left


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
