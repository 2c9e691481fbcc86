"""Lapses that any exercise should notice, put into its reference by machine, one function at a time.

They are warnings: an exercise may have a reason to let one pass. Each step finds functions that were just
defined, as in a sandbox, where it has a fork of its own.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from msgspec import structs

from grader.exercise.catalog import Exercise
from grader.exercise.flaws import Flaw, Watched
from grader.exercise.inline import CellStopError, beside, executed, observe_namespace
from grader.exercise.solutions import cells
from grader.exercise.variations.mutants import REVIEWED, reviewed
from grader.judge import Observed
from grader.records import Mark
from grader.spec import Preparation
from grader.wall import messages, wire

Function = Callable[..., Any]
Names = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a call returned, and what became of the tensors it was given."""

    returned: Any
    is_argument: int | None                # the argument that it returned
    filled: Mapping[int, torch.Tensor]     # argument -> its new numbers

    def again(self, arguments: tuple[Any, ...]) -> Any:
        """The same once more, of a call with other arguments."""
        for at, numbers in self.filled.items():
            if at < len(arguments) and getattr(arguments[at], "shape", None) == numbers.shape:
                with torch.no_grad():
                    arguments[at].copy_(numbers)
        if self.is_argument is not None and self.is_argument < len(arguments):
            return arguments[self.is_argument]
        return _copied(self.returned)


@dataclass
class Heard:
    """What is known of one function by listening to it."""

    calls: int = 0
    most: int = 0                          # calls in one step
    draws: bool = False                    # torch's random numbers
    first: Answer | None = None


@dataclass(frozen=True, kw_only=True)
class Lapse:
    """One way to go wrong that keeps a function's first call right, or what it returns plausible."""

    name: str
    cause: str
    mend: str
    put_into: Callable[[Function, Heard], Function] | None  # None: it is seen without
    where: Callable[[Heard], bool]


def _seeded(function: Function, _: Heard) -> Function:
    @functools.wraps(function)
    def called(*args: Any, **keywords: Any) -> Any:
        torch.manual_seed(0)
        return function(*args, **keywords)
    return called


def _constant(function: Function, heard: Heard) -> Function:
    @functools.wraps(function)
    def called(*args: Any, **keywords: Any) -> Any:
        return heard.first.again(args) if heard.first else function(*args, **keywords)
    return called


def _remembered(function: Function, _: Heard) -> Function:
    own = Heard()

    @functools.wraps(function)
    def called(*args: Any, **keywords: Any) -> Any:
        return own.first.again(args) if own.first else _listening(function, own)(*args, **keywords)
    return called


def _once(function: Function, _: Heard) -> Function:
    own = Heard()

    @functools.wraps(function)
    def called(*args: Any, **keywords: Any) -> Any:
        own.calls += 1
        return function(*args, **keywords) if own.calls == 1 else None
    return called


TWICE = "let a probe call it twice, with arguments whose right answers differ, and compare both"
LAPSES = (
    Lapse(name="never-called", where=lambda heard: not heard.calls, put_into=None,
          cause="no check looks at a function that students write",
          mend="name it in a Call, or call it in a probe"),
    Lapse(name="called-once", where=lambda heard: heard.most == 1, put_into=None,
          cause="no step calls it twice: an answer that is remembered, or a second call gone wrong, is "
                "noticed by no check", mend=TWICE),
    Lapse(name="seeded", where=lambda heard: heard.draws, put_into=_seeded,
          cause="a seed set inside is noticed by no check",
          mend="let a probe call it twice and compare what it draws (grader.spec.varies)"),
    Lapse(name="constant", where=lambda heard: heard.calls > 0, put_into=_constant,
          cause="an answer that never changes is noticed by no check",
          mend="draw the arguments (normal, uniform), or let two steps give different ones"),
    Lapse(name="remembered", where=lambda heard: heard.most > 1, put_into=_remembered,
          cause="the first answer, given again at each later call, is noticed by no check",
          mend=TWICE),
    Lapse(name="second-call", where=lambda heard: heard.most > 1, put_into=_once,
          cause="a second call that does nothing is noticed by no check",
          mend="compare what the second call brings, too"),
)


