"""The pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from grader.report import page, persons, student
from grader.report.side_by_side import Person
from grader.review import views
from grader.review.answers import questions, together
from grader.review.desk import ReviewDesk, filter_of, integer, key_of
from grader.review.guard import Session
from grader.review.waiting import NAMES, counts, waiting_in

# A report has strangers' text in it: whatever escaped the escaping still runs nothing and has no origin.
FRAMED = ("sandbox allow-popups; script-src 'none'; connect-src 'none'; form-action 'none'; "
          "frame-ancestors 'self'")
STATIC = {"page.css": "text/css", "review/review.css": "text/css", "review/review.js": "text/javascript",
          "review/htmx.min.js": "text/javascript"}
EVENTS = 300      # on the page of what happened

Show = Callable[[Request], Response]


def desk_of(request: Request) -> ReviewDesk:
    found: ReviewDesk = request.app.state.desk
    return found


def session_of(request: Request) -> Session:
    found: Session = request.state.session
    return found


def asked(request: Request) -> dict[str, str]:
    """What the address says."""
    return dict(request.query_params)


def filled(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of ours, with what all of them need."""
    desk, session = desk_of(request), session_of(request)
    html = page.html(f"review/{template}", "en", form=session.form, marker=session.marker, url=views.url,
                     course=desk.book.batch_value("title", "Class"), last=desk.standing.last,
                     behind=desk.publisher.behind, problem=desk.publisher.problem, names=NAMES, **values)
    return HTMLResponse(html, status)


def nothing(request: Request) -> Response:
    return filled(request, "nothing.html.j2", status=404)


def queue(request: Request) -> Response:
    """What waits."""
    desk, chosen = desk_of(request), filter_of(asked(request))
    everything = desk.queue()
    shown = [one for one in everything if chosen.takes(one)]
    part = views.part(integer(asked(request).get("page", "")), len(shown))
    exercises = sorted({one.result.exercise for one in everything})
    answered = questions(desk.book.written.answers(), desk.bank(), desk.asked())
    return filled(
        request, "queue.html.j2", chosen=chosen, exercises=exercises,
        rows=[(one, views.place(one, chosen), views.who(one.result), views.mark_of(one.result))
              for one in shown[part.shown]], part=part,
        counts=counts(everything, chosen.exercise),
        total=waiting_in(everything),
        questions=[each for each in answered if chosen.exercise in ("", each[0])])


def submission(request: Request) -> Response:
    """One submission beside its report."""
    return panel_page(request, asked(request))


def panel_page(request: Request, said: dict[str, str], *, trouble: views.Trouble | None = None,
               announced: str = "", status: int = 200, at: int = 0) -> Response:
    """The page of one submission, or only what has changed of it, where a script of the page asks.

    Args:
        announced: said to whoever does not see the page.
        at: the check at which the report is shown.
    """
    desk, chosen = desk_of(request), filter_of(said)
    made = views.panel(desk, key_of(said), chosen, session_of(request).marker, trouble)
    if made is None:
        return nothing(request)
    part = "hx-request" in request.headers
    result = made.one.result
    executed = desk.output.page(result.student, result.exercise, "-executed.html").is_file()
    return filled(request, "changed.html.j2" if part else "submission.html.j2", status=status, panel=made,
                  chosen=chosen, who=views.who(result), keyed=views.keyed(made.bank), announced=announced,
                  at=at, executed=executed, groups=[group for group in desk.standing.alike
                                             if group.exercise == result.exercise
                                             and result.student in group.students])


def report(request: Request) -> Response:
    """A student's report, as it stands now; of an earlier attempt too."""
    desk, said = desk_of(request), asked(request)
    key, number = key_of(said), integer(said.get("number", ""))
    result, entry = desk.result(key, number), desk.book.entry(*key, number)
    if result is None or entry is None:
        return nothing(request)
    html = student.render(result, entry.notebook, language=desk.book.batch_value("language", "en"))
    return HTMLResponse(html, headers={"Content-Security-Policy": FRAMED})


def executed(request: Request) -> Response:
    """The notebook as it was executed, as the batch wrote it."""
    desk, key = desk_of(request), key_of(asked(request))
    found = desk.standing.results().get(key)
    file = desk.output.page(found.student, found.exercise, "-executed.html") if found else None
    if file is None or not file.is_file():
        return nothing(request)
    return HTMLResponse(file.read_text(encoding="utf-8"), headers={"Content-Security-Policy": FRAMED})


def alike(request: Request) -> Response:
    """A group of look-alikes, side by side."""
    desk = desk_of(request)
    exercise, of = key_of(asked(request))[1], asked(request).get("student", "")
    group = next((one for one in desk.standing.alike
                  if one.exercise == exercise and of in one.students), None)
    if group is None:
        return nothing(request)
    results = desk.standing.results()
    people = {who: Person(views.who(results[who, exercise]), views.place_of(who, exercise))
              for who in group.students if (who, exercise) in results}
    pairs = desk.pairs(group, people)
    return filled(request, "alike.html.j2", exercise=exercise, pairs=pairs,
                  left_out=len(group.pairs) - len(pairs))


