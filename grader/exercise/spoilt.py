"""Observations spoilt in ways that must not go unnoticed, or must at least do no harm.

Two promises are proved of every check: numbers that are wrong do not pass, and nothing that a sandbox can
send makes the check itself raise, since a check that raises withholds the mark and would let a submission
escape marking.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from msgspec import structs

from grader import records
from grader.exercise.flaws import Flaw, Watched
from grader.judge import Observed, verdict_on
from grader.spec import Check, Step
from grader.wall import messages, wire
from grader.wall.values import (
    Device,
    MappingValue,
    Nothing,
    Opaque,
    Real,
    SequenceValue,
    TensorRef,
    Text,
    Truth,
    Value,
    Whole,
)

if TYPE_CHECKING:
    from grader.spec import Preparation

Change = Callable[[torch.Tensor], torch.Tensor]
LEAVES = 8    # values replaced by junk in one step, spread evenly over all it holds

CHANGES: dict[str, Change] = {
    "zeros": torch.zeros_like,
    "NaN": lambda t: torch.full_like(t, float("nan")) if t.is_floating_point() else t,
    "infinities": lambda t: torch.full_like(t, float("inf")) if t.is_floating_point() else t,
    "one element": lambda t: t.flatten()[:1] if t.numel() > 1 else t,
    "transposed": lambda t: t.transpose(0, -1).contiguous(),
    "other dtype": lambda t: t.to(torch.float16) if t.is_floating_point() else t,
    "not a number": lambda t: t.to(torch.bool),
    "no element": lambda t: t.flatten()[:0],
}
MUST_NOTICE = ("zeros", "NaN", "one element")  # in each step by itself; the others at least somewhere

JUNK: tuple[Value, ...] = (
    Nothing(), Opaque(kind="Liar"), Text(value="\x1b[31m" + "9" * 50), Real(value="nan"), Real(value="inf"),
    Truth(value=True), Whole(value=-(2**62)), SequenceValue(items=()), MappingValue(items=()),
    TensorRef(key="nowhere", dtype="float32", shape=(2, 2)), Device(value="cuda:7"),
    SequenceValue(items=(SequenceValue(items=(Nothing(),)),)),
)
MEND_NOTICE = ("let a check compare the numbers that the step brings, shape and dtype first, written so that "
               "NaN fails")


def unnoticed(watched: Watched, observed: Observed, prepared: Preparation,
              wanted: Collection[str]) -> Iterator[Flaw]:
    """What spoiling the reference's own observations brings to light; nothing where every promise holds.

    Args:
        watched: The whole exercise, since what one check overlooks another may notice.
        observed: What the reference brought, world by world.
        prepared: The inputs it was given.
        wanted: The ids of the checks of which it is asked.
    """
    exercise, made, somewhere = watched.exercise, set[str](), set[str]()
    for step, key in exercise.keys.items():
        checks = [check for check in exercise.checks if step in check.looks_at]
        if step.world.name not in observed or not any(check.id in wanted for check in checks):
            continue
        sent = {array.data for array in prepared.steps[key].arrays.values()}
        for name, change in CHANGES.items():
            changed = _changed(observed, step, key, change, sent)
            if changed is None:
                continue
            made.add(name)
            noticed, raised = _asked(watched, checks, changed, prepared)
            yield from (replace(flaw, names=(name,)) for flaw in raised if flaw.checks[0] in wanted)
            if noticed:
                somewhere.add(name)
            elif name in MUST_NOTICE:
                yield Flaw(cause=f"{name} pass every check that looks at them", mend=MEND_NOTICE,
                           names=(f"{step.function} ({key})",))
        for junk in _littered(observed, step, key):
            _, raised = _asked(watched, checks, junk, prepared)
            yield from (replace(flaw, names=("junk",)) for flaw in raised if flaw.checks[0] in wanted)
    everything = all(check.id in wanted for check in exercise.checks)
    if everything:
        yield from (Flaw(cause=f"{name}: noticed by no check", mend=MEND_NOTICE) for name in CHANGES
                    if name in made - somewhere)


def _asked(watched: Watched, checks: Sequence[Check], observed: Observed,
           prepared: Preparation) -> tuple[bool, list[Flaw]]:
    """Whether any of the checks fails, and a flaw for each that raises."""
    noticed, raised = False, []
    for check in checks:
        verdict = verdict_on(watched.exercise, check, observed, prepared)
        noticed |= verdict.mark is not records.Mark.PASS
        if verdict.mark is records.Mark.GRADER_ERROR:
            raised.append(watched.broken[check.id])
    return noticed, raised


def _with_outcome(observed: Observed, step: Step, key: str, outcome: messages.Outcome,
                  arrays: Mapping[str, wire.Array]) -> Observed:
    parcel = observed[step.world.name]
    record = structs.replace(parcel.record, outcomes={**parcel.record.outcomes, key: outcome})
    return {**observed, step.world.name: wire.Parcel(record=record, arrays={**parcel.arrays, **arrays})}


def _changed(observed: Observed, step: Step, key: str, change: Change,
             sent: Collection[bytes]) -> Observed | None:
    """Every tensor of one step changed, but for inputs that came back as they were `sent`; None if that is
    nothing."""
    parcel = observed[step.world.name]
    outcome = parcel.record.outcomes[key]
    if not isinstance(outcome, messages.Returned):
        return None
    arrays: dict[str, wire.Array] = {}

    def replaced(value: Value) -> Value:
        before = parcel.arrays.get(value.key) if isinstance(value, TensorRef) else None
        if not isinstance(value, TensorRef) or before is None or before.data in sent:
            return value
        after = wire.from_tensor(change(wire.to_tensor(before)))
        if after != before:
            arrays[value.key] = after
        return structs.replace(value, shape=after.shape, dtype=after.dtype)

    rounds = tuple(messages.Round(value=_mapped(one.value, replaced), arguments=tuple(_mapped(a, replaced)
                                                                              for a in one.arguments))
                   for one in outcome.rounds)
    if not arrays:
        return None
    return _with_outcome(observed, step, key, structs.replace(outcome, rounds=rounds), arrays)


def _mapped(value: Value, change: Callable[[Value], Value]) -> Value:
    """The value with `change` made to each leaf."""
    if isinstance(value, SequenceValue):
        return structs.replace(value, items=tuple(_mapped(item, change) for item in value.items))
    if isinstance(value, MappingValue):
        return structs.replace(value, items=tuple((k, _mapped(v, change)) for k, v in value.items))
    return change(value)


def _littered(observed: Observed, step: Step, key: str) -> Iterator[Observed]:
    """The step with one of its values replaced by junk, or the whole of it, or nothing left of it."""
    outcome = observed[step.world.name].record.outcomes[key]
    if not isinstance(outcome, messages.Returned):
        return
    yield _with_outcome(observed, step, key, structs.replace(outcome, rounds=outcome.rounds[:1]), {})
    first = outcome.rounds[0]
    for junk in JUNK:
        one = messages.Round(value=junk, arguments=tuple(junk for _ in first.arguments))
        yield _with_outcome(observed, step, key,
                            structs.replace(outcome, rounds=(one,) * len(outcome.rounds)), {})
        if first.arguments:
            yield _with_outcome(observed, step, key, structs.replace(outcome, rounds=tuple(
                structs.replace(o, value=junk) for o in outcome.rounds)), {})
    count = sum(1 for _ in _leaves(first.value))
    for at in range(0, count, max(1, -(-count // LEAVES))):
        for junk in JUNK[at % 3::3]:
            one = structs.replace(first, value=_with_leaf(first.value, at, junk))
            yield _with_outcome(observed, step, key,
                                structs.replace(outcome, rounds=(one, *outcome.rounds[1:])), {})


def _leaves(value: Value) -> Iterator[Value]:
    items = value.items if isinstance(value, SequenceValue) else (
        tuple(v for _, v in value.items) if isinstance(value, MappingValue) else None)
    if items is None:
        yield value
        return
    for item in items:
        yield from _leaves(item)


def _with_leaf(value: Value, index: int, junk: Value) -> Value:
    """The value with its leaf number `index`, in the order of `_leaves`, replaced."""
    numbers = itertools.count()
    return _mapped(value, lambda leaf: junk if next(numbers) == index else leaf)
