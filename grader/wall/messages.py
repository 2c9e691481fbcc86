"""What crosses the wall: the job on its way in, observations on their way out."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, field

from grader.wall.values import Int64, Name, Names, Record, Value, Words

LATE = 1.0   # s of CPU from the end of a call's time, when it is asked where it is, to a kill

# --- the way in ----------------------------------------------------------------------------------


class Limits(Record, frozen=True, kw_only=True):
    """What one submission may use. Each limit has its own cause when it is passed."""

    cell_seconds: float = 60.0
    call_seconds: float = 10.0           # CPU time; wall-clock stops a call at three times this
    submission_seconds: float = 300.0
    memory_bytes: int = 4 << 30
    disk_bytes: int = 256 << 20
    processes: int = 64
    output_bytes: int = 8 << 20
    observation_bytes: int = 64 << 20


class World(Record, frozen=True, kw_only=True):
    """The machine that a notebook finds itself on. Where it is simulated, it has no MPS either."""

    name: str
    gpus: tuple[str, ...] | None = None    # names of the simulated GPUs; None: nothing is simulated
    built_for_cuda: str | None = None      # the simulated build's version of CUDA; None: without
    driver: bool = True                    # without one, a build for CUDA sees no GPU
    real_gpu: bool = False                 # is lent a GPU of the grading machine's, else it sees none
    device: str = "cpu"                    # "cpu" or "cuda:0", where the calls' tensors are put
    repeats: str = ""                      # the world whose steps are made once more here


class Job(Record, frozen=True, kw_only=True):
    """What travels into the sandbox before the first cell."""

    notebook: str                          # cleaned nbformat 4 JSON: source only
    world: World = World(name="plain")
    watched: tuple[str, ...] = ()          # dotted names whose use by the student's own frames is recorded
    functions: tuple[str, ...] = ()        # names to look for in the student's namespace
    preload: tuple[str, ...] = ()          # modules to import before the kernel is forked, where it is
    limits: Limits = Limits()
    left_out: tuple[int, ...] = ()         # cells not executed: they killed the kernel the last time
    gpu: str = ""                          # the UUID of the GPU it may use; without one it sees none
    gpu_node: str = ""                     # /dev/nvidiaN of that GPU
    gpu_share: float = 1.0                 # of that GPU's memory
    seed: int = 0


class CallStep(Record, frozen=True, kw_only=True, tag="call"):
    key: str
    function: str
    arguments: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    times: int = 1                         # calls in one process, each with fresh clones of the arguments
    seed: int = 0                          # torch, numpy and random are seeded with it before the first


class ProbeStep(Record, frozen=True, kw_only=True, tag="probe"):
    key: str
    function: str                          # a function of probes.py: (namespace, **inputs) -> plain data
    source: str                            # the text of probes.py
    inputs: tuple[tuple[str, Value], ...] = ()
    seed: int = 0


Step = CallStep | ProbeStep


# --- the way out ---------------------------------------------------------------------------------


class Cause(enum.Enum):
    WRONG_ANSWER = "wrong-answer"
    MISSING = "missing"
    RAISED = "raised"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    CRASHED = "crashed"
    FORBIDDEN = "forbidden"
    PREREQUISITE = "prerequisite"
    NEEDS_CUDA = "needs-cuda"


class Line(Record, frozen=True, kw_only=True):
    """A place in the student's notebook."""

    cell: Int64  # index among all cells of the notebook, from 0
    line: Int64  # from 1, within the cell
    text: Words


# the student's own frames, outermost first  # the student's own frames, outermost first
Lines = Annotated[tuple[Line, ...], Meta(max_length=200)]


class Round(Record, frozen=True, kw_only=True):
    """One call: what came back, and its arguments as they were afterwards."""

    value: Value
    arguments: tuple[Value, ...] = ()


class Returned(Record, frozen=True, kw_only=True, tag="returned"):
    rounds: tuple[Round, ...]              # one for each of the step's `times`; a probe has one
    printed: Words = ""                    # the first of what it wrote
    cpu_seconds: float = 0.0
    forbidden: Names = ()                  # watched functions that were called from the student's frames


class Raised(Record, frozen=True, kw_only=True, tag="raised"):
    error: Name                            # class name only, never the object
    ancestry: Names = ()                   # names of the class and its bases, as in __mro__
    message: Words = ""
    lines: Lines = ()
    printed: Words = ""
    forbidden: Names = ()
    inside_probe: bool = False             # raised by probes.py itself, in no frame of the student's


class Lost(Record, frozen=True, kw_only=True, tag="lost"):
    cause: Cause                           # missing, timeout, memory, output or crashed
    detail: Words = ""
    # where in the student's own code it was stopped, where that is known
    lines: Lines = ()


Outcome = Returned | Raised | Lost


class CellEvent(Record, frozen=True, kw_only=True):
    """A cell that raised, or had to be stopped, or killed the kernel."""

    cell: int
    cause: Cause                           # raised, timeout, memory, output or crashed
    error: str = ""                        # class name
    message: str = ""
    line: int = 0                          # 0: not known
    killed: bool = False                   # the kernel ended with it; a new execution leaves the cell out


class Run(Record, frozen=True, kw_only=True):
    """The notebook's own execution."""

    executed: str = ""                     # nbformat 4 JSON with outputs, sanitised; "" where there is none
    events: tuple[CellEvent, ...] = ()
    defined: tuple[str, ...] = ()          # which of Job.functions exist after the last cell
    seconds: float = 0.0
    left_out: tuple[int, ...] = ()


class Observations(Record, frozen=True, kw_only=True):
    """Everything a sandbox says of one job. Hostile until judged, and afterwards."""

    run: Run
    outcomes: dict[str, Outcome] = field(default_factory=dict)      # step key -> what happened
    torch: str = ""
    device: str = "cpu"
    isolated: bool = False                 # set by the grader, not by the sandbox: was there a wall?


class NotStarted(Record, frozen=True, kw_only=True):
    """The sandbox did not start, or ended before student code could run: our fault."""

    reason: str
