"""The mapping says of every file whose it is, before anything is graded; and what a roster adds to that."""

from __future__ import annotations

import csv
import io
import re
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lms import sheets, truth
from tests.lms.classes import BY_LOGIN, CLASS, Due, Member
from tests.lms.conftest import run
from tests.lms.laying import Laid
from tests.lms.layouts import LAYOUTS
from tests.lms.sheets import ENROLLED, NEVER, WITHDRAWN

TOKEN = re.compile(r"return (\d+)")


def contents(source: Path) -> dict[str, bytes]:
    """Every file of a source, through archives, by its name below the source."""
    if source.is_dir():
        found = {path.relative_to(source).as_posix(): path.read_bytes()
                 for path in source.rglob("*") if path.is_file()}
        return {_nfc(name): data for each, content in found.items() for name, data in _opened(each, content)}
    return {_nfc(name.partition("/")[2]): data for name, data in _opened(source.name, source.read_bytes())}


def _opened(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    inner: dict[str, bytes] = {}
    if "/._" in name:
        pass
    elif name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inner = {each: archive.read(each) for each in archive.namelist() if not each.endswith("/")}
    elif name.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            files = {each.name: tar.extractfile(each) for each in tar if each.isfile()}
            inner = {each: file.read() for each, file in files.items() if file is not None}
    yield name, content
    for each, data in inner.items():
        yield from ((f"{name}/{below}", deeper) for below, deeper in _opened(each, data))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def mapped(laid: Laid, exercises: Path, saved: Path, *words: object) -> tuple[list[dict[str, str]], str]:
    """The rows of the mapping, and what the tutor read."""
    done = run("batch", *laid.sources, "--exercises", exercises, "--save-mapping", saved, *laid.options,
               *words)
    assert done.exit_code in (0, 1), done.output
    text = saved.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text))), done.output


def faults(laid: Laid, rows: list[dict[str, str]], said: str) -> Iterator[str]:
    """Is each person's notebook, and no other, to be graded for them? Is everybody else named?"""
    several = len(laid.sources) > 1
    files = {f"{source.name}/{name}" if several else name: content
             for source in laid.sources for name, content in contents(source).items()}
    graded: dict[str, list[int]] = {}
    for row in rows:
        if row["use"] == "graded":
            number = TOKEN.search(files[cell(row["file"])].decode())
            assert number
            graded.setdefault(cell(row["person"]), []).append(int(number[1]))
    yield from (f"nobody is called {id!r}: {numbers}" for id, numbers in graded.items()
                if truth.of_id(laid, id) is None)
    for one in laid.due:
        numbers = [number for id in one.ids for number in graded.get(id, [])]
        if one.token is None or (one.lenient and not numbers):
            if numbers:
                yield f"{one}: {numbers} would be graded"
            elif not one.silent and not (one.named_in(said) or any(cell(row["person"]) in one.ids
                                                                   for row in rows)):
                yield f"{one}: named nowhere"
        elif numbers != [one.token]:
            yield f"{one}: {numbers} would be graded"


def cell(text: str) -> str:
    return _nfc(text[1:] if re.match(r"'[=+\-@]", text) else text)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_each_layout(layout: str, exercises: Path, tmp_path: Path) -> None:
    """Given back as it was written, a mapping says the same."""
    laid, saved = LAYOUTS[layout](tmp_path / "class"), tmp_path / "mapping.csv"
    assert list(faults(laid, *mapped(laid, exercises, saved))) == []
    again = mapped(laid, exercises, tmp_path / "again.csv", "--mapping", saved)
    assert list(faults(laid, *again)) == []


def test_a_folder_of_folders_of_people_is_a_question(exercises: Path, tmp_path: Path) -> None:
    """Nobody can tell a term from a student: nothing is graded, and both readings are shown."""
    LAYOUTS["nested"](tmp_path / "SS 26")
    done = run("batch", tmp_path / "SS 26", "--exercises", exercises, "--out", tmp_path / "out")
    assert done.exit_code == 2, done.output
    assert "students here: in\n" in done.output
    assert "@Yara Ø" in done.output
    assert not (tmp_path / "out").exists()


