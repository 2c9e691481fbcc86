"""The main job end to end, behind the real wall: marks, files, resuming, overrides, judging again."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.keep.gradebook import Gradebook
from tests.conftest import CELLS, CHECKS, write_exercise
from tests.notebooks import notebook

RIGHT = notebook(*CELLS)
SQUARES = notebook(*CELLS, "def double(x):\n    return x * x")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_exercise(tmp_path_factory.mktemp("course") / "exercises" / "doubling").parent


def submit(root: Path, **notebooks: str) -> Path:
    for student, text in notebooks.items():
        folder = root / "in" / student
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "doubling.ipynb").write_text(text)
    return root / "in"


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def rows(out: Path) -> dict[str, dict[str, object]]:
    return {row["student"]: row for row in map(json.loads, (out / "results.jsonl").read_text().splitlines())}


@pytest.fixture(scope="module")
def graded(course: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Result]:
    """A small class, graded once; tests that change it copy or come last."""
    root = tmp_path_factory.mktemp("class")
    folder = submit(root, ada=RIGHT, bo=SQUARES, cy="not a notebook", dee=notebook(*CELLS, "1 / 0"),
                    eve=notebook(*CELLS, "def double(x):\n    while True:\n        pass"))
    out = root / "out"
    return folder, out, run("batch", folder, "--out", out, "--exercises", course, "--seed", 5)


def test_another_language_is_for_all_pages_those_of_unchanged_submissions_too(course: Path,
                                                                              tmp_path: Path) -> None:
    folder, out = submit(tmp_path, ada=RIGHT), tmp_path / "out"
    for language in ("en", "de"):
        result = run("batch", folder, "--out", out, "--exercises", course, "--seed", 5, "--language",
                     language)
        assert result.exit_code == 0, result.output
        assert f'<html lang="{language}">' in (out / "ada/doubling.html").read_text()


def test_a_page_and_a_result_name_the_exercise_by_its_title(graded: tuple[Path, Path, Result]) -> None:
    _, out, _ = graded
    title = str(rows(out)["bo"]["title"])
    assert title
    assert f"<h1>{title}</h1>" in (out / "bo/doubling.html").read_text()


def test_no_file_for_a_student_tells_the_seed(course: Path, tmp_path: Path) -> None:
    folder, out = submit(tmp_path, bo=SQUARES), tmp_path / "out"
    run("batch", folder, "--out", out, "--exercises", course, "--seed", 1987654321)
    run("export", out, "--format", "gradescope", "--output", tmp_path / "results.json")
    files = [*(out / "bo").iterdir(), tmp_path / "results.json"]
    assert len(files) == 5
    assert not [file.name for file in files if "1987654321" in file.read_text()]


def test_a_class_is_graded(graded: tuple[Path, Path, Result]) -> None:
    _, out, result = graded
    assert result.exit_code == 0, result.output
    found = rows(out)
    assert {s: (row["status"], row["score"]) for s, row in found.items()} == {
        "ada": ("graded", 6.0), "bo": ("graded", 2.0), "cy": ("unreadable", 0.0), "dee": ("graded", 6.0),
        "eve": ("graded", 2.0)}
    assert found["bo"]["checks"][0]["diagnosis"] == "squared"  # type: ignore[index]
    assert found["eve"]["checks"][0]["cause"] == "timeout"  # type: ignore[index]
    assert "ZeroDivisionError" in found["dee"]["notebook"]["first_error"]  # type: ignore[index]
    assert found["ada"]["made_by"]["seed"] == 5  # type: ignore[index]


def test_every_file_is_there(graded: tuple[Path, Path, Result]) -> None:
    _, out, result = graded
    for name in ("index.html", "grades.csv", "gradebook.sqlite", "ada/doubling.html", "ada/doubling.md",
                 "ada/doubling.ipynb", "ada/doubling-executed.html", "cy/doubling.html",
                 "observations/ada/doubling.plain.parcel"):
        assert (out / name).stat().st_size > 100, name
    executed = (out / "ada" / "doubling-executed.html").read_text(encoding="utf-8")
    assert "<bdi>ada</bdi>" in executed
    assert 'href="doubling.html"' in executed
    assert not list(out.rglob(".*")), "no temporary file is left"
    assert "index.html" in result.output
    with (out / "grades.csv").open(newline="") as file:
        assert {row[0] for row in csv.reader(file)} >= {"ada", "bo", "cy"}


def test_what_is_unchanged_is_not_run_again(graded: tuple[Path, Path, Result], course: Path) -> None:
    folder, out, _ = graded
    before = rows(out)
    again = run("batch", folder, "--out", out, "--exercises", course)
    assert "0 to grade, 5 unchanged" in again.output
    assert rows(out) == before


def test_an_interrupted_batch_is_finished(graded: tuple[Path, Path, Result], course: Path) -> None:
    folder, out, _ = graded
    before = rows(out)
    with sqlite3.connect(out / "gradebook.sqlite") as db:
        db.execute("DELETE FROM results WHERE student IN ('ada', 'bo')")
    db.close()
    (out / "results.jsonl").unlink()
    again = run("batch", folder, "--out", out, "--exercises", course)
    assert "2 to grade, 3 unchanged" in again.output
    assert rows(out) == before


def test_an_override_of_a_check_that_is_gone_is_told_of(tmp_path: Path) -> None:
    exercises = write_exercise(tmp_path / "exercises" / "doubling").parent
    folder, out = submit(tmp_path, bo=SQUARES), tmp_path / "out"
    run("batch", folder, "--out", out, "--exercises", exercises, "--sandbox", "process")
    assert run("override", out, "bo", "doubling", "untouched", "--comment", "Nearly.").exit_code == 0
    checks = exercises / "doubling" / "checks.py"
    checks.write_text(checks.read_text().replace("def untouched(", "def unharmed("))
    again = run("rejudge", out, "--apply")
    assert again.exit_code == 0, again.output
    assert "the override of bo doubling untouched counts no more" in again.output


def test_an_override_survives_a_regrade(course: Path, tmp_path: Path) -> None:
    folder, out = submit(tmp_path, bo=SQUARES), tmp_path / "out"
    common = ("--out", out, "--exercises", course, "--sandbox", "process")
    assert run("batch", folder, *common).exit_code == 0
    told = run("override", out, "bo", "doubling", "values", "--points", 2, "--comment", "Half right.")
    assert "bo doubling: 4 / 6" in told.output
    assert run("batch", folder, *common, "--seed", 9).exit_code == 0
    assert rows(out)["bo"]["score"] == 4.0
    assert "Half right." in (out / "bo" / "doubling.html").read_text()
    assert "without isolation" in (out / "bo" / "doubling.html").read_text().casefold()
    assert "2 / 6" in run("override", out, "bo", "doubling", "values", "--drop").output
    for words in (("nobody", "doubling", "values"), ("bo", "doubling", "nothing"),
                  ("bo", "doubling", "values")):
        assert run("override", out, *words).exit_code == 2
    assert run("override", out, "bo", "doubling", "values", "--points", 99).exit_code == 2


def test_a_mended_check_judges_what_was_stored(tmp_path: Path) -> None:
    exercises = write_exercise(tmp_path / "exercises" / "doubling").parent
    folder, out = submit(tmp_path, bo=SQUARES), tmp_path / "out"
    run("batch", folder, "--out", out, "--exercises", exercises)
    assert rows(out)["bo"]["score"] == 2.0
    mended = CHECKS.replace("2 * x, rtol=1e-6", "x * x, rtol=1e-6").replace('2 * again.given["0"]',
                                                                            'again.given["0"] ** 2')
    (exercises / "doubling" / "checks.py").write_text(mended)
    again = run("rejudge", out, "--apply")
    assert "bo doubling: 2 -> 6 / 6 (values fail -> pass, untouched not-reached -> pass)\n" in again.output
    assert (again.exit_code, rows(out)["bo"]["score"]) == (0, 6.0)


def test_who_withdrew_is_named_and_can_be_taken_out_and_comes_back(course: Path, tmp_path: Path) -> None:
    folder, out = submit(tmp_path, ada=RIGHT, bo=SQUARES), tmp_path / "out"
    again = ("batch", folder, "--out", out, "--exercises", course, "--sandbox", "process")
    assert run(*again).exit_code == 0
    run("override", out, "bo", "doubling", "values", "--points", "2,5", "--comment", "Half right.")
    (folder / "bo").rename(tmp_path / "bo")
    told = run(*again)
    assert (told.exit_code, rows(out)["bo"]["score"]) == (0, 4.5)
    says = f"kept from an earlier download: bo (doubling 4.5 of 6); `grader remove {out} bo` takes them out"
    assert says in told.output
    removed = run("remove", out, "bo")
    assert "removed: bo (doubling 4.5 of 6), 4 pages" in removed.output, removed.output
    assert set(rows(out)) == {"ada"}
    assert not (out / "bo").exists()
    for name in ("index.html", "grades.csv"):
        assert "bo" not in re.findall(r"\w+", (out / name).read_text().split("<main")[-1])
    assert "kept from" not in run(*again).output
    (tmp_path / "bo").rename(folder / "bo")
    assert run(*again).exit_code == 0
    assert (rows(out)["bo"]["score"], rows(out)["bo"]["attempt"]) == (4.5, 1)
    assert "Half right." in (out / "bo" / "doubling.html").read_text()


def test_a_new_attempt_is_run_and_another_place_is_not(course: Path, tmp_path: Path) -> None:
    folder, out = submit(tmp_path, bo=SQUARES), tmp_path / "out"
    again = ("batch", folder, "--out", out, "--exercises", course, "--sandbox", "process")
    run(*again)
    (folder / "bo" / "doubling.ipynb").rename(folder / "bo" / "doubling (1).ipynb")
    assert "0 to grade, 1 unchanged" in run(*again).output
    assert rows(out)["bo"]["notebook"]["path"] == "bo/doubling (1).ipynb"  # type: ignore[index]
    (folder / "bo" / "doubling (1).ipynb").write_text(RIGHT)
    assert "1 to grade, 0 unchanged" in run(*again).output
    assert (rows(out)["bo"]["score"], rows(out)["bo"]["attempt"]) == (6.0, 2)


def moodle(root: Path, **notebooks: str) -> Path:
    """A folder of Moodle's: "Anna Schmidt_1003" -> what she handed in."""
    for who, text in notebooks.items():
        folder = root / f"{who}_assignsubmission_file"
        folder.mkdir(parents=True)
        (folder / "doubling.ipynb").write_text(text)
    return root


