"""Every record that crosses a stage. Frozen and strict; imports nothing of ours and no torch."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, Struct

# Bounds that hold when a record is read: what a sandbox writes is no longer than what ours would write.
Int64 = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Name = Annotated[str, Meta(max_length=200)]
Words = Annotated[str, Meta(max_length=5000)]
Names = Annotated[tuple[Name, ...], Meta(max_length=200)]


class Mark(enum.Enum):
    PASS = "pass"
    PARTIAL = "partial"
    FAIL = "fail"
    NOT_REACHED = "not-reached"      # a check it hangs on was not passed
    NOT_AVAILABLE = "not-available"  # this machine cannot look; leaves the maximum
    GRADER_ERROR = "grader-error"    # ours: the submission's mark is withheld


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


class Status(enum.Enum):
    GRADED = "graded"
    UNREADABLE = "unreadable"  # the student's fault: 0 with the reason
    WITHHELD = "withheld"      # ours: no mark


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every record: frozen, keyword-only, strict."""


# --- values: what goes into a call and what comes out of it -------------------------------------


class Nothing(Record, frozen=True, kw_only=True, tag="none"):
    """None."""


class Truth(Record, frozen=True, kw_only=True, tag="truth"):
    value: bool


class Whole(Record, frozen=True, kw_only=True, tag="whole"):
    value: Int64
    kind: Name = "int"  # the type's name: "int", "int64", ...


class Real(Record, frozen=True, kw_only=True, tag="real"):
    value: Name           # float.hex(), "nan", "inf" or "-inf": JSON has no word for the last three
    kind: Name = "float"


class Text(Record, frozen=True, kw_only=True, tag="text"):
    value: str
    kind: Name = "str"


class TensorRef(Record, frozen=True, kw_only=True, tag="tensor"):
    """A tensor whose numbers travel beside the JSON, as safetensors, under `key`."""

    key: str                    # two references with one key are one and the same object
    dtype: Name                 # PyTorch's name without "torch.": "float32"
    shape: tuple[int, ...]
    device: Name = "cpu"
    requires_grad: bool = False
    leaf: bool = True
    parameter: bool = False     # isinstance(x, nn.Parameter)


class Device(Record, frozen=True, kw_only=True, tag="device"):
    value: Name  # str(torch.device)


class Sequence(Record, frozen=True, kw_only=True, tag="sequence"):
    items: tuple[Value, ...]
    kind: Name = "list"  # "list", "tuple" or another type's name


class Mapping(Record, frozen=True, kw_only=True, tag="mapping"):
    items: tuple[tuple[Value, Value], ...]
    kind: Name = "dict"


class Opaque(Record, frozen=True, kw_only=True, tag="opaque"):
    """Anything that is not plain data: only the type's name travels."""

    kind: Name


Value = Nothing | Truth | Whole | Real | Text | TensorRef | Device | Sequence | Mapping | Opaque


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
    """The devices a notebook finds. `gpus=None` leaves the machine's own; () simulates a build without CUDA."""

    name: str = "plain"
    gpus: tuple[str, ...] | None = None  # names of the simulated GPUs


class Job(Record, frozen=True, kw_only=True):
    """What travels into the sandbox before the first cell."""

    notebook: str                          # cleaned nbformat 4 JSON: source only
    world: World = World()
    watched: tuple[str, ...] = ()          # dotted names whose use by the student's own frames is recorded
    functions: tuple[str, ...] = ()        # names to look for in the student's namespace
    preload: tuple[str, ...] = ()          # modules to import before the kernel is forked, where it is
    limits: Limits = Limits()
    left_out: tuple[int, ...] = ()         # cells not executed: they killed the kernel the last time
    device: str = "cpu"                    # "cpu" or "cuda:0", where the calls' tensors are put
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


class Line(Record, frozen=True, kw_only=True):
    """A place in the student's notebook."""

    cell: Int64  # index among all cells of the notebook, from 0
    line: Int64  # from 1, within the cell
    text: Words


Lines = Annotated[tuple[Line, ...], Meta(max_length=200)]  # the student's own frames, outermost first


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
    lines: Lines = ()                      # where in the student's own code it was stopped, where that is known


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
    outcomes: dict[str, Outcome] = {}      # step key -> what happened
    torch: str = ""
    device: str = "cpu"
    isolated: bool = False                 # set by the grader, not by the sandbox: was there a wall?


class NotStarted(Record, frozen=True, kw_only=True):
    """The sandbox did not start, or ended before student code could run: our fault."""

    reason: str


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
    expected: tuple[float, ...]            # of the reference, at the middles of as many equal parts of the whole range
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


class Said(Record, frozen=True, kw_only=True):
    """A sentence of the grader's own, `template % values`, which a report says in its reader's language."""

    template: str
    values: dict[str, str] = {}


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
    visible: bool = True
    pattern: str = ""                      # of the diagnosis: which of the student's lines it is about
    said: Said | None = None               # where the message is no exercise's


class MadeBy(Record, frozen=True, kw_only=True):
    grader: str
    exercise: int
    torch: str
    device: str
    seed: int
    sandbox: str                           # "bubblewrap" or "process"


class NotebookFile(Record, frozen=True, kw_only=True):
    path: str
    sha256: str
    first_error: str | None = None


class Result(Record, frozen=True, kw_only=True):
    """One line of results.jsonl, with all that a report needs."""

    student: str
    exercise: str
    status: Status
    score: float | None                    # None: withheld
    max_score: float
    checks: tuple[Verdict, ...]
    notebook: NotebookFile
    made_by: MadeBy
    reason: str = ""                       # of unreadable and withheld
    events: tuple[CellEvent, ...] = ()
    comment: str = ""                      # the tutor's
    title: str = ""                        # the exercise's, for people; "" where an older result has none
    said: Said | None = None               # the reason, to be said in the reader's language


# --- intake ----------------------------------------------------------------------------------------


class Submission(Record, frozen=True, kw_only=True):
    """One notebook of one student, cleaned to source only."""

    student: str
    exercise: str
    path: str                              # as found, relative to the submissions folder
    sha256: str                            # of the file as handed in
    notebook: str                          # cleaned nbformat 4 JSON


class Unreadable(Record, frozen=True, kw_only=True):
    """A notebook that cannot be graded, by the student's fault."""

    student: str
    exercise: str
    path: str
    sha256: str
    reason: str
    said: Said | None = None
