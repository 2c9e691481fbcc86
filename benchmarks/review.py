"""What the review page costs with a class of any size: CPU time and bytes of each page, and memory.

    python -m benchmarks.review 20 2000 --from reports

The class is made of real results: those of a folder that a batch wrote, as often as it takes, each person
with a written answer of their own, or of several.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import psutil
from msgspec import structs

from grader.keep.gradebook import Gradebook
from grader.keep.known import Known
from grader.keep.output import Output
from grader.records import Person, RubricItem, WrittenAnswer
from tests.review.inside import Quiet, asked

QUESTION, EXERCISES = "think", 7
TIMES = 5
SEEDS = 20       # people who are recorded one by one; the others are copies of their rows


def make(out: Path, source: Path, people: int) -> str:
    """A class in a gradebook; returns an exercise of it."""
    out.mkdir(parents=True)
    shutil.copy(source / "gradebook.sqlite", out / "real.sqlite")
    with Gradebook(out / "real.sqlite") as real, Gradebook(out / "gradebook.sqlite") as book:
        names = itertools.islice(itertools.cycle(sorted({one.key[1] for one in real.judged()})), EXERCISES)
        entries = [one for one in real.entries() if one.result.score is not None]
        for number, name in enumerate(names):
            theirs = [one for one in entries if one.key[1] == name]
            for person in range(min(SEEDS, people)):
                entry = theirs[person % len(theirs)]
                written = (WrittenAnswer(id=QUESTION, question="Why?", text=f"Because of reason {person}.",
                                         max_points=2.0, rubric=(RubricItem(text="so", points=2.0),)),)
                result = structs.replace(entry.result, student=f"{person:05}", name=f"Person {person}",
                                         exercise=f"exercise_{number}", written=written if not number else ())
                book.meet([Known(person=Person(id=result.student, name=result.name), on_roster=True)])
                book.record(structs.replace(entry, result=result))
                if result.written:
                    book.written.hand_in(result.student, result.exercise, result.stamp,
                                         {QUESTION: written[0].text or ""})
    (out / "real.sqlite").unlink()
    multiplied(out / "gradebook.sqlite", people)
    return "exercise_0"


def multiplied(path: Path, people: int) -> None:
    """Copy the rows of the first until there are so many people."""
    with closing(sqlite3.connect(path)) as db:
        for table in ("people", "submissions", "results", "verdicts", "answers"):
            names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            who = "id" if table == "people" else "student"
            for first in range(SEEDS, people, SEEDS):
                moved = f"printf('%05d', CAST({who} AS INTEGER) + {first})"
                said = f"replace(document, '\"student\":\"' || student, '\"student\":\"' || {moved})"
                inside = "document" if table == "submissions" else ""
                taken = ", ".join(moved if name == who else said if name == inside else f'"{name}"'
                                  for name in names)
                db.execute(f"INSERT INTO {table} SELECT {taken} FROM {table} "
                           f"WHERE CAST({who} AS INTEGER) < {min(SEEDS, people - first)}")
        db.execute(f"UPDATE answers SET text = text || (CAST(student AS INTEGER) / {3 * SEEDS})")
        said = f"'\"text\":\"Because of reason ' || (CAST(student AS INTEGER) % {SEEDS}) || '.'"
        db.execute(f"UPDATE submissions SET document = replace(document, {said}, "
                   f"{said} || (CAST(student AS INTEGER) / {3 * SEEDS}))")
        db.commit()


def measured(out: Path, exercise: str, people: int) -> None:
    """Print a line for each page."""
    where = {"student": f"{people // 2:05}", "exercise": exercise}
    pages = {"queue": "/", "all": "/?of=all",
             "submission": f"/submission?{urlencode({**where, 'of': 'all'})}",
             "report": f"/report?{urlencode(where)}",
             "answers": f"/answers?{urlencode({'exercise': exercise, 'question': QUESTION})}",
             "history": "/history"}
    memory = psutil.Process().memory_info
    with Gradebook(out / "gradebook.sqlite") as book:
        before = memory().rss
        desk = Quiet(book, Output(out))
        for name, address in pages.items():
            asked(desk, address)
            began = time.process_time()
            for _ in range(TIMES):
                size = len(asked(desk, address).encode())
            spent = 1000 * (time.process_time() - began) / TIMES
            print(f"{people:6} people  {name:10}  {size / 1000:8.0f} kB  {spent:7.0f} ms CPU", flush=True)
        print(f"{people:6} people  memory      {(memory().rss - before) / 2**20:.0f} MiB", flush=True)
        desk.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int, nargs="+")
    parser.add_argument("--from", dest="source", type=Path, required=True)
    given = parser.parse_args()
    for people in given.people:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            measured(out, make(out, given.source, people), people)


if __name__ == "__main__":
    main()
