"""What "unchanged" means: what was observed stands while the same question is asked of the same notebook by
the same code on the same machine; a mark stands while that is judged in the same way, too."""

from __future__ import annotations

import enum
import functools
import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from msgspec import structs

import grader
from grader.execute.pool import Work
from grader.exercise.catalog import Exercise
from grader.keep.gradebook import Fingerprint
from grader.keep.output import Output
from grader.pipeline import Conditions, Observed, prepare
from grader.records import AnySubmission, Status, Submission, Unclear

# Below the package. What reads submissions and prepares jobs is not among them: its work is in the job.
OBSERVING = "wall", "inside", "execute"
JUDGING = ("wall", "spec", "judge.py", "records.py", "results.py", "environment.py", "unwatched.py",
           "pipeline.py", "exercise/catalog.py", "exercise/questions.py", "intake/answers.py",
           "intake/names.py", "intake/packages.py", "intake/pythons.py")


@dataclass(frozen=True, kw_only=True)
class Fingerprints:
    """Of one submission under today's conditions. Each is a SHA-256 in hexadecimal digits."""

    question: str     # everything that travels into the sandbox: notebook, limits, world, steps, inputs
    observed: str     # the question, and who answers it: code, sandbox, device, machine, Python, torch
    judged: str       # how the answer is judged: the exercise's files, our own code, torch


class Due(enum.Enum):
    """What is left to do of a submission."""

    NOTHING = "nothing"
    JUDGE = "judge"          # what was observed stands
    OBSERVE = "observe"      # and judge


def due(entry: Fingerprint | None, prints: Fingerprints) -> Due:
    """What a batch has to do of a submission.

    Args:
        entry: what the gradebook has of it.
        prints: as it would be graded today.
    """
    if entry is None or entry.observed != prints.observed:
        return Due.OBSERVE
    if entry.judged != prints.judged or entry.status is Status.WITHHELD:
        return Due.JUDGE
    return Due.NOTHING


class Today:
    """Works out fingerprints under one batch's conditions; what submissions share, once."""

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions
        self._inputs: dict[str, str] = {}
        self._judged = {name: digest(contents(exercise), *exercise.packages, sources(JUDGING),
                                     torch.__version__, *map(msgspec.json.encode, exercise.settings.written))
                        for name, exercise in conditions.exercises.items()}
        self._observer = digest(sources(OBSERVING), conditions.sandbox, conditions.device,
                                platform.machine(), platform.python_version(), torch.__version__)

    def judged(self, exercise: str) -> str:
        """The fingerprint of how an exercise of the conditions is judged."""
        return self._judged[exercise]

    def fingerprints(self, submission: AnySubmission) -> Fingerprints:
        """Of everything that decides this submission's mark.

        Args:
            submission: of one of the conditions' exercises.
        """
        work = prepare(0, submission, self.conditions)
        if submission.exercise not in self._inputs and work:
            self._inputs[submission.exercise] = inputs(work)
        # What has no job has its reason in place of a notebook, and the files that claim to be one.
        text = submission.notebook if isinstance(submission, Submission) else submission.reason
        claims = submission.files if isinstance(submission, Unclear) else ()
        question = digest(text, *(f"{file.path} {file.sha256}" for file in claims),
                          self._inputs.get(submission.exercise, "") if work else "",
                          *(msgspec.json.encode(structs.replace(each.job, notebook="")) for each in work))
        return Fingerprints(question=question, observed=digest(question, self._observer),
                            judged=self.judged(submission.exercise))

    def observed(self, submission: AnySubmission, output: Output) -> Observed | None:
        """What is stored of a submission, from which it can be judged today.

        Returns:
            By the world, empty where there is nothing to look at; None where something is missing, cannot be
            read, or answers another question.
        """
        question, where = self.fingerprints(submission).question, (submission.student, submission.exercise)
        found = {each.key[1]: output.kept(*where, each.key[1], question)
                 for each in prepare(0, submission, self.conditions)}
        there = {world: parcel for world, parcel in found.items() if parcel is not None}
        return there if len(there) == len(found) else None


def inputs(work: Sequence[Work]) -> str:
    """A digest of the steps of some jobs and the numbers they are given."""
    parts: list[bytes | str] = []
    for each in work:
        parts += [each.key[1], *map(msgspec.json.encode, each.steps)]
        for key, array in sorted(each.arrays.items()):
            parts += [key, array.dtype, repr(array.shape), array.data]
    return digest(*parts)


def contents(exercise: Exercise) -> str:
    """A digest of the files that decide an exercise's marks."""
    return digest(*(part for file in exercise.files for part in
                    (file.relative_to(exercise.folder).as_posix(), file.read_bytes())))


@functools.cache
def sources(places: tuple[str, ...]) -> str:
    """A digest of our own code, the same wherever it is installed.

    Args:
        places: folders and files, relative to the package.
    """
    package = Path(grader.__file__).parent
    found = [package / place for place in places]
    files = [file for place in found for file in (place.rglob("*.py") if place.is_dir() else [place])]
    named = sorted((file.relative_to(package).as_posix(), file.read_bytes()) for file in files)
    return digest(*(part for pair in named for part in pair))


def digest(*parts: bytes | str) -> str:
    """SHA-256 of the parts and of where each of them ends."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little"))
        found.update(data)
    return found.hexdigest()
