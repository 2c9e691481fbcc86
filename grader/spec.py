"""The words of checks.py: inputs, calls, probes, checks, diagnoses, and what a check sees.

Trusted side; no I/O. An exercise's `checks.py` imports from here and from `grader.expectations` only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import torch

from grader import records as r
from grader import wire

PLAIN = "plain"
REAL_CUDA = "cuda"                 # steps that want a real GPU
ON_GPU = "plain-on-gpu"            # the steps of `plain` once more, with tensors and modules on a real GPU

# --- inputs ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A tensor of random numbers, drawn anew for each batch from its seed and the same for every student."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    law: str = "normal"  # or "uniform"
    scale: float = 1.0   # standard deviation, or the bound of U(-scale, scale)


def normal(*shape: int, std: float = 1.0, dtype: str = "float32") -> Drawn:
    """A tensor from N(0, std^2)."""
    return Drawn(shape=shape, dtype=dtype, scale=std)


def uniform(*shape: int, bound: float = 1.0, dtype: str = "float32") -> Drawn:
    """A tensor from U(-bound, bound)."""
    return Drawn(shape=shape, dtype=dtype, law="uniform", scale=bound)


def empty(*shape: int, dtype: str = "float32") -> Drawn:
    """A tensor to be filled. It holds numbers from U(2, 3), no plausible weights, so what stays unfilled is seen."""
    return Drawn(shape=shape, dtype=dtype, law="unfilled")


@dataclass(frozen=True)
class On:
    """A torch.device as an argument: On("cuda:0")."""

    device: str


def _generator(*words: object) -> torch.Generator:
    return torch.Generator().manual_seed(seed_for(*words))


def seed_for(*words: object) -> int:
    """A seed of 63 bits from the batch's seed and what it is for."""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def _draw(spec: Drawn, generator: torch.Generator) -> torch.Tensor:
    out = torch.empty(spec.shape, dtype=torch.float64)
    if spec.law == "normal":
        out.normal_(0.0, spec.scale, generator=generator)
    elif spec.law == "uniform":
        out.uniform_(-spec.scale, spec.scale, generator=generator)
    else:
        out.uniform_(2.0, 3.0, generator=generator)
    return out.to(getattr(torch, spec.dtype))


# --- what to observe -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One thing to observe. Steps are compared by identity: the same step named by two checks is made once."""

    function: str
    world: str = PLAIN
    inputs: tuple[tuple[str, Any], ...] = ()  # "0", "1", ... for positional arguments, else keyword names
    times: int = 1
    probe: bool = False
    uses: tuple[str, ...] = ()                # the student's functions it exercises


def Call(function: str, /, *arguments: Any, times: int = 1, world: str = PLAIN, **keywords: Any) -> Step:  # noqa: N802
    """A call of a student's function, `times` times in one process, with fresh clones of the arguments each time."""
    inputs = [(str(i), a) for i, a in enumerate(arguments)] + list(keywords.items())
    return Step(function=function, world=world, inputs=tuple(inputs), times=times, uses=(function,))


def Probe(function: str, /, *, uses: tuple[str, ...] | str, world: str = PLAIN, **inputs: Any) -> Step:  # noqa: N802
    """An experiment of probes.py, called as function(namespace, **inputs) beside the student's code.

    `uses` names the student's functions it exercises: where one is missing and the probe raises, that is the reason.
    """
    return Step(function=function, world=world, inputs=tuple(inputs.items()), probe=True,
                uses=(uses,) if isinstance(uses, str) else uses)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A step with its inputs drawn."""

    record: r.CallStep | r.ProbeStep
    arrays: Mapping[str, wire.Array]
    given: Mapping[str, Any]              # input name -> the Python value


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Everything a batch's seed decides: the same for every student."""

    steps: Mapping[str, Prepared]         # step key -> its inputs
    worlds: Mapping[str, r.World]         # world -> the devices a notebook finds in it