# --- rosters -----------------------------------------------------------------------------------------


NEARLY = {"jweiss", "jweiss2", "liwei", "weili"}


def _matriculation(one: Member) -> str:
    return f"{7000040 - one.at}"


def _with_ids(laid: Laid, id: Callable[[Member], str], *, ambiguous: Mapping[str, str]) -> tuple[Due, ...]:
    """The truth where a roster gives people ids: who is `ambiguous` keeps what the source calls them.

    Names that are the same but for the case or the order of their words may be joined, or not.
    """
    known = [replace(one, ids=one.ids if one.login in ambiguous or one.login == WITHDRAWN
                     else (id(BY_LOGIN[one.login]), *(one.ids if one.login in NEARLY else ())), silent=False)
             for one in laid.due]
    waiting = [Due(ids=(id(one),), name=one.name, token=None) for one in (*CLASS, NEVER)
               if one.login in ambiguous or one.login == NEVER.login]
    return (*known, *waiting)


def _nested(root: Path) -> Laid:
    """Two are called Anna Schmidt, and a folder's name does not say which it is."""
    laid = LAYOUTS["nested"](root)
    roster = sheets.roster(root / "roster.csv", ((_matriculation(one), one) for one in ENROLLED))
    return replace(laid, options=("--roster", str(roster)), due=_with_ids(
        laid, _matriculation, ambiguous={"aschmidt": "", "aschmidt2": ""}))


def _moodle(layout: str, write: Callable[[Path], Path]) -> Callable[[Path], Laid]:
    def lay(root: Path) -> Laid:
        laid = LAYOUTS[layout](root)
        never = Due(ids=(str(NEVER.moodle), NEVER.email), name=NEVER.name, token=None)
        due = tuple(replace(one, ids=(*one.ids, BY_LOGIN[one.login].email), silent=False) for one in laid.due)
        return replace(laid, options=("--roster", str(write(root / "list.csv"))), due=(*due, never))
    return lay


def _canvas(root: Path) -> Laid:
    laid = LAYOUTS["canvas-zip"](root)
    never = Due(ids=(str(NEVER.canvas),), name=NEVER.name, token=None)
    due = tuple(replace(one, silent=False) for one in laid.due)
    return replace(laid, options=("--roster", str(sheets.gradebook(root / "gradebook.csv"))),
                   due=(*due, never))


def _nbgrader(root: Path) -> Laid:
    laid = LAYOUTS["nbgrader"](root)
    never = Due(ids=(NEVER.login,), name=NEVER.name, token=None)
    return replace(laid, options=("--roster", str(sheets.students(root.parent / "students.csv"))),
                   due=(*laid.due, never))


def _github(root: Path) -> Laid:
    laid = LAYOUTS["github"](root)
    roster = sheets.roster(root / "roster.csv", ((one.login, one) for one in ENROLLED))
    never = Due(ids=(NEVER.login,), name=NEVER.name, token=None)
    return replace(laid, options=("--roster", str(roster)), due=(*laid.due, never))


ROSTERS: dict[str, Callable[[Path], Laid]] = {
    "folders by name": _nested,
    "moodle by worksheet": _moodle("moodle-zip", lambda path: sheets.worksheet(path, sheets.FORMS["de"])),
    "moodle by participants": _moodle("moodle-zip", sheets.participants),
    "moodle flat by worksheet": _moodle("moodle-flat",
                                        lambda path: sheets.worksheet(path, sheets.FORMS["fr"])),
    "canvas by gradebook": _canvas, "nbgrader by students.csv": _nbgrader, "github by login": _github}


@pytest.mark.parametrize("known", ROSTERS)
def test_with_a_roster(known: str, exercises: Path, tmp_path: Path) -> None:
    laid = ROSTERS[known](tmp_path / "class")
    assert list(faults(laid, *mapped(laid, exercises, tmp_path / "mapping.csv"))) == []
