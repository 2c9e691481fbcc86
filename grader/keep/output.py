"""The folder a batch writes: where each thing lies, and how it gets there without ever being half written."""

from __future__ import annotations

import glob
import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from grader.files import replace_file
from grader.keep import parcels
from grader.keep.claim import AT_WORK, PUBLISHING
from grader.pipeline import Observed
from grader.records import AnySubmission, Calculation, Result, Submission
from grader.report import calculation
from grader.report.wording import words
from grader.wall import wire
from grader.wall.messages import Observations

SUFFIXES = ".html", ".md", ".ipynb", "-executed.html"   # of a submission's pages
MERGING = "merging.sqlite"   # what becomes the gradebook when all shards are in it
LAST = ".md"     # of them that is written: where there is none, none is of today's mark
RESERVED = {"observations", "alike", "index.html", "grades.csv", "results.jsonl", "gradebook.sqlite", AT_WORK,
            PUBLISHING, MERGING}
MODULE = 200_000   # bytes of a Python file beside a notebook, to compare it
UNSAFE = re.compile(r"[^\w .@+-]", re.ASCII)
DIGESTED = re.compile(r"-[0-9a-f]{8}$")  # how a name ends that was made safe: nobody may choose such a one


# What is no line's end to JSON, and is one to Python and JavaScript.
_LINE_ENDS = {chr(code): f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}


class Output:
    """`--out`: class page, grades, gradebook, one folder for each student, stored observations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def gradebook(self) -> Path:
        """The file that `Gradebook` opens."""
        return self.folder / "gradebook.sqlite"

    def page(self, student: str, exercise: str, suffix: str) -> Path:
        """Where a file about one submission lies; `suffix` is all of its name behind the exercise's."""
        return self.folder / folder_name(student) / f"{exercise}{suffix}"

    def href(self, student: str, exercise: str) -> str:
        """A submission's report as the class page links to it."""
        return f"{folder_name(student)}/{exercise}.html"

    def remove(self, student: str, exercises: Iterable[str]) -> int:
        """Delete a student's pages; returns how many there were. What else lies beside them stays."""
        pages = [self.page(student, exercise, suffix) for exercise in exercises for suffix in SUFFIXES]
        there = [page for page in pages if page.exists()]
        for page in there:
            page.unlink()
        folder = self.folder / folder_name(student)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        return len(there)

    def parcels(self, student: str, exercise: str) -> list[Path]:
        """What is stored of what was observed of a submission, in every world."""
        folder = self.folder / "observations" / folder_name(student)
        return sorted(folder.glob(f"{glob.escape(exercise)}.*.parcel"))

    def write_alike(self, pages: Iterable[tuple[str, str]]) -> None:
        """Write the pages of groups that look alike, each to where it says, and delete those of earlier
        groups."""
        folder = self.folder / "alike"
        earlier = set(folder.glob("*.html"))
        for href, page in pages:
            replace_file(self.folder / href, page)
            earlier.discard(self.folder / href)
        for old in earlier:
            old.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

    def folders(self, student: str) -> tuple[Path, Path]:
        """Where a student's pages lie, and what was observed of them."""
        name = folder_name(student)
        return self.folder / name, self.folder / "observations" / name

    def erase(self, student: str) -> None:
        """Delete a student's folder and what was observed of them, whatever is in there."""
        for folder in self.folders(student):
            if folder.exists():
                shutil.rmtree(folder)

    def observations(self, student: str, exercise: str, world: str) -> Path:
        """Where what was observed of a submission in one world lies."""
        return self.folder / "observations" / folder_name(student) / f"{exercise}.{world}.parcel"

    def keep(self, student: str, exercise: str, observed: Observed, question: str) -> None:
        """Store observations so that they can be judged again. The notebook as executed is not among them.

        Args:
            observed: by the world.
            question: its fingerprint, see `unchanged`.
        """
        for world, parcel in observed.items():
            replace_file(self.observations(student, exercise, world), parcels.packed(parcel, question))

    def keep_modules(self, submission: AnySubmission) -> None:
        """Store the Python files that were handed in beside a notebook, to compare them."""
        places = submission.places if isinstance(submission, Submission) else {}
        brought = submission.files if isinstance(submission, Submission) else ()
        texts = {file.name: Path(places[file.sha256]).read_bytes()[:MODULE].decode("utf-8", "replace")
                 for file in brought if file.name.endswith(".py") and file.sha256 in places}
        if texts:
            replace_file(self._modules(submission), msgspec.json.encode(texts))
        else:
            self._modules(submission).unlink(missing_ok=True)

    def modules(self, result: Result) -> dict[str, str]:
        """The Python files beside a notebook that counts, by name."""
        brought = {file.name for file in result.files if file.name.endswith(".py")}
        path = self._modules(result)
        there = brought and path.is_file()
        stored = msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if there else {}
        return {name: text for name, text in stored.items() if name in brought}

    def _modules(self, of: Result | AnySubmission) -> Path:
        return self.folder / "observations" / folder_name(of.student) / f"{of.exercise}.modules"

    def kept(self, student: str, exercise: str, world: str,
             question: str) -> wire.Parcel[Observations] | None:
        """Stored observations; they are as hostile as on the day they came.

        Returns:
            None where there are none that can be read and answer this question.
        """
        path = self.observations(student, exercise, world)
        found = parcels.unpacked(path.read_bytes()) if path.is_file() else None
        return found if found and found.record.question == question else None