def prepare(step: Step, *, key: str, seed: int, probes: str = "") -> Prepared:
    """Draw the step's inputs from the batch's seed."""
    given: dict[str, Any] = {}
    arrays: dict[str, wire.Array] = {}
    values: list[tuple[str, r.Value]] = []
    for name, template in step.inputs:
        given[name] = _resolve(template, _generator(seed, key, name))
        values.append((name, _encode(given[name], f"{key}/{name}", arrays)))
    step_seed = seed_for(seed, key, "rng") >> 31  # 32 bits: all that numpy.random.seed takes
    record: r.CallStep | r.ProbeStep
    if step.probe:
        record = r.ProbeStep(key=key, function=step.function, source=probes, inputs=tuple(values), seed=step_seed)
    else:
        record = r.CallStep(key=key, function=step.function, times=step.times, seed=step_seed,
                            arguments=tuple(v for n, v in values if n.isdigit()),
                            keywords=tuple((n, v) for n, v in values if not n.isdigit()))
    return Prepared(record=record, arrays=arrays, given=given)


def _resolve(template: Any, generator: torch.Generator) -> Any:
    if isinstance(template, Drawn):
        return _draw(template, generator)
    if isinstance(template, Mapping):
        return {k: _resolve(v, generator) for k, v in template.items()}
    if isinstance(template, list | tuple):
        return type(template)(_resolve(v, generator) for v in template)
    return template


def _encode(value: Any, key: str, arrays: dict[str, wire.Array]) -> r.Value:
    """A trusted Python value as a record; tensors go into `arrays`."""
    if value is None:
        return r.Nothing()
    if isinstance(value, bool):
        return r.Truth(value=value)
    if isinstance(value, int):
        return r.Whole(value=value)
    if isinstance(value, float):
        return r.Real(value=value.hex())
    if isinstance(value, str):
        return r.Text(value=value)
    if isinstance(value, On):
        return r.Device(value=value.device)
    if isinstance(value, torch.Tensor):
        arrays[key] = wire.from_tensor(value)
        return r.TensorRef(key=key, dtype=arrays[key].dtype, shape=arrays[key].shape)
    if isinstance(value, Mapping):
        return r.Mapping(items=tuple((_encode(k, f"{key}/k{i}", arrays), _encode(v, f"{key}/{i}", arrays))
                                     for i, (k, v) in enumerate(value.items())))
    if isinstance(value, list | tuple):
        return r.Sequence(kind=type(value).__name__,
                          items=tuple(_encode(v, f"{key}/{i}", arrays) for i, v in enumerate(value)))
    raise TypeError(f"a {type(value).__name__} cannot be an input")


# --- what a check says -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Diagnosis:
    """A named misconception: what the numbers correspond to, what to try next, what to read.

    `pattern` is a regular expression for the lines it is about, looked for in the student's functions: they are marked.
    """

    id: str
    meaning: str
    advice: str = ""
    read: str = ""
    pattern: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """One promise to the student, with points."""

    id: str
    promise: str
    points: float
    looks_at: tuple[Step, ...]
    after: tuple[Check, ...]
    visible: bool
    may_raise: bool
    false_alarms: float                   # claimed share of right solutions that fail it; 0 where nothing is drawn
    hint: str
    read: str
    function: Callable[..., None]


def check(*, looks_at: Step | tuple[Step, ...], points: float, after: Check | tuple[Check, ...] = (),
          visible: bool = True, may_raise: bool = False, false_alarms: float = 0.0, hint: str = "",
          read: str = "") -> Callable[[Callable[..., None]], Check]:
    """Make a check of a function that receives one `Seen` for each step in `looks_at`.

    The function's docstring is the promise; its name, with hyphens, the id. It returns where the promise holds and
    calls `fail` (or an expectation that does) where not. Steps that did not return fail the check before it is asked,
    unless `may_raise`. A statistical check claims its rate of `false_alarms`, which `grader validate` measures. `hint`
    and `read` are shown on failure where a diagnosis brings none of its own.
    """
    def make(function: Callable[..., None]) -> Check:
        steps = looks_at if isinstance(looks_at, tuple) else (looks_at,)
        roots = after if isinstance(after, tuple) else (after,)
        promise = " ".join((function.__doc__ or "").split())
        if not promise:
            raise ValueError(f"check {function.__name__} has no docstring: it is what the student reads")
        return Check(id=function.__name__.replace("_", "-"), promise=promise, points=points, looks_at=steps,
                     after=roots, visible=visible, may_raise=may_raise, false_alarms=false_alarms, hint=hint, read=read,
                     function=function)
    return make


