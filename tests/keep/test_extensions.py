"""extensions.csv: what is read of it, whose each line is, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import Mendable
from grader.keep.extensions import Extension, ExtensionError, Granted, read, without
from grader.keep.known import Known
from grader.records import Person

BERLIN = ZoneInfo("Europe/Berlin")
EXERCISES = ["he_init", "saturation"]
HEAD = "student,exercise,due,reason\n"


def written(tmp_path: Path, text: str) -> tuple[Extension, ...]:
    (tmp_path / "extensions.csv").write_text(text, encoding="utf-8")
    return read(tmp_path / "extensions.csv", EXERCISES, BERLIN)


def known(id: str, name: str = "", **more: object) -> Known:
    email = str(more.pop("email", ""))
    return Known(person=Person(id=id, name=name, email=email), **more)  # type: ignore[arg-type]


def test_each_line_is_read_with_its_place(tmp_path: Path) -> None:
    found = written(tmp_path, HEAD + "1003,he_init,2026-11-22 23:59,ill\nAnna Schmidt,*,+2d,\n\n7,saturation,"
                                     "Excused,transferred\n")
    assert [(one.student, one.exercise, one.due, one.line) for one in found] == [
        ("1003", "he_init", "2026-11-22 23:59", 2), ("Anna Schmidt", "*", "+2d", 3),
        ("7", "saturation", "excused", 5)]


def test_a_spreadsheet_of_another_country_writes_it_too(tmp_path: Path) -> None:
    text = ("﻿Student;Exercise;Due;Reason\r\nZoë;*;22.11.2026 23:59;\"krank; sehr\"\r\n1;*;'+2d;\r\n"
            "2;*;2d;\r\n")
    (tmp_path / "e.csv").write_bytes(text.encode())
    found = read(tmp_path / "e.csv", EXERCISES, BERLIN)
    assert [one.due for one in found] == ["22.11.2026 23:59", "+2d", "2d"]


@pytest.mark.parametrize(("text", "said"), [
    ("student,exercise\n", ":1: its columns are student, exercise; a list of extensions has"),
    (HEAD.replace("due", "until"), ":1: its columns"),
    (HEAD.replace("reason", "due"), ":1: its columns"),
    (HEAD + "\n1,he-init,+2d,\n", ":3: there is no exercise 'he-init'; there are *, he_init, saturation"),
    (HEAD + "1,he_init,soon,\n", ":2: due is 'soon'; it is"),
    (HEAD + "1,he_init,#NAME?,\n", ":2: due is '#NAME?'"),
    (HEAD + "1,he_init,,\n", ":2: due is ''"),
    (HEAD + "1,he_init,2026-02-30,\n", ":2: due is '2026-02-30'"),
    (HEAD + ",he_init,+2d,\n", ":2: student is empty"),
    (HEAD + "1,he_init,+2d,\n1,*,+1d,\n1,he_init,+3d,\n", ":4: '1' and 'he_init' stand in line 2 already"),
    ("", "an empty table"),
])
def test_what_cannot_be_followed_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Mendable) as raised:
        written(tmp_path, text)
    assert str(raised.value).startswith(str(tmp_path / "extensions.csv"))
    assert said in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError) as raised:
        written(tmp_path, HEAD + "1,a,+2d,\n2,b,+2d,\n")
    assert len(str(raised.value).splitlines()) == 2


def test_a_time_in_no_zone_asks_for_one(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(HEAD + "1,*,2026-11-22 23:59,\n2,*,+1d,\n")
    with pytest.raises(ExtensionError, match=r":2: .*timezone = .Europe/Berlin. in course.toml"):
        read(tmp_path / "e.csv", EXERCISES, None)


@given(st.binary(max_size=200)
       | st.text(max_size=100).map(lambda text: (HEAD + text).encode("utf-8", "replace")))
def test_whatever_the_file_holds_it_is_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory,
                                                                data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    try:
        said = str([one.line for one in read(path, EXERCISES, BERLIN)])
    except Mendable as error:
        said = str(error)
    assert said.startswith((str(path), "["))


PEOPLE = [known("1003", "Anna Schmidt"), known("1004", "Anna Schmidt"), known("u7", "Bo", known_as=("501",)),
          known("Bo2", "1003"), known("x", "Zoë Adams", email="zoe@uni.example")]


def lines(*rows: tuple[str, str, str]) -> list[Extension]:
    return [Extension(student=student, exercise=exercise, due=due, line=line)
            for line, (student, exercise, due) in enumerate(rows, 2)]


@pytest.mark.parametrize(("who", "id"), [
    ("1003", "1003"), ("Bo", "u7"), ("501", "u7"), ("zoe@UNI.example", "x"), ("Zoë Adams", "x"),
    ("U7", "u7")])
def test_an_id_comes_before_a_name(who: str, id: str) -> None:
    granted = Granted(lines((who, "*", "+2d")), PEOPLE)
    assert [one.due for one in granted.to(id, "he_init")] == ["+2d"]
    assert granted.notes == []


def test_whose_line_nobody_can_tell_counts_for_nobody_and_is_told() -> None:
    granted = Granted(lines(("Anna Schmidt", "*", "+2d"), ("Nobody", "he_init", "excused")), PEOPLE)
    assert granted.notes == [
        "extensions, line 2: 'Anna Schmidt' may be 1003 or 1004, give the id; it counts for nobody",
        "extensions, line 3: 'Nobody' is nobody's id or name here yet; it counts for nobody"]
    assert not granted.to("1003", "he_init")
    assert not granted.excused()


def test_of_every_exercise_and_of_one() -> None:
    rows = lines(("1003", "*", "+2d"), ("1003", "he_init", "excused"), ("u7", "*", "excused"))
    granted = Granted(rows, PEOPLE)
    assert [one.due for one in granted.to("1003", "he_init")] == ["+2d", "excused"]
    assert [one.due for one in granted.to("1003", "saturation")] == ["+2d"]
    assert granted.to("1004", "he_init") == []
    assert granted.excused() == {("1003", "he_init"), ("u7", "*")}


def test_nothing_is_left_of_somebody_under_any_name() -> None:
    rows = lines(("501", "*", "+2d"), ("bo", "*", "+2d"), ("u7", "*", "+2d"), ("1003", "*", "+2d"))
    assert [one.student for one in without(rows, PEOPLE[2])] == ["1003"]
