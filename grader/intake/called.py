"""What a file's name says of itself: the exercise at its end, and whether it is a copy or something old."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

NOTEBOOK = re.compile(r"\.ipynb(?:\.(?:txt|json))?$", re.IGNORECASE)
ARCHIVE = re.compile(r"\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tbz2|tar\.xz|txz|gz|bz2|xz|7z|rar)$", re.IGNORECASE)
MARKS = 12        # of copies and of age behind one name, at most
LONGEST = 500     # characters of a name that is looked into; no file system has longer ones
SUFFIX = re.compile(r"(?<=[^.])\.\w{1,8}$")

# A run of signs is tried once, from where it begins: a name may be nothing but signs.
# Colab and Google Drive put a copy's mark before the name; browsers, Jupyter, desktops and Canvas behind it.
COPY_OF = r"(?:kopie[\s_]von|copy[\s_]of|copie[\s_]de|copia[\s_]de)"
COPY_BEFORE = re.compile(rf"^{COPY_OF}[\s_]+", re.IGNORECASE)
COPY_BETWEEN = re.compile(rf"(?:^|(?<![\s_-])[\s_-]++){COPY_OF}$", re.IGNORECASE)
COPY_BEHIND = re.compile(r"(?:(?<![\s_])[\s_]*+\((?:\d{1,3}|(?:copy|kopie)(?: \d{1,3})?)\)"
                         r"|(?<![-_\s])[-_\s]++(?:copy|kopie)[-_\s]?\d{0,3})$", re.IGNORECASE)
NUMBER_BEHIND = re.compile(r"-\d{1,2}$")
OLD_BEHIND = re.compile(r"(?:(?:^|(?<![-_.\s])[-_.\s]++)"
                        r"(?:old|alt|backup|bak|veraltet|sicherung)[-_\s]?\d{0,3}"
                        r"|(?<![-_\s])[-_\s]*+\((?:old|alt|backup)\))$", re.IGNORECASE)
OLD_BEFORE = re.compile(r"^(?:old|backup)$", re.IGNORECASE)

# One character each, so that places stay the same.
AS_ONE = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ- ", "abcdefghijklmnopqrstuvwxyz__")


@dataclass(frozen=True, kw_only=True)
class Called:
    """A name, taken apart. Without an exercise, `before` is all of it but marks of a copy."""

    before: str = ""         # what stands before the exercise: in a flat folder the person
    exercise: str = ""       # "": the name does not say
    old: bool = False        # it says of itself that something newer counts


def text(name: str) -> str:
    """A file's name as text in NFC that every file can hold; what is no UTF-8 is escaped."""
    if name.isascii():
        return name
    try:
        read = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        read = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return unicodedata.normalize("NFC", read)


def is_notebook(name: str) -> bool:
    """Does the name say that it is a notebook, whatever else was put behind it?"""
    return bool(NOTEBOOK.search(name))


def stem(name: str) -> str:
    """The name without what says its kind."""
    for kind in (NOTEBOOK, ARCHIVE, SUFFIX):
        shorter = kind.sub("", name, count=1)
        if shorter and shorter != name:
            return shorter
    return name


def called(name: str, exercises: Iterable[str]) -> Called:
    """What a file's (or a folder's) name says."""
    if len(name) > LONGEST:
        return Called(before=text(name))
    return _called(name, tuple(exercises))


@lru_cache(maxsize=1 << 16)     # every file's folders are asked for each file
def _called(name: str, exercises: tuple[str, ...]) -> Called:
    whole = _without_copy_before(stem(text(name)))
    rest, old, marks = whole, False, 0
    while not (exercise := _at_end(rest, exercises)):
        shorter = COPY_BEHIND.sub("", rest)
        if shorter == rest:
            shorter = NUMBER_BEHIND.sub("", rest)
        if shorter == rest:
            shorter = OLD_BEHIND.sub("", rest)
            old = True
        marks += 1
        if shorter in (rest, "") or marks > MARKS:
            return Called(before=uncopied(whole), old=bool(OLD_BEHIND.search(uncopied(whole))))
        rest = shorter
    before = COPY_BETWEEN.sub("", rest[:-len(exercise)].rstrip("_- "))
    if OLD_BEFORE.match(before):
        return Called(exercise=exercise, old=True)
    return Called(before=before, exercise=exercise, old=old)


def uncopied(name: str) -> str:
    """A stem without the marks that only a copy gets; a number behind a hyphen may be a name's own."""
    name = _without_copy_before(name[:LONGEST]) + name[LONGEST:]
    for _ in range(MARKS if len(name) <= LONGEST else 0):
        name = COPY_BEHIND.sub("", name) or name
    return name


def _without_copy_before(name: str) -> str:
    for _ in range(MARKS):
        name = COPY_BEFORE.sub("", name) or name
    return name


def _at_end(name: str, exercises: tuple[str, ...]) -> str:
    """The longest exercise that a stem ends with; letters' case counts as little as "-", " " or "_"."""
    as_one = name.translate(AS_ONE)
    fits = [exercise for exercise in exercises
            if as_one == (end := exercise.translate(AS_ONE)) or as_one.endswith(f"_{end}")]
    return max(fits, key=len, default="")
