"""What a batch will write, against what is free: said before it starts."""

from __future__ import annotations

import glob
import shutil
from collections import Counter
from collections.abc import Sequence

from grader.errors import Mendable
from grader.keep.output import Output
from grader.records import AnySubmission, Submission

# Of a submission to the largest of our exercises: 0.9 MB of observations, 0.3 MB of pages, what the gradebook
# keeps. Where a folder holds some already, those are measured.
DEFAULT = 1_500_000
LEAST = 64 << 20       # bytes free below which no batch begins


class SpaceError(Mendable):
    """There is hardly any room at --out."""


def told_of_space(output: Output, work: Sequence[AnySubmission]) -> list[str]:
    """A line where a batch may not find the room that it needs; none where it does.

    Args:
        work: the submissions that will be run.

    Raises:
        SpaceError: hardly anything is free.
    """
    if not work:
        return []
    free = shutil.disk_usage(output.folder).free
    if free < LEAST:
        raise SpaceError(f"{output.folder}: only {shown(free)} are free on this disk, too little to grade "
                         "anything; make room (`grader prune --help`), or give another --out")
    new = [one for one in work
           if isinstance(one, Submission) and not output.parcels(one.student, one.exercise)]
    each = Counter(one.exercise for one in new)
    needed = sum(count * written(output, exercise) for exercise, count in each.items())
    if needed + LEAST <= free:
        return []
    return [f"may not fit: {len(new)} submissions write about {shown(needed)}, and {shown(free)} are free at "
            f"{output.folder}; `grader prune` makes room, and a batch that was stopped goes on where it was"]


def written(output: Output, exercise: str) -> int:
    """Bytes that a submission to an exercise takes, by those that lie here."""
    name = glob.escape(exercise)
    parcels = list(output.folder.glob(f"observations/*/{name}.*.parcel"))
    students = {path.parent.name for path in parcels}
    if not students:
        return DEFAULT
    pages = [path for pattern in (f"*/{name}.*", f"*/{name}-executed.html")
             for path in output.folder.glob(pattern)]
    return sum(path.stat().st_size for path in (*parcels, *pages)) // len(students)


def shown(size: int) -> str:
    """Bytes as a tutor reads them: 12 MB, 26.1 GB."""
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1e6:.0f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"
