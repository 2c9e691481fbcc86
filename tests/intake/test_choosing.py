"""Of several files of one person the right one counts, or none and all are named. No file's age counts."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import choosing, sources
from grader.intake.choosing import MOST
from grader.intake.claims import Claim
from grader.intake.sources import Intake
from grader.records import Submission, Unclear, Unreadable
from tests.intake.handing import PLAIN, Download, put, read, saying, taken
from tests.notebooks import notebook

OTHER = notebook("x = 1")


def counts(intake: Intake) -> list[str]:
    """What counts, by the names that students gave; of what is unclear all."""
    return [" ".join(file.path.split("/", 2)[2] for file in one.files) if isinstance(one, Unclear)
            else one.path.split("/", 2)[2] for one in intake.submissions]


def uses(intake: Intake) -> dict[str, str]:
    return {row.file.split("/", 2)[-1]: row.use for row in intake.rows}


@pytest.mark.parametrize(("files", "right"), [
    ({"he_init.ipynb": PLAIN, "Untitled.ipynb": OTHER}, "he_init.ipynb"),
    ({"work.ipynb": saying("he_init"), "Untitled.ipynb": OTHER}, "work.ipynb"),
    ({"he_init.ipynb": PLAIN, "he_init_old.ipynb": OTHER}, "he_init.ipynb"),
    ({"he_init_backup.ipynb": saying("he_init"), "work.ipynb": saying("he_init", "x = 2")}, "work.ipynb"),
    ({"he_init_old.ipynb": PLAIN, "Untitled.ipynb": OTHER}, "he_init_old.ipynb"),
    ({"he_init.ipynb": PLAIN, "sub/he_init.ipynb": OTHER}, "he_init.ipynb"),
    ({"work.zip/he_init.ipynb": OTHER, "he_init.ipynb": PLAIN}, "he_init.ipynb"),
    ({"deep/er/he_init.ipynb": OTHER, "sub/he_init (2).ipynb": PLAIN}, "sub/he_init (2).ipynb"),
    ({"Kopie von he_init.ipynb": PLAIN, "he_init.ipynb": PLAIN}, "he_init.ipynb"),
    ({"he_init.ipynb": PLAIN, "he_init-Copy1.ipynb": OTHER}, "he_init-Copy1.ipynb he_init.ipynb"),
    ({"he_init.ipynb": PLAIN, "he_init_v2.ipynb": saying("he_init", "x = 2")},
     "he_init.ipynb he_init_v2.ipynb"),
    ({"he_init.ipynb": saying("init"), "init.ipynb": saying("he_init")}, "init.ipynb he_init.ipynb"),
])
def test_what_files_say_of_themselves_decides(files: dict[str, str], right: str, tmp_path: Path) -> None:
    for order in itertools.islice(itertools.permutations(files.items()), 6):
        download = Download(tmp_path)
        for name, text in order:
            download.hands_in("ada", name, text)
        for each in download.handed:                # as an unpacked zip or a checkout may have it
            os.utime(each.file.path, (random.randint(1, 10**9),) * 2)
        found = taken(download, default="he_init")
        assert sorted(" ".join(counts(found)).split()) == sorted(right.split())


def test_what_is_unclear_has_all_its_files_and_no_mark(tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in("ada", "he_init.ipynb").hands_in(
        "ada", "he_init-Copy1.ipynb", OTHER).hands_in("bo", "he_init.ipynb"))
    unclear = found.submissions[0]
    assert isinstance(unclear, Unclear)
    assert all(name in unclear.reason for name in ("he_init.ipynb", "he_init-Copy1.ipynb"))
    assert len({file.sha256 for file in unclear.files}) == 2
    assert any("--prefer" in note and "he_init-Copy1.ipynb" in note for note in found.notes)
    assert [row.use for row in found.rows] == ["unclear", "unclear", "graded"]
    assert counts(taken(Download(tmp_path / "b").hands_in("ada", "he_init.ipynb").hands_in(
        "ada", "he_init-Copy1.ipynb", OTHER), prefer=("*Copy?.ipynb",))) == ["he_init-Copy1.ipynb"]


def test_a_preference_for_what_is_not_there_prefers_nothing(tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in("ada", "he_init.ipynb").hands_in(
        "ada", "Untitled.ipynb", OTHER), prefer=("*_final.ipynb",))
    assert counts(found) == ["he_init.ipynb"]


@pytest.mark.parametrize(("first", "second", "right"), [
    ({"attempt": 1}, {"attempt": 2}, "second"),
    ({"attempt": 3}, {"attempt": 2}, "first"),
    ({}, {"attempt": 2}, "second"),              # Canvas gives the first of a name no number
    ({"attempt": 1, "handed_in_at": "2026-11-20T18:00:00+01:00"},
     {"attempt": 1, "handed_in_at": "2026-11-20T17:30:00+00:00"}, "second"),
    ({"handed_in_at": "2026-11-20T18:00:00+01:00"}, {"handed_in_at": "2026-11-20T17:30:00+01:00"}, "first"),
    ({"handed_in_at": "2026-11-20T18:00:00+01:00"}, {}, "both"),
    ({"handed_in_at": "2026-11-20T18:00:00"}, {"handed_in_at": "2026-11-20T17:00:00+01:00"}, "both"),
])
def test_the_sources_word_on_which_came_last(first: dict[str, object], second: dict[str, object], right: str,
                                             tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in("ada", "he_init.ipynb", notebook("first"), **first).hands_in(
        "ada", "he_init.ipynb", notebook("second"), **second))
    chosen = found.submissions[0]
    assert not isinstance(chosen, Unreadable)
    assert right == ("both" if isinstance(chosen, Unclear) else "first" if "first" in chosen.notebook
                     else "second")
    if right == "second" and "attempt" in second:
        assert chosen.attempt == second["attempt"]


def test_a_number_counts_among_what_was_called_the_same_only(tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in("ada", "he_init.ipynb", attempt=2).hands_in(
        "ada", "homework.ipynb", saying("he_init", "x = 1")))
    assert isinstance(found.submissions[0], Unclear), "which was handed in last is not known"


@given(st.permutations([("he_init.ipynb", PLAIN), ("Untitled.ipynb", OTHER), ("old/he_init.ipynb", OTHER),
                        ("he_init_old.ipynb", OTHER), ("init.ipynb", OTHER), ("helper.py", "x = 1"),
                        ("notes.pdf", "%PDF")]),
       st.permutations(["ada", "bo", "Ada"]))
def test_the_order_of_files_and_people_changes_nothing(
        tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, str]], people: list[str]) -> None:
    download = Download(tmp_path_factory.mktemp("in"))
    for (name, text), person in itertools.product(files, people):
        download.hands_in(person, name, text)
    found = taken(download)
    assert [(one.student, one.exercise) for one in found.submissions] == [
        (person, exercise) for person in ("Ada", "ada", "bo") for exercise in ("he_init", "init")]
    assert counts(found) == ["he_init.ipynb", "init.ipynb"] * 3
    assert all(isinstance(one, Submission) and [file.name for file in one.files] == ["helper.py", "notes.pdf"]
               for one in found.submissions)


def test_every_file_has_a_row_that_says_what_becomes_of_it(tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in("ada", "work/he_init.ipynb").hands_in(
        "ada", "work/helper.py", "x = 1").hands_in("ada", "work/random.py", "x = 1").hands_in(
        "ada", "photo.jpg", "x").hands_in("ada", "work/Untitled.ipynb", OTHER))
    assert uses(found) == {"work/he_init.ipynb": "graded", "work/helper.py": "goes along",
                           "work/random.py": "left out", "photo.jpg": "left out",
                           "work/Untitled.ipynb": "left out"}
    why = {row.file.rpartition("/")[2]: row.why for row in found.rows}
    assert "module of that name" in why["random.py"]
    assert "says itself which exercise" in why["Untitled.ipynb"]
    assert why["photo.jpg"] == "not beside a notebook that is graded"


def test_with_several_attempts_goes_what_belongs_to_the_last(tmp_path: Path) -> None:
    download = Download(tmp_path)
    for attempt in 1, 2:
        download.hands_in("ada", "he_init.ipynb", notebook(str(attempt)), attempt=attempt)
        download.hands_in("ada", "helper.py", f"{attempt}", attempt=attempt)
    (one,) = taken(download).submissions
    assert isinstance(one, Submission)
    assert [Path(one.places[file.sha256]).read_text() for file in one.files] == ["2"]


@pytest.mark.parametrize("name", ["he_init.IPYNB", "he_init.ipynb.txt", "he_init.ipynb.json", "W.Ipynb.Txt"])
def test_a_notebook_under_another_name_is_graded(name: str, tmp_path: Path) -> None:
    (one,) = taken(Download(tmp_path).hands_in("ada", name, saying("he_init"))).submissions
    assert isinstance(one, Submission)


def test_whoever_handed_in_no_notebook_has_a_line_with_what_was_found(tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in("ada", "he_init.ipynb").hands_in(
        "bo", "report.pdf", "%PDF-").hands_in("bo", "he_init.py", "x = 1").hands_in(
        "cy", "onlinetext.html", "hello", online=True).hands_in("dee", "he_init.ipynb.txt", "sorry"))
    reasons = {one.student: one.reason for one in found.submissions if isinstance(one, Unreadable)}
    assert reasons == {
        "bo": "Handed in: report.pdf, he_init.py. No notebook (.ipynb) is among it.",
        "cy": "Only text was handed in on the course's page, no notebook (.ipynb).",
        "dee": "Handed in: he_init.ipynb.txt. No notebook (.ipynb) is among it."}
    assert {one.exercise for one in found.submissions} == {"he_init"}


def test_without_a_notebook_and_with_two_exercises_nobody_is_dropped_or_gets_a_nought(tmp_path: Path) -> None:
    def class_() -> Download:
        return Download(tmp_path).hands_in("ada", "he_init.ipynb").hands_in("ada", "init.ipynb").hands_in(
            "bo", "report.pdf", "%PDF-").hands_in("cy", "init.py", "x = 1").hands_in("cy", "a.txt", "x")

    found = taken(class_())
    assert [(one.student, one.exercise) for one in found.submissions] == [
        ("ada", "he_init"), ("ada", "init"), ("cy", "init")]
    assert any("bo: handed in report.pdf" in note for note in found.notes)
    assert "bo" in {person.id for person in found.people}
    assert uses(found)["report.pdf"] == "unclear"
    said = taken(class_(), default="he_init").submissions
    assert [(one.student, one.exercise) for one in said if isinstance(one, Unreadable)] == [
        ("bo", "he_init"), ("cy", "init")]
    only = taken(class_(), only=("he_init",)).submissions
    assert [(one.student, one.exercise) for one in only] == [("ada", "he_init"), ("bo", "he_init")]


def test_what_the_source_calls_the_exercise_counts_less_than_what_the_file_says(tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in("ada", "work.ipynb", exercise="init").hands_in(
        "bo", "he_init.ipynb", exercise="init").hands_in("cy", "init/work.ipynb").hands_in(
        "dee", "report.pdf", "x", exercise="init").hands_in("dee", "work.ipynb", exercise="he_init").hands_in(
        "eve", "work.ipynb", exercise="sheet 3"))
    assert [(one.student, one.exercise) for one in found.submissions] == [
        ("ada", "init"), ("bo", "he_init"), ("cy", "init"), ("dee", "he_init"), ("dee", "init")]
    assert isinstance(found.submissions[-1], Unreadable)


def test_only_restricts_and_the_default_does_not(tmp_path: Path) -> None:
    download = Download(tmp_path).hands_in("ada", "he_init.ipynb").hands_in("ada", "init.ipynb")
    assert counts(taken(download, default="init")) == ["he_init.ipynb", "init.ipynb"]
    found = taken(download, only=("init",))
    assert counts(found) == ["init.ipynb"]
    assert uses(found)["he_init.ipynb"] == "left out"


def test_a_crowd_of_notebooks_is_said(tmp_path: Path) -> None:
    download = Download(tmp_path)
    for number in range(MOST + 5):
        download.hands_in("ada", f"sub/{number}.ipynb", notebook(f"{number}"))
    found = taken(download.hands_in("ada", "he_init.ipynb"))
    assert counts(found) == ["he_init.ipynb"]
    assert any(f"{MOST + 6} notebooks" in note for note in found.notes)
    assert [row.use for row in found.rows].count("left out") == MOST + 5


def test_the_reasons_are_known_to_the_translations() -> None:
    from grader.report.wording import words

    for template in (choosing.NO_NOTEBOOK, choosing.ONLY_TEXT, choosing.SEVERAL):
        assert words("de").gettext(template) != template


def test_in_a_folder_on_disk(tmp_path: Path) -> None:
    put(tmp_path, "zoe_he_init.ipynb", OTHER)
    put(tmp_path, "zoe_he_init (1).ipynb")
    put(tmp_path, "zoe_he_init_old.ipynb", notebook("y"))
    put(tmp_path, "ada/he_init.ipynb")
    put(tmp_path, "ada/again/he_init.ipynb", OTHER)
    assert [(one.student, type(one)) for one in read(tmp_path).submissions] == [
        ("ada", Submission), ("zoe", Unclear)]


def test_one_persons_file_does_not_say_what_others_handed_in(tmp_path: Path) -> None:
    first = Download(tmp_path / "a").hands_in("a", "he_init.ipynb").hands_in("b", "he_init.ipynb")
    late = Download(tmp_path / "b").hands_in("f", "sheet.ipynb").hands_in("h", "x.pdf", "%PDF").hands_in(
        "eve", "init.ipynb")
    found = taken(first, late, only=("he_init",))
    assert [(one.student, one.exercise) for one in found.submissions] == [
        (who, "he_init") for who in ("a", "b", "f", "h")]
    assert "nothing of --only's exercises from eve" in found.notes
    found = taken(first, late)
    assert [one.student for one in found.submissions] == ["a", "b", "eve"]
    assert any("f/0/sheet.ipynb: left out, cannot tell which exercise" in note for note in found.notes)
    assert any(note.startswith("h: handed in x.pdf, no notebook") for note in found.notes)
    found = taken(late)
    assert any("taken for init, which only one person's files say: f, h;" in note for note in found.notes)


def test_one_persons_second_exercise_leaves_nobody_untold(tmp_path: Path) -> None:
    download = Download(tmp_path).hands_in("a", "he_init.ipynb").hands_in("c", "sheet.ipynb").hands_in(
        "f", "x.pdf", "%PDF").hands_in("eve", "he_init.ipynb").hands_in("eve", "init.ipynb")
    for only in (), ("he_init",):
        found = taken(download, only=only)
        assert [one.student for one in found.submissions if one.exercise == "he_init"] == [
            "a", "c", "eve", "f"]


def test_the_text_of_what_may_never_count_is_not_kept(tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    held = list[int]()

    def watched(claims: Iterable[Claim], wanted: choosing.Wanted) -> choosing.Chosen:
        claims = list(claims)
        held.append(sum(len(claim.look.notebook) for claim in claims if claim.look))
        return choosing.chosen(claims, wanted)

    monkeypatch.setattr(sources, "chosen", watched)
    long = saying("he_init", "#" + "a" * (1 << 20))
    download = Download(tmp_path).hands_in("ada", "he_init.ipynb", long)
    for number in range(20):
        download.hands_in("eve", f"n{number}.ipynb", notebook("#" + f"{number}" * (1 << 20)))
    ada, eve = taken(download).submissions
    assert isinstance(ada, Submission)
    assert len(ada.notebook) > 1 << 20
    assert isinstance(eve, Unclear)
    assert held[0] < 1 << 20
