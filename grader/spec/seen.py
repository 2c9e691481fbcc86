"""What a check sees of one step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

from grader import records
from grader.spec.check import Diagnosis, Unmet
from grader.spec.inputs import On, Strange
from grader.spec.steps import Step
from grader.spec.structure import Parts
from grader.wall import messages, wire
from grader.wall.values import (
    Device,
    MappingValue,
    Nothing,
    Opaque,
    Real,
    SequenceValue,
    TensorRef,
    Text,
    Truth,
    Value,
    Whole,
)

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one step brought: the outcome, decoded on demand, beside the inputs it was given."""

    step: Step
    given: Mapping[str, Any]
    outcome: messages.Outcome
    arrays: Mapping[str, wire.Array]
    # names of the GPUs of the step's simulated world, as the grader set it up
    gpus: tuple[str, ...] | None = None
    measurements: list[records.Measurement] = field(default_factory=list)
    pictures: list[records.Picture] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    # what came, as tensors, and what `derived` made of it: shared by all checks of one judging
    worked_out: dict[Any, Any] = field(default_factory=dict)

    @property
    def value(self) -> Any:
        """What the first call returned."""
        return self.values[0]

    @property
    def values(self) -> list[Any]:
        """What each call returned."""
        return [self.decode(round_.value) for round_ in self._rounds()]

    def mapping(self) -> Parts:
        """The parts of the mapping that the first call returned.

        Raises:
            Unmet: it returned none.
        """
        return Parts(self.decode(self._rounds()[0].value))

    def argument(self, index: int = 0, *, call: int = 0) -> Any:
        """Positional argument `index` as it was after the call."""
        arguments = self._rounds()[call].arguments
        return self.decode(arguments[index]) if index < len(arguments) else Strange("missing")

    def refs(self) -> Iterator[TensorRef]:
        """Every tensor of the first call's returned value, with device, requires_grad and the like."""
        yield from wire.tensors_of(self._rounds()[0].value)

    @property
    def raised(self) -> messages.Raised | None:
        return self.outcome if isinstance(self.outcome, messages.Raised) else None

    def measure(self, what: str, measured: str, expected: str, meaning: str = "") -> None:
        """Put a row into the report's table, whether the check passes or not."""
        self.measurements.append(records.Measurement(what=what, measured=measured, expected=expected,
                                                     meaning=meaning))

    def draw(self, picture: records.Picture) -> None:
        """Put a picture into the report."""
        self.pictures.append(picture)

    def follows(self, *checks: str) -> None:
        """Say that the student's code is judged by what it gives itself, since these other checks tell of
        its mistake. Where this one passes and they fail, the report says so beside the promise."""
        self.followed.extend(checks)

    def _rounds(self) -> tuple[messages.Round, ...]:
        if not isinstance(self.outcome, messages.Returned):
            raise Unmet(f"`{self.step.function}` did not return.", None, records.Cause.RAISED)
        if len(self.outcome.rounds) != self.step.times:
            raise Unmet(f"`{self.step.function}` did not return once for each call.", None,
                        records.Cause.CRASHED)
        return self.outcome.rounds

    def decode(self, value: Value) -> Any:
        """A record as a Python value. Tensors are plain, on the CPU, detached; strange things are
        `Strange`. References to one tensor become one tensor: a list may hold it a hundred thousand times."""
        return self._decoded(value, {})

    def _decoded(self, value: Value, made: dict[str, torch.Tensor]) -> Any:
        match value:
            case Nothing():
                return None
            case Truth() | Text() | Whole():
                return value.value
            case Real():
                return _float(value.value)
            case TensorRef():
                array = self.arrays.get(value.key)
                if array is None or array.shape != value.shape or array.dtype != value.dtype:
                    return Strange("tensor without numbers")
                if value.key not in made:
                    made[value.key] = self._tensor(value.key, array)
                return made[value.key]
            case Device():
                return On(value.value)
            case SequenceValue():
                items = [self._decoded(item, made) for item in value.items]
                return tuple(items) if value.kind == "tuple" else items
            case MappingValue():
                return {_key(k, self._decoded(k, made)): self._decoded(v, made) for k, v in value.items}
            case Opaque():
                return Strange(value.kind)


    def _tensor(self, key: str, array: wire.Array) -> torch.Tensor:
        """Read once in each judging; each check has a copy of its own, into which it may write."""
        import torch  # slow; not for students who wait

        where = "tensor", id(self.arrays), key
        made: torch.Tensor | None = self.worked_out.get(where)
        if made is None:
            with torch.inference_mode(False):   # the next check may be in no such mode
                made = self.worked_out[where] = wire.to_tensor(array)
        return made.clone()


def fail_as_raised(seen: Seen, diagnosis: Diagnosis | None = None) -> NoReturn:
    """The step raised: fail with that cause, and name the misconception where the error shows just one.

    Raises:
        Unmet: always.
    """
    error, name = seen.raised, ", ".join(seen.step.uses)
    said = error.message.partition("\n")[0] if error else ""
    kind = error.error if error else "nothing"
    raise Unmet(f"`{name}` raised {kind}: {said}" if said else f"`{name}` raised {kind}.", diagnosis,
                records.Cause.RAISED)


P = ParamSpec("P")
T = TypeVar("T")


def derived(function: Callable[P, T]) -> Callable[P, T]:
    """Work out once in each judging what several checks need of the same observations.

    The function takes one `Seen` or several, and nothing else that varies; it neither measures nor draws.
    What it returns must not be changed.

    Raises:
        Unmet: where the function does, for every check that asks, in the same words.
    """
    @functools.wraps(function)
    def worked_out(*args: P.args, **kwargs: P.kwargs) -> T:
        seen = [one for one in (*args, *kwargs.values()) if isinstance(one, Seen)]
        kept, key = seen[0].worked_out, (function, *(one.step for one in seen))
        if key not in kept:
            try:
                kept[key] = function(*args, **kwargs), None
            except Unmet as word:
                kept[key] = None, word
        value, unmet = kept[key]
        if unmet is not None:
            raise type(unmet)(unmet.message, unmet.diagnosis, unmet.cause)
        return value  # type: ignore[no-any-return]
    return worked_out


def _key(record: Value, value: Any) -> Any:
    """A mapping's key that can be one. Numbers of tensors are not written out: of eight dimensions, torch
    would write millions."""
    if isinstance(value, str | int | float | bool | None):
        return value
    return repr(record if wire.tensors_of(record) else value)


def _float(text: str) -> float:
    try:
        return float.fromhex(text)
    except (ValueError, OverflowError):
        return float("nan")
