"""What the course's rules make of marks: rules and facts -> a calculation. Pure: no file, no clock."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import structs

from grader.exercise.rules import Attempts, Hidden, Place, Rules, moment
from grader.intake.spelling import folded
from grader.records import Calculation, Counted

PLAIN = Rules()
DAY = datetime.timedelta(days=1)
_HOUR = 3600.0
_ROOM = 1e-9          # of a float: 0.1 + 0.2 is no more than 0.3
_GROUPS = re.compile(r"[,;|]")
_BY = re.compile(r"\+?\s*(?P<number>\d{1,4})\s*(?P<unit>d|h|days?|hours?)", re.IGNORECASE)


class Extension(Protocol):
    """A person's own deadline in one exercise."""

    @property
    def due(self) -> str:
        """`2026-11-22T23:59`, `+2d`, `+36h`, or `excused`."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for one person in one exercise."""

    rules: Rules = PLAIN
    due: datetime.datetime | None = None      # None: there is no deadline
    zone: datetime.tzinfo | None = None       # of times that do not say theirs, and of those that are shown
    extended: bool = False                    # later than that of the others
    excused: bool = False
    bonus: bool = False


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What was handed in once, and how it was judged."""

    number: int
    raw: float
    maximum: float
    handed_in_at: str = ""
    late: bool = False                        # as the LMS says


def terms(place: Place, zone: datetime.tzinfo | None, groups: str,
          extensions: Iterable[Extension] = ()) -> Terms:
    """What holds for somebody.

    A group's deadline takes the place of the exercise's; of several groups the latest counts. An extension
    only ever moves it back.

    Args:
        groups: as the roster names them; parted by commas where there are several.
        extensions: of this person and this exercise.
    """
    by_name = {folded(name): moment(text, zone) for name, text in place.groups.items()}
    mine = [by_name[name] for each in (groups, *_GROUPS.split(groups))
            if (name := folded(each.strip())) in by_name]
    common = max(mine, key=_utc) if mine else moment(place.due, zone) if place.due else None
    due, excused = common, False
    for one in extensions:
        if one.due == "excused":
            excused = True
        elif later := extended(one.due, common, zone):
            due = later if due is None else max(due, later, key=_utc)
    usual = moment(place.due, zone) if place.due else common
    return Terms(rules=place.rules, due=due, zone=zone or (due.tzinfo if due else None), excused=excused,
                 bonus=place.bonus,
                 extended=bool(due and usual and _utc(due) > _utc(usual)))


def extended(text: str, due: datetime.datetime | None, zone: datetime.tzinfo | None
             ) -> datetime.datetime | None:
    """The deadline that an extension gives; None where there is none that it could move.

    Days are by the clock: `+1d` of 23:59 is 23:59, though the clocks change in between. Hours pass.

    Raises:
        ValueError: it is no extension.
    """
    by = _BY.fullmatch(text.strip())
    if by is None:
        later = moment(text, zone)
        return later if due is not None else None
    if due is None:
        return None
    number = int(by["number"])
    return _days_on(due, number) if by["unit"][0].lower() == "d" else _hours_on(due, number)


def is_by(text: str) -> bool:
    """Does an extension say how long, and not until when?"""
    return _BY.fullmatch(text.strip()) is not None


def calculated(attempts: Sequence[Attempt], holds: Terms, *, now: datetime.datetime) -> Calculation:
    """Which attempt counts, and what is left of it.

    Args:
        attempts: that have a mark, in order; the last is the one that is shown.
        now: hidden checks are kept back until the deadline.
    """
    rules = holds.rules
    found = tuple(counted(one, holds) for one in attempts)
    can = [at for at, one in enumerate(found) if not rules.most_attempts or one.number <= rules.most_attempts]
    can = can or list(range(len(found)))         # none of those that could is known: the tutor is told
    counts = can[-1] if can else 0
    if rules.attempts is Attempts.BEST and can:
        # those out of another maximum were judged by another version of the exercise
        same = [at for at in can if attempts[at].maximum == attempts[-1].maximum] or can
        counts = max(same, key=lambda at: (found[at].final, at))
    # an exercise that has no deadline yet keeps them back, too
    kept_back = rules.hidden is Hidden.AFTER_DUE and (holds.due is None or _utc(now) <= _utc(holds.due))
    return Calculation(attempts=found, counts=counts, best=rules.attempts is Attempts.BEST,
                       most_attempts=rules.most_attempts, due=holds.due.isoformat() if holds.due else "",
                       extended=holds.extended, bonus=holds.bonus, kept_back=kept_back)


def counted(attempt: Attempt, holds: Terms) -> Counted:
    """One attempt, and what lateness takes of it. Where nobody says when it came, that is nothing."""
    plain = Counted(number=attempt.number, raw=attempt.raw, handed_in_at=attempt.handed_in_at)
    if holds.due is None:
        return plain
    came = came_at(attempt.handed_in_at, holds.zone)
    if came is None:
        # the LMS knows its own deadline, and no other
        share = holds.rules.late_without_time if attempt.late and not holds.extended else 0.0
        return _taking(plain, attempt, share, holds.rules, without_time=True) if share else plain
    seconds = (_utc(came) - _utc(holds.due)).total_seconds()
    if seconds <= 0:
        return plain
    if seconds <= 60 * holds.rules.grace_minutes:
        return structs.replace(plain, late_seconds=seconds, within_grace=True)
    days = days_begun(came, holds.due) if holds.rules.per_day else 0
    hours, share = next(((hours, share) for hours, share in reversed(holds.rules.steps)
                         if seconds > _HOUR * hours), (0.0, days * holds.rules.per_day))
    late = structs.replace(plain, late_seconds=seconds, days=days, per_day=holds.rules.per_day,
                           after_hours=hours)
    return _taking(late, attempt, share, holds.rules)


def _taking(one: Counted, attempt: Attempt, share: float, rules: Rules, *,
            without_time: bool = False) -> Counted:
    taken = min(share, rules.cap, 1.0)
    penalty = min(attempt.raw, round(taken * attempt.maximum, 2))
    return structs.replace(one, share=round(taken, 6), capped=share > rules.cap + _ROOM,
                           penalty=max(0.0, penalty), without_time=without_time)


def days_begun(came: datetime.datetime, due: datetime.datetime) -> int:
    """How many days after the deadline were begun. Each lasts until the clock shows the deadline's time
    again, and at least 24 hours: who hands in while the clocks change loses nothing by it."""
    days = max(0, math.floor((_utc(came) - _utc(due)) / DAY) - 1)
    while _utc(came) > max(_utc(_days_on(due, days)), _utc(due) + days * DAY):
        days += 1
    return days


def came_at(text: str, zone: datetime.tzinfo | None) -> datetime.datetime | None:
    """When something was handed in; None where nobody says. Of an hour that the clock shows twice, the
    first."""
    try:
        found = datetime.datetime.fromisoformat(text.strip())
        if found.tzinfo:
            return found.astimezone(datetime.UTC)
        return min(found.replace(tzinfo=zone, fold=fold).astimezone(datetime.UTC) for fold in (0, 1)
                   ) if zone else None
    except (ValueError, OverflowError):
        return None


def unknown_time(attempts: Collection[Attempt], holds: Terms) -> bool:
    """Could lateness take something of the last, and does nobody say when it came?"""
    last = [*attempts][-1:]
    return bool(last and holds.due and (holds.rules.takes or holds.rules.late_without_time)
                and came_at(last[0].handed_in_at, holds.zone) is None)


def _days_on(due: datetime.datetime, days: int) -> datetime.datetime:
    """The same time by the clock; the later where it shows it twice."""
    moved = due.replace(tzinfo=None) + days * DAY
    return max((moved.replace(tzinfo=due.tzinfo, fold=fold) for fold in (0, 1)), key=_utc)


def _hours_on(due: datetime.datetime, hours: int) -> datetime.datetime:
    return (_utc(due) + datetime.timedelta(hours=hours)).astimezone(due.tzinfo)


def _utc(one: datetime.datetime) -> datetime.datetime:
    """Two times of one zone would be compared by their clocks, which may go back."""
    return one.astimezone(datetime.UTC)


