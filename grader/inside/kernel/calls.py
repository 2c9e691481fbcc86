"""Makes one call, or runs one probe, and writes down what happened. Also used in-process, on trusted code."""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

import numpy
import torch

from grader.inside.kernel import settled
from grader.inside.kernel.encoding import Decoder, Encoder, TooMuch
from grader.inside.kernel.recorder import recording
from grader.inside.kernel.telling import said
from grader.inside.simulated_cuda.limit import SimulationLimit
from grader.wall import wire
from grader.wall.messages import (
    Answer,
    CallStep,
    Line,
    LossCause,
    Lost,
    ProbeStep,
    Raised,
    Returned,
    Round,
    Step,
)
from grader.wall.text import NO_MEMORY, name_of, storable

MAX_MESSAGE = 2000     # characters of an exception's text
MAX_WRITTEN = 8 << 20  # characters a call may write
MAX_LINES = 20         # of a traceback
MAX_LINE = 500         # characters of one source line
MAX_ANCESTRY = 32
PROBES = "probes.py"
# where no student's code lives
LIBRARIES = (sys.prefix, sys.base_prefix, str(Path(__file__).parent), "<frozen ")

Cells = Mapping[str, tuple[int, str]]  # the file name a cell was compiled with -> (its index, its source)


class Flood(TooMuch):
    """A call wrote more than it may."""


class Overtime(BaseException):  # as KeyboardInterrupt is: no `except Exception` eats it
    """A call has used up its time. Where it was then, its traceback tells."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"stopped after {seconds:g} s")
        self.seconds = seconds


class Sink:
    """Stands for stdout and stderr: keeps nothing, and ends what never stops."""

    encoding, errors, newlines, closed, name = "utf-8", "replace", None, False, "<call>"

    def __init__(self, most: int = MAX_WRITTEN) -> None:
        self.left = most

    def write(self, text: str) -> int:
        size = len(text)
        self.left -= size
        if self.left < 0:
            raise Flood("the call printed without end")
        return size

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("a call's output has no file")


@contextmanager
def _captured() -> Iterator[Sink]:
    sink = Sink()
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = sink
    try:
        yield sink
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def _uncollected() -> Iterator[None]:
    """No collection of cycles in mid-call: what it takes away must not depend on what ran before.

    A hook on an AccumulateGrad node that only a cycle keeps alive would be called, or not, by chance.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _on(device: str) -> AbstractContextManager[object]:
    return nullcontext() if device == "cpu" else torch.device(device)


def observe_step(step: Step, arrays: Mapping[str, wire.Array], namespace: dict[str, Any],
                 watched: Sequence[str] = (), *, cells: Cells | None = None,
                 most_bytes: int = 64 << 20, device: str = "cpu") -> tuple[Answer, dict[str, wire.Array]]:
    """What a step brings, and the numbers it refers to. Seeds torch, numpy and random from the step.

    Its tensors are put on `device`, which is the default device during the calls.

    It is made as in a fresh interpreter, whatever the notebook left. Where that raises, it is made once more
    as the notebook left it, since a right answer may rest on that: on a default dtype, say. What then returns
    counts. On a GPU it is also made without a default device, as a right answer may put its generator, or its
    whole net, on the CPU. Afterwards all is as the notebook left it.

    Nothing that the observed code raises gets out of here, nor what it prints.
    """
    def made(state: AbstractContextManager[object], default: str) -> tuple[Answer, dict[str, wire.Array]]:
        with state, _on(default):
            return _made(step, arrays, namespace, watched, {} if cells is None else cells, most_bytes, device)

    others = [(settled.kept, device)] if settled.differs() else []
    others += [(settled.stated, "cpu")] if device != "cpu" else []
    outcome = made(settled.stated(), device)
    for state, default in others if isinstance(outcome[0], Raised) else ():
        again = made(state(), default)
        if isinstance(again[0], Returned):
            return again
    return outcome


