"""What was said of a class, held against the truth. Every function returns its faults, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from tests.lms.classes import BY_LOGIN, Due, moodle_name, points
from tests.lms.laying import Laid

NO_MARK = {"unreadable", "unclear", "missing", "withheld"}
TOKEN = re.compile(r"token-(\d{3})")


def of_id(laid: Laid, id: str) -> Due | None:
    return next((one for one in laid.due if id in one.ids), None)


def in_results(laid: Laid, rows: Iterable[Mapping[str, object]], said: str) -> Iterator[str]:
    """Has everybody their own mark in results.jsonl, or none and a line?"""
    found = dict[str, Mapping[str, object]]()
    for row in rows:
        one = of_id(laid, str(row["student"]))
        if one is None:
            yield f"nobody is called {row['student']!r}: {row['status']} {row['score']}"
        elif one.ids[0] in found:
            yield f"{one.ids[0]} has two rows"
        else:
            found[one.ids[0]] = row
    for one in laid.due:
        row = found.get(one.ids[0], {})
        yield from _in_row(one, row, said)
        if row and laid.blind and row.get("name"):
            yield f"{one.ids[0]}: not blind, the row names {row['name']}"
        if row and one.name and not laid.blind and moodle_name(str(row.get("name"))) != moodle_name(one.name):
            yield f"{one.ids[0]} is called {row.get('name')!r}, not {one.name!r}"


def _in_row(one: Due, row: Mapping[str, object], said: str) -> Iterator[str]:
    score = row.get("score")
    told = (bool(row.get("reason")) and row.get("status") in NO_MARK) or one.named_in(said)
    if row.get("status") == "graded":
        if one.token is None or score != points(one.token):
            yield f"{one}: has {score}"
    elif one.token is not None and not one.lenient:
        yield f"{one}: has no mark, {row.get('status')} {row.get('reason')}"
    elif not one.right(score if isinstance(score, float) else None):
        yield f"{one}: {row.get('status')}, and has {score}"
    elif not (told or one.silent):
        yield f"{one}: no line says why there is no mark, {dict(row)}"


def in_marks(laid: Laid, marks: Iterable[tuple[str, float | None]], *, whole: bool = True) -> Iterator[str]:
    """Are the marks of an export those of the ids beside them? `whole`: it holds everybody."""
    seen = set[str]()
    for id, mark in marks:
        one = of_id(laid, id)
        if one is None:
            yield f"nobody is called {id!r}: {mark}"
        elif one.ids[0] in seen:
            yield f"{id} is there twice"
        elif not one.right(mark) or (mark is None and one.token is not None and not one.lenient):
            yield f"{one}: {mark}"
        seen.add(one.ids[0] if one else id)
    if whole:
        yield from (f"{one} is not there" for one in laid.due
                    if one.ids[0] not in seen and one.token is not None and not one.lenient)


def in_sheet(laid: Laid, marks: Mapping[str, float], said: str, *, must: Callable[[str], bool],
             left: Mapping[str, str]) -> Iterator[str]:
    """Are the marks that an LMS would take from a sheet those of its people, and is everybody else named?

    Args:
        marks: login -> mark.
        must: is this somebody whose row has to be filled?
        left: login -> why their row is left as it is, where it has to be.
    """
    for login, mark in marks.items():
        if login in left:
            yield f"{login}: {mark} is written, and the row is {left[login]}"
        elif mark not in (_points_of(laid, login), 0.0) or (mark == 0 and not _may_be_zero(laid, login)):
            yield f"{login} gets {mark}, not {_points_of(laid, login)}"
    for one in laid.due:
        member = BY_LOGIN.get(one.login)
        if one.token is None or one.lenient or (member and one.login in marks):
            continue
        if member and must(one.login) and one.login not in left:
            yield f"{one}: the row is not filled"
        elif member and not (one.named_in(said) or member.name in said or member.sortable in said):
            yield f"{one}: not in the sheet, and no line says so"


def _points_of(laid: Laid, login: str) -> float | None:
    if laid.team_marks is not None:
        number = laid.team_marks.get(BY_LOGIN[login].group)
    else:
        number = laid.tokens.get(login)
    return None if number is None else points(number)


def _may_be_zero(laid: Laid, login: str) -> bool:
    return any(one.login == login and one.zero for one in laid.due)


def in_pages(laid: Laid, pages: Iterable[tuple[Due | None, str, str]]) -> Iterator[str]:
    """Does each page show the work of whom it is for, and of nobody else?

    Args:
        pages: for whom, what the page is called, its text.
    """
    for one, name, text in pages:
        tokens = {int(found) for found in TOKEN.findall(text)}
        if one is None:
            yield f"{name}: for nobody"
        elif tokens - {one.token}:
            yield f"{name}: {one} gets to see {sorted(tokens)}"
        elif one.token is not None and not tokens and not one.lenient:
            yield f"{name}: {one} does not see the own work"
