"""The grader's side of the conversation with a runner. Everything that arrives is hostile; reading it never
raises."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from grader.wall import frames, wire
from grader.wall.messages import (
    CallStep,
    Cause,
    Job,
    Lost,
    NotStarted,
    Observations,
    Outcome,
    Returned,
    Run,
    Step,
)
from grader.wall.values import TensorRef, Value

ENVELOPE = 1 << 16  # bytes of an answer beside its numbers and its JSON
MAX_REASON = 2000   # characters


class Stream(frames.Readable, frames.Writable, Protocol):
    """To and from a runner."""


def converse(stream: Stream, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array], *,
             isolated: bool) -> wire.Parcel[Observations] | NotStarted:
    """Send the job, then, after its last cell, one step after the other."""
    try:
        frames.put(stream, b"J", wire.write(job))
        kind, payload = frames.get(stream, MAX_REASON)
    except (frames.Broken, OSError, ValueError) as error:
        return NotStarted(reason=f"the sandbox ended before the notebook started: {error}")
    if kind != b"s":
        return NotStarted(reason=payload.decode("utf-8", "replace")[:MAX_REASON]
                          or "the sandbox did not start")
    run, trouble = _run(stream, job)
    outcomes: dict[str, Outcome] = {}
    found: dict[str, wire.Array] = {}
    left = job.limits.observation_bytes
    for step in steps:
        if not trouble:
            try:
                frames.put(stream, b"S", *wire.parts(step, _needed(step, arrays)))
                kind, payload = frames.get(stream, max(left, 0) + ENVELOPE)
                left -= len(payload)
                if kind != b"o":
                    trouble = f"the sandbox ended: {payload[:500].decode('utf-8', 'replace')}"
            except (frames.Broken, OSError, ValueError) as error:
                trouble = f"the sandbox ended during the calls: {error}"
        if trouble:
            outcomes[step.key] = Lost(cause=Cause.CRASHED, detail=trouble)
            continue
        outcomes[step.key], numbers = checked(payload, step.key)
        found.update(numbers)
    _end(stream)
    return wire.Parcel(record=Observations(run=run, outcomes=outcomes, isolated=isolated,
                                           device=job.world.device), arrays=found)


def _run(stream: Stream, job: Job) -> tuple[Run, str]:
    """The notebook's execution, and why nothing more can be asked."""
    try:
        kind, payload = frames.get(stream, wire.MAX_JSON + 8)
    except (frames.Broken, OSError, ValueError) as error:
        return Run(left_out=job.left_out), f"the sandbox ended while the notebook ran: {error}"
    parcel = wire.read(payload, Run) if kind == b"r" else wire.Garbled(reason=payload[:500].decode("utf-8",
                                                                                                   "replace"))
    if isinstance(parcel, wire.Garbled):
        return Run(left_out=job.left_out), f"the notebook's execution cannot be read: {parcel.reason}"
    run = parcel.record
    return (run if _is_notebook(run.executed)
            else Run(events=run.events, defined=run.defined, seconds=run.seconds,
                                                       left_out=run.left_out)), ""


def _is_notebook(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("cells"), list)


def _end(stream: Stream) -> None:
    try:
        frames.put(stream, b"E")
    except (OSError, ValueError):
        return


def _needed(step: Step, arrays: Mapping[str, wire.Array]) -> dict[str, wire.Array]:
    """The numbers that one step refers to."""
    given: list[Value] = [*step.arguments, *(value for _, value in step.keywords)] if isinstance(step,
                                                                                                 CallStep) \
        else [value for _, value in step.inputs]
    return {ref.key: arrays[ref.key] for value in given for ref in wire.tensors_of(value)}


def checked(payload: frames.Bytes, key: str) -> tuple[Outcome, dict[str, wire.Array]]:
    """An outcome whose references fit its numbers. Anything else is the student's loss, never ours."""
    parcel = wire.read(payload, Outcome)
    if isinstance(parcel, wire.Garbled):
        return Lost(cause=Cause.CRASHED, detail=f"the answer cannot be read: {parcel.reason}"), {}
    outcome = parcel.record
    if not isinstance(outcome, Returned):
        return outcome, {}
    refs = [ref for each in outcome.rounds for value in (each.value, *each.arguments)
            for ref in wire.tensors_of(value)]
    if not all(_fits(ref, parcel.arrays, key) for ref in refs):
        return Lost(cause=Cause.CRASHED, detail="the answer refers to numbers that did not come with it"), {}
    used = {ref.key for ref in refs}
    return outcome, {name: array for name, array in parcel.arrays.items() if name in used}


def _fits(ref: TensorRef, arrays: Mapping[str, wire.Array], key: str) -> bool:
    array = arrays.get(ref.key)
    return (array is not None and ref.key.startswith(f"{key}/")
            and array.dtype == ref.dtype and array.shape == ref.shape)
