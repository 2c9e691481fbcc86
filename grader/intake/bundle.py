"""Files that go with a notebook into the sandbox: under which names, and whose counts where two are called
alike."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import PathFinder, all_suffixes
from pathlib import Path

from grader.locale import N_
from grader.records import Sentence
from grader.wall.messages import Brought

MAX_FILES = 64               # one's own package and some data; more is a data set, for the exercise to bring
MAX_BYTES = 32 << 20         # of all together: an eighth of what a notebook may write
MAX_DEPTH = 8                # folders
MAX_PART, MAX_NAME = 255, 1000   # bytes of UTF-8: what file systems take, and below the longest path
MAX_SHOWN = 5                # names in one sentence
MAX_MODULE = 1 << 20         # bytes of an exercise's module that are searched for imports
EXERCISES_OWN = {"exercise.toml", "notebook.ipynb", "README.md", "right", "wrong"}
BY_ITSELF = re.compile(r"(?:sitecustomize|usercustomize|conftest|ipython_.*config|jupyter_.*config)"
                       r"(?:\..*)?|profile_.*", re.IGNORECASE)
SIBLING = re.compile(r"^[ \t]*from[ \t]+\.(\w*)[ \t]+import[ \t(]+([\w, \t\n]*)", re.MULTILINE)
IMPORTED = tuple(all_suffixes())

NOT_REGULAR = N_("Not taken along with the notebook: %(names)s. Links, pipes and devices are left out.")
NAME = N_("Not taken along with the notebook: %(names)s. Names that are hidden, too long or no text are left "
          "out.")
RUN_BY_ITSELF = N_("Not taken along with the notebook: %(names)s. Python or Jupyter would run it by itself.")
INSTALLED = N_("Not taken along with the notebook: %(names)s. Python or a package here has a module of that "
               "name, which is imported instead: give the file another name.")
TOO_MUCH = N_("Not taken along with the notebook: %(names)s. At most %(files)s files and %(size)s MiB in all "
              "go with one.")
TOO_MANY = N_("Not taken along with the notebook: %(names)s. Folders with very many files, or very deep "
              "ones, are left out.")
REPLACED = N_("Not taken along with the notebook: %(names)s. The exercise's own file of that name is used.")
UNREAD = N_("Not taken along with the notebook: %(names)s. They could not be read.")


class LeftOut(Exception):  # noqa: N818 - the name is the statement
    """A file is not taken along; the text is the sentence that says why."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Some files that go together."""

    files: tuple[Brought, ...] = ()
    places: dict[str, str] = field(default_factory=dict)   # SHA-256 -> a file here with these bytes
    notes: tuple[Sentence, ...] = ()                       # what was left out, a sentence for each reason

    def over(self, other: Bundle) -> Bundle:
        """Both together; where they cannot both be there, this one's."""
        taken = {file.name for file in self.files}
        kept = [file for file in other.files if fits(file.name, taken)]
        files = sorted([*self.files, *kept], key=lambda file: file.name)
        return Bundle(files=tuple(files), places={**other.places, **self.places}, notes=other.notes)

    def replaced(self, other: Sequence[Brought]) -> tuple[str, ...]:
        """The names of the other's files that do not count because this one's do, and differ."""
        taken, same = {file.name for file in self.files}, {(file.name, file.sha256) for file in self.files}
        return tuple(file.name for file in other
                     if not fits(file.name, taken) and (file.name, file.sha256) not in same)


NOTHING = Bundle()


def bundle(folder: Path, names: Sequence[str]) -> Bundle:
    """The files of these names in an exercise's folder.

    Raises:
        ValueError: one is not there or cannot go with a notebook; says which, and why.
    """
    files, places, left = list[Brought](), dict[str, str](), MAX_BYTES
    own = exercise_files(folder) if names else ()
    for name in names:
        if name.partition("/")[0] in own or not fits(name, {file.name for file in files}):
            raise ValueError(f"{name!r} is the exercise's own, or named twice: no data set")
        try:
            if cleaned(name) != name:
                raise LeftOut(NAME)
            if len(files) == MAX_FILES:
                raise LeftOut(TOO_MUCH)
            file = read(name, folder / name, left)
        except LeftOut as why:
            raise ValueError(str(why) % _values([name])) from None
        left -= file.size
        files.append(file)
        places[file.sha256] = str((folder / name).absolute())
    return Bundle(files=tuple(files), places=places)


