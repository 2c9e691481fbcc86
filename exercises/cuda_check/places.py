"""Where things are: the devices that were picked, and those on which a step left or used what it was
given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from grader.spec import Diagnosis, On, Seen, derived, described, fail, fail_as_raised, the_one

from .misconceptions import (
    ALWAYS_CPU,
    ALWAYS_CUDA,
    BUILT_FOR,
    MORE_THAN_ONE,
    NO_DEVICE,
    PARENTHESES,
    SECOND_GPU,
    STRING,
    UPSIDE_DOWN,
)


def mispicked(kinds: Sequence[str], habits: Seen) -> Diagnosis | None:
    """What devices picked without CUDA, with one GPU, with two and perhaps without a driver show."""
    uncalled = not habits.raised and "is_available" in habits.mapping().texts("uncalled")
    cpu, one, two, *no_driver = (kind == "cuda" for kind in kinds)
    if not all(kind in ("cuda", "cpu") for kind in kinds):
        return None
    return the_one([
        (ALWAYS_CPU, not any((cpu, one, two))), (UPSIDE_DOWN, cpu and not one and not two),
        (PARENTHESES, all((cpu, one, two)) and uncalled),
        (ALWAYS_CUDA, all((cpu, one, two)) and not uncalled),
        (MORE_THAN_ONE, (cpu, one, two) == (False, False, True)),
        (BUILT_FOR, (cpu, one, two, *no_driver) == (False, True, True, True))])


def described_device(value: Any) -> str:
    return value.device if isinstance(value, On) else described(value)


def place(value: Any) -> tuple[str, int]:
    """Kind and index of a torch.device; anything else fails."""
    if isinstance(value, str):
        fail(f"`pick_device` returned the string {described(value)}, not a torch.device.", STRING)
    if not isinstance(value, On):
        fail(f"`pick_device` returned {described(value)}, not a torch.device.")
    kind, _, index = value.device.partition(":")
    return kind, int(index[:4]) if index.isascii() and index.isdecimal() else 0


class Places(NamedTuple):
    """The devices on which a step left, or used, what it was given."""

    parameters: set[str]
    buffers: set[str]
    inputs: set[str]
    targets: set[str]


def stepped(one: Seen, two: Seen) -> list[tuple[Seen, Places, str, str]]:
    """(step, where things were, the device asked for, the world); a step that raised fails."""
    for seen in (one, two):
        if seen.raised:
            message = seen.raised.message
            fail_as_raised(seen, the_one([
                (SECOND_GPU, seen is one and "invalid device ordinal" in message),
                (NO_DEVICE, "has no attribute 'device'" in message)]))
    return [(one, places(one), "cuda:0", "one GPU"), (two, places(two), "cuda:1", "two GPUs")]


@derived
def places(seen: Seen) -> Places:
    return Places(*(set(seen.mapping().texts(name)) for name in Places._fields))


def told(devices: set[str]) -> str:
    return " and ".join(f"`{device}`" for device in sorted(devices)[:3]) or "no device"


def by_name(habits: Seen) -> bool:
    """`train_step` compares something with a device's name."""
    if habits.raised:
        return False
    return any(word.startswith(("cuda", "cpu")) for word in habits.mapping().texts("compared"))
