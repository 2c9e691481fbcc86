"""The grader's side of the conversation with a runner. Everything that arrives is hostile; reading it never
raises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from msgspec import structs

from grader.execute.pace import Pace
from grader.wall import frames, wire
from grader.wall.frames import Kind
from grader.wall.messages import (
    Brought,
    CallStep,
    Count,
    Ended,
    Job,
    LossCause,
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
CRASHED = Ended(cause=LossCause.CRASHED)
Places = Mapping[str, str]              # SHA-256 of a file's bytes -> where they lie on this machine
NOWHERE: Places = MappingProxyType({})


class Changed(Exception):  # noqa: N818 - the name is the statement
    """A file is not there any more as it was read. No mark can be given for what it was."""


def converse(stream: frames.Stream, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
             places: Places = NOWHERE) -> wire.Parcel[Observations] | NotStarted:
    """Send the job with its files, then, after its last cell, one step after the other."""
    try:
        frames.put(stream, Kind.JOB, wire.encode(job))
        for file in job.files:
            frames.put(stream, Kind.FILE, brought(file, places))
    except Changed as error:
        return NotStarted(reason=str(error))
    except (OSError, ValueError) as error:
        return NotStarted(reason=f"the sandbox ended before the notebook started: {error}")
    try:
        kind, payload = frames.get(stream, MAX_REASON)
    except (frames.Broken, OSError, ValueError) as error:
        return NotStarted(reason=f"the sandbox ended before the notebook started: {error}")
    if kind is not Kind.STARTED:
        return NotStarted(reason=payload.decode("utf-8", "replace")[:MAX_REASON]
                          or "the sandbox did not start")
    run = _run(stream)
    silent = run is None
    outcomes: dict[str, Outcome] = {}
    found: dict[str, wire.Array] = {}
    left, pace = job.limits.observation_bytes, Pace(job.limits)
    for step in steps:
        answer = None if silent else _asked(stream, pace.of(step), arrays, most=max(left, 0) + ENVELOPE)
        if answer is None:
            silent, outcomes[step.key] = True, CRASHED
            continue
        left -= len(answer)
        outcomes[step.key], numbers = checked(answer, step.key)
        found.update(numbers)
        pace.note(step, outcomes[step.key])
    last = Count() if silent else _end(stream)
    return wire.Parcel(record=Observations(run=run or Run(left_out=job.left_out), outcomes=outcomes,
                                           device=job.world.device, refused=last.refused,
                                           held_up=last.held_up), arrays=found)


def brought(file: Brought, places: Places) -> bytes:
    """What one file of the job holds.

    Raises:
        Changed: it holds something else by now.
    """
    try:
        with Path(places[file.sha256]).open("rb") as opened:
            data = opened.read(file.size + 1)
    except (KeyError, OSError):
        data = None
    if data is None or hashlib.sha256(data).hexdigest() != file.sha256:
        raise Changed(f"{file.name} has changed since it was read: run the same command again")
    return data


def _run(stream: frames.Stream) -> Run | None:
    """The notebook's execution; None where nothing more can be asked."""
    try:
        kind, payload = frames.get(stream, wire.MAX_JSON + 8)
    except (frames.Broken, OSError, ValueError):
        return None
    parcel = wire.read(payload, Run) if kind is Kind.RUN else None
    if not isinstance(parcel, wire.Parcel):
        return None
    run: Run = parcel.record
    return (run if _is_notebook(run.executed)
            else structs.replace(run, executed=""))


def _asked(stream: frames.Stream, step: Step, arrays: Mapping[str, wire.Array], *,
           most: int) -> bytearray | None:
    """What the runner says of one step; None where it has ended."""
    try:
        frames.put(stream, Kind.STEP, *wire.parts(step, _needed(step, arrays)))
        kind, payload = frames.get(stream, most)
    except (frames.Broken, OSError, ValueError):
        return None
    return payload if kind is Kind.OUTCOME else None


def _is_notebook(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("cells"), list)


def _end(stream: frames.Stream) -> Count:
    """No further step; what the runner has counted, if it still says so."""
    try:
        frames.put(stream, Kind.END)
        kind, payload = frames.get(stream, ENVELOPE)
    except (frames.Broken, OSError, ValueError):
        return Count()
    parcel = wire.read(payload, Count) if kind is Kind.REFUSED else None
    return parcel.record if isinstance(parcel, wire.Parcel) else Count()


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
        return CRASHED, {}
    outcome = parcel.record
    if not fits(outcome, parcel.arrays, key):
        return CRASHED, {}
    used = {ref.key for ref in _references(outcome)}
    return outcome, {name: array for name, array in parcel.arrays.items() if name in used}


def fits(outcome: Outcome, arrays: Mapping[str, wire.Array], key: str) -> bool:
    """Is every number that it refers to there, as it says, and one of its own step's?"""
    return all(_fits(ref, arrays, key) for ref in _references(outcome))


def _references(outcome: Outcome) -> list[TensorRef]:
    if not isinstance(outcome, Returned):
        return []
    return [ref for each in outcome.rounds for value in (each.value, *each.arguments)
            for ref in wire.tensors_of(value)]


def _fits(ref: TensorRef, arrays: Mapping[str, wire.Array], key: str) -> bool:
    array = arrays.get(ref.key)
    return (array is not None and ref.key.startswith(f"{key}/")
            and array.dtype == ref.dtype and array.shape == ref.shape)