def fits(name: str, others: set[str]) -> bool:
    """Can it lie beside the others? Neither under one's name, nor as a file where another has a folder."""
    return not any(name == other or name.startswith(f"{other}/") or other.startswith(f"{name}/")
                   for other in others)


def notes_on(left: dict[str, list[str]]) -> tuple[Sentence, ...]:
    """Of what was left out, a sentence for each reason."""
    return tuple(Sentence(template=why, values=_values(names)) for why, names in sorted(left.items()))


def _values(names: list[str]) -> dict[str, str]:
    shown = [name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")[:100]
             for name in sorted(names)[:MAX_SHOWN]]
    more = f", ... (+{len(names) - MAX_SHOWN})" if len(names) > MAX_SHOWN else ""
    return {"names": ", ".join(shown) + more, "files": str(MAX_FILES), "size": str(MAX_BYTES >> 20)}


def cleaned(name: str) -> str:
    """A file's name below its folder, with "/", as it is in the sandbox.

    Raises:
        LeftOut: it can have none there.
    """
    name = unicodedata.normalize("NFC", name)
    parts = name.split("/")
    if any(unicodedata.category(c) in ("Cc", "Cs") or c in "\\:" for c in name):
        raise LeftOut(NAME)
    if any(not part or part.startswith(".") or len(part.encode()) > MAX_PART for part in parts):
        raise LeftOut(NAME)
    if len(name.encode()) > MAX_NAME or len(parts) > MAX_DEPTH + 1:
        raise LeftOut(NAME)
    if any(BY_ITSELF.fullmatch(part) for part in parts):
        raise LeftOut(RUN_BY_ITSELF)
    if name.endswith(IMPORTED) and taken(parts[0].partition(".")[0]):
        raise LeftOut(INSTALLED)
    return name


@cache
def taken(module: str) -> bool:
    """Does `import module` bring something else than a file that lies beside the notebook?"""
    if module in sys.stdlib_module_names or module == "grader":
        return True
    prefixes = tuple({str(Path(prefix).resolve()) + os.sep for prefix in (sys.prefix, sys.base_prefix)})
    installed = [path for path in sys.path if str(Path(path).resolve()).startswith(prefixes) and path]
    try:
        spec = PathFinder.find_spec(module, installed)
    except (ImportError, ValueError):
        return False
    # a folder without an __init__.py gives way to any module behind it
    return spec is not None and spec.origin is not None


def read(name: str, path: Path, most: int) -> Brought:
    """A file and its digest.

    Raises:
        LeftOut: it is no regular file any more, or longer than `most`, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
                             | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise LeftOut(NOT_REGULAR)
            data = file.read(most + 1)
    except OSError:
        raise LeftOut(UNREAD) from None
    if len(data) > most:
        raise LeftOut(TOO_MUCH)
    return Brought(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def exercise_files(folder: Path) -> frozenset[str]:
    """The names in an exercise's folder that are the exercise's, not the student's."""
    if not (folder / "exercise.toml").is_file():
        return frozenset()
    return frozenset({*EXERCISES_OWN, *(path.name for path in modules(folder))})


def modules(folder: Path) -> tuple[Path, ...]:
    """The modules of an exercise. In what students get, where their own may lie beside them: those that
    checks.py leads to, and probes.py."""
    if (folder / "notebook.ipynb").is_file():
        return tuple(sorted(folder.glob("*.py")))
    found, waiting = set[str](), ["checks", "probes"]
    while waiting:
        stem = waiting.pop()
        path = folder / f"{stem}.py"
        if stem in found or not path.is_file():
            continue
        found.add(stem)
        with path.open("rb") as file:
            text = file.read(MAX_MODULE).decode("utf-8", "replace")
        for module, names in SIBLING.findall(text):
            waiting += [module] if module else re.findall(r"\w+", names)
    return tuple(folder / f"{stem}.py" for stem in sorted(found))
