"""What the forms of the pages do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import structs
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from grader.keep.desk import UndoError
from grader.keep.gradebook import GradebookError, Key
from grader.keep.marking import Override, stale
from grader.keep.written import CommentError
from grader.review import answers, bank, views, words
from grader.review.desk import ReviewDesk, filter_of, integer, key_of
from grader.review.guard import allowed
from grader.review.showing import (
    answers_page,
    bank_page,
    desk_of,
    history_page,
    nothing,
    panel_page,
    session_of,
)
from grader.review.waiting import neighbours
from grader.review.words import Changed, FormError, Word

URLENCODED = "application/x-www-form-urlencoded"
Do = Callable[[Request, FormData], Response]


def _posted(do: Do) -> Callable[[Request], object]:
    """A form of a page of ours, read and done away from the loop."""
    async def post(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip() != URLENCODED:
            return PlainTextResponse("A form of this page.", 415)
        form = await request.form(max_fields=500)
        if not allowed(session_of(request), str(form.get("form", ""))):
            return PlainTextResponse("This form is none of this page's: load the page again.", 403)
        try:
            return await run_in_threadpool(do, request, form)
        except GradebookError as error:
            return PlainTextResponse(str(error), 500)
    return post


def said_in(form: FormData) -> dict[str, str]:
    """Each field's last value."""
    return {name: str(value) for name, value in form.items()}


def mark(request: Request, form: FormData) -> Response:
    """A word on a check or on the whole, recorded, replaced or taken back."""
    desk, said = desk_of(request), said_in(form)
    word = Word(**{name: said[name] for name in Word.__struct_fields__ if name in said})
    at = integer(said.get("number", "")) or 0
    try:
        with desk.changing:
            words.say(desk.book, word, desk.bank(), by=session_of(request).marker)
    except (Changed, FormError) as error:
        status = 409 if isinstance(error, Changed) else 422
        return panel_page(request, said, trouble=views.Trouble(word=word, reason=str(error)),
                          status=status, announced=str(error), at=at)
    problem = desk.changed([key_of(said)])
    return _shown(request, said, announced=problem or "Recorded.", at=at)


def _shown(request: Request, said: dict[str, str], *, announced: str, at: int = 0) -> Response:
    if "hx-request" in request.headers:
        return panel_page(request, said, announced=announced, at=at)
    chosen = filter_of(said)
    where = views.url("/submission", student=said.get("student"), exercise=said.get("exercise"),
                      of=chosen.kind, **{"in": chosen.exercise})
    return RedirectResponse(where, 303)


def settle(request: Request, form: FormData) -> Response:
    """Words on an earlier submission: they hold for this one too, or they do not."""
    desk, said, by = desk_of(request), said_in(form), session_of(request).marker
    key = key_of(said)
    with desk.changing:
        result = desk.book.result(*key)
        old = stale(result, desk.book.desk.overrides(student=key[0], exercise=key[1])) if result else []
        there = {check.id for check in result.checks} | {""} if result else set()
        if result and result.stamp == said.get("sha256"):
            keep = said.get("do") == "keep"
            desk.book.desk.override(*(
                structs.replace(one, sha256=result.stamp, by=by, made_at="") if keep and one.check in there
                else Override(student=key[0], exercise=key[1], check=one.check, sha256=result.stamp,
                              points=None, by=by) for one in old))
    problem = desk.changed([key])
    return _shown(request, said, announced=problem or "Settled.")


def reviewed(request: Request, form: FormData) -> Response:
    """Looked at, and on to the next; or not looked at."""
    desk, said, by = desk_of(request), said_in(form), session_of(request).marker
    key, chosen, done = key_of(said), filter_of(said), said.get("do") != "not"
    queue = desk.queue()
    one = next((each for each in queue if each.key == key), None)
    if one is None or one.result.stamp != said.get("sha256"):
        return panel_page(request, said, announced="Another submission counts now.", status=409)
    desk.book.desk.review(*key, one.result.stamp, by=by, done=done)
    _, after = neighbours(queue, chosen, one)
    if not done:
        after = one
    return RedirectResponse(views.place(after, chosen) if after else
                            views.url("/", of=chosen.kind, **{"in": chosen.exercise}), 303)


def answer(request: Request, form: FormData) -> Response:
    """Points and comments for all that say the same."""
    desk, said = desk_of(request), said_in(form)
    place = said.get("exercise", ""), said.get("question", "")
    word = answers.Said(points=said.get("points", ""), ticked=[str(text) for text in form.getlist("tick")],
                        comments=[id for text in form.getlist("comment")
                                  if (id := integer(str(text))) is not None])
    try:
        with desk.changing:
            found = answers.mark(desk.book, place, said.get("same", ""), said.get("was", ""),
                                 word, desk.bank(place[0]), desk.asked(), by=session_of(request).marker)
    except (Changed, FormError) as error:
        return answers_page(request, said, trouble=(said.get("same", ""), str(error), said.get("points", "")),
                            announced=str(error), status=409 if isinstance(error, Changed) else 422)
    problem = desk.changed({(one.student, one.exercise) for one in found})
    if "hx-request" in request.headers:
        return answers_page(request, said, announced=problem or f"Recorded for {len(found)}.")
    return RedirectResponse(views.url("/answers", exercise=place[0], question=place[1],
                                      page=said.get("page")), 303)


def change_bank(request: Request, form: FormData) -> Response:
    """A new comment, another wording for all at once, or one less."""
    desk, said, by = desk_of(request), said_in(form), session_of(request).marker
    id, touched = integer(said.get("id", "")), set[Key]()
    try:
        with desk.changing:
            if id is None:
                desk.book.written.add_comment(bank.wording(said.get("text", "")), by=by,
                                              points=bank.delta(said.get("points", "")),
                                              exercise=said.get("exercise", ""))
            elif said.get("do") == "delete":
                desk.book.written.delete_comment(id, by=by)
            else:
                touched = bank.change(desk.book, id, bank.wording(said.get("text", "")),
                                      bank.delta(said.get("points", "")), by=by)
    except (FormError, CommentError) as error:
        return bank_page(request, trouble=str(error), status=422)
    if touched:
        desk.changed(touched)
    return RedirectResponse("/bank", 303)


def undo(request: Request, form: FormData) -> Response:
    """Put back what an event changed."""
    desk, said = desk_of(request), said_in(form)
    id = integer(said.get("id", ""))
    if id is None:
        return nothing(request)
    try:
        with desk.changing:
            event = desk.book.desk.undo(id, by=session_of(request).marker)
    except UndoError as error:
        if "student" in said:
            return panel_page(request, said, announced=str(error), status=409)
        return history_page(request, trouble=str(error), status=409)
    problem = desk.changed(_touched(desk, event.student, event.exercise, event.what))
    if "student" in said:
        return _shown(request, said, announced=problem or "Undone.")
    return RedirectResponse("/history", 303)


def _touched(desk: ReviewDesk, student: str, exercise: str, what: str) -> Iterable[Key]:
    if what == "comment":  # which may stand in any report
        return {(one.student, one.exercise) for one in desk.book.written.answers() if one.comments}
    return {(student, exercise)} & desk.standing.results().keys()


FORMS: list[tuple[str, Do]] = [("/mark", mark), ("/settle", settle), ("/reviewed", reviewed),
                               ("/answers", answer), ("/bank", change_bank), ("/undo", undo)]


def routes() -> list[Route]:
    return [Route(path, _posted(do), methods=["POST"]) for path, do in FORMS]
