"""Which of several files counts, where one person handed in several for one exercise.

A file's age on disk says nothing: whoever unpacked it set it.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import partial

from grader.intake import mapping
from grader.intake.claims import Claim

Rule = tuple[str, Callable[[list[Claim]], list[Claim]]]


def best(those: list[Claim], prefer: Sequence[str]) -> tuple[list[Claim], dict[int, str]]:
    """Those of one person's files of one exercise that may count, one where all is well; and why each other
    does not."""
    why: dict[int, str] = {}
    rules: list[Rule] = [
        ("the mapping says that {best} counts", _where(lambda claim: claim.use == mapping.GRADED)),
        *(("{best} is preferred, by --prefer", _where(partial(_fits, glob))) for glob in prefer),
        ("{best} says itself which exercise it is", _where(lambda claim: claim.sure)),
        ("its name says that it is old", _where(lambda claim: not claim.old)),
        ("{best} is a later attempt", _latest_attempts),
        ("{best} was handed in later", _handed_in_last),
        ("{best} lies in fewer folders", lambda left: _least(left, lambda c: c.handed.name.count("/"))),
        ("the same as {best}, byte for byte", _distinct)]
    left = those
    for because, rule in rules:
        if len(left) > 1:
            kept = rule(left)
            for claim in left:
                if claim not in kept:
                    why[id(claim)] = because.format(best=kept[0].label)
            left = kept
    return left, why


def _where(holds: Callable[[Claim], bool]) -> Callable[[list[Claim]], list[Claim]]:
    """Those of whom it holds; all where it holds of none."""
    return lambda left: [claim for claim in left if holds(claim)] or left


def _least(left: list[Claim], key: Callable[[Claim], object]) -> list[Claim]:
    least = min(map(key, left))  # type: ignore[type-var]
    return [claim for claim in left if key(claim) == least]


def _fits(glob: str, claim: Claim) -> bool:
    glob = unicodedata.normalize("NFC", glob)
    names = (claim.label, claim.handed.name, claim.handed.name.rpartition("/")[2])
    return any(fnmatchcase(unicodedata.normalize("NFC", name), glob) for name in names)


def _latest_attempts(left: list[Claim]) -> list[Claim]:
    """The highest attempt. Where the source counts only what was called the same, it says so of that only."""
    latest: dict[tuple[int, str], int] = {}
    for claim in left:
        key = claim.source, claim.handed.name
        latest[key] = max(latest.get(key, 0), claim.handed.attempt)
    left = [claim for claim in left if claim.handed.attempt == latest[claim.source, claim.handed.name]]
    if all(claim.handed.attempt for claim in left):
        return _least(left, lambda claim: -claim.handed.attempt)
    return left


def _handed_in_last(left: list[Claim]) -> list[Claim]:
    """The latest, where it is known of each when it came."""
    times = {id(claim): moment(claim.handed.handed_in_at) for claim in left}
    known = [time for time in times.values() if time is not None]
    if len(known) < len(left) or len({time.tzinfo is None for time in known}) > 1:
        return left
    return [claim for claim in left if times[id(claim)] == max(known)]


def moment(text: str) -> datetime.datetime | None:
    """When something was handed in; None where nobody says."""
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


def _distinct(left: list[Claim]) -> list[Claim]:
    """Each content once, by its shortest name."""
    first: dict[str, Claim] = {}
    for claim in sorted(left, key=lambda claim: (len(claim.handed.name), claim.label)):
        first.setdefault(claim.look.sha256 if claim.look and claim.look.sha256 else claim.label, claim)
    return list(first.values())
