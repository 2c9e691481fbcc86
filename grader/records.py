"""What the outside speaks of: submissions, verdicts, results. Never mounted into a sandbox;
imports no torch."""

from __future__ import annotations

import enum
import hashlib
from typing import Any

from msgspec import field

from grader.wall.messages import Brought, CellCause, CellEvent, Line, LossCause, Skipped
from grader.wall.values import Record


class Mark(enum.Enum):
    PASS = "pass"
    PARTIAL = "partial"
    FAIL = "fail"
    NOT_REACHED = "not-reached"      # a check it hangs on was not passed
    NOT_AVAILABLE = "not-available"  # this machine cannot look; leaves the maximum
    GRADER_ERROR = "grader-error"    # ours: the submission's mark is withheld
    UNMARKED = "unmarked"            # a written answer that waits for a tutor


class Status(enum.Enum):
    GRADED = "graded"
    UNREADABLE = "unreadable"  # the student's fault: 0 with the reason
    WITHHELD = "withheld"      # ours: no mark
    UNCLEAR = "unclear"        # several files claim to be it: no mark, until the tutor says which
    MISSING = "missing"        # on the roster, and nothing handed in: no mark
    EXCUSED = "excused"        # by the course's word: no mark, and in nobody's total or maximum
    PROVISIONAL = "provisional"  # in what is exported: no mark, until its written answers are marked


class Cause(enum.Enum):
    """Why a check was not passed."""

    WRONG_ANSWER = "wrong-answer"
    MISSING = "missing"
    RAISED = "raised"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    CRASHED = "crashed"
    NOT_STARTED = "not-started"      # it met a stub, as the exercise hands it out
    FORBIDDEN = "forbidden"
    PREREQUISITE = "prerequisite"
    NEEDS_CUDA = "needs-cuda"
    NOT_SIMULATED = "not-simulated"  # asked of a simulated device what the simulation cannot do
    ENVIRONMENT = "environment"      # this machine lacks what the answer needs: the mark is withheld


def cause_of(ending: LossCause | CellCause) -> Cause:
    """What a report calls that which ended a call or a cell."""
    return Cause(ending.value)


# --- people ----------------------------------------------------------------------------------------


class Person(Record, frozen=True, kw_only=True):
    """Whoever hands in, or should."""

    id: str                                # the LMS's or the roster's; else the folder's name, in NFC
    name: str = ""                         # for people; "" where nobody says, or nobody may know (blind)
    email: str = ""
    group: str = ""


class HandedIn(Record, frozen=True, kw_only=True):
    """Who handed something in, which attempt it is, and when it came."""

    student: str                           # the person's id
    name: str = ""                         # the person's
    team: str = ""                         # the name of the team that handed it in together
    source_id: str = ""                    # what the download calls them, where that is not `student`
    attempt: int = 0                       # from 1; 0: nobody says
    handed_in_at: str = ""                 # ISO 8601; "" where nobody says
    late: bool = False                     # as the LMS says


def who(one: HandedIn) -> dict[str, Any]:
    """Whose it is and which attempt, by field: what every record of the same submission has in common."""
    return {name: getattr(one, name) for name in HandedIn.__struct_fields__}


# --- verdicts --------------------------------------------------------------------------------------


class Measurement(Record, frozen=True, kw_only=True):
    """A row of "what was measured, what was expected", ready to print, units included."""

    what: str
    measured: str
    expected: str
    meaning: str = ""                      # what the measured value corresponds to


class Histogram(Record, frozen=True, kw_only=True, tag="histogram"):
    title: str
    alt: str                               # the same in words, for those who do not see it
    edges: tuple[float, ...]               # n + 1
    density: tuple[float, ...]             # n, of the student's values
    # of the reference, at the middles of as many equal parts of the whole range
    expected: tuple[float, ...]
    x_label: str = ""


class Series(Record, frozen=True, kw_only=True):
    name: str
    values: tuple[float | None, ...]       # None: not finite
    reference: bool = False


class Band(Record, frozen=True, kw_only=True):
    """Where a curve has to be at one place."""

    at: int                                # on the x axis, from 1
    low: float
    high: float


class Curves(Record, frozen=True, kw_only=True, tag="curves"):
    title: str
    alt: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    log_y: bool = False
    band: Band | None = None


Picture = Histogram | Curves


class Sentence(Record, frozen=True, kw_only=True):
    """A sentence of the grader's own, `template % values`, which a report says in its reader's language."""

    template: str
    values: dict[str, str] = field(default_factory=dict)


GRADER = "grader"   # who judged, where no tutor has set it


