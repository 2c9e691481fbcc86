"""What to observe: calls of students' functions, and probes, each in a world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.spec.inputs import encoded, generator, prove_input, resolved, seed_for
from grader.spec.worlds import PLAIN
from grader.wall import messages, wire
from grader.wall.messages import World
from grader.wall.values import Value


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One thing to observe. Steps are compared by identity: the same step named by two checks is
    made once."""

    function: str
    world: World = PLAIN
    inputs: tuple[tuple[str, Any], ...] = ()  # "0", "1", ... for positional arguments, else keyword names
    times: int = 1
    probe: bool = False
    uses: tuple[str, ...] = ()                # the student's functions it exercises


def Call(function: str, /, *arguments: Any, times: int = 1, world: World = PLAIN,  # noqa: N802
         **keywords: Any) -> Step:
    """A call of a student's function, `times` times in one process, with fresh clones of the arguments each
    time.

    Raises:
        TypeError: an argument cannot be an input.
    """
    inputs = [(str(i), a) for i, a in enumerate(arguments)] + list(keywords.items())
    prove_input(dict(inputs))
    return Step(function=function, world=world, inputs=tuple(inputs), times=times, uses=(function,))


def Probe(function: str, /, *, uses: tuple[str, ...] | str, world: World = PLAIN,  # noqa: N802
          **inputs: Any) -> Step:
    """An experiment of probes.py, called as function(namespace, **inputs) beside the student's code.

    `uses` names the student's functions it exercises: where one is missing and the probe raises, that is the
    reason.

    Raises:
        TypeError: something that cannot be an input.
    """
    prove_input(inputs)
    return Step(function=function, world=world, inputs=tuple(inputs.items()), probe=True,
                uses=(uses,) if isinstance(uses, str) else uses)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A step with its inputs drawn."""

    record: messages.CallStep | messages.ProbeStep
    arrays: Mapping[str, wire.Array]
    given: Mapping[str, Any]              # input name -> the Python value


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Everything a batch's seed decides: the same for every student."""

    steps: Mapping[str, Prepared]         # step key -> its inputs
    worlds: Mapping[str, World]           # name -> the world, its GPUs named


def prepare(step: Step, *, key: str, seed: int, probes: str = "") -> Prepared:
    """Draw the step's inputs from the batch's seed."""
    given: dict[str, Any] = {}
    arrays: dict[str, wire.Array] = {}
    values: list[tuple[str, Value]] = []
    for name, template in step.inputs:
        given[name] = resolved(template, generator(seed, key, name))
        values.append((name, encoded(given[name], f"{key}/{name}", arrays)))
    step_seed = seed_for(seed, key, "rng") >> 31  # 32 bits: all that numpy.random.seed takes
    record: messages.CallStep | messages.ProbeStep
    if step.probe:
        record = messages.ProbeStep(key=key, function=step.function, uses=step.uses, source=probes,
                                    inputs=tuple(values), seed=step_seed)
    else:
        record = messages.CallStep(key=key, function=step.function, times=step.times, seed=step_seed,
                            arguments=tuple(v for n, v in values if n.isdigit()),
                            keywords=tuple((n, v) for n, v in values if not n.isdigit()))
    return Prepared(record=record, arrays=arrays, given=given)
