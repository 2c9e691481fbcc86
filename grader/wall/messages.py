"""What crosses the wall: the job on its way in, observations on their way out."""

from __future__ import annotations

import enum
import signal
from typing import Annotated

from msgspec import Meta, field

from grader.wall.values import Int64, Name, Names, Record, Value, Words

LATE = 1.0   # s of CPU from the end of a call's time, when it is asked where it is, to a kill

# Measured: a kernel with torch and figures maps 0.7 GiB, with 24 threads more 1.8; each further thread that
# allocates reserves up to 0.13, and there may be 88 of them.
WALL = 3     # wall-clock may be this many times the time that is allowed: others may hold the cores
ADDRESSES = 32 << 30

# --- the way in ----------------------------------------------------------------------------------


class Limits(Record, frozen=True, kw_only=True):
    """What one submission may use. Each limit has its own cause when it is passed."""

    # of CPU, all processes and threads, for one cell; it may wait twice as long without computing
    cell_seconds: float = 5.0
    patient_seconds: float = 60.0        # the same where an answer is missing because a cell was stopped
    call_seconds: float = 10.0           # the same for one call
    submission_seconds: float = 300.0    # by the clock, for all its executions, in all worlds
    memory_bytes: int = 4 << 30          # of all its processes together
    disk_bytes: int = 256 << 20          # of files that it writes
    processes: int = 64                  # and threads, at one time
    output_bytes: int = 8 << 20          # that its cells print and show
    observation_bytes: int = 64 << 20    # of what its calls and probes bring

    @property
    def address_bytes(self) -> int:
        """What one process may map. Each 2 MiB cost 4 KiB of page tables, which are no process's memory."""
        return self.memory_bytes + ADDRESSES


class World(Record, frozen=True, kw_only=True):
    """The machine that a notebook finds itself on. Where it is simulated, it has no MPS either."""

    name: str
    gpus: tuple[str, ...] | None = None    # names of the simulated GPUs; None: nothing is simulated
    built_for_cuda: str | None = None      # the simulated build's version of CUDA; None: without
    driver: bool = True                    # without one, a build for CUDA sees no GPU
    real_gpu: bool = False                 # is lent a GPU of the grading machine's, else it sees none
    device: str = "cpu"                    # "cpu" or "cuda:0", where the calls' tensors are put
    repeats: str = ""                      # the world whose steps are made once more here


class Brought(Record, frozen=True, kw_only=True):
    """A file that lies in the kernel's folder before the first cell. Its bytes travel behind the job."""

    name: str                              # below that folder, with "/", cleaned
    sha256: str
    size: int                              # bytes


class Job(Record, frozen=True, kw_only=True):
    """What travels into the sandbox before the first cell."""

    notebook: str                          # cleaned nbformat 4 JSON: source only
    world: World = World(name="plain")
    watched: tuple[str, ...] = ()          # dotted names whose use by the student's own frames is recorded
    functions: tuple[str, ...] = ()        # names to look for in the student's namespace
    preload: tuple[str, ...] = ()          # modules to import before the kernel is forked, where it is
    lacking: tuple[str, ...] = ()          # modules its text names, of known packages that are not installed
    limits: Limits = Limits()
    processes: bool = False                # may a call make processes, and ask those that a cell left?
    left_out: tuple[int, ...] = ()         # cells not executed: they killed the kernel the last time
    seconds: float | None = None           # what is left of limits.submission_seconds; None: all of it
    gpu: str = ""                          # the UUID of the GPU it may use; without one it sees none
    gpu_node: str = ""                     # /dev/nvidiaN of that GPU
    gpu_share: float = 1.0                 # of that GPU's memory
    files: tuple[Brought, ...] = ()
    figures: bool = True                   # are they drawn? where nobody will see them, that is waste

    @property
    def at_most(self) -> float:
        """Seconds by the clock, however much of them others had the cores."""
        return WALL * self.most_seconds

    @property
    def most_seconds(self) -> float:
        return self.limits.submission_seconds if self.seconds is None else self.seconds


class CallStep(Record, frozen=True, kw_only=True, tag="call"):
    key: str
    function: str
    arguments: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    times: int = 1                         # calls in one process, each with fresh clones of the arguments
    seed: int = 0                          # torch, numpy and random are seeded with it before the first
    seconds: float | None = None           # what it has of limits.call_seconds; None: all of it
    memory: int | None = None              # bytes that it may take; None: all of limits.memory_bytes


class ProbeStep(Record, frozen=True, kw_only=True, tag="probe"):
    key: str
    function: str                          # a function of probes.py: (namespace, **inputs) -> plain data
    source: str                            # the text of probes.py
    uses: tuple[str, ...] = ()             # the student's functions that it is known to call
    inputs: tuple[tuple[str, Value], ...] = ()
    seed: int = 0
    seconds: float | None = None           # as a call's
    memory: int | None = None


Step = CallStep | ProbeStep


# --- the way out ---------------------------------------------------------------------------------


class LossCause(enum.Enum):
    """Why a call came to nothing."""

    MISSING = "missing"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    CRASHED = "crashed"


class CellCause(enum.Enum):
    """Why a cell did not come to its end."""

    RAISED = "raised"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    CRASHED = "crashed"


