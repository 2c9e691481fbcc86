"""Several sources, what is written beside them and never in them, and what is said of them."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.cli.shared import LAYOUTS
from grader.intake import layouts
from grader.intake.handed import IntakeError
from grader.intake.sources import keep_apart
from grader.records import Person, Submission
from tests.intake.handing import PLAIN, Download, put, read, taken
from tests.notebooks import notebook

REPOSITORY = Path(__file__).parents[2]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*")
            if path.is_file()}


def test_the_layouts_that_help_names_are_those_there_are() -> None:
    assert tuple(layouts.LAYOUTS) == LAYOUTS


@pytest.mark.parametrize(("out", "says"), [
    ("in", "is what was handed in"), ("in/reports", "lies in what was handed in"),
    ("in/ada/he_init.ipynb/x", "lies in what was handed in"), (".", "holds what was handed in"),
    ("link/reports", "lies in what was handed in"), ("in/../in", "is what was handed in"),
])
def test_nothing_is_ever_written_on_in_or_above_what_was_handed_in(out: str, says: str,
                                                                   tmp_path: Path) -> None:
    put(tmp_path, "in/ada/he_init.ipynb")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    before = contents(tmp_path)
    result = run("batch", tmp_path / "in", "--out", tmp_path / out, "--sandbox", "process")
    assert result.exit_code == 2
    assert says in result.output
    assert "another place, such as --out" in result.output
    assert result.output.count("\n") == 1
    assert contents(tmp_path) == before
    suggested = Path(result.output.rpartition("--out ")[2].strip())
    keep_apart([tmp_path / "in"], suggested, "--out")


def test_the_reports_that_are_written_by_default_are_no_exception(tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "ada/he_init.ipynb")
    monkeypatch.chdir(tmp_path)
    result = run("batch", ".", "--sandbox", "process", "--exercises", REPOSITORY / "exercises")
    assert (result.exit_code, [path.name for path in tmp_path.iterdir()]) == (2, ["ada"])
    assert "--out reports lies in what was handed in" in result.output
    monkeypatch.chdir(tmp_path / "ada")
    keep_apart([tmp_path / "ada"], tmp_path / "adam", "--out")


def test_what_another_batch_wrote_is_nobodys(tmp_path: Path) -> None:
    put(tmp_path, "ada/he_init.ipynb")
    for name in "gradebook.sqlite", "results.jsonl", "bo/he_init.ipynb":
        put(tmp_path, f"reports/{name}")
    found = read(tmp_path)
    assert [one.student for one in found.submissions] == ["ada"]
    assert "reports: left out, an earlier batch wrote what is in it" in found.notes
    with pytest.raises(IntakeError, match="has written its reports here"):
        read(tmp_path / "reports")


def test_a_dry_run_says_what_would_be_graded_and_writes_nothing(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    put(tmp_path, "in/ada/he_init.ipynb")
    put(tmp_path, "in/ada/Untitled.ipynb", notebook("x"))
    put(tmp_path, "in/bo/report.pdf", "%PDF")
    (tmp_path / "roster.csv").write_text("id,name\nada,Ada\nzoe,Zoe\n")
    before = contents(tmp_path)
    words = "batch", "in", "--roster", "roster.csv", "--exercises", REPOSITORY / "exercises"
    result = run(*words, "--dry-run")
    assert result.exit_code == 0, result.output
    for said in ("folders, 2 students", "1 graded, 1 left out, 1 unreadable", "nothing came from zoe (Zoe)",
                 "not on the roster: bo", "Untitled.ipynb", "report.pdf"):
        assert said in result.output
    assert contents(tmp_path) == before
    assert run(*words, "--save-mapping", "in/m.csv").exit_code == 2
    assert run(*words, "--save-mapping", "m.csv", "--language", "de").exit_code == 0
    assert (tmp_path / "m.csv").read_bytes().startswith(b"\xef\xbb\xbffile;person;name;exercise;")
    assert "there already" in run(*words, "--save-mapping", "m.csv").output
    put(tmp_path, "in/cy/he_init.ipynb")
    put(tmp_path, "in/cy/he_init-Copy1.ipynb", notebook("x"))
    assert run(*words, "--dry-run").exit_code == 1, "something is unclear"
    assert run(*words, "--dry-run", "--prefer", "*Copy1*").exit_code == 0
    assert "no exercise 'he_int'" in run(*words, "--dry-run", "--only", "he_int").output


def test_a_zip_and_a_folder_are_one_class_and_read_where_they_lie(tmp_path: Path) -> None:
    put(tmp_path, "week/ada/init.ipynb")
    with zipfile.ZipFile(tmp_path / "he_init.zip", "w") as archive:
        archive.writestr("ada/he_init.ipynb", notebook("import helper"))
        archive.writestr("ada/helper.py", "x = 1")
        archive.writestr("bo/he_init.IPYNB", PLAIN)
    before = contents(tmp_path)
    found = read(tmp_path / "week", tmp_path / "he_init.zip", tmp_path / "week")
    assert [(one.student, one.exercise) for one in found.submissions] == [
        ("ada", "he_init"), ("ada", "init"), ("bo", "he_init")]
    assert found.said == ("week: folders, 1 student", "he_init.zip: folders, 2 students")
    assert {row.file for row in found.rows} == {
        "week/ada/init.ipynb", "he_init.zip/ada/he_init.ipynb", "he_init.zip/ada/helper.py",
        "he_init.zip/bo/he_init.IPYNB"}
    first = found.submissions[0]
    assert isinstance(first, Submission)
    assert [file.name for file in first.files] == ["helper.py"]
    assert not any(Path(place).exists() for place in first.places.values()), "what was unpacked is gone"
    assert contents(tmp_path) == before


def test_a_folder_that_nobody_may_read_keeps_nobody_waiting(tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "ada/he_init.ipynb")
    put(tmp_path, "bo/he_init.ipynb")
    real = os.scandir

    def refusing(path: object = ".") -> object:      # root may read what is closed
        if Path(str(path)).name == "bo":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", refusing)
    found = read(tmp_path)
    assert [one.student for one in found.submissions] == ["ada"]
    assert any(note.startswith("bo: ") for note in found.notes)
    assert "bo" in {person.id for person in found.people}
    assert "no file from bo" in found.notes


def test_files_that_are_nobodys_are_told(tmp_path: Path) -> None:
    put(tmp_path, "ada/he_init.ipynb")
    put(tmp_path, "Kopie von he_init (2).ipynb")
    put(tmp_path, "bo/.he_init.ipynb")
    found = read(tmp_path)
    assert [one.student for one in found.submissions] == ["ada"]
    assert {row.file for row in found.rows if row.use == "ignored"} == {
        "Kopie von he_init (2).ipynb", "bo/.he_init.ipynb"}
    assert sum("left out" in note for note in found.notes) == 2


def test_each_id_is_told_with_its_kinds_of_source(tmp_path: Path) -> None:
    canvas = Download(tmp_path / "a", "Canvas").hands_in("501", "he_init.ipynb").hands_in("503", "x.ipynb")
    folders = Download(tmp_path / "b").hands_in("ada", "init.ipynb").hands_in("503", "init.ipynb")
    assert taken(canvas, folders).kinds == {
        "501": {"501": {"Canvas"}}, "503": {"503": {"Canvas"}}, "503 (names)": {"503": {"names"}},
        "ada": {"ada": {"names"}}}
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\n501,Ada\n502,Bob\n")
    both = {"names", "Canvas"}
    assert taken(canvas, roster=(roster,)).kinds == {
        "501": {"501": both}, "502": {"502": both}, "503": {"503": {"Canvas"}}}, "a roster of Canvas's ids"
    moodle = Download(tmp_path / "c", "Moodle").hands_in(Person(id="1001", name="Ada"), "he_init.ipynb")
    assert taken(moodle, roster=(roster,)).kinds == {
        "501": {"501": {"names"}, "1001": {"Moodle"}}, "502": {"502": {"names"}}}


def test_one_persons_files_do_not_hide_what_others_are_told(tmp_path: Path) -> None:
    put(tmp_path, "ada/he_init.ipynb")
    for number in range(30):
        put(tmp_path, f"ada/.x{number}.ipynb")
    put(tmp_path, "zoe/.he_init.ipynb")
    notes = read(tmp_path).notes
    assert any(note.startswith("zoe/.he_init.ipynb: left out") for note in notes)
    assert sum("left out, " in note for note in notes) == 4
    assert "and 27 more are left out; --dry-run names them" in notes
