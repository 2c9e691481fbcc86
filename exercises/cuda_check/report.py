"""What the report must say in each world, and what a wrong one shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from grader.spec import NO_CUDA, NO_DRIVER, Diagnosis, Seen, Strange, described, fail, fail_as_raised, the_one

from .misconceptions import BUILT_FOR, FIRST_NAME, NONE_AS_TEXT, ONE_BUILD, PARENTHESES, SAME_NAME, UNGUARDED

BUILD = ("torch_version", "built_for_cuda")   # what the report says of the build, GPUs or not
FUNCTIONS = ("function", "builtin_function_or_method", "method")   # types of a function that was not called
CUDA_WORDS = ("CUDA", "NVIDIA", "_cuda_")    # of which PyTorch uses one when it is asked for CUDA in vain


def wanted(names: Sequence[str], built_for: str | None) -> dict[str, Any]:
    return {"available": bool(names), "count": len(names), "names": list(names),
            "torch_version": str(torch.__version__), "built_for_cuda": built_for}


def told_without(without: Sequence[Seen]) -> set[str]:
    """The keys that are missing or of a wrong kind without CUDA already, or wrong there although they say
    nothing of GPUs: `report_without_cuda` is about them."""
    found = set()
    for seen, world in zip(without, (NO_CUDA, NO_DRIVER), strict=False):
        report = seen.value if not seen.raised else None
        if not isinstance(report, dict):
            continue
        for key, right in wanted((), world.built_for_cuda).items():
            kind = list | tuple if isinstance(right, list) else type(right)
            good = agrees(report.get(key), right) if key in BUILD else isinstance(report.get(key), kind)
            if key not in report or not good:
                found.add(key)
    return found


def expect_report(seen: Seen, names: Sequence[str], built_for: str | None, world: str,
                  without: Sequence[Seen] = ()) -> None:
    """The report on a world with these GPUs.

    Args:
        without: the reports without CUDA. What is wrong there for the same reason is told there.
    """
    if seen.raised:
        fail_as_raised(seen)
    report = seen.value
    if not isinstance(report, dict):
        fail(f"The report is {described(report)}, not a dict.")
    told = told_without(without)
    if told:
        seen.follows("report-without-cuda")
    want = {key: right for key, right in wanted(names, built_for).items() if key not in told}
    missing = [key for key in want if key not in report]
    if missing:
        fail(f"The report has no {', '.join(f'`{key}`' for key in missing)}.")
    for key, right in want.items():
        seen.measure(f"{key}, with {world}", described(report[key]), repr(right))
    for key, right in want.items():
        if not agrees(report[key], right):
            fail(f"With {world}, `{key}` is {described(report[key])}; expected {right!r}.",
                 misreported(key, report[key], want))


def agrees(got: Any, right: Any) -> bool:
    """Equal, and of the same kind: True is no count, and a tuple of names is as good as a list."""
    if isinstance(right, bool) or right is None:
        return got is right
    if isinstance(right, list):
        return isinstance(got, list | tuple) and len(got) == len(right) and all(map(agrees, got, right))
    return type(got) is type(right) and bool(got == right)


def misreported(key: str, got: Any, want: dict[str, Any]) -> Diagnosis | None:
    """The misconception that a wrong entry of the report shows, if just one."""
    names = want["names"]
    several = key == "names" and len(names) > 1
    uncalled = key in ("available", "count") and isinstance(got, Strange) and got.kind in FUNCTIONS
    return the_one([
        (PARENTHESES, uncalled),
        (BUILT_FOR, key == "available" and got is True and bool(want["built_for_cuda"])),
        (FIRST_NAME, several and agrees(got, names[:1])),
        (SAME_NAME, several and agrees(got, names[:1] * len(names))),
        (NONE_AS_TEXT, key == "built_for_cuda" and agrees(got, "None")),
    ])


def blind(cpu_build: Seen, no_driver: Seen) -> Diagnosis | None:
    """What a function that raised without CUDA shows."""
    errors = [seen.raised for seen in (cpu_build, no_driver) if seen.raised]
    if not all(any(word in error.message for word in CUDA_WORDS) for error in errors):
        return None
    return UNGUARDED if len(errors) == 2 else ONE_BUILD
