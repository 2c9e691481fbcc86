"""A process that writes into a gradebook, for tests that kill it; imports nothing slow."""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec import structs

from grader import records
from grader.keep.gradebook import Entry, Gradebook
from grader.keep.marking import Override

PAYLOAD = "x" * 20_000
CHECKS = tuple(records.Verdict(id=id, title=id, mark=records.Mark.FAIL, points=0.0, max_points=3.0)
               for id in ("a", "b"))
RESULT = records.Result(
    student="", exercise="x", status=records.Status.GRADED, score=0.0, max_score=6.0, checks=CHECKS,
    notebook=records.NotebookFile(path="p", sha256="a"), made_by=records.MadeBy(
        grader="0", exercise=1, torch="2", device="cpu", seed=1, sandbox="bubblewrap"))


def write(path: Path, name: str, count: int) -> None:
    """Record submissions and overrides, and say of each that it is done only when it is."""
    with Gradebook(path) as book:
        for number in range(count):
            student = f"{name}-{number}"
            book.record(Entry(result=structs.replace(RESULT, student=student), observed="o", judged="j",
                              notebook=f"{student} {PAYLOAD}", executed=""))
            print(f"recorded {student}", flush=True)
            book.desk.override(Override(student=student, exercise="x", check="b", sha256="a", points=3.0))
            print(f"marked {student}", flush=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
