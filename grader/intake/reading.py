"""One file that may be a notebook -> what it is: a notebook's source and its exercise, or why it is none."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from grader.intake.beside import beside
from grader.intake.called import called
from grader.intake.clean import MAX_BYTES, NotANotebook, clean
from grader.locale import N_
from grader.records import Released, Sentence, Submission, Unreadable

SURE = (".ipynb",)                       # by these names a file claims to be a notebook
PERHAPS = (".ipynb.txt", ".ipynb.json")  # and by these it is one where its content is
MAX_KEPT = 64 << 10                      # characters of a notebook's source; what is longer is read again


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a file turns out to be when it is read."""

    sha256: str              # "" where nothing could be read
    notebook: str            # cleaned; "" where it is none, or too long to keep before it is known to count
    exercise: str            # what it says itself, by its metadata or its name; "" where it does not
    said: Sentence | None    # why it is no notebook
    released: Released | None = None

    @property
    def reason(self) -> str:
        """Why it is no notebook; "" where it is one."""
        return self.said.template % self.said.values if self.said else ""


def look(path: Path, name: str, exercises: Collection[str]) -> Look:
    """Read a file that is called `name`. Whatever it is, this returns."""
    named, sha256 = called(name, exercises).exercise, ""
    try:
        data = _bytes(path)
        sha256 = hashlib.sha256(data).hexdigest()
        cleaned = clean(data)
    except NotANotebook as error:
        return Look(sha256=sha256, notebook="", exercise=named, said=error.said)
    exercise = cleaned.exercise if cleaned.exercise in exercises else None
    return Look(sha256=sha256, notebook=cleaned.notebook, exercise=exercise or named, said=None,
                released=cleaned.released)


def looked(path: Path, name: str, exercises: Collection[str]) -> Look | None:
    """The same, without a long notebook; None of a file that does not claim to be one, and is none."""
    lower = name.lower()
    if not lower.endswith((*SURE, *PERHAPS)):
        return None
    found = look(path, name, exercises)
    if lower.endswith(PERHAPS) and not found.notebook:
        return None
    return found if len(found.notebook) <= MAX_KEPT else replace(found, notebook="")


def whole(found: Look, path: Path) -> Look:
    """The same with the notebook, where it is one."""
    if found.notebook or found.said:
        return found
    return replace(look(path, path.name, ()), exercise=found.exercise)


def read_file(path: Path, *, student: str, relative: str, exercises: Collection[str],
              default: str | None = None) -> Submission | Unreadable:
    """One file as a submission. Its exercise is "" where neither metadata nor name nor `default` tell."""
    found = look(path, path.name, exercises)
    exercise = found.exercise or default or ""
    if found.said:
        return Unreadable(student=student, exercise=exercise, path=relative, sha256=found.sha256,
                          reason=found.reason, said=found.said)
    return Submission(student=student, exercise=exercise, path=relative, sha256=found.sha256,
                      notebook=found.notebook, released=found.released)


def with_files(submission: Submission | Unreadable, path: Path) -> Submission | Unreadable:
    """A submission with what lies beside its notebook, in a folder where other things may lie."""
    if isinstance(submission, Unreadable):
        return submission
    found = beside(path, submission.notebook, own=False)
    return structs.replace(submission, files=found.files, places=found.places, notes=found.notes)


def _bytes(path: Path) -> bytes:
    """The bytes of a regular file; a link, folder, pipe or device is nobody's notebook."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        raise NotANotebook(N_("The file is a link or cannot be opened.")) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotANotebook(N_("This is a folder or a device, not a notebook."))
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_BYTES + 1)
