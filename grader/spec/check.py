"""A check: one promise to the student, with points, and the word it ends with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, Protocol

from grader.records import Cause
from grader.spec.steps import Step


@dataclass(frozen=True)
class Diagnosis:
    """A named misconception: what the numbers correspond to, what to try next, what to read.

    `pattern` is a regular expression for the lines it is about, looked for in the student's functions: they
    are marked.
    """

    id: str
    meaning: str
    advice: str = ""
    read: str = ""
    pattern: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """One promise to the student, with points."""

    id: str
    promise: str
    points: float
    looks_at: tuple[Step, ...]
    after: tuple[Check, ...]
    visible: bool
    may_raise: bool
    # claimed share of right solutions that fail it; 0 where nothing is drawn
    false_alarms: float
    errors: Mapping[str, Diagnosis]        # regular expression -> what an error shows that it finds
    hint: str
    read: str
    function: Callable[..., None]


def check(*, looks_at: Step | tuple[Step, ...], points: float, after: Check | tuple[Check, ...] = (),
          visible: bool = True, may_raise: bool = False, false_alarms: float = 0.0,
          errors: Mapping[str, Diagnosis] | None = None, hint: str = "", read: str = ""
          ) -> Callable[[Callable[..., None]], Check]:
    """Make a check of a function that receives one `Seen` for each step in `looks_at`.

    The function's docstring is the promise; its name, with hyphens, the id. It returns where the promise
    holds and calls `fail` (or an expectation that does) where not.

    Args:
        looks_at: the steps whose observations it is given, in this order.
        points: what it is worth.
        after: checks without which it could see nothing at all; where one does not pass, it is not reached.
        visible: whether students get it.
        may_raise: whether it wants to see a step that raised; without, such a step fails the check before it
            is asked.
        false_alarms: the share of right solutions that fail it by chance, which `grader validate` measures;
            0 where nothing is drawn.
        errors: what a step that raised shows: the misconception, by a regular expression that is looked for
            in "TypeError: message". It is named where a line that led there fits the misconception's own
            pattern, if it has one, and where no other is found.
        hint, read: shown on failure where a diagnosis brings none of its own.

    Raises:
        ValueError: the function has no docstring.
    """
    def make(function: Callable[..., None]) -> Check:
        steps = looks_at if isinstance(looks_at, tuple) else (looks_at,)
        roots = after if isinstance(after, tuple) else (after,)
        promise = " ".join((function.__doc__ or "").split())
        if not promise:
            raise ValueError(f"check {function.__name__} has no docstring: it is what the student reads")
        return Check(id=function.__name__.replace("_", "-"), promise=promise, points=points, looks_at=steps,
                     after=roots, visible=visible, may_raise=may_raise, false_alarms=false_alarms,
                     errors=errors or {}, hint=hint, read=read, function=function)
    return make


class Specification(Protocol):
    """All that a judge knows of an exercise."""

    @property
    def checks(self) -> tuple[Check, ...]: ...

    @property
    def keys(self) -> Mapping[Step, str]:
        """Every step that the checks look at -> the key under which its outcome is found."""


class Unmet(Exception):  # noqa: N818 - not an error but the word a check ends with
    """A promise that does not hold. Raised by `fail`, caught by the judge."""

    def __init__(self, message: str, diagnosis: Diagnosis | None, cause: Cause) -> None:
        super().__init__(message)
        self.message = message
        self.diagnosis = diagnosis
        self.cause = cause


class NotBrought(Unmet):
    """A part that the probe did not bring: the fault of whoever wrote it, and `grader validate` says so."""


def fail(message: str, diagnosis: Diagnosis | None = None) -> NoReturn:
    """The promise does not hold: say what was seen, and which misconception the numbers point to, if just
    one.

    Raises:
        Unmet: always; the judge catches it.
    """
    raise Unmet(message, diagnosis, Cause.WRONG_ANSWER)