class Unmet(Exception):  # noqa: N818 - not an error but the word a check ends with
    """A promise that does not hold. Raised by `fail`, caught by the judge."""

    def __init__(self, message: str, diagnosis: Diagnosis | None, cause: r.Cause) -> None:
        super().__init__(message)
        self.message = message
        self.diagnosis = diagnosis
        self.cause = cause


def fail(message: str, diagnosis: Diagnosis | None = None) -> NoReturn:
    """The promise does not hold: say what was seen, and which misconception the numbers point to, if just one."""
    raise Unmet(message, diagnosis, r.Cause.WRONG_ANSWER)


# --- what a check sees -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Strange:
    """A value that is no plain data. Equal to nothing."""

    kind: str

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one step brought: the outcome, decoded on demand, beside the inputs it was given."""

    step: Step
    given: Mapping[str, Any]
    outcome: r.Outcome
    arrays: Mapping[str, wire.Array]
    gpus: tuple[str, ...] | None = None   # names of the GPUs of the step's simulated world, as the grader set it up
    measurements: list[r.Measurement] = field(default_factory=list)
    pictures: list[r.Picture] = field(default_factory=list)

    @property
    def value(self) -> Any:
        """What the first call returned."""
        return self.values[0]

    @property
    def values(self) -> list[Any]:
        """What each call returned."""
        return [self.decode(round_.value) for round_ in self._rounds()]

    def argument(self, index: int = 0, *, call: int = 0) -> Any:
        """Positional argument `index` as it was after the call."""
        arguments = self._rounds()[call].arguments
        return self.decode(arguments[index]) if index < len(arguments) else Strange("missing")

    def refs(self) -> Iterator[r.TensorRef]:
        """Every tensor of the first call's returned value, with device, requires_grad and the like."""
        yield from wire.tensors_of(self._rounds()[0].value)

    @property
    def raised(self) -> r.Raised | None:
        return self.outcome if isinstance(self.outcome, r.Raised) else None

    def measure(self, what: str, measured: str, expected: str, meaning: str = "") -> None:
        """Put a row into the report's table, whether the check passes or not."""
        self.measurements.append(r.Measurement(what=what, measured=measured, expected=expected, meaning=meaning))

    def draw(self, picture: r.Picture) -> None:
        """Put a picture into the report."""
        self.pictures.append(picture)

    def _rounds(self) -> tuple[r.Round, ...]:
        if not isinstance(self.outcome, r.Returned):
            raise Unmet(f"`{self.step.function}` did not return.", None, r.Cause.RAISED)
        if len(self.outcome.rounds) != self.step.times:
            raise Unmet(f"`{self.step.function}` did not return once for each call.", None, r.Cause.CRASHED)
        return self.outcome.rounds

    def decode(self, value: r.Value) -> Any:
        """A record as a Python value. Tensors are plain, on the CPU, detached; strange things are `Strange`."""
        match value:
            case r.Nothing():
                return None
            case r.Truth() | r.Text() | r.Whole():
                return value.value
            case r.Real():
                return _float(value.value)
            case r.TensorRef():
                array = self.arrays.get(value.key)
                fits = array is not None and array.shape == value.shape and array.dtype == value.dtype
                return wire.to_tensor(array) if array is not None and fits else Strange("tensor without numbers")
            case r.Device():
                return On(value.value)
            case r.Sequence():
                items = [self.decode(item) for item in value.items]
                return tuple(items) if value.kind == "tuple" else items
            case r.Mapping():
                return {_key(self.decode(k)): self.decode(v) for k, v in value.items}
            case r.Opaque():
                return Strange(value.kind)


def _key(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _float(text: str) -> float:
    try:
        return float.fromhex(text)
    except (ValueError, OverflowError):
        return float("nan")
