"""A tutor's own word on a check, and what it makes of a result."""

from __future__ import annotations

from msgspec import Struct, structs

from grader.records import Mark, Result, Status, Verdict


class Override(Struct, frozen=True, kw_only=True):
    """A tutor's own word on one check."""

    student: str
    exercise: str
    check: str
    points: float | None     # None: the mark stays, only the comment is added
    comment: str = ""


def overridden(result: Result, overrides: list[Override]) -> Result:
    """The result with a tutor's own marks and comments in it.

    Args:
        result: as judged.
        overrides: of any students; those of this result are taken.
    """
    own = {o.check: o for o in overrides if (o.student, o.exercise) == (result.student, result.exercise)}
    if not own:
        return result
    checks = reached(tuple(_overridden(check, own[check.id]) if check.id in own else check
                           for check in result.checks))
    settled = {o.check for o in own.values() if o.points is not None}
    result = structs.replace(result, needs_you=tuple(
        one for one in result.needs_you if not one.checks or not settled.issuperset(one.checks)))
    comment = " ".join(o.comment for o in own.values() if o.comment)
    withheld = any(check.mark is Mark.GRADER_ERROR for check in checks)
    if result.status is Status.UNREADABLE or not checks or withheld:
        return structs.replace(result, checks=checks, comment=comment)
    maximum = sum(check.max_points for check in checks if check.mark is not Mark.NOT_AVAILABLE)
    return structs.replace(result, checks=checks, comment=comment,
                           score=sum(check.points for check in checks),
                           max_score=maximum, status=Status.GRADED)


def reached(checks: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """The checks that a tutor's word has set free, as they were judged by themselves.

    Args:
        checks: in the exercise's order, so that what a check hangs on comes before it.
    """
    passed: set[str] = set()
    found = []
    for check in checks:
        if check.mark is Mark.NOT_REACHED and check.alone and passed.issuperset(check.after):
            check = check.alone
        if check.mark is Mark.PASS:
            passed.add(check.id)
        found.append(check)
    return tuple(found)


def _overridden(check: Verdict, override: Override) -> Verdict:
    if override.points is None:
        return check
    full = override.points >= check.max_points
    mark = Mark.PASS if full else Mark.FAIL if override.points <= 0 else Mark.PARTIAL
    return structs.replace(check, points=override.points, mark=mark, root=None, after=(),
                           message=f"Marked by the tutor. {override.comment}".strip())
