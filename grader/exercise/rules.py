"""course.toml: the order of the exercises, what each weighs, and the course's rules: deadlines, what lateness
takes, which attempt counts.

What they make of a mark is worked out in `keep.policy`.
"""

from __future__ import annotations

import datetime
import enum
import math
import re
import tomllib
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import field

from grader.wall.values import Record

Due = str                                 # ISO 8601: a date and a time, or a date, which ends at 24:00
Steps = tuple[tuple[float, float], ...]
Groups = dict[str, Due]


class Attempts(enum.Enum):
    LAST = "last"
    BEST = "best"


class Hidden(enum.Enum):
    """When a student's report says how hidden checks ended."""

    ALWAYS = "always"
    AFTER_DUE = "after due"


class Rules(Record, frozen=True, kw_only=True):
    """Shares are of an exercise's maximum: 0.1 is 10 %."""

    grace_minutes: float = 0.0            # after the deadline that take nothing
    per_day: float = 0.0                  # share that each day begun after the deadline takes
    # instead of per_day: `[[0, 0.1], [48, 0.5]]` takes 10 % from the deadline on, half after 48 hours
    steps: Steps = ()
    cap: float = 1.0                      # share that lateness takes at most
    late_without_time: float = 0.0        # share taken where the LMS says that it was late, and not how late
    attempts: Attempts = Attempts.LAST    # which one counts; with `best` after what lateness takes of each
    most_attempts: int = 0                # that can count, the first ones; 0: all
    hidden: Hidden = Hidden.ALWAYS        # when a student's report says how hidden checks ended

    @property
    def takes(self) -> bool:
        """Can lateness cost anything?"""
        return bool(self.per_day or any(share for _, share in self.steps)) and self.cap > 0


class Place(Record, frozen=True, kw_only=True):
    """One exercise in a course."""

    name: str                             # of its folder
    weight: float = 1.0                   # of one of its points in the course's total
    due: Due = ""                         # `2026-11-20T23:59:00`, in `timezone` or with an offset; "": none
    # another deadline for a group of the roster: `{ "Group B" = 2026-11-22T23:59:00 }`
    groups: Groups = field(default_factory=dict)
    bonus: bool = False                   # its points count in the total, and not in the total's maximum
    rules: Rules = Rules()                # what differs from the course's `[rules]`: `{ per_day = 0.2 }`
    # what its written answers are worth in this course, by the question's id
    written: dict[str, float] = field(default_factory=dict)


class Course(Record, frozen=True, kw_only=True):
    """course.toml: the order of the exercises, what each weighs, and the course's rules."""

    title: str = "Class"                  # stands above the class page
    timezone: str = ""                    # of the deadlines, and of what students are told: `"Europe/Berlin"`
    pass_mark: float = 0.0                # share of the total's maximum that passes; grades.csv says who does
    rules: Rules = Rules()                # of every exercise that does not say otherwise
    exercise: tuple[Place, ...] = ()      # in the order in which they are taught
    packages: tuple[str, ...] = ()        # which answers may import, as pip calls them; a mark waits for them
    install: str = ""                     # what students give to pip, instead of a wheel in the handout


class CourseError(ValueError):
    """A course.toml that is not as it must be."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class RuleError(ValueError):
    """A rule that cannot be followed: `at` is its place, as msgspec names it."""

    def __init__(self, at: str, what: str) -> None:
        super().__init__(what)
        self.at = at


_DATE = r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)|(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})"
_MOMENT = re.compile(rf"(?:{_DATE})(?:[T ]\s*(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?"
                     r"\s*(?P<offset>Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_YEARS = 1970, 2999


@lru_cache
def moment(text: str, zone: datetime.tzinfo | None) -> datetime.datetime:
    """A deadline: `2026-11-20T23:59`, `20.11.2026 24:00`, or a date, which lasts until 24:00.

    What the clock shows twice is the later, what it leaps over ends when it has leapt.

    Args:
        zone: of what has no offset of its own, and in which it is shown.

    Raises:
        ValueError: it is none, or nobody says in which zone.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no date and time, such as 2026-11-20T23:59:00")
    said = found.groupdict()
    year, month, day = (int(said[a] or said[b]) for a, b in (("year", "y"), ("month", "m"), ("day", "d")))
    hour, minute, second = (int(said[part] or 0) for part in ("hour", "minute", "second"))
    midnight = said["hour"] is None or (hour, minute, second) == (24, 0, 0)
    if not _YEARS[0] <= year <= _YEARS[1]:
        raise ValueError(f"{text!r}: the year is not between {_YEARS[0]} and {_YEARS[1]}")
    try:
        clock = (datetime.datetime(year, month, day) + datetime.timedelta(days=1) if midnight
                 else datetime.datetime(year, month, day, hour, minute, second))
        exact = datetime.datetime.fromisoformat(f"{clock.isoformat()}{said['offset'] or ''}")
    except ValueError as error:
        raise ValueError(f"{text!r} is no date and time: {error}") from None
    if said["offset"]:
        return exact.astimezone(zone) if zone else exact
    if zone is None:
        raise ValueError(f"{text!r} has no offset: say in which zone, timezone = \"Europe/Berlin\"")
    return max(clock.replace(tzinfo=zone, fold=fold).astimezone(datetime.UTC)
               for fold in (0, 1)).astimezone(zone)