def roster(tmp_path: Path, *people: str) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text("\n".join(["id,name,email", *people]), encoding="utf-8")
    return path


def test_whoever_is_on_the_roster_has_a_row_and_no_zero(course: Path, tmp_path: Path) -> None:
    folder, out = submit(tmp_path, ada=RIGHT), tmp_path / "out"
    again = ("batch", folder, "--out", out, "--exercises", course, "--sandbox", "process")
    done = run(*again, "--roster", roster(tmp_path, "ada,Ada Lovelace,", "bo,Bo Jackson,"))
    assert done.exit_code == 0, done.output
    found = rows(out)
    assert [(found[who]["status"], found[who]["score"], found[who]["name"]) for who in ("ada", "bo")] == [
        ("graded", 6.0, "Ada Lovelace"), ("missing", None, "Bo Jackson")]
    assert "Bo Jackson (bo)" in done.output
    for text in ((out / "grades.csv").read_text(encoding="utf-8-sig"),
                 run("export", out, "--format", "csv").output.lstrip("\ufeff")):
        cells = {row["student"]: row for row in csv.DictReader(io.StringIO(text))}
        assert (cells["bo"]["doubling score"], cells["bo"]["doubling status"], cells["bo"]["total"]) == (
            "", "missing", "")
    page = (out / "index.html").read_text()
    row = page[page.index("<bdi>Bo Jackson</bdi>"):]
    assert "missing" in row[: row.index("</tr>")]
    assert not (out / "bo").exists()
    run(*again)
    assert rows(out)["bo"]["status"] == "missing", "a roster is remembered"


