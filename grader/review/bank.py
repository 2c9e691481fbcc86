"""The bank of comments: said again with a key, and changed wherever they were said."""

from __future__ import annotations

from msgspec import structs

from grader.keep.gradebook import Gradebook, Key
from grader.keep.marking import Override
from grader.keep.written import Comment
from grader.records import Result
from grader.review.words import FormError, said_anew, says

MOST_TEXT = 2000
KEYS = 9          # as many have a key of their own


def delta(text: str) -> float | None:
    """What a comment adds to the points, or takes off; None of an empty field.

    Raises:
        FormError: it is no number.
    """
    if not text.strip():
        return None
    try:
        found = float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        found = float("nan")
    if not -1000 <= found <= 1000:
        raise FormError(f"points: {text.strip()[:20]!r} is no number")
    return found


def wording(text: str) -> str:
    """A comment as it is kept.

    Raises:
        FormError: it says nothing, or too much.
    """
    found = text.replace("\r\n", "\n").strip()
    if not found or len(found) > MOST_TEXT:
        raise FormError("a comment says something, in at most 2,000 characters")
    return found


def change(book: Gradebook, id: int, text: str, points: float | None, *, by: str) -> set[Key]:
    """Say it in another way, for all at once. A check's points that were given with it move with its own; an
    answer's are its comments' anyway, where none were typed.

    Returns:
        Student and exercise of all of whom it was said.

    Raises:
        FormError: it is not there any more.
    """
    old = next((one for one in book.written.comments() if one.id == id), None)
    if old is None:
        raise FormError("this comment is not in the bank any more")
    by_how_much = (points or 0.0) - (old.points or 0.0)
    touched = {(one.student, one.exercise) for one in book.written.answers() if id in one.comments}
    words = [_anew(one, book.result(one.student, one.exercise), old, text, by_how_much, by)
             for one in book.desk.overrides() if says(one.comment, old.text)]
    standing = [word for word in words if word is not None]
    book.written.change_comment(id, text=text, points=points, by=by)
    book.desk.override(*standing)
    return touched | {(one.student, one.exercise) for one in standing}


def _anew(word: Override, result: Result | None, old: Comment, text: str, by_how_much: float,
          by: str) -> Override | None:
    """The word in the new wording; None where it is one on an earlier submission, which stays as it was."""
    if result is None or result.stamp != word.sha256:
        return None
    most = next((check.max_points for check in result.checks if check.id == word.check), result.max_score)
    points = word.points
    if points is not None:
        points = min(max(points + by_how_much, 0.0), most)
    return structs.replace(word, comment=said_anew(word.comment, old.text, text), points=points, by=by,
                           made_at="")