def versions(request: Request) -> Response:
    """An earlier submission, on which somebody said something, beside the one that counts."""
    desk, said = desk_of(request), asked(request)
    key = key_of(said)
    numbers = [number for number, sha256 in desk.book.attempts().get(key, {}).items()
               if sha256 == said.get("sha256")]
    before, now = desk.book.entry(*key, numbers[-1]) if numbers else None, desk.book.entry(*key)
    if before is None or now is None:
        return nothing(request)
    back = views.place_of(*key)
    texts = [("Earlier submission", views.url("/report", student=key[0], exercise=key[1], number=numbers[-1]),
              before.notebook), ("Now", back, now.notebook)]
    return filled(request, "sides.html.j2", title=f"Two versions: {views.who(now.result)}", exercise=key[1],
                  sides=views.sides(texts), marked="not in the other one",
                  note="What was said of the earlier submission does not count for the one that counts now.")


def answers(request: Request) -> Response:
    """The answers to one question, equal ones together."""
    return answers_page(request, asked(request))


def answers_page(request: Request, said: dict[str, str], *, trouble: tuple[str, str, str] = ("", "", ""),
                 announced: str = "", status: int = 200) -> Response:
    """The same after somebody has marked one; `trouble`: a group's id, why, and what was typed."""
    desk, exercise, question = desk_of(request), said.get("exercise", ""), said.get("question", "")
    bank, every = desk.bank(exercise), desk.asked()
    found = together(desk.book.written.answers(exercise=exercise, question=question), bank, every)
    if not found:
        return nothing(request)
    results, part = desk.standing.results(), views.part(integer(said.get("page", "")), len(found))
    shown = found[part.shown]
    people = {key: views.who(results[key]) for same in shown for one in same.answers
              if (key := (one.student, one.exercise)) in results}
    alone = "hx-request" in request.headers
    return filled(request, "groups.html.j2" if alone else "answers.html.j2", status=status, exercise=exercise,
                  question=question, asked=every.get((exercise, question)), part=part,
                  groups=shown, people=people, keyed=views.keyed([*bank.values()]),
                  plain=views.plain, trouble=trouble, announced=announced,
                  left=sum(not one.marked for one in found))


def bank(request: Request) -> Response:
    """The comments."""
    return bank_page(request)


def bank_page(request: Request, *, trouble: str = "", status: int = 200) -> Response:
    """The same, with what is wrong with a change."""
    desk = desk_of(request)
    exercises = sorted({exercise for _, exercise in desk.standing.results()})
    return filled(request, "bank.html.j2", status=status, bank=list(desk.bank().values()),
                  exercises=exercises, plain=views.plain, trouble=trouble)


def history(request: Request) -> Response:
    """What happened, the newest first."""
    return history_page(request)


def history_page(request: Request, *, trouble: str = "", status: int = 200) -> Response:
    """The same, with why something was not undone."""
    desk = desk_of(request)
    results = desk.standing.results()
    events = desk.book.desk.events(after=max(desk.standing.last - EVENTS, 0))
    names = persons.names(results.values())
    return filled(request, "history.html.j2", status=status, trouble=trouble,
                  events=[views.tell(event, names) for event in reversed(events)], place_of=views.place_of)


def news(request: Request) -> Response:
    """What the others did since; nothing where they did nothing and the files are no other."""
    desk, said = desk_of(request), asked(request)
    after, mine = integer(said.get("after", "")), session_of(request).marker
    results = desk.standing.results()
    events = [one for one in desk.book.desk.events(after=after or 0)
              if one.by not in (mine, "grader")] if after is not None else []
    state = "behind" if desk.publisher.behind else desk.publisher.problem
    if not events and state == said.get("state", ""):
        return Response(status_code=204)
    names = persons.names(results.values())
    here = {name: said.get(name, "") for name in ("student", "exercise")}
    answer = filled(request, "news.html.j2", state=state, here=here,
                    events=[views.tell(one, names) for one in events[-3:]],
                    touched=any((one.student, one.exercise) == key_of(said) for one in events))
    if events:
        answer.headers["HX-Trigger"] = "news"
    return answer


def static(request: Request) -> Response:
    """A file of ours, one of a list."""
    name = request.path_params["name"]
    if name not in STATIC:
        return PlainTextResponse("There is no such file.", 404)
    return Response(page.asset(name), media_type=STATIC[name])


PAGES: list[tuple[str, Show]] = [
    ("/", queue), ("/submission", submission), ("/report", report), ("/executed", executed),
    ("/alike", alike), ("/versions", versions), ("/answers", answers), ("/bank", bank),
    ("/history", history), ("/news", news), ("/static/{name:path}", static)]


def routes() -> list[Route]:
    return [Route(path, show, methods=["GET"]) for path, show in PAGES]