def test_two_assignments_of_moodle_s_are_one_class(tmp_path: Path) -> None:
    exercises = write_exercise(tmp_path / "exercises" / "doubling").parent
    again = ("--exercises", exercises, "--out", tmp_path / "out", "--sandbox", "process")
    first = moodle(tmp_path / "sheet 1", **{"Anna Schmidt_1003": RIGHT, "Bert_1004": SQUARES,
                                            "Bert_1005": RIGHT})
    assert run("batch", first, *again).exit_code == 0
    write_exercise(exercises / "second")
    second = moodle(tmp_path / "sheet 2", **{"Anna Schmidt_2041": SQUARES, "Bert_2042": RIGHT})
    for folder in second.iterdir():
        (folder / "doubling.ipynb").rename(folder / "second.ipynb")
    done = run("batch", second, *again)
    assert "Anna Schmidt (2041, before 1003)" in done.output, done.output
    assert "Bert (2042) may be 1004, 1005" in done.output
    lines = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert [(row["student"], row.get("source_id", ""), row["exercise"], row["score"]) for row in lines] == [
        ("1003", "", "doubling", 6.0), ("1003", "2041", "second", 2.0), ("1004", "", "doubling", 2.0),
        ("1005", "", "doubling", 6.0), ("2042", "", "second", 6.0)]
    assert "0 to grade, 2 unchanged" in run("batch", second, *again).output


