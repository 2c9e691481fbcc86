"""Observations -> verdicts. Pure: no files, no clock, no processes. Total: every check gets a mark, whatever
came."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Set
from typing import Any

from msgspec import structs

from grader import records
from grader.locale import N_
from grader.records import Cause
from grader.spec import Check, Diagnosis, Preparation, Seen, Step, Unmet, the_one
from grader.spec.check import Specification
from grader.wall import messages, wire

Observed = Mapping[str, wire.Parcel[messages.Observations]]  # world -> what was observed in it

MAX_MESSAGE = 2000  # characters: a message may quote what a student sent

UNDEFINED = N_("`%(name)s` is not defined after the notebook's last cell.")
LOST = {
    messages.LossCause.MISSING: UNDEFINED,
    messages.LossCause.TIMEOUT: N_("`%(name)s` did not come to an end in the time allowed."),
    messages.LossCause.MEMORY: N_("`%(name)s` used more memory than allowed."),
    messages.LossCause.OUTPUT: N_("`%(name)s` wrote or returned more than allowed."),
    messages.LossCause.CRASHED: N_("Python ended while `%(name)s` was running, so nothing was returned."),
}
NO_FUNCTION = N_("`%(name)s` is not a function after the notebook's last cell.")
COMPUTED = N_("`%(name)s` did not come to an end in the time allowed. It computed for more than %(seconds)s "
              "seconds.")
WAITED = N_("`%(name)s` did not come to an end in the time allowed. It waited for more than %(seconds)s "
            "seconds and computed nothing.")
OF_ALL = N_("There was no time left for `%(name)s`: running this submission, repetitions included, took "
            "longer than allowed.")
SIGNALLED = N_("Python ended while `%(name)s` was running, so nothing was returned. "
               "The system stopped it (%(signal)s).")
CALLED = N_("`%(name)s` called %(forbidden)s, which this exercise asks you to write yourself.")
UNWRITTEN = N_("`%(name)s` is not written yet: it raises NotImplementedError.")
PROBE_STOPPED = N_("The check's own experiment stopped on what `%(name)s` gave it: %(error)s: %(message)s")
NOT_SIMULATED = N_("`%(name)s` went beyond what is simulated: %(message)s. It may well be right on a real "
                   "GPU, so your tutor is asked to look at it.")
TOO_LARGE = N_("The numbers that came back are so large that nothing can be computed from them.")
RAISED = N_("`%(name)s` raised %(error)s.")
RAISED_WITH = N_("`%(name)s` raised %(error)s: %(message)s")


def judge(exercise: Specification, observed: Observed, prepared: Preparation) -> tuple[records.Verdict, ...]:
    """The verdict on every check of the exercise, in its order.

    What was observed once more on a real GPU must hold there too.
    """
    verdicts = _judged(exercise, observed, prepared)
    for world in prepared.worlds.values():
        if world.repeats and world.name in observed:
            there = _judged(exercise, {**observed, world.repeats: observed[world.name]}, prepared)
            verdicts = tuple(structs.replace(b, message=f"On the GPU: {b.message}".rstrip(": "), said=None)
                             if a.mark is records.Mark.PASS and b.mark is not records.Mark.PASS else a
                             for a, b in zip(verdicts, there, strict=True))
    return verdicts


def _judged(exercise: Specification, observed: Observed,
            prepared: Preparation) -> tuple[records.Verdict, ...]:
    verdicts: dict[str, records.Verdict] = {}
    worked_out: dict[Any, Any] = {}
    for check in exercise.checks:
        alone = (_unavailable(check, verdicts)
                 or verdict_on(exercise, check, observed, prepared, worked_out))
        root = None if alone.mark is records.Mark.NOT_AVAILABLE else _root(check, verdicts)
        verdicts[check.id] = _behind(check, root, alone) if root else alone
    failed = {id_ for id_, v in verdicts.items() if v.mark is records.Mark.FAIL}
    return tuple(_beside(v, failed) for v in verdicts.values())


def _unavailable(check: Check, earlier: Mapping[str, records.Verdict]) -> records.Verdict | None:
    """The verdict where what it hangs on cannot be looked at here. Decided before anything else, and from
    the machine alone: everybody is marked out of the same maximum."""
    gone = next((earlier[b.id] for b in check.after
                 if earlier[b.id].mark is records.Mark.NOT_AVAILABLE), None)
    return _marked(check, records.Mark.NOT_AVAILABLE, cause=gone.cause) if gone else None


def verdict_on(exercise: Specification, check: Check, observed: Observed,
               prepared: Preparation, worked_out: dict[Any, Any] | None = None) -> records.Verdict:
    """The verdict on one check, whatever it hangs on. `worked_out`: what earlier checks have derived."""
    worked_out = {} if worked_out is None else worked_out
    seen = []
    for step in check.looks_at:
        key = exercise.keys[step]
        parcel = observed.get(step.world.name)
        if parcel is None:
            return _marked(check, records.Mark.NOT_AVAILABLE, cause=Cause.NEEDS_CUDA)
        outcome = parcel.record.outcomes.get(key, messages.Ended(cause=messages.LossCause.CRASHED))
        seen.append(Seen(step=step, given=prepared.steps[key].given, outcome=outcome, arrays=parcel.arrays,
                         gpus=prepared.worlds[step.world.name].gpus, worked_out=worked_out))
    for one in seen:
        refused = _refusal(check, one, observed[one.step.world.name].record.run.defined)
        if refused:
            return refused
    return _asked(check, seen)


def _root(check: Check, earlier: Mapping[str, records.Verdict]) -> records.Verdict | None:
    """The verdict on the first check this one hangs on that was not passed."""
    return next((earlier[b.id] for b in check.after if earlier[b.id].mark is not records.Mark.PASS), None)


def _beside(verdict: records.Verdict, failed: Set[str]) -> records.Verdict:
    """The verdict, with those of the mistakes that it was judged by which failed checks tell of."""
    if verdict.alone:
        return structs.replace(verdict, alone=_beside(verdict.alone, failed))
    if verdict.mark is not records.Mark.PASS or not verdict.after:
        return verdict
    return structs.replace(verdict, after=tuple(id_ for id_ in verdict.after if id_ in failed))


def _behind(check: Check, before: records.Verdict, alone: records.Verdict) -> records.Verdict:
    """Not reached. What it would be by itself is kept, for a tutor who lets the other one pass."""
    return structs.replace(_marked(check, records.Mark.NOT_REACHED, cause=Cause.PREREQUISITE,
                                   root=before.root or before.id),
                           after=tuple(b.id for b in check.after), alone=alone)


def _refusal(check: Check, seen: Seen, defined: tuple[str, ...]) -> records.Verdict | None:
    """The verdict where a step used what is forbidden, or brought nothing to judge."""
    outcome = seen.outcome
    if isinstance(outcome, messages.Returned) and len(outcome.rounds) != seen.step.times:
        outcome = messages.Ended(cause=messages.LossCause.CRASHED)
    if isinstance(outcome, messages.Lost | messages.Ended):
        return _marked(check, records.Mark.FAIL, cause=records.cause_of(outcome.cause),
                       said=_lost(seen.step, outcome),
                       lines=outcome.lines if isinstance(outcome, messages.Lost) else ())
    if outcome.forbidden:
        names = ", ".join(f"`{name}`" for name in sorted(set(outcome.forbidden)))
        return _marked(check, records.Mark.FAIL, cause=Cause.FORBIDDEN,
                       said=_sentence(CALLED, name=_named(seen.step), forbidden=names))
    missing = [name for name in seen.step.uses if name not in defined]
    if isinstance(outcome, messages.Raised) and missing:
        return _marked(check, records.Mark.FAIL, cause=Cause.MISSING,
                       said=_sentence(LOST[messages.LossCause.MISSING], name=missing[0]))
    if isinstance(outcome, messages.Raised) and outcome.not_simulated and seen.gpus is not None:
        return _marked(check, records.Mark.FAIL, cause=Cause.NOT_SIMULATED, lines=outcome.lines,
                       said=_sentence(NOT_SIMULATED, name=_named(seen.step), message=outcome.message))
    if isinstance(outcome, messages.Raised) and not check.may_raise:
        if _unwritten(outcome):
            return _not_started(check, seen.step, outcome)
        verdict = _marked(check, records.Mark.FAIL, cause=Cause.RAISED, said=_raised(seen.step, outcome),
                          lines=outcome.lines, hinted=outcome.inside_probe)
        return _diagnosed(verdict, _shown_by(outcome, check), check)
    return None


def _asked(check: Check, seen: list[Seen]) -> records.Verdict:
    """The check's own word."""
    try:
        with warnings.catch_warnings(action="ignore"):  # torch warns of odd numbers; they are the student's
            check.function(*seen)
    except Unmet as unmet:
        for one in seen:
            if one.raised and _unwritten(one.raised):
                return _not_started(check, one.step, one.raised)
        lines = tuple(line for s in seen if s.raised for line in s.raised.lines)
        verdict = _marked(check, records.Mark.FAIL, cause=unmet.cause, message=unmet.message, lines=lines,
                          hinted=True)
        verdict = _diagnosed(verdict, unmet.diagnosis, check)
    except OverflowError:  # finite, and yet too large to compute with: a right answer never is
        verdict = _marked(check, records.Mark.FAIL, cause=records.Cause.WRONG_ANSWER,
                          said=_sentence(TOO_LARGE))
    except Exception as error:  # the check itself is broken: ours, so the mark is withheld
        verdict = _marked(check, records.Mark.GRADER_ERROR,
                          message=f"the check raised {type(error).__name__}: {error}")
    else:
        verdict = structs.replace(_marked(check, records.Mark.PASS),
                                  after=tuple(dict.fromkeys(name for s in seen for name in s.followed)))
    return structs.replace(verdict, measurements=tuple(m for s in seen for m in s.measurements),
                           pictures=tuple(p for s in seen for p in s.pictures))


