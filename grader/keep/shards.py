"""A folder that holds one shard of a class: which, of what listing, under what conditions, and is it done?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch
from msgspec import structs

from grader import __version__
from grader.errors import Mendable
from grader.exercise.catalog import Exercise
from grader.intake.pythons import HERE
from grader.intake.shards import parts
from grader.intake.sources import Intake
from grader.keep.gradebook import Gradebook
from grader.keep.people import Joined, joined
from grader.keep.unchanged import JUDGING, OBSERVING, contents, digest, sources
from grader.options import Shard
from grader.pipeline import Conditions
from grader.records import Submission
from grader.wall.values import Record

VALUE = "shard"     # of the gradebook's batch


class ShardError(Mendable):
    """A folder that is not the shard it has to be: one line."""


class Manifest(Record, frozen=True, kw_only=True):
    """What a shard says of itself. What must be the same in all of a class has a name in SAME."""

    number: int
    of: int
    done: bool
    listing: str                   # digest of all that was handed in, by whom, and of everybody
    seed: str
    grader: str
    code: str                      # digest of what observes and what judges
    torch: str
    python: str
    device: str                    # "cpu" or "cuda", whichever GPU it is
    sandbox: str
    exercises: dict[str, str]      # their digests: all of the listing, not only those of this shard

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


SAME = {"of": "number of shards", "listing": "listing: what was handed in, the roster or the mapping",
        "seed": "seed", "grader": "grader", "torch": "torch", "python": "Python", "device": "device",
        "sandbox": "sandbox", "exercises": "exercise", "code": "copy of the grader's code"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of a listing is one shard's."""

    shard: Shard
    listing: str
    found: Joined


def part_of(intake: Intake, shard: Shard) -> Part:
    """One shard of a listing. Who is who is settled for the whole of it, as it is without shards."""
    whole = joined((), intake.submissions, intake.people, roster=intake.roster, passing=intake.passing,
                   kinds=intake.kinds)
    mine = parts(whole.submissions, [one.person.id for one in whole.people], shard.of)[shard.number - 1]
    return Part(shard=shard, listing=_digest(whole), found=replace(
        whole, submissions=tuple(one for one in whole.submissions if one.student in mine),
        people=tuple(one for one in whole.people if one.person.id in mine)))


def _digest(whole: Joined) -> str:
    """Of a listing: the same on every machine, wherever the files lie."""
    listed = (structs.replace(one, notebook="", places={}) if isinstance(one, Submission) else one
              for one in whole.submissions)
    return digest(*(msgspec.json.encode(one, order="deterministic") for one in (*listed, *whole.people)))


def manifest(book: Gradebook, out: Path) -> Manifest | None:
    """What a gradebook says of its shard; None where it holds a class.

    Raises:
        ShardError: it says it in another grader's words.
    """
    said = book.batch_values().get(VALUE)
    try:
        return msgspec.json.decode(said, type=Manifest) if said else None
    except msgspec.MsgspecError as error:
        raise ShardError(f"{out} holds a shard that another grader has begun: grade it again, into another "
                         "--out") from error


def refuse_others(book: Gradebook, out: Path, part: Part | None) -> None:
    """A shard has a folder of its own, and a class has one.

    Args:
        part: what is to be graded into it; None: a class.

    Raises:
        ShardError: the folder holds something else.
    """
    there = manifest(book, out)
    if part is None:
        if there:
            raise ShardError(f"{out} holds shard {there} of a class: say --shard {there}, or another --out")
    elif there is None:
        if book.people():
            raise ShardError(f"{out} holds a class already, and a shard needs a folder of its own: say "
                             "another --out")
    elif str(there) != str(part.shard):
        raise ShardError(f"{out} holds shard {there}, not {part.shard}: say another --out")
    elif there.listing != part.listing:
        raise ShardError(f"{out}: shard {there} was begun when other things had been handed in, or with "
                         "another roster or mapping: say another --out. (What comes in later is graded into "
                         "the merged folder, by a `grader batch` without --shard.)")


def begin(book: Gradebook, part: Part, conditions: Conditions) -> None:
    """Write down which shard is graded here and how; it is not done yet."""
    _write(book, Manifest(
        number=part.shard.number, of=part.shard.of, done=False, listing=part.listing,
        seed=str(conditions.seed), grader=__version__, code=digest(sources(OBSERVING), sources(JUDGING)),
        torch=str(torch.__version__), python=HERE, device=conditions.device.partition(" ")[0],
        sandbox=conditions.sandbox, exercises=_exercises(conditions.exercises)))


def _exercises(exercises: Mapping[str, Exercise]) -> dict[str, str]:
    return {name: digest(contents(one), *one.packages, *map(msgspec.json.encode, one.settings.written))
            for name, one in exercises.items()}


def end(book: Gradebook, out: Path) -> None:
    """Everything of the shard is graded, if it is one."""
    if there := manifest(book, out):
        _write(book, structs.replace(there, done=True))


def _write(book: Gradebook, said: Manifest) -> None:
    book.set_batch_value(VALUE, msgspec.json.encode(said, order="deterministic").decode())