def _cpu_seconds() -> float:
    """Of this process, and of its children that it has waited for."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def _made(step: Step, arrays: Mapping[str, wire.Array], namespace: dict[str, Any], watched: Sequence[str],
          cells: Cells, most_bytes: int, device: str) -> tuple[Answer, dict[str, wire.Array]]:
    encoder = Encoder(step.key, most_bytes)
    with _captured() as sink, recording(watched) as forbidden, _uncollected():
        started = _cpu_seconds()
        try:
            target = _target(step, namespace)
            if isinstance(target, Lost):
                return target, {}
            _seed(step.seed)
            rounds = tuple(_round(step, arrays, target, encoder, device)
                           for _ in range(step.times if isinstance(step, CallStep) else 1))
            outcome: Answer = Returned(rounds=rounds, forbidden=forbidden(),
                                        cpu_seconds=_cpu_seconds() - started)
        except BaseException as error:  # also SystemExit and KeyboardInterrupt: they are the code's own here
            outcome = _failed(error, step, cells, forbidden())
    if sink.left < 0:
        outcome = Lost(cause=LossCause.OUTPUT)
    return outcome, encoder.arrays if isinstance(outcome, Returned) else {}


# Not torch.manual_seed: for devices that are not there it keeps a traceback with each call, for later.
_seed_cpu, _seed_gpus = torch.default_generator.manual_seed, torch.cuda.manual_seed_all
_seed_numpy = numpy.random.seed
_seed_random = random.seed
_has_gpu: Callable[[], bool] = torch.cuda.is_initialized


def _seed(seed: int) -> None:
    _seed_cpu(seed)
    if _has_gpu():
        _seed_gpus(seed)
    _seed_numpy(seed % (1 << 32))
    _seed_random(seed)


def _target(step: Step, namespace: dict[str, Any]) -> Callable[..., Any] | Lost:
    if isinstance(step, ProbeStep):
        scope: dict[str, Any] = {"__name__": "probes"}
        exec(_compiled(step.source), scope)
        probe: Callable[..., Any] = scope[step.function]
        return lambda **inputs: probe(namespace, **inputs)
    if step.function not in namespace:
        return Lost(cause=LossCause.MISSING)
    function: Callable[..., Any] = namespace[step.function]
    if not callable(function):
        return Lost(cause=LossCause.MISSING, no_function=True)
    return function


@lru_cache(maxsize=8)
def _compiled(source: str) -> CodeType:
    return compile(source, PROBES, "exec")


def _round(step: Step, arrays: Mapping[str, wire.Array], target: Callable[..., Any],
           encoder: Encoder, device: str) -> Round:
    """One call, with fresh arguments."""
    decoder = Decoder(arrays, device)
    encoder.new_round()
    if isinstance(step, ProbeStep):
        inputs = {name: decoder.decode(value) for name, value in step.inputs}
        return Round(value=encoder.encode(target(**inputs)))
    arguments = [decoder.decode(value) for value in step.arguments]
    keywords = {name: decoder.decode(value) for name, value in step.keywords}
    value = target(*arguments, **keywords)
    # The arguments first: should both be one object, its key is that of the argument.
    after = tuple(encoder.encode(argument) for argument in (*arguments, *keywords.values()))
    return Round(value=encoder.encode(value), arguments=after)


def _failed(error: BaseException, step: Step, cells: Cells, forbidden: tuple[str, ...]) -> Answer:
    if isinstance(error, TooMuch):
        return Lost(cause=LossCause.OUTPUT)
    if isinstance(error, Overtime):
        return Lost(cause=LossCause.TIMEOUT, after_seconds=error.seconds,
                    lines=_lines(error.__traceback__, cells))
    message = said(error, MAX_MESSAGE).text
    if isinstance(error, MemoryError) or any(words in message for words in NO_MEMORY):
        return Lost(cause=LossCause.MEMORY)
    lines = _lines(error.__traceback__, cells)
    return Raised(error=_name(error), message=message, lines=lines,
                  ancestry=tuple(name_of(kind) for kind in _mro(type(error))[:MAX_ANCESTRY]),
                  forbidden=forbidden, inside_probe=isinstance(step, ProbeStep)
                  and _probes_own(error.__traceback__, cells),
                  not_simulated=type(error) is SimulationLimit)


def _probes_own(trace: TracebackType | None, cells: Cells) -> bool:
    """Was it probes.py, or a library on its behalf, and no code of the student's? A function that the probe
    passed to the student's code, and that this called wrongly, was called by the student's."""
    own = False
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file in cells:
            return False
        own = file == PROBES or (own and file.startswith(LIBRARIES))
        trace = trace.tb_next
    return own


def _name(error: BaseException) -> str:
    """The class's name. That of the simulation's own error is no other class's."""
    name = name_of(type(error))
    return "Exception" if name == SimulationLimit.__name__ and type(error) is not SimulationLimit else name


_mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__  # a metaclass has no say in it


def _lines(trace: TracebackType | None, cells: Cells) -> tuple[Line, ...]:
    """The student's own frames, outermost first; of an endless recursion, both ends."""
    found = []
    while trace is not None:
        place = cells.get(trace.tb_frame.f_code.co_filename)
        if place is not None:
            found.append(_line(place, trace.tb_lineno or 0))
        trace = trace.tb_next
    half = MAX_LINES // 2
    return tuple(found if len(found) <= MAX_LINES else found[:half] + found[-half:])


def _line(place: tuple[int, str], number: int) -> Line:
    index, source = place
    lines = source.splitlines()
    text = lines[number - 1] if 0 < number <= len(lines) else ""
    return Line(cell=index, line=max(number, 0), text=storable(text.strip(), MAX_LINE))
