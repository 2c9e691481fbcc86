"""Jobs and answers as bytes. What many submissions share travels apart, once, under the hash of its content.

To a worker goes what this machine made itself. What comes back holds a sandbox's words: it is read by the
reader of the wall, and whatever arrives, reading it never raises.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from grader.execute.exchange import MAX_REASON, brought, fits
from grader.execute.pool import Found, Work
from grader.wall import wire
from grader.wall.messages import Job, NotStarted, Observations, Step
from grader.wall.values import Record

OURS = wire.Bounds(json=1 << 40, nesting=1 << 20, tensors=1 << 40, header=1 << 40)
UNREAD = "a worker's answer cannot be read"


class Asked(Record, frozen=True, kw_only=True):
    """The steps of one world of an exercise; their numbers lie behind them. The same for everybody."""

    steps: tuple[Step, ...]


class Piece(Record, frozen=True, kw_only=True):
    """One job of a submission."""

    world: str
    job: Job
    asked: int              # which of what travels apart has its steps
    on_gpu: bool


class Errand(Record, frozen=True, kw_only=True):
    """All jobs of one submission."""

    pieces: tuple[Piece, ...]
    files: tuple[str, ...]  # SHA-256 of those of its files, which are the last of what travels apart


class Answer(Record, frozen=True, kw_only=True):
    """What came of one job: its parcel's size, or why there is none."""

    world: str
    size: int = 0
    not_started: str | None = None


class Answers(Record, frozen=True, kw_only=True):
    """What came of a submission; the parcels lie behind it, in this order."""

    answers: tuple[Answer, ...]


class Packed(NamedTuple):
    """A submission, ready to travel."""

    errand: bytes
    apart: Mapping[str, bytes]   # name, which holds a hash of the content -> the content


class Packer:
    """Packs a batch's submissions. The steps of an exercise are the same objects for all of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[Work, str, bytes]] = {}

    def packed(self, jobs: Sequence[Work]) -> Packed:
        """The jobs of one submission.

        Raises:
            Changed: one of its files is not there any more as it was read.
        """
        asked = dict(map(self._asked, jobs))
        numbers = {name: number for number, name in enumerate(asked)}
        pieces = tuple(Piece(world=each.key[1], job=each.job, on_gpu=each.on_gpu,
                             asked=numbers[self._asked(each)[0]]) for each in jobs)
        files = {file.sha256: brought(file, each.places) for each in jobs for file in each.job.files}
        errand = msgspec.json.encode(Errand(pieces=pieces, files=tuple(files)))
        return Packed(errand, {**asked, **{f"file-{digest}": data for digest, data in files.items()}})

    def _asked(self, work: Work) -> tuple[str, bytes]:
        same = tuple(map(id, (*work.steps, *work.arrays.values())))
        if same not in self._known:
            content = wire.encode(Asked(steps=tuple(work.steps)), work.arrays)
            # The work is kept, so that no other object gets the place of one of these.
            self._known[same] = work, f"asked-{hashlib.sha256(content).hexdigest()}", content
        _, name, content = self._known[same]
        return name, content


def unpacked(errand: bytes, apart: Sequence[bytes]) -> tuple[list[Work], dict[str, bytes]]:
    """The jobs of a submission, and the bytes of their files by SHA-256; made by `Packer`."""
    found = msgspec.json.decode(errand, type=Errand)
    count = len(apart) - len(found.files)
    asked = [_steps(content) for content in apart[:count]]
    work = [Work(key=(0, piece.world), job=piece.job, on_gpu=piece.on_gpu,
                 steps=asked[piece.asked].record.steps, arrays=asked[piece.asked].arrays)
            for piece in found.pieces]
    return work, dict(zip(found.files, apart[count:], strict=True))


@functools.lru_cache(maxsize=32)
def _steps(content: bytes) -> wire.Parcel[Asked]:
    parcel = wire.read(content, Asked, OURS)
    if isinstance(parcel, wire.Garbled):
        raise ValueError(parcel.reason)
    return parcel


def answered(found: Mapping[str, Found]) -> bytes:
    """What came of a submission's jobs, by the world."""
    answers, parcels = [], []
    for world, one in found.items():
        if isinstance(one, NotStarted):
            answers.append(Answer(world=world, not_started=one.reason))
            continue
        parcel = wire.encode(one.record, one.arrays)
        answers.append(Answer(world=world, size=len(parcel)))
        parcels.append(parcel)
    return b"".join((wire.head(Answers(answers=tuple(answers))), *parcels))


def read(data: bytes, jobs: Sequence[Work]) -> dict[str, Found]:
    """What came of these jobs, by the world. Total: what cannot be read has not started, which is nobody's
    fault who handed in."""
    opened = wire.open_parcel(data, Answers)
    if isinstance(opened, wire.Garbled):
        return _unread(jobs, opened.reason)
    answers, rest = opened[0].answers, opened[1]
    if [one.world for one in answers] != [each.key[1] for each in jobs]:
        return _unread(jobs, "it is of other jobs")
    found: dict[str, Found] = {}
    for one, each in zip(answers, jobs, strict=True):
        if one.not_started is not None:
            found[one.world] = NotStarted(reason=one.not_started[:MAX_REASON])
            continue
        size = max(0, one.size)
        found[one.world], rest = _observations(rest[:size], each), rest[size:]
    return found


def _observations(data: memoryview, work: Work) -> Found:
    """As `exchange.converse` brings them: each outcome fits its numbers."""
    count = len(work.steps) + 1
    parcel = wire.read(data, Observations, wire.Bounds(
        json=wire.MAX_JSON * count, nesting=wire.MAX_NESTING + 2, tensors=wire.MAX_TENSORS * count,
        header=wire.MAX_HEADER * count))
    if isinstance(parcel, wire.Garbled):
        return NotStarted(reason=f"{UNREAD}: {parcel.reason}")
    if not all(fits(outcome, parcel.arrays, key) for key, outcome in parcel.record.outcomes.items()):
        return NotStarted(reason=f"{UNREAD}: an outcome does not fit its numbers")
    return parcel


def _unread(jobs: Sequence[Work], why: str) -> dict[str, Found]:
    return {each.key[1]: NotStarted(reason=f"{UNREAD}: {why}") for each in jobs}
