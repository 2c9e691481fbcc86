"""A tutor's words belong to a submission, are told with who and when, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from grader import records
from grader.keep.desk import UndoError
from grader.keep.gradebook import Gradebook, GradebookError
from grader.keep.marking import Override
from grader.keep.written import CommentError
from tests.keep.test_gradebook import entry, handed_in, result


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


def word(check: str = "b", sha256: str = "a", **more: object) -> Override:
    plain = Override(student="ada", exercise="x", check=check, sha256=sha256, points=3.0,
                     comment="Well argued.")
    return structs.replace(plain, **more)


def now(book: Gradebook) -> records.Result:
    (found,) = book.results()
    return found


def kinds(book: Gradebook) -> list[str]:
    return [need.kind for need in now(book).wants()]


def test_another_submission_leaves_an_override_behind_and_asks(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.desk.override(word())
    assert (now(book).score, kinds(book)) == (4.0, [])
    book.record(handed_in("b"))
    assert (now(book).score, now(book).comment, kinds(book)) == (1.0, "", ["stale-override"])
    (need,) = now(book).wants()
    assert need.reason == ("An override of an earlier submission does not count for this one: "
                           'b: 3 points, "Well argued.".')
    book.record(handed_in("a"))
    assert (now(book).score, kinds(book)) == (4.0, []), "the submission that it was made on is there again"


def test_a_stale_override_is_settled_by_a_word_on_the_new_submission(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.desk.override(word())
    book.record(handed_in("b"))
    book.desk.override(word(sha256="b", points=1.0, comment=""))
    assert (now(book).score, kinds(book)) == (2.0, [])
    book.record(handed_in("c"))
    (need,) = now(book).wants()
    assert "b: 1 points." in need.reason, "the last word is the one to ask about"


def test_a_stale_override_that_is_dropped_asks_no_more_and_stays_with_the_old_one(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.desk.override(word())
    book.record(handed_in("b"))
    assert book.desk.drop_override("ada", "x", "b", "b", by="kim")
    for sha256 in "b", "c":
        book.record(handed_in(sha256))
        assert (now(book).score, kinds(book)) == (1.0, [])
    old = book.result("ada", "x", 1)
    assert old
    assert old.score == 4.0


def test_a_check_says_who_gave_its_points(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.desk.override(word(by="kim"), word("a", points=None))
    assert [verdict.by for verdict in now(book).checks] == ["grader", "kim"]


WITHHELD = structs.replace(result(), status=records.Status.WITHHELD, score=None, checks=(), reason="why",
                           needs_you=(records.NeedsYou(kind="withheld", reason="why"),))
UNREADABLE = structs.replace(result(), status=records.Status.UNREADABLE, score=0.0, checks=(), reason="why")
UNCLEAR = structs.replace(WITHHELD, status=records.Status.UNCLEAR, notebook=records.NotebookFile(
    path="", sha256=""), claims=(records.NotebookFile(path="p", sha256="1"),
                                 records.NotebookFile(path="q", sha256="2")))


@pytest.mark.parametrize("judged", [WITHHELD, UNREADABLE, UNCLEAR], ids=lambda one: one.status.value)
def test_a_submission_without_a_mark_is_marked_as_a_whole(book: Gradebook, judged: records.Result) -> None:
    book.record(entry(result=judged))
    book.desk.override(word("", now(book).stamp, points=2.5, comment="By mail.", by="kim"))
    found = now(book)
    assert (found.status, found.score, found.by, found.comment, found.wants()) == (
        records.Status.GRADED, 2.5, "kim", "By mail.", ())
    book.record(handed_in("another"))
    assert (now(book).score, kinds(book)) == (1.0, ["stale-override"])


def test_what_two_other_files_claim_is_another_submission(book: Gradebook) -> None:
    book.record(entry(result=UNCLEAR))
    book.desk.override(word("", now(book).stamp))
    book.record(entry(result=structs.replace(UNCLEAR, claims=UNCLEAR.claims[:1])))
    assert now(book).score is None
    assert "stale-override" in kinds(book)


def test_a_bonus_is_added_and_told_apart(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.desk.override(word("", points=None, bonus=1.5))
    assert (now(book).score, now(book).bonus, now(book).max_score) == (2.5, 1.5, 5.0)
    book.desk.override(word("", points=4.0, bonus=1.5))
    assert (now(book).score, now(book).bonus) == (5.5, 1.5)
    book.record(entry(result=structs.replace(WITHHELD, notebook=records.NotebookFile(path="p", sha256="w"))))
    book.desk.override(word("", "w", points=None, bonus=1.5))
    assert now(book).score is None, "a bonus alone makes no mark"


def test_what_happened_is_told_in_order_with_who(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.desk.override(word(by="kim"))
    book.desk.override(word(by="kim", made_at=book.desk.overrides()[0].made_at))
    book.record(handed_in("b"), what="rejudged", by="sam")
    told = [(event.what, event.by, event.student) for event in book.desk.events()]
    assert told == [("graded", "grader", "ada"), ("override", "kim", "ada"), ("rejudged", "sam", "ada")]
    first, second, third = book.desk.events(student="ada")
    assert (second.before, second.after["points"], second.after["sha256"]) == (None, 3.0, "a")
    assert (third.before["sha256"], third.after["sha256"]) == ("a", "b")
    assert [event.id for event in book.desk.events(after=first.id)] == [second.id, third.id]
    assert not book.desk.events(student="bo")


def test_any_word_can_be_taken_back_the_last_first(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.desk.override(word())
    book.desk.override(word(points=2.0))
    book.desk.review("ada", "x", "a", by="kim")
    undone = [book.desk.undo(by="sam") for _ in range(2)]
    assert [event.what for event in undone] == ["reviewed", "override"]
    assert (now(book).score, book.desk.reviewed()) == (4.0, [])
    book.desk.undo(by="sam")
    assert (now(book).score, book.desk.overrides()) == (1.0, [])
    with pytest.raises(UndoError, match="nothing to undo"):
        book.desk.undo(by="sam")
    assert [(event.what, event.by) for event in book.desk.events()[-3:]] == [("undo", "sam")] * 3


def test_what_was_changed_again_is_not_undone_over_it(book: Gradebook) -> None:
    book.record(handed_in("a"))
    (first,) = book.desk.override(word())
    book.desk.override(word(points=2.0))
    with pytest.raises(UndoError, match="changed since"):
        book.desk.undo(first, by="sam")
    assert now(book).score == 3.0
    for id, why in (1, "no word of a tutor's"), (99, "no event 99"):
        with pytest.raises(UndoError, match=why):
            book.desk.undo(id, by="sam")
    last = book.desk.undo(by="sam").id
    with pytest.raises(UndoError, match="undone already"):
        book.desk.undo(last, by="sam")
    assert book.desk.undo(first, by="sam").before is None


def test_who_looked_at_a_submission_has_not_looked_at_the_next(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.desk.review("ada", "x", "a", by="kim")
    assert book.desk.review("ada", "x", "a", by="kim") is None
    assert [(one.student, one.sha256, one.by) for one in book.desk.reviewed()] == [("ada", "a", "kim")]
    book.record(handed_in("b"))
    assert not book.desk.reviewed()
    book.record(handed_in("a"))
    book.desk.review("ada", "x", "a", by="kim", done=False)
    assert not book.desk.reviewed()


def test_all_overrides_are_written_or_none(book: Gradebook) -> None:
    book.record(handed_in("a"))
    with pytest.raises(GradebookError, match="FOREIGN KEY"):
        book.desk.override(word(), word(student="nobody"))
    assert not book.desk.overrides()
    assert [event.what for event in book.desk.events()] == ["graded"]


def test_an_answer_is_marked_once_for_all_who_gave_it(book: Gradebook) -> None:
    for student in "ada", "bo":
        book.record(handed_in("a", student=student))
        book.written.hand_in(student, "x", "a", {"why": "Because."})
    assert [(one.student, one.points) for one in book.written.answers()] == [("ada", None), ("bo", None)]
    clear = book.written.add_comment("Clear.", points=0.5, exercise="x", by="kim")
    book.written.mark([one.key for one in book.written.answers()], points=1.0, comments=[clear], by="kim")
    assert {(one.points, one.comments, one.by) for one in book.written.answers(question="why")} == {
        (1.0, (clear,), "kim")}
    assert [(one.text, one.points, one.uses) for one in book.written.comments("x")] == [("Clear.", 0.5, 2)]
    assert not book.written.comments("y")
    with pytest.raises(CommentError, match="stands beside 2 answers"):
        book.written.delete_comment(clear, by="kim")
    book.written.change_comment(clear, text="Quite clear.", points=1.0, by="sam")
    assert book.written.comments()[0].text == "Quite clear."
    for _ in range(3):
        book.desk.undo(by="sam")
    assert [(one.points, one.comments) for one in book.written.answers()] == [(None, ()), (None, ())]
    assert book.written.comments()[0].text == "Clear."


def test_an_answer_that_stays_keeps_its_mark_and_one_that_changes_loses_it(book: Gradebook) -> None:
    book.record(handed_in("a"))
    book.written.hand_in("ada", "x", "a", {"why": "Because.", "how": "So."})
    book.written.mark([one.key for one in book.written.answers()], points=1.0, by="kim")
    book.written.hand_in("ada", "x", "a", {"why": "Because.", "how": "So."})
    assert [one.points for one in book.written.answers()] == [1.0, 1.0]
    book.record(handed_in("b"))
    assert not book.written.answers()
    book.written.hand_in("ada", "x", "b", {"why": "Because.", "how": "Otherwise."})
    assert [(one.question, one.points, one.sha256) for one in book.written.answers()] == [
        ("how", None, "b"), ("why", 1.0, "b")]


def test_who_is_erased_leaves_no_word_either(book: Gradebook) -> None:
    for student in "ada", "bo":
        book.record(handed_in("a", student=student))
        book.desk.override(word(student=student))
        book.desk.review(student, "x", "a", by="kim")
        book.written.hand_in(student, "x", "a", {"why": "Because."})
    book.erase("ada")
    assert {one.student for one in book.desk.overrides()} == {"bo"}
    assert {one.student for one in book.desk.reviewed()} == {"bo"}
    assert {one.student for one in book.written.answers()} == {"bo"}
    assert {one.student for one in book.desk.events()} == {"bo"}
    assert book.notebook("bo", "x") == "n", "a text that two submissions have stays for the other"
