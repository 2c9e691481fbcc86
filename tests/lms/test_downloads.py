"""Several downloads into one output folder: of one assignment, and of two with other numbers for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.export.importers import moodle_grades
from tests.lms import sheets
from tests.lms.classes import BY_LOGIN, EXERCISE, SECOND, How, Member, moodle_name, points, written
from tests.lms.conftest import run
from tests.lms.laying import zipped

LOGINS = ("jmueller", "aschmidt", "aschmidt2", "jweiss", "jweiss2", "xiaoming", "sobrien", "liwei", "weili",
          "gus")
PEOPLE = tuple(replace(BY_LOGIN[login], how=How.PLAIN) for login in LOGINS)
NUMBERS = {one.login: 1 + at for at, one in enumerate(PEOPLE)}     # what their notebooks return
FRESH = tuple(replace(one, moodle=one.moodle + 3000) for one in PEOPLE)
SWAPPED = tuple(replace(one, moodle=PEOPLE[(at + 1) % len(PEOPLE)].moodle) for at, one in enumerate(PEOPLE))


def download(path: Path, people: Mapping[Member, int], exercise: str = EXERCISE) -> Path:
    """Moodle's zip: whose notebook has which number."""
    return zipped(path, {
        f"{moodle_name(one.name)}_{one.moodle}_assignsubmission_file/{exercise}.ipynb": written(number)
        for one, number in people.items()})


def grade(out: Path, exercises: Path, *words: object) -> str:
    done = run("batch", *words, "--out", out, "--exercises", exercises, "--seed", 7)
    assert done.exit_code in (0, 1), done.output
    return done.output


def marks(out: Path, people: tuple[Member, ...], exercise: str) -> tuple[dict[str, float], str]:
    """Login -> the mark that Moodle takes from one assignment's filled sheet; and what the tutor was told."""
    sheet = sheets.worksheet(out.parent / f"{exercise}.csv", sheets.Form(), people)
    filled = out.parent / f"{exercise}-filled.csv"
    done = run("export", out, "--format", "moodle", "--worksheet", sheet, "--output", filled, "--only",
               exercise)
    if done.exit_code:      # everybody was left out
        assert "no results of it" in done.output
        return {}, done.output
    found = moodle_grades(sheet.read_bytes(), filled.read_bytes())
    who = {str(one.moodle): one.login for one in people}
    return {who[number]: mark for number, mark in found.items()}, done.output