def zone_of(name: str) -> ZoneInfo | None:
    """A time zone by its name; None for no name.

    Raises:
        RuleError: this machine knows none of that name.
    """
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):
        raise RuleError("$.timezone", f"no time zone {name!r} is known here; say it as Europe/Berlin, and "
                        "`pip install tzdata` where a machine knows none") from None


def _filled(raw: dict[str, Any]) -> dict[str, Any]:
    """course.toml with the course's `[rules]` in each exercise that does not say otherwise, and dates as
    text."""
    common, exercises = raw.get("rules", {}), raw.get("exercise", [])
    if not isinstance(common, dict) or not isinstance(exercises, list):
        return raw                        # and is refused as it is
    return {**raw, "exercise": [_exercise(one, common) if isinstance(one, dict) else one
                                for one in exercises]}


def _exercise(said: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    own, groups = said.get("rules", {}), said.get("groups", {})
    found = dict(said)
    if "due" in said:
        found["due"] = _text(said["due"])
    if isinstance(groups, dict) and groups:
        found["groups"] = {name: _text(due) for name, due in groups.items()}
    if isinstance(own, dict):
        # an exercise that takes by steps takes nothing by days
        instead = {"per_day": "steps", "steps": "per_day"}
        dropped = {other for name, other in instead.items() if name in own and other not in own}
        found["rules"] = {**{name: value for name, value in common.items() if name not in dropped}, **own}
    return found


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


def prove(rules: Rules, at: str) -> None:
    """Refuse what would give a mark that nobody could follow.

    Args:
        at: where they stand.

    Raises:
        RuleError: a share is none, a step comes before another, or two rules say how much.
    """
    for name in ("per_day", "cap", "late_without_time"):
        _share(f"{at}.{name}", getattr(rules, name))
    if not 0 <= rules.grace_minutes < math.inf:
        raise RuleError(f"{at}.grace_minutes", "grace_minutes is a number of minutes, 0 or more")
    if rules.most_attempts < 0:
        raise RuleError(f"{at}.most_attempts", "most_attempts is 1 or more; 0: all count")
    if rules.steps and rules.per_day:
        raise RuleError(f"{at}.steps", "per_day and steps both say what lateness takes: keep one")
    before, taken = -1.0, 0.0
    for hours, share in rules.steps:
        _share(f"{at}.steps", share)
        if not 0 <= hours < math.inf or hours <= before or share < taken:
            raise RuleError(f"{at}.steps", "steps are [hours, share], each later than the one before it and "
                            "taking as much or more")
        before, taken = hours, share


def _share(at: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise RuleError(at, f"{at.rpartition('.')[2]}: {value:g} is no share; 0.1 is 10 %")


def _line_of(text: str, at: str, named: str = "") -> int:
    """The line of course.toml at which something stands, as near as can be told.

    Args:
        at: `$.exercise[1].rules.cap`, as msgspec names it.
        named: a key below that.
    """
    lines = text.splitlines()
    tables = [number for number, line in enumerate(lines) if re.match(r"\s*\[\[\s*exercise\s*\]\]", line)]
    which = re.match(r"\$\.exercise\[(\d+)\]", at)
    first, last = 0, len(lines)
    if which and int(which[1]) < len(tables):
        first = tables[int(which[1])]
        last = next((number for number in tables if number > first), last)
    places: list[int] = [*range(first, last), *range(len(lines))]
    for key in reversed([*re.findall(r"\.(\w+)", at), named]):
        name = re.escape(key)
        sign = re.compile(rf'(?:^|[{{,])\s*"?{name}"?\s*=|^\s*\[+\s*(?:\w+\.)?{name}\s*\]+')
        found = next((number for number in places if key and sign.search(lines[number])), None)
        if found is not None:
            return found + 1
    return first + 1


def parsed(text: str) -> Course:
    """What a course.toml says.

    Raises:
        CourseError: it is not as it must be.
    """
    try:
        read = msgspec.convert(_filled(tomllib.loads(text)), Course)
        _prove_course(read)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:  # tomllib raises more than it says
        said = " ".join(str(error).split())
        at = error.at if isinstance(error, RuleError) else (re.search(r"`(\$[^`]*)`$", said) or ["", ""])[1]
        key = re.search(r"unknown field `(\w+)`", said)
        stated = re.search(r"\(at line (\d+),", said)
        raise CourseError(int(stated[1]) if stated else _line_of(text, at, key[1] if key else ""),
                          said) from error
    return read


def _prove_course(course: Course) -> None:
    zone = zone_of(course.timezone)
    prove(course.rules, "$.rules")
    if not 0 <= course.pass_mark <= 1:
        raise RuleError("$.pass_mark", f"pass_mark: {course.pass_mark:g} is no share; 0.5 is 50 %")
    for number, place in enumerate(course.exercise):
        at = f"$.exercise[{number}]"
        if not 0 <= place.weight < math.inf:
            raise RuleError(f"{at}.weight", f"the weight of {place.name!r} is negative, or no number")
        if any(other.name == place.name for other in course.exercise[:number]):
            raise RuleError(f"{at}.name", f"{place.name!r} is there twice")
        prove(place.rules, f"{at}.rules")
        for name, text in (("due", place.due), *(("groups", due) for due in place.groups.values())):
            if text or name == "groups":
                _due_at(text, zone, f"{at}.{name}")


def _due_at(text: str, zone: datetime.tzinfo | None, at: str) -> None:
    """Refuse a deadline that is none.

    Raises:
        RuleError: see `moment`.
    """
    try:
        moment(text, zone)
    except ValueError as error:
        raise RuleError(at, str(error)) from None