class Again(enum.Enum):
    """What is worth another try. Only a runner says so, never a kernel."""

    NO = "no"
    ALONE = "alone"                        # a busy machine may be to blame
    OF_A_NEW_KERNEL = "of-a-new-kernel"    # it was never asked


class Line(Record, frozen=True, kw_only=True):
    """A place in the student's notebook."""

    cell: Int64  # index among all cells of the notebook, from 0
    line: Int64  # from 1, within the cell
    text: Words


# the student's own frames, outermost first
Lines = Annotated[tuple[Line, ...], Meta(max_length=200)]
Seconds = Annotated[float, Meta(ge=0, le=1e6)]


class Round(Record, frozen=True, kw_only=True):
    """One call: what came back, and its arguments as they were afterwards."""

    value: Value
    arguments: tuple[Value, ...] = ()


class Returned(Record, frozen=True, kw_only=True, tag="returned"):
    rounds: tuple[Round, ...]              # one for each of the step's `times`; a probe has one
    cpu_seconds: float = 0.0
    forbidden: Names = ()                  # watched functions that were called from the student's frames


class Raised(Record, frozen=True, kw_only=True, tag="raised"):
    error: Name                            # class name only, never the object
    ancestry: Names = ()                   # names of the class and its bases, as in __mro__
    message: Words = ""
    lines: Lines = ()
    forbidden: Names = ()
    inside_probe: bool = False             # raised by probes.py itself, in no frame of the student's
    not_simulated: bool = False            # the simulation's own word that its device cannot do this


class Lost(Record, frozen=True, kw_only=True, tag="lost"):
    """The kernel's own word: a call that came to nothing."""

    cause: LossCause
    lines: Lines = ()                      # where in the student's own code it was stopped, if that is known
    after_seconds: Seconds | None = None   # when it was stopped
    no_function: bool = False              # missing: something of that name is there, which cannot be called


class Ended(Record, frozen=True, kw_only=True, tag="ended"):
    """The runner's word on a call that came to nothing; refused where it comes from a kernel."""

    cause: LossCause
    after_seconds: Seconds | None = None   # when it was stopped
    waited: bool = False                   # in these seconds it computed nothing
    by_signal: signal.Signals | None = None
    again: Again = Again.NO
    of_all: bool = False                   # timeout: of the whole submission, over all its executions


Answer = Returned | Raised | Lost          # what a kernel may say of a step
Outcome = Answer | Ended                   # what its runner passes on


class Skipped(Record, frozen=True, kw_only=True):
    """The kernel's word on a statement that this machine cannot run: the rest of its cell was."""

    cell: Int64                            # index among all cells of the notebook, from 0
    line: Int64                            # from 1, within the cell
    error: Name                            # class name
    message: Words = ""


MOST_SKIPPED = 40
AllSkipped = Annotated[tuple[Skipped, ...], Meta(max_length=MOST_SKIPPED)]


class Defined(Record, frozen=True, kw_only=True):
    """The kernel's word on which of Job.functions exist after the last cell, and on what it passed over."""

    names: tuple[str, ...]
    skipped: AllSkipped = ()


class CellEvent(Record, frozen=True, kw_only=True):
    """A cell that raised, or had to be stopped, or killed the kernel."""

    cell: int
    cause: CellCause
    error: str = ""                        # class name
    message: str = ""                      # for people; nothing reads it but they
    line: int = 0                          # 0: not known
    after_seconds: float | None = None     # timeout: the limit that it met
    waited: bool = False                   # which is one for computing nothing
    killed: bool = False                   # the kernel ended with it; a new execution leaves the cell out
    busy: bool = False                     # a busy machine may be to blame that it was stopped


class Run(Record, frozen=True, kw_only=True):
    """The notebook's own execution."""

    executed: str = ""                     # nbformat 4 JSON with outputs, sanitised; "" where there is none
    events: tuple[CellEvent, ...] = ()
    skipped: AllSkipped = ()
    defined: tuple[str, ...] = ()          # which of Job.functions exist after the last cell
    seconds: float = 0.0
    slowest: float = 0.0                   # s of CPU of the cell that took most
    left_out: tuple[int, ...] = ()


class Refused(Record, frozen=True, kw_only=True):
    """The runner's word on a system call that its job was refused."""

    name: Name                             # Linux's, or "number N"
    times: Int64


AllRefused = Annotated[tuple[Refused, ...], Meta(max_length=500)]


class Count(Record, frozen=True, kw_only=True):
    """The runner's last word: all of them, once the job is over."""

    held_up: Seconds = 0.0                 # while others had the cores
    refused: AllRefused = ()


class Observations(Record, frozen=True, kw_only=True):
    """Everything a sandbox says of one job. Hostile until judged, and afterwards."""

    run: Run
    outcomes: dict[str, Outcome] = field(default_factory=dict)      # step key -> what happened
    torch: str = ""
    device: str = "cpu"
    refused: AllRefused = ()
    held_up: Seconds = 0.0                 # s that others had the cores


class NotStarted(Record, frozen=True, kw_only=True):
    """The sandbox did not start, or ended before student code could run: our fault."""

    reason: str
