"""A folder of `<student>/<notebook>.ipynb` or flat `<student>_<exercise>.ipynb` -> submissions."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from grader.errors import Mendable
from grader.intake.beside import beside
from grader.intake.clean import MAX_BYTES, NotANotebook, clean
from grader.locale import N_
from grader.records import Submission, Unreadable

IGNORED = {".ipynb_checkpoints", "__pycache__", "__MACOSX", "feedback"}
DEEPEST = 16  # folders within a student's folder
MOST = 100    # notebooks of one student that are read
# what a browser adds to the name of a file that it has downloaded before
COPY = re.compile(r"\s*\(\d{1,3}\)$")


class IntakeError(Mendable):
    """A folder that cannot be graded as it is: for the tutor, one line."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file that looks like a submission, not yet read."""

    student: str
    path: Path
    relative: str


@dataclass(frozen=True, kw_only=True)
class Intake:
    submissions: tuple[Submission | Unreadable, ...]
    notes: tuple[str, ...]          # what the tutor should know: files left out, and why


def read_folder(root: Path, exercises: Collection[str], default: str | None = None) -> Intake:
    """Every submission below `root`, one for each student and exercise.

    Args:
        exercises: the names in the catalogue.
        default: the exercise of notebooks that say nothing themselves.

    Raises:
        IntakeError: there is no such folder, nothing in it, or of no notebook can the exercise be told.
    """
    if not root.is_dir():
        raise IntakeError(f"{root}: no such folder")
    found, notes = _find(root, exercises)
    if not found:
        raise IntakeError(f"{root}: no notebooks. Expected <student>/<notebook>.ipynb or "
                          "<student>_<exercise>.ipynb")
    read = [(read_file(f.path, student=f.student, relative=f.relative, exercises=exercises, default=default),
             f)
            for f in found]
    seen = {s.exercise for s, _ in read} - {""}
    read = [(_guessed(s, seen), f) for s, f in read]
    lost = [s.path for s, _ in read if not s.exercise]
    if len(lost) == len(read):
        raise IntakeError(f"{lost[0]}{f' and {len(lost) - 1} more' if len(lost) > 1 else ''}: cannot tell "
                          "which "
                          f"exercise this is; say it with --exercise ({', '.join(sorted(exercises))})")
    # One odd file must not keep the others waiting for their marks.
    notes = [*(f"{path}: left out, cannot tell which exercise this is; say it with --exercise"
               for path in lost), *notes]
    chosen, older = _newest([(s, f) for s, f in read if s.exercise])
    # In a flat folder nothing that lies beside a notebook is sure to be the same student's.
    submissions = tuple(s if f.path.parent == root else with_files(s, f.path, own=True) for s, f in chosen)
    left = [f"{s.path}: {note.template % note.values}" for s in submissions if isinstance(s, Submission)
            for note in s.notes]
    return Intake(submissions=submissions, notes=(*notes, *older, *left))


def with_files(submission: Submission | Unreadable, path: Path, *, own: bool) -> Submission | Unreadable:
    """A submission with what lies beside its notebook.

    Args:
        own: everything in its folder is this student's, and was handed in.
    """
    if isinstance(submission, Unreadable):
        return submission
    found = beside(path, submission.notebook, own=own)
    return structs.replace(submission, files=found.files, places=found.places, notes=found.notes)


def read_file(path: Path, *, student: str, relative: str, exercises: Collection[str],
              default: str | None = None) -> Submission | Unreadable:
    """One file as a submission. Its exercise is "" where neither metadata nor name nor `default` tell."""
    named = _exercise_in(path.stem, exercises) or default or ""
    try:
        data = _bytes(path)
    except NotANotebook as error:
        return Unreadable(student=student, exercise=named, path=relative, sha256="", reason=str(error),
                          said=error.said)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        cleaned = clean(data)
    except NotANotebook as error:
        return Unreadable(student=student, exercise=named, path=relative, sha256=sha256, reason=str(error),
                          said=error.said)
    exercise = cleaned.exercise if cleaned.exercise in exercises else named
    return Submission(student=student, exercise=exercise or "", path=relative, sha256=sha256,
                      notebook=cleaned.notebook)


def _guessed(submission: Submission | Unreadable, seen: set[str]) -> Submission | Unreadable:
    """Some notebooks say nothing of their exercise; where the whole folder is of one, it is that."""
    if not submission.exercise and len(seen) == 1:
        return structs.replace(submission, exercise=next(iter(seen)))
    return submission


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


def _find(root: Path, exercises: Collection[str]) -> tuple[list[Found], list[str]]:
    """Everything called *.ipynb, without following links; and what was passed over."""
    found, hidden, more = list[Found](), list[str](), list[str]()
    for entry in sorted(root.iterdir()):
        name = _text(entry.name)
        if entry.name.startswith("."):
            # the shadows that macOS leaves (._x) are no notebooks
            if entry.suffix == ".ipynb" and not entry.name.startswith("._"):
                hidden.append(f"{name}: left out, its name begins with a dot")
        elif entry.suffix == ".ipynb":
            found.append(Found(student=_text(_student(entry.stem, exercises)), path=entry, relative=name))
        elif entry.name not in IGNORED and entry.is_dir() and not entry.is_symlink():
            theirs = _notebooks(entry)
            if not theirs:
                more.append(f"{name}: no notebook in this folder")
            if len(theirs) > MOST:
                more.append(f"{name}: {len(theirs)} notebooks, of which the {MOST} changed last are read")
                theirs = sorted(sorted(theirs, key=_changed)[-MOST:])
            found += [Found(student=name, path=path, relative=_text(path.relative_to(root).as_posix()))
                      for path in theirs]
    return found, [*hidden, *more]


def _text(name: str) -> str:
    """A file's name as text that every file can hold: bytes that are no UTF-8 as Python would escape them."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _notebooks(folder: Path, deepest: int = DEEPEST) -> list[Path]:
    """The notebooks of one student, in order. What cannot be read holds none."""
    found, below = list[Path](), list[Path]()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name in IGNORED or entry.name.startswith("."):
                    continue
                if Path(entry.name).suffix == ".ipynb":
                    found.append(Path(entry.path))
                elif deepest and entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
    except OSError:
        return []
    return sorted([*found, *(path for each in below for path in _notebooks(each, deepest - 1))])


def _student(stem: str, exercises: Collection[str]) -> str:
    stem = COPY.sub("", stem)
    exercise = _exercise_in(stem, exercises)
    return stem.removesuffix(exercise).rstrip("_- ") or stem if exercise else stem


def _exercise_in(stem: str, exercises: Collection[str]) -> str | None:
    """The longest exercise name that the file name ends with."""
    stem = COPY.sub("", stem)
    fits = [name for name in exercises if stem == name or stem.endswith((f"_{name}", f"-{name}", f" {name}"))]
    return max(fits, key=len, default=None)


def _newest(read: list[tuple[Submission | Unreadable, Found]]
            ) -> tuple[list[tuple[Submission | Unreadable, Found]], list[str]]:
    """One submission for each student and exercise: the file changed last, the others named in a note."""
    chosen: dict[tuple[str, str], tuple[Submission | Unreadable, Found]] = {}
    notes = []
    for submission, found in sorted(read, key=lambda pair: _changed(pair[1].path)):
        key = submission.student, submission.exercise
        if key in chosen:
            notes.append(f"{chosen[key][0].path}: left out, {submission.path} is newer")
        chosen[key] = submission, found
    return sorted(chosen.values(), key=lambda pair: (pair[0].student, pair[0].exercise)), notes


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