def folder_name(student: str) -> str:
    """A name for a student's folder that no file system reads as anything else; distinct students stay
    distinct."""
    name = UNSAFE.sub("_", student).strip(" .")[:60]
    if name == student and name and name.casefold() not in RESERVED and not DIGESTED.search(name):
        return name
    digest = hashlib.blake2b(student.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{name or 'student'}-{digest}"


def _ruled(result: Result, found: Calculation) -> dict[str, Any]:
    """How the course's rules came to a score."""
    return {"raw": result.raw, "penalty": result.penalty, "due": found.due, "bonus": found.bonus,
            "counts": found.counting.number if found.counting else None,
            "attempts": [{"number": one.number, "handed_in_at": one.handed_in_at, "raw": one.raw,
                          "penalty": one.penalty} for one in found.attempts],
            "calculation": calculation.lines(result, words("en"))}


def line(result: Result) -> bytes:
    """One line of results.jsonl."""
    checks = [{"id": c.id, "title": c.title, "mark": c.mark.value,
               "cause": c.cause.value if c.cause else None,
               "points": c.points, "max_points": c.max_points, "message": c.message, "diagnosis": c.diagnosis,
               "by": c.by}
              for c in result.checks]
    there = not result.nothing_there
    document = {"student": result.student, "name": result.name, "exercise": result.exercise,
                "title": result.title, "attempt": result.attempt, "handed_in_at": result.handed_in_at,
                "status": result.status.value, "score": result.score, "max_score": result.max_score,
                "checks": checks,
                "notebook": msgspec.to_builtins(result.notebook) if result.notebook.path else None,
                "made_by": msgspec.to_builtins(result.made_by) if there else None}
    document |= {name: value for name in ("team", "late", "source_id") if (value := getattr(result, name))}
    if result.rules:
        document["rules"] = _ruled(result, result.rules)
    if result.claims:
        document["files"] = [file.path for file in result.claims]
    if result.needs_you:
        document["needs_you"] = [{"kind": one.kind, "reason": one.reason} for one in result.needs_you]
    if result.reason:
        document["reason"] = result.reason
    if result.bonus:
        document["bonus"] = result.bonus
    if result.by != "grader":
        document["by"] = result.by
    if result.comment:
        document["comment"] = result.comment
    text = msgspec.json.encode(document).decode()
    for sign, escaped in _LINE_ENDS.items():   # one by one: `translate` is slow where a text is not all ASCII
        text = text.replace(sign, escaped)
    return f"{text}\n".encode()