def overlooked(exercise: Exercise, seed: int) -> Iterator[Flaw]:
    """The lapses that cost nothing and that equivalent.toml gives no reason for, each with the functions that
    may have it; nothing where a cell stops.

    Raises:
        ExerciseError: equivalent.toml is not as it must be.
    """
    argued = {(one.lapse, name) for one in reviewed(exercise).overlooked for name in one.functions}
    try:
        found = set(_found(exercise, seed))
    except CellStopError:  # the proofs say so
        return
    for lapse in LAPSES:
        names = tuple(name for name in exercise.settings.functions
                      if (lapse.name, name) in found - argued)
        if names:
            yield Flaw(cause=lapse.cause, names=names,
                       mend=f"{lapse.mend}; or say why it may be in {REVIEWED}: [[overlooked]] with "
                            f"lapse = \"{lapse.name}\", functions and why")
    if argued - found:
        yield Flaw(cause=f"{REVIEWED} gives reasons for what a check does notice", mend="take them out",
                   names=tuple(f"{lapse} {name}" for lapse, name in sorted(argued - found)))


def _found(exercise: Exercise, seed: int) -> Iterator[tuple[str, str]]:
    """Name of the lapse, and the function."""
    prepared, watched = exercise.prepare(seed), Watched(exercise)
    heard = {name: Heard() for name in exercise.settings.functions}

    def listening(names: Names, name: str) -> None:
        names[name] = _listening(names[name], heard[name])
    with beside(exercise):
        _observed(exercise, exercise.prepare(seed + 1), exercise.settings.functions, listening)
        for name, of_it in heard.items():
            for lapse in LAPSES:
                if lapse.where(of_it) and not (
                        lapse.put_into and _noticed(watched, prepared, lapse.put_into, name, of_it)):
                    yield lapse.name, name


def _noticed(watched: Watched, prepared: Preparation, put_into: Callable[[Function, Heard], Function],
             name: str, heard: Heard) -> bool:
    def lapsing(names: Names, name: str) -> None:
        names[name] = put_into(names[name], heard)
    observed = _observed(watched.exercise, prepared, (name,), lapsing)
    return any(verdict.mark not in (Mark.PASS, Mark.NOT_AVAILABLE)
               for verdict in watched.judge(observed, prepared).verdicts)


def _observed(exercise: Exercise, prepared: Preparation, functions: tuple[str, ...],
              change: Callable[[Names, str], None]) -> Observed:
    """What the reference brings with these of its functions changed, each step in a namespace of its own."""
    sources, found = cells(exercise), dict[str, wire.Parcel[messages.Observations]]()

    def namespace() -> Names:
        names = executed(sources, exercise.packages)
        for name in functions:
            if callable(names.get(name)):
                change(names, name)
        return names
    for step, key in exercise.keys.items():
        world = {step.world.name: prepared.worlds[step.world.name]}
        one = observe_namespace(replace(exercise, keys={step: key}), namespace,
                                Preparation(steps=prepared.steps, worlds=world))
        for name, parcel in one.items():
            before = found.get(name)
            found[name] = parcel if before is None else wire.Parcel(
                record=structs.replace(before.record, outcomes={**before.record.outcomes,
                                                                **parcel.record.outcomes}),
                arrays={**before.arrays, **parcel.arrays})
    return found


def _listening(function: Function, heard: Heard) -> Function:
    """The function, heard while it is called."""
    here = itertools.count(1)

    @functools.wraps(function)
    def called(*args: Any, **keywords: Any) -> Any:
        heard.calls, heard.most = heard.calls + 1, max(heard.most, next(here))
        before = {at: arg.detach().clone() for at, arg in enumerate(args) if isinstance(arg, torch.Tensor)}
        state = torch.get_rng_state()
        returned = function(*args, **keywords)
        heard.draws |= not torch.equal(state, torch.get_rng_state())
        if heard.first is None:
            filled = {at: args[at].detach().clone() for at, old in before.items()
                      if not torch.equal(old, args[at].detach())}
            place = next((at for at, arg in enumerate(args) if arg is returned), None)
            heard.first = Answer(_copied(returned), place, filled)
        return returned
    return called


def _copied(value: Any) -> Any:
    """As it is now; what cannot be copied is kept itself."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value