def rows(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_a_later_download_brings_new_attempts_and_no_second_person(exercises: Path, tmp_path: Path) -> None:
    withdrawn, added, again = "liwei", "gus", ("aschmidt", "jweiss2")
    monday = {one: NUMBERS[one.login] for one in PEOPLE if one.login != added}
    tuesday = {one: NUMBERS[one.login] + 100 * (one.login in again) for one in PEOPLE
               if one.login != withdrawn}
    out = tmp_path / "out"
    grade(out, exercises, download(tmp_path / "monday" / "c-he_init-1.zip", monday))
    said = grade(out, exercises, download(tmp_path / "tuesday" / "c-he_init-1.zip", tuesday))
    found, told = marks(out, PEOPLE, EXERCISE)
    gone = found.pop(withdrawn, None)
    assert found == {one.login: points(number) for one, number in tuesday.items()}
    name, number = BY_LOGIN[withdrawn].name, str(BY_LOGIN[withdrawn].moodle)
    assert gone is None or name in said + told or number in said + told, "nobody says that Li Wei is gone"
    assert len({row["student"] for row in rows(out)}) == len(rows(out)) <= len(PEOPLE)


def test_an_older_download_read_again_mixes_nobody(exercises: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    old = download(tmp_path / "1" / "a-1.zip", {one: NUMBERS[one.login] for one in PEOPLE})
    new = download(tmp_path / "2" / "a-1.zip", {
        one: NUMBERS[one.login] + 100 * (at < 4) for at, one in enumerate(PEOPLE)})
    for source in (new, old, new):
        grade(out, exercises, source)
    found, _ = marks(out, PEOPLE, EXERCISE)
    assert found == {one.login: points(NUMBERS[one.login] + 100 * (at < 4)) for at, one in enumerate(PEOPLE)}


@dataclass(frozen=True, kw_only=True)
class Course:
    """Two assignments of the same people."""

    second: tuple[Member, ...]        # with their numbers in the second assignment
    rosters: bool                     # is there a list of people, and each assignment's worksheet to join it
    whole: bool                       # can everybody be told apart, so that nobody has to be left out?


COURSES = {
    "new numbers": Course(second=FRESH, rosters=False, whole=True),
    "each other's numbers": Course(second=SWAPPED, rosters=False, whole=False),
    "each other's numbers, and rosters": Course(second=SWAPPED, rosters=True, whole=True)}


@pytest.mark.parametrize("first", [EXERCISE, pytest.param(SECOND, marks=pytest.mark.long)])
@pytest.mark.parametrize("course", COURSES)
def test_two_assignments(exercises: Path, tmp_path: Path, course: str, first: str) -> None:
    """One output folder, in either order: a mark of each assignment ends in its own sheet at its person, and
    nobody is made of two people."""
    this, out = COURSES[course], tmp_path / "out"
    people = {EXERCISE: PEOPLE, SECOND: this.second}
    numbers = {EXERCISE: NUMBERS, SECOND: {login: number + 100 for login, number in NUMBERS.items()}}
    said = ""
    for exercise in sorted(people, key=lambda name: name != first):
        archive = download(tmp_path / exercise / "c-1.zip",
                           {one: numbers[exercise][one.login] for one in people[exercise]}, exercise)
        said += grade(out, exercises, archive, *_rosters(tmp_path, this, exercise, people[exercise]))
    _ended(out, this, people, said)


def test_two_assignments_at_once(exercises: Path, tmp_path: Path) -> None:
    """Both downloads in one call, and once more: nobody is anybody else by then."""
    this, out = COURSES["each other's numbers"], tmp_path / "out"
    people = {EXERCISE: PEOPLE, SECOND: this.second}
    archives = [download(tmp_path / f"c-{exercise}-1.zip", {
        one: NUMBERS[one.login] + 100 * (exercise == SECOND) for one in listed}, exercise)
        for exercise, listed in people.items()]
    for _ in range(2):
        _ended(out, this, people, grade(out, exercises, *archives))


def _ended(out: Path, course: Course, people: Mapping[str, tuple[Member, ...]], said: str) -> None:
    """Every mark is at its person, or nowhere and a line says so."""
    for exercise, listed in people.items():
        found, told = marks(out, listed, exercise)
        due = {login: points(number + 100 * (exercise == SECOND)) for login, number in NUMBERS.items()}
        assert found == {login: due[login] for login in found}
        lacking = [one.login for one in listed if one.login not in found]
        told += said
        assert [login for login in lacking if course.whole or not _named(login, told)] == [], told
    owners: dict[str, set[str]] = {}
    for row in rows(out):
        if row["score"] is not None:
            owners.setdefault(str(row["student"]), set()).add(_owner(row))
    assert {student: names for student, names in owners.items() if len(names) > 1} == {}


def _rosters(folder: Path, course: Course, exercise: str, people: Sequence[Member]) -> tuple[object, ...]:
    if not course.rosters:
        return ()
    course_list = sheets.roster(folder / "roster.csv", ((one.login, one) for one in PEOPLE))
    return ("--roster", course_list, "--roster",
            sheets.worksheet(folder / f"{exercise}-people.csv", sheets.Form(), people))


def _named(login: str, text: str) -> bool:
    return any(name in text for name in (BY_LOGIN[login].name, moodle_name(BY_LOGIN[login].name)))


def _owner(row: Mapping[str, object]) -> str:
    """Whose notebook it is, by its mark."""
    score = row["score"]
    assert isinstance(score, float)
    return LOGINS[(round(2 * score) - 1) % 100]