class Verdict(Record, frozen=True, kw_only=True):
    id: str
    title: str                             # the promise: the check's docstring
    mark: Mark
    points: float
    max_points: float
    cause: Cause | None = None
    message: str = ""
    diagnosis: str | None = None
    meaning: str = ""                      # of the diagnosis
    advice: str = ""                       # the next thing to try
    read: str = ""                         # the reference to read
    measurements: tuple[Measurement, ...] = ()
    pictures: tuple[Picture, ...] = ()
    functions: tuple[str, ...] = ()        # the student's functions it looked at
    lines: tuple[Line, ...] = ()           # the student's lines it concerns
    root: str | None = None                # for not-reached: the check it hangs on
    # for not-reached: all that it hangs on directly; for pass: the checks that failed by a mistake which is
    # in this one too, and costs nothing here
    after: tuple[str, ...] = ()
    alone: Verdict | None = None           # for not-reached: what it would be, had they passed
    visible: bool = True
    pattern: str = ""                      # of the diagnosis: which of the student's lines it is about
    said: Sentence | None = None               # where the message is no exercise's
    by: str = GRADER                       # who gave the points: "tutor", or a marker's name


OWN = "own"


class RubricItem(Record, frozen=True, kw_only=True):
    """What a tutor looks for in a written answer."""

    text: str
    points: float = 0.0                    # it is worth; 0 for all items: nobody says


class WrittenAnswer(Record, frozen=True, kw_only=True):
    """What somebody wrote to a question, and what a tutor gave for it."""

    id: str                                # the question's
    question: str                          # the text of its cell, Markdown; "" where it is not there
    text: str | None                       # the student's, Markdown; "": nothing; None: nobody looked
    max_points: float
    rubric: tuple[RubricItem, ...] = ()
    points: float | None = None            # None: unmarked
    comments: tuple[str, ...] = ()         # the tutor's, Markdown
    ticked: tuple[str, ...] = ()           # the items of the rubric that it has, by their texts
    by: str = ""                           # who marked it

    @property
    def mark(self) -> Mark:
        if self.points is None:
            return Mark.UNMARKED
        if self.points >= self.max_points:
            return Mark.PASS
        return Mark.PARTIAL if self.points > 0 else Mark.FAIL

    @property
    def waits(self) -> bool:
        """Is there a mark to come that counts?"""
        return self.points is None and self.max_points > 0


class MadeBy(Record, frozen=True, kw_only=True):
    grader: str
    exercise: int
    torch: str
    device: str
    seed: int
    python: str = ""                       # "3.11"; "" where an older result does not say
    # the name of the one it was observed in: "bubblewrap", "process"; OWN for a student's own check
    sandbox: str
    layers: tuple[str, ...] = ()           # what held there (`report.wording.LAYERS`)

    @property
    def isolated(self) -> bool:
        """Was there a wall between the notebook and the machine that graded it?"""
        return self.sandbox == "bubblewrap"


class NotebookFile(Record, frozen=True, kw_only=True):
    path: str
    sha256: str
    first_error: str | None = None


WITHHOLDING = ("withheld", "package", "python", "unclear")  # the kinds that say why there is no mark


class NeedsYou(Record, frozen=True, kw_only=True):
    """Why a tutor should look at a submission. Each kind is a word that tutors can filter by."""

    kind: str                              # "withheld", "package", "not-simulated", "unwatched", ...
    reason: str                            # in a sentence
    checks: tuple[str, ...] = ()           # settled when a tutor has marked these; none: the whole submission
    said: Sentence | None = None           # the reason, to be said in the reader's language


class Counted(Record, frozen=True, kw_only=True):
    """One attempt under the course's rules."""

    number: int                            # from 1; 0: nobody says
    raw: float                             # before the rules
    penalty: float = 0.0                   # what lateness takes: 0 to `raw`
    handed_in_at: str = ""                 # as the source says it
    late_seconds: float = 0.0              # after the deadline; 0: in time, or nobody says
    within_grace: bool = False             # late, and by so little that it takes nothing
    days: int = 0                          # begun after the deadline, where each takes its share
    per_day: float = 0.0
    after_hours: float = 0.0               # of the step that was reached, where steps take theirs
    share: float = 0.0                     # of the maximum, as it is taken
    capped: bool = False                   # the share would be larger
    without_time: bool = False             # late by the LMS's word, which does not say how late

    @property
    def final(self) -> float:
        """The points that are left."""
        return round(self.raw - self.penalty, 6)


class Calculation(Record, frozen=True, kw_only=True):
    """What the course's rules make of a mark: how the final points come from those of the checks."""

    attempts: tuple[Counted, ...] = ()     # those that are known, in order; none where there is no mark
    counts: int = 0                        # the place of the one that does
    best: bool = False                     # the best of them counts, and not the last
    most_attempts: int = 0                 # that can count; 0: all
    due: str = ""                          # this person's deadline, ISO 8601 with its offset
    extended: bool = False                 # it is later than that of the others
    bonus: bool = False                    # its points are not in the total's maximum
    kept_back: bool = False                # how hidden checks ended is not the student's to know yet

    @property
    def counting(self) -> Counted | None:
        """The attempt that counts."""
        return self.attempts[self.counts] if self.attempts else None

    @property
    def penalty(self) -> float:
        """The points that lateness takes."""
        return self.counting.penalty if self.counting else 0.0