def test_nothing_is_left_of_whoever_is_erased(course: Path, tmp_path: Path) -> None:
    """Neither of their name nor of any id of theirs nor of what they wrote, in any byte of the folder."""
    token, out = "t0ken-of-anna", tmp_path / "out"
    people = roster(tmp_path, "u-71103,Anna Schmidt,anna@uni.de", "u-2,Bert,")
    for name, mark in ("first", ""), ("later", "!"):
        cell = f"print('{token}{mark}')"
        folder = moodle(tmp_path / name, **{"Anna Schmidt_100377219": notebook(*CELLS, cell),
                                            "Bert_4": SQUARES})
        done = run("batch", folder, "--out", out, "--exercises", course, "--roster", people, "--sandbox",
                   "process")
        assert done.exit_code == 0, done.output
    run("override", out, "u-71103", "doubling", "values", "--comment", f"{token} is fine.")
    words = [word.encode() for word in (token, "Anna", "Schmidt", "anna@", "u-71103", "100377219")]
    assert all(any(word in file.read_bytes() for file in files(out)) for word in words), "it was there"
    told = run("remove", out, "anna schmidt", "--erase")
    assert (told.exit_code, "removed: Anna Schmidt (u-71103)" in told.output) == (0, True), told.output
    assert set(rows(out)) == {"u-2"}
    assert [(file.name, word) for file in files(out) for word in words if word in file.read_bytes()] == []
    with Gradebook(out / "gradebook.sqlite") as book:   # where texts are compressed
        assert [one.key for one in book.entries() if token in one.notebook + one.executed] == []
    with sqlite3.connect(out / "gradebook.sqlite") as db:
        assert [*db.execute("SELECT count(*) FROM texts")] == [(2,)], "Bert's, as handed in and as executed"
    assert [path for path in out.rglob("*") if "71103" in path.name or "1003772" in path.name] == []
    assert run("remove", out, "anna schmidt").exit_code == 2


