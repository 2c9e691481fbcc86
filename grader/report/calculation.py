"""From the points of the checks to those that count, in lines that a student can follow; and what of a
result a student may see."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

from grader.records import GRADER, Calculation, Counted, Mark, Result, Status
from grader.report.wording import Words

_HOUR, _DAY = 3600, 86400
_SHORT = 3 * _DAY      # is told in hours
_TOP = 2000            # bytes of a page, among which it says under which rules and words it was written
_META = '<meta name="rules" content="'


def as_student(result: Result) -> Result:
    """The same without how hidden checks ended, while that is kept back: out of the visible ones' points and
    what a tutor gave beside them, and without a calculation, from which the others' could be told."""
    hidden = [check for check in result.checks if not check.visible]
    if not (result.rules and result.rules.kept_back and hidden):
        return result
    visible = tuple(check for check in result.checks if check.visible)
    points = sum(check.points for check in visible) + result.bonus + sum(
        answer.points or 0.0 for answer in result.written)
    later = sum(check.max_points for check in hidden if check.mark is not Mark.NOT_AVAILABLE)
    return structs.replace(result, checks=visible, score=None if result.score is None else points,
                           max_score=result.max_score - later, later=later,
                           rules=structs.replace(result.rules, attempts=(), counts=0))


def stamp(result: Result) -> str:
    """Of the rules and of a tutor's words that a page shows; "" where there are none."""
    shown = as_student(result)
    words = [shown.comment, shown.by, shown.bonus] if shown.comment or shown.by != GRADER else []
    checks = [(one.id, one.mark, one.points, one.message, one.by) for one in shown.checks if one.by != GRADER]
    answers = [one for one in shown.written if one.points is not None or one.comments]
    if not (shown.rules or words or checks or answers):
        return ""
    return hashlib.sha256(repr((shown.rules, words, checks, answers)).encode()).hexdigest()[:16]


def shows(page: Path, result: Result) -> bool:
    """Was a page written under the rules that hold for its result, with a tutor's words in it?"""
    try:
        with page.open("rb") as file:
            top = file.read(_TOP)
    except OSError:
        return False
    now = stamp(result)
    return f'{_META}{now}"'.encode() in top if now else _META.encode() not in top


def lines(result: Result, w: Words) -> tuple[str, ...]:
    """How the mark comes about; none where the rules have nothing to say of it."""
    found = result.rules
    if found is None or result.status is Status.EXCUSED:
        return ()
    return tuple(_told(found, result.max_score, w))


def _told(found: Calculation, maximum: float, w: Words) -> Iterator[str]:
    one = found.counting
    if found.due and (found.extended or found.kept_back or (one and (one.late_seconds or one.without_time))):
        text = w.gettext("Your deadline, extended: %(due)s.") if found.extended else w.gettext(
            "Your deadline: %(due)s.")
        yield text % {"due": moment(found.due, w)}
    if one and (len(found.attempts) > 1 or 0 < found.most_attempts < one.number):
        yield from _attempts(found, one, w)
    if one and (late := _late(one, maximum, w)):
        yield late
    if found.bonus:
        yield w.gettext("A bonus: these points come on top, and are in nobody's maximum.")


def _attempts(found: Calculation, one: Counted, w: Words) -> Iterator[str]:
    said = {"number": one.number, "most": found.most_attempts}
    if found.best:
        yield w.gettext("Of your attempts the best counts: attempt %(number)s.") % said
    elif found.most_attempts:
        yield w.gettext("Of your attempts the last counts that is among the first %(most)s: attempt "
                        "%(number)s.") % said
    else:
        return
    yield " ".join(w.gettext("Attempt %(number)s: %(sum)s.") % {"number": each.number, "sum": _sum(each, w)}
                   for each in found.attempts)
    if one is not found.attempts[-1]:
        yield w.gettext("What follows here is about attempt %(number)s, your last.") % {
            "number": found.attempts[-1].number}


def _late(one: Counted, maximum: float, w: Words) -> str:
    """One attempt's lateness, what it takes, and the sum; "" where it was in time or nobody knows."""
    said = {"late": duration(one.late_seconds, w), "max": w.number(maximum), "sum": _sum(one, w),
            "share": percent(one.per_day if one.days else one.share, w), "most": percent(one.share, w),
            "hours": w.number(one.after_hours), "num": one.days}
    if one.without_time:
        return w.gettext("Handed in late; nobody says how late. That takes %(share)s of %(max)s points: "
                         "%(sum)s.") % said if one.penalty else ""
    if not one.late_seconds:
        return ""
    if one.within_grace:
        return w.gettext("Handed in %(late)s after the deadline. So little takes nothing.") % said
    if not one.share:
        return w.gettext("Handed in %(late)s after the deadline. Nothing is taken for it.") % said
    if one.days and one.capped:
        text = w.ngettext("Handed in %(late)s after the deadline; %(num)s day begun, %(share)s of %(max)s "
                          "points each, and at most %(most)s: %(sum)s.",
                          "Handed in %(late)s after the deadline; %(num)s days begun, %(share)s of %(max)s "
                          "points each, and at most %(most)s: %(sum)s.", one.days)
    elif one.days:
        text = w.ngettext("Handed in %(late)s after the deadline; %(num)s day begun, %(share)s of %(max)s "
                          "points each: %(sum)s.",
                          "Handed in %(late)s after the deadline; %(num)s days begun, %(share)s of %(max)s "
                          "points each: %(sum)s.", one.days)
    elif one.after_hours:
        text = w.gettext("Handed in %(late)s after the deadline; more than %(hours)s hours take %(share)s of "
                         "%(max)s points: %(sum)s.")
    else:
        text = w.gettext("Handed in %(late)s after the deadline; that takes %(share)s of %(max)s points: "
                         "%(sum)s.")
    return text % said


def _sum(one: Counted, w: Words) -> str:
    """"20 − 4 = 16"; what is taken is never more than there is."""
    if not one.penalty:
        return w.number(one.raw)
    return f"{w.number(one.raw)} − {w.number(one.penalty)} = {w.number(one.final)}"


def percent(share: float, w: Words) -> str:
    return f"{w.number(100 * share)} %"


def duration(seconds: float, w: Words) -> str:
    """As people say it, no more exact than it matters; never less than it was."""
    whole = -int(-seconds // 1)
    if whole < 60:
        return w.gettext("%(num)s s") % {"num": whole}
    minutes = -(-whole // 60)
    if minutes < 60:
        return w.gettext("%(num)s min") % {"num": minutes}
    if whole <= _SHORT:
        hours, rest = divmod(minutes, 60)
        told = w.gettext("%(num)s h") % {"num": hours}
        return f"{told} {w.gettext('%(num)s min') % {'num': rest}}" if rest else told
    days, rest = divmod(-(-whole // _HOUR), 24)
    told = w.ngettext("%(num)s day", "%(num)s days", days) % {"num": days}
    return f"{told} {w.gettext('%(num)s h') % {'num': rest}}" if rest else told


def moment(text: str, w: Words) -> str:
    """A deadline by its own clock; the end of a day is 24:00."""
    at = datetime.datetime.fromisoformat(text)
    day, clock = at, f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
    if clock == "00:00":
        day, clock = at - datetime.timedelta(days=1), "24:00"
    date = f"{day:%d.%m.%Y}" if w.language == "de" else f"{day:%Y-%m-%d}"
    zone = (at.tzname() or "UTC").removesuffix(":00").replace("+0", "+").replace("-0", "-")
    return f"{date} {clock} ({zone})"
