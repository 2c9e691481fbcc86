"""Room on the disk: what was observed of submissions is deleted, their marks and reports stay."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from grader.keep.claim import at_work
from grader.keep.output import Output, folder_name
from grader.keep.publish import opened
from grader.keep.space import shown
from grader.records import Result, Status

TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}")   # as `replace_file` calls what is not whole yet
LITTER_SECONDS = 3600.0    # what was begun longer ago, and never renamed, is of a batch that was killed


def prune(out: Path, keep: str, *, dry_run: bool = False) -> list[str]:
    """Delete observations from a folder that a batch wrote, and what nothing in it uses any more.

    Args:
        keep: "marks" none of a submission that has its mark, "failed" those of submissions that lost points,
            "all" those of every submission that counts.
        dry_run: delete nothing.

    Returns:
        What was done, or would be, in lines.

    Raises:
        GradebookError: there is no gradebook, or a batch is at work in the folder.
    """
    output = Output(out)
    with opened(out) as book, nullcontext() if dry_run else at_work(out):
        return _pruned(output, book.results(pictures=False), keep, dry_run)


def _pruned(output: Output, results: Sequence[Result], keep: str, dry_run: bool) -> list[str]:
    out = output.folder
    pruned = [result for result in results if not _stays(result, keep)]
    parcels = [parcel for result in pruned for parcel in output.parcels(result.student, result.exercise)]
    left_over = [*_unused(output, results), *_litter(out)]
    freed = sum(path.stat().st_size for path in (*parcels, *left_over))
    count = len({(parcel.parent.name, parcel.name.split(".")[0]) for parcel in parcels})
    if not dry_run:
        for path in (*parcels, *left_over):
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in (*parcels, *left_over)} - {out}:
            if not any(folder.iterdir()):
                folder.rmdir()
    submissions = f"{count} submission{'' if count == 1 else 's'}"
    would = "would be " if dry_run else ""
    lines = [f"{shown(freed)} {would}freed: observations of {submissions}"
             + (f", files that nothing uses: {len(left_over)}" if left_over else "")]
    if dry_run:
        return [*lines, "nothing is deleted; leave --dry-run out to do it"]
    return [*lines, "marks, reports and executed notebooks stay; `grader rejudge` leaves these marks as they "
                    "are"]


def not_judged(output: Output, student: str, exercise: str) -> str:
    """Why a submission could not be judged again, in a line."""
    if not output.parcels(student, exercise):
        return (f"{student} {exercise}: keeps its mark, what was observed was pruned; `grader batch` runs "
                "the notebook again")
    return (f"{student} {exercise}: not judged again, what is stored does not answer what the exercise asks "
            "today; `grader batch` runs the notebook")


def _stays(result: Result, keep: str) -> bool:
    if keep == "all" or result.score is None or result.status is Status.WITHHELD:
        return True
    return keep == "failed" and result.score < result.max_score


def _unused(output: Output, results: Sequence[Result]) -> Iterator[Path]:
    """Observations of what does not count any more: of persons who were removed, say."""
    counting = {(folder_name(result.student), result.exercise) for result in results}
    for path in sorted(output.folder.glob("observations/*/*")):
        if path.suffix in (".parcel", ".modules") and not path.name.startswith(".") \
                and (path.parent.name, path.name.split(".")[0]) not in counting:
            yield path


def _litter(out: Path) -> Iterator[Path]:
    """Files that were begun and never renamed."""
    before = time.time() - LITTER_SECONDS
    for pattern in (".*", "*/.*", "observations/*/.*"):
        for path in sorted(out.glob(pattern)):
            if TEMPORARY.fullmatch(path.name) and path.is_file() and path.stat().st_mtime < before:
                yield path