def test_a_name_that_two_have_removes_neither(course: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    folder = moodle(tmp_path / "in", **{"Anna Schmidt_1003": RIGHT, "Anna Schmidt_1007": RIGHT})
    run("batch", folder, "--out", out, "--exercises", course, "--sandbox", "process")
    told = run("remove", out, "Anna Schmidt")
    assert (told.exit_code, told.output) == (
        2, "grader: 'Anna Schmidt' may be Anna Schmidt (1003) or Anna Schmidt (1007): give the id\n")
    unknown = run("remove", out, "nobody", "--erase")
    assert (unknown.exit_code, unknown.output.count("\n")) == (2, 1)
    assert len(rows(out)) == 2


def files(out: Path) -> list[Path]:
    return [path for path in out.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("words", "says"), [
    (("batch", "nowhere"), "no such folder"),
    (("batch", "in", "--exercise", "nothing"), "there is no exercise 'nothing'"),
    (("batch", "in", "--exercises", "nowhere"), "no exercises here"),
    (("batch", "in", "--exercises", "{course}/doubling"), "this is one exercise"),
    (("grade", "nowhere.ipynb"), "no such file"),
    (("rejudge", "nowhere"), "no gradebook"),
    (("report", "nowhere"), "no gradebook"),
])
def test_what_cannot_be_done_is_one_line(words: tuple[str, ...], says: str, course: Path, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    submit(tmp_path, ada=RIGHT)
    monkeypatch.chdir(tmp_path)
    extra = [] if "--exercises" in words or words[0] == "report" else ["--exercises", str(course)]
    result = run(*(word.format(course=course) for word in words), *extra)
    assert result.exit_code == 2
    assert says in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_a_broken_exercise_stops_before_anything_is_graded(tmp_path: Path) -> None:
    folder = write_exercise(tmp_path / "exercises" / "doubling", checks=CHECKS + "\nimport nowhere")
    result = run("batch", submit(tmp_path, ada=RIGHT), "--out", tmp_path / "out", "--exercises",
                 folder.parent)
    assert (result.exit_code, (tmp_path / "out").exists()) == (2, False)
    assert "checks.py:33" in result.output


def test_one_notebook_is_graded_in_the_terminal(course: Path, tmp_path: Path) -> None:
    folder = submit(tmp_path, bo=SQUARES, ada=RIGHT)
    wrong = run("grade", folder / "bo" / "doubling.ipynb", "--exercises", course)
    assert wrong.exit_code == 1, wrong.output
    assert "the square" in wrong.output
    assert run("grade", folder / "ada" / "doubling.ipynb", "--exercises", course).exit_code == 0


def test_a_student_checks_a_released_notebook(course: Path, tmp_path: Path) -> None:
    released = run("release", "doubling", "--out", tmp_path, "--exercises", course)
    assert released.exit_code == 0, released.output
    path = tmp_path / "doubling" / "doubling.ipynb"
    stubs = run("check", path)
    assert (stubs.exit_code, "Not started" in stubs.output) == (1, True), stubs.output
    assert "Not yet" not in stubs.output
    path.write_text(path.read_text().replace("raise NotImplementedError", "return x + x", 1))
    done = run("check", path, "double")
    assert done.exit_code == 0, done.output
    assert "All visible checks of `double` passed." in done.output
    unknown = run("check", path, "duoble")
    assert (unknown.exit_code, "there are double, halve" in unknown.output) == (2, True), unknown.output
    done = run("check", path, "--language", "de")
    assert done.exit_code == 0, done.output
    assert "2 von 6 Punkten werden erst nach der Abgabe angesehen." in " ".join(done.output.split())
    assert "4 / 4" in done.output


def test_several_files_that_could_be_meant_get_no_mark_until_the_tutor_says_which(course: Path,
                                                                                   tmp_path: Path) -> None:
    folder, out = submit(tmp_path, ada=RIGHT, bo=RIGHT), tmp_path / "out"
    (folder / "ada" / "doubling-Copy1.ipynb").write_text(SQUARES)
    words = ("batch", folder, "--out", out, "--exercises", course, "--seed", 5, "--sandbox", "process")
    result = run(*words)
    assert result.exit_code == 1, result.output
    found = rows(out)
    assert {student: (row["status"], row["score"]) for student, row in found.items()} == {
        "ada": ("unclear", None), "bo": ("graded", 6.0)}
    needs = str(found["ada"]["needs_you"])
    assert all(said in needs for said in ("'unclear'", "ada/doubling.ipynb", "ada/doubling-Copy1.ipynb"))
    assert run(*words, "--prefer", "*Copy1*").exit_code == 0
    assert rows(out)["ada"]["score"] == 2.0


def test_a_team_is_executed_once_and_each_member_judged_from_that(course: Path, tmp_path: Path) -> None:
    """What the notebook does is drawn anew in each execution: two of them would not give one mark."""
    drawn = ["import os\nLUCK = int.from_bytes(os.urandom(8), 'big')",
             "def double(x):\n    return x * 2 + LUCK", "def halve(x):\n    raise ValueError(str(LUCK))"]
    team = tmp_path / "in" / "Team A_88_assignsubmission_file"
    team.mkdir(parents=True)
    (team / "doubling.ipynb").write_text(notebook(*CELLS, *drawn))
    (tmp_path / "in" / "Team B_assignsubmission_file").mkdir()
    (tmp_path / "in" / "Team B_assignsubmission_file" / "doubling.ipynb").write_text(RIGHT)
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name,group\n1,Anna,Team A\n2,Ben,Team A\n3,Cy,Team B\n")
    out = tmp_path / "out"
    words = ("batch", tmp_path / "in", "--out", out, "--exercises", course, "--seed", 5,
             "--sandbox", "process", "--roster", roster)
    result = run(*words)
    assert result.exit_code == 0, result.output
    said = {student: [check["message"] for check in row["checks"]] for student, row in rows(out).items()}  # type: ignore[attr-defined]
    assert said["1"] == said["2"] != said["3"]
    before = (out / "results.jsonl").read_text()
    assert run("rejudge", out, "--apply").exit_code == 0
    assert (out / "results.jsonl").read_text() == before
    roster.write_text("id,name,group\n1,Anna,Team A\n2,Ben,Team A\n3,Cy,Team B\n4,Dee,Team A\n")
    assert run(*words).exit_code == 0
    said = {student: [check["message"] for check in row["checks"]] for student, row in rows(out).items()}  # type: ignore[attr-defined]
    assert said["1"] == said["2"] == said["4"], "who came to the team later has its mark too"