class Result(HandedIn, frozen=True, kw_only=True):
    """One line of results.jsonl, with all that a report needs."""

    exercise: str
    status: Status
    score: float | None                    # None: withheld, unclear, missing or excused; else final
    max_score: float
    checks: tuple[Verdict, ...]
    notebook: NotebookFile
    made_by: MadeBy
    reason: str = ""                       # of unreadable, unclear and withheld
    events: tuple[CellEvent, ...] = ()
    given: tuple[int, ...] = ()            # those of the quoted cells that are as they were handed out
    comment: str = ""                      # the tutor's
    title: str = ""                        # the exercise's, for people; "" where an older result has none
    said: Sentence | None = None               # the reason, to be said in the reader's language
    needs_you: tuple[NeedsYou, ...] = ()
    files: tuple[Brought, ...] = ()        # that the student handed in beside the notebook
    notes: tuple[Sentence, ...] = ()       # to the student, of the submission as a whole: files left out
    skipped: tuple[Skipped, ...] = ()      # statements that this machine cannot run; they cost nothing
    claims: tuple[NotebookFile, ...] = ()  # of unclear: the files that claim to be it
    # of a student's own check: the points of hidden checks, and the functions asked for (none: all)
    later: float = 0.0
    asked: tuple[str, ...] = ()
    written: tuple[WrittenAnswer, ...] = ()  # what is marked of them is in the score
    bonus: float = 0.0                     # a tutor's, in the score
    by: str = GRADER                       # who marked the submission as a whole, where somebody did
    rules: Calculation | None = None       # how the course's rules came to the score; None: it has none

    @property
    def provisional(self) -> bool:
        """Will the score change when its written answers are marked?"""
        return self.score is not None and any(answer.waits for answer in self.written)

    @property
    def stamp(self) -> str:
        """Which submission it is: the SHA-256 of the file, or of all those that claim to be it."""
        claimed = "".join(file.sha256 for file in self.claims)
        return self.notebook.sha256 or (hashlib.sha256(claimed.encode()).hexdigest() if claimed else "")

    @property
    def raw(self) -> float | None:
        """The points before the course's rules, of the attempt that counts."""
        counting = self.rules.counting if self.rules else None
        return counting.raw if counting and self.score is not None else self.score

    @property
    def penalty(self) -> float:
        """The points that lateness takes."""
        return self.rules.penalty if self.rules and self.score is not None else 0.0

    @property
    def nothing_there(self) -> bool:
        """Was nothing handed in?"""
        return self.status is Status.MISSING or (self.status is Status.EXCUSED and not self.notebook.path)

    @property
    def on_top(self) -> bool:
        """Are its points on top of the total's maximum?"""
        return bool(self.rules and self.rules.bonus)

    def wants(self) -> tuple[NeedsYou, ...]:
        """Why a tutor should look at it; older results without a mark say so too."""
        if self.status is not Status.WITHHELD or any(one.kind in WITHHOLDING for one in self.needs_you):
            return self.needs_you
        broken = [v for v in self.checks if v.mark is Mark.GRADER_ERROR]
        reason = "; ".join(filter(None, [self.reason, *(f"{v.id}: {v.message}" for v in broken)]))
        return (NeedsYou(kind="withheld", reason=reason, checks=tuple(v.id for v in broken)), *self.needs_you)


# --- intake ----------------------------------------------------------------------------------------


class Released(Record, frozen=True, kw_only=True):
    """What `grader release` wrote into a notebook. The student's word by now: said, and decides nothing."""

    version: int                           # exercise.toml's
    checks: str                            # the digest of the exercise's modules; "" in what 0.2 released


class Submission(HandedIn, frozen=True, kw_only=True):
    """One notebook of one student, cleaned to source only."""

    exercise: str
    path: str                              # as found, relative to the submissions folder
    sha256: str                            # of the file as handed in
    notebook: str                          # cleaned nbformat 4 JSON
    files: tuple[Brought, ...] = ()        # handed in beside it
    # their bytes: SHA-256 -> a file here; empty in what a gradebook keeps, which is never run
    places: dict[str, str] = field(default_factory=dict)
    notes: tuple[Sentence, ...] = ()       # what was left out of them, and why
    released: Released | None = None       # None where the notebook does not say


class Unreadable(HandedIn, frozen=True, kw_only=True):
    """What was handed in and cannot be graded, by the student's fault."""

    exercise: str
    path: str
    sha256: str
    reason: str
    said: Sentence | None = None


class Unclear(HandedIn, frozen=True, kw_only=True):
    """Several files claim to be one submission, and nothing but a guess would say which."""

    exercise: str
    files: tuple[NotebookFile, ...]        # those that claim it
    reason: str
    said: Sentence | None = None


AnySubmission = Submission | Unreadable | Unclear