def _shown_by(raised: messages.Raised, check: Check) -> Diagnosis | None:
    """The misconception that the error shows, where a line that led there is one it is about."""
    error = f"{raised.error}: {raised.message}"
    return the_one((found, bool(re.search(pattern, error)) and (
        not found.pattern or any(re.search(found.pattern, line.text) for line in raised.lines)))
        for pattern, found in check.errors.items())


def _diagnosed(verdict: records.Verdict, found: Diagnosis | None, check: Check) -> records.Verdict:
    """The verdict with the misconception that the numbers or the error point to, if any."""
    if found is None:
        return verdict
    return structs.replace(verdict, diagnosis=found.id, meaning=found.meaning,
                           advice=found.advice or check.hint, read=found.read or check.read,
                           pattern=found.pattern)


def _marked(check: Check, mark: records.Mark, *, cause: Cause | None = None, message: str = "",
            said: records.Sentence | None = None,
            lines: tuple[messages.Line, ...] = (), root: str | None = None,
            hinted: bool = False) -> records.Verdict:
    """A verdict. The check's hint says what a right answer needs, which is no help where there was no answer
    at all."""
    text = said.template % said.values if said else message
    return records.Verdict(id=check.id, title=check.promise, mark=mark, cause=cause,
                           message=text[:MAX_MESSAGE], said=said,
                     lines=lines, root=root,
                     points=check.points if mark is records.Mark.PASS else 0.0, max_points=check.points,
                     advice=check.hint if hinted else "", read=check.read if hinted else "",
                     functions=tuple(dict.fromkeys(name for step in check.looks_at for name in step.uses)),
                     visible=check.visible)


