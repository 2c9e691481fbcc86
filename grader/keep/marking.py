"""A tutor's own word on a check or on a submission, and what it makes of a result."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from grader.locale import N_
from grader.records import Cause, Mark, NeedsYou, Result, Sentence, Status, Verdict

STALE = N_("An override of an earlier submission does not count for this one: %(words)s.")
SET = N_("Set by the tutor.")
COMMENTED = N_("Set by the tutor: %(comment)s")


class Override(Struct, frozen=True, kw_only=True):
    """A tutor's own word on one check, or on a submission as a whole."""

    student: str
    exercise: str
    check: str               # "": the submission as a whole
    sha256: str              # of the submission that it was made on (`Result.stamp`); "": nobody knows
    points: float | None     # None: the mark stays
    bonus: float = 0.0       # of the submission as a whole: on top of its points
    comment: str = ""        # for the student
    by: str = "tutor"
    made_at: str = ""        # ISO 8601, UTC; "" of a new one

    @property
    def word(self) -> tuple[float | None, float, str]:
        """What it says, whoever says it."""
        return self.points, self.bonus, self.comment

    @property
    def says(self) -> bool:
        """Does it say anything? One that does not only settles an earlier submission's."""
        return self.word != (None, 0.0, "")

    def told(self) -> str:
        """In the tutor's words."""
        points = "" if self.points is None else f"{self.points:g} points"
        bonus = f"{self.bonus:g} points of bonus" if self.bonus else ""
        said = ", ".join(filter(None, [points, bonus, f'"{self.comment}"' if self.comment else ""]))
        return f"{self.check or 'as a whole'}: {said or 'dropped'}"


def overridden(result: Result, overrides: Sequence[Override]) -> Result:
    """The result with a tutor's own marks and comments in it, those that were made on this submission. Where
    one was made on an earlier submission only, the tutor is asked.

    Args:
        result: as judged.
        overrides: of any students; those of this result are taken.
    """
    own = [o for o in overrides if (o.student, o.exercise) == (result.student, result.exercise)]
    here = {o.check: o for o in own if o.sha256 == result.stamp and o.says}
    if here:
        result = _marked(result, here)
    if old := stale(result, own):
        words = "; ".join(one.told() for one in old)
        result = structs.replace(result, needs_you=(*result.needs_you, NeedsYou(
            kind="stale-override", reason=STALE % {"words": words},
            said=Sentence(template=STALE, values={"words": words}))))
    return result


def stale(result: Result, overrides: Sequence[Override]) -> list[Override]:
    """The words on earlier submissions, of each check the last, where nobody has said whether they hold for
    this one.

    Args:
        overrides: of this student and exercise.
    """
    settled = {o.check for o in overrides if o.sha256 == result.stamp}
    last = {o.check: o for o in sorted(overrides, key=lambda o: o.made_at) if o.check not in settled}
    return [o for o in last.values() if o.says]


def _marked(result: Result, own: dict[str, Override]) -> Result:
    checks = reached(tuple(_overridden(check, own[check.id]) if check.id in own else check
                           for check in result.checks))
    settled = {o.check for o in own.values() if o.points is not None}
    comment = "\n\n".join(o.comment for o in own.values() if o.comment)
    result = structs.replace(result, checks=checks, comment=comment, needs_you=tuple(
        one for one in result.needs_you if "" not in settled
        and (not one.checks or not settled.issuperset(one.checks))))
    withheld = any(check.mark is Mark.GRADER_ERROR for check in checks)
    if checks and not withheld and result.status is not Status.UNREADABLE:
        score = sum(check.points for check in checks) + sum(one.points or 0.0 for one in result.written)
        maximum = sum(check.max_points for check in checks if check.mark is not Mark.NOT_AVAILABLE)
        maximum += sum(one.max_points for one in result.written)
        result = structs.replace(result, score=score, max_score=maximum, status=Status.GRADED)
    return _as_a_whole(result, own[""]) if "" in own else result


def _as_a_whole(result: Result, override: Override) -> Result:
    if override.points is not None:  # nothing of it waits any more, and no answer has points of its own
        written = tuple(structs.replace(answer, max_points=0.0, points=None) for answer in result.written)
        result = structs.replace(result, score=override.points, status=Status.GRADED, by=override.by,
                                 written=written)
    if result.score is None or not override.bonus:
        return result
    return structs.replace(result, score=result.score + override.bonus, bonus=override.bonus, by=override.by)


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
    template = COMMENTED if override.comment else SET
    values = {"comment": override.comment} if override.comment else {}
    # of a failure somebody has looked into it: it was neither left out nor out of reach
    passed_over = check.cause in (Cause.NOT_STARTED, Cause.PREREQUISITE)
    cause = None if mark is Mark.PASS or passed_over else check.cause
    return structs.replace(check, points=override.points, mark=mark, root=None, after=(), by=override.by,
                           cause=cause, message=template % values,
                           said=Sentence(template=template, values=values))
