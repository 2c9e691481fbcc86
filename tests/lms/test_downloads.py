"""Several downloads into one output folder: of one assignment, and of two with other numbers for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
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
# In the second assignment everybody has the number of somebody else in the first.
OTHERS = tuple(replace(one, moodle=PEOPLE[(at + 1) % len(PEOPLE)].moodle) for at, one in enumerate(PEOPLE))


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
    assert done.exit_code == 0, done.output
    found = moodle_grades(sheet.read_bytes(), filled.read_bytes())
    who = {str(one.moodle): one.login for one in people}
    return {who[number]: mark for number, mark in found.items()}, done.output


def rows(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def numbers() -> dict[str, int]:
    return {one.login: 1 + at for at, one in enumerate(PEOPLE)}


def test_a_later_download_brings_new_attempts_and_no_second_person(exercises: Path, tmp_path: Path,
                                                                   numbers: dict[str, int]) -> None:
    withdrawn, added, again = "liwei", "gus", ("aschmidt", "jweiss2")
    monday = {one: numbers[one.login] for one in PEOPLE if one.login != added}
    tuesday = {one: numbers[one.login] + 100 * (one.login in again) for one in PEOPLE
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


def test_an_older_download_read_again_mixes_nobody(exercises: Path, tmp_path: Path,
                                                   numbers: dict[str, int]) -> None:
    out = tmp_path / "out"
    old = download(tmp_path / "1" / "a-1.zip", {one: numbers[one.login] for one in PEOPLE})
    new = download(tmp_path / "2" / "a-1.zip", {
        one: numbers[one.login] + 100 * (at < 4) for at, one in enumerate(PEOPLE)})
    for source in (new, old, new):
        grade(out, exercises, source)
    found, _ = marks(out, PEOPLE, EXERCISE)
    assert found == {one.login: points(numbers[one.login] + 100 * (at < 4)) for at, one in enumerate(PEOPLE)}


@pytest.mark.parametrize("roster", ["no roster", "roster"])
@pytest.mark.parametrize("first", [EXERCISE, SECOND])
def test_two_assignments_with_each_other_s_numbers(exercises: Path, tmp_path: Path, numbers: dict[str, int],
                                                   first: str, roster: str) -> None:
    out = tmp_path / "out"
    words: tuple[object, ...] = ()
    if roster == "roster":
        listed = ((one.login, one) for one in PEOPLE)
        words = ("--roster", sheets.roster(tmp_path / "roster.csv", listed))
    zips = {EXERCISE: download(tmp_path / "1" / "c-he_init-1.zip",
                               {one: numbers[one.login] for one in PEOPLE}),
            SECOND: download(tmp_path / "2" / "c-norms-2.zip",
                             {one: numbers[one.login] + 100 for one in OTHERS}, SECOND)}
    said = "".join(grade(out, exercises, zips[each], *words)
                   for each in (first, SECOND if first == EXERCISE else EXERCISE))
    for people, exercise, more in ((PEOPLE, EXERCISE, 0), (OTHERS, SECOND, 100)):
        found, told = marks(out, people, exercise)
        due = {one.login: points(numbers[one.login] + more) for one in people}
        assert found == {login: due[login] for login in found}
        assert found.keys() == due.keys(), f"{exercise}: not all rows are filled\n{said}\n{told}"
    joined: dict[str, set[str]] = {}
    for row in rows(out):
        joined.setdefault(str(row["student"]), set()).add(_owner(row))
    assert {student: names for student, names in joined.items() if len(names) > 1} == {}


def _owner(row: Mapping[str, object]) -> str:
    """Whose notebook it is, by its mark."""
    score = row["score"]
    assert isinstance(score, float)
    return LOGINS[(round(2 * score) - 1) % 100]