def _named(step: Step) -> str:
    return ", ".join(step.uses)


def _sentence(template: str, **values: str) -> records.Sentence:
    return records.Sentence(template=template, values={name: value[:MAX_MESSAGE] for name,
                                                   value in values.items()})


def _lost(step: Step, ending: messages.Lost | messages.Ended) -> records.Sentence:
    """Why nothing came back."""
    name = _named(step)
    if ending.cause is messages.LossCause.TIMEOUT and ending.after_seconds is not None:
        waited = isinstance(ending, messages.Ended) and ending.waited
        return _sentence(WAITED if waited else COMPUTED, name=name, seconds=f"{ending.after_seconds:g}")
    if isinstance(ending, messages.Ended) and ending.of_all:
        return _sentence(OF_ALL, name=name)
    if isinstance(ending, messages.Ended) and ending.by_signal is not None:
        return _sentence(SIGNALLED, name=name, signal=ending.by_signal.name)
    missing = ending.cause is messages.LossCause.MISSING
    if isinstance(ending, messages.Lost) and missing and ending.no_function:
        return _sentence(NO_FUNCTION, name=name)
    return _sentence(LOST[ending.cause], name=name)


def _unwritten(raised: messages.Raised) -> bool:
    """Is this the stub that the exercise was handed out with?"""
    return raised.error == "NotImplementedError" and not raised.message and not raised.inside_probe


def _not_started(check: Check, step: Step, raised: messages.Raised) -> records.Verdict:
    return _marked(check, records.Mark.FAIL, cause=Cause.NOT_STARTED, lines=raised.lines, hinted=True,
                   said=_sentence(UNWRITTEN, name=_named(step)))


def _raised(step: Step, raised: messages.Raised) -> records.Sentence:
    name = _named(step)
    if raised.inside_probe:
        return _sentence(PROBE_STOPPED, name=name, error=raised.error, message=raised.message)
    if raised.message:
        return _sentence(RAISED_WITH, name=name, error=raised.error, message=raised.message)
    return _sentence(RAISED, name=name, error=raised.error)


def score(verdicts: tuple[records.Verdict, ...]) -> tuple[float | None, float]:
    """(points, maximum); points are None where the mark is withheld. What is not available leaves the
    maximum."""
    maximum = sum(v.max_points for v in verdicts if v.mark is not records.Mark.NOT_AVAILABLE)
    if any(v.mark is records.Mark.GRADER_ERROR for v in verdicts):
        return None, maximum
    return sum(v.points for v in verdicts), maximum
