"""Expectations that exercises share. Each returns where the promise holds and raises Unmet, through `fail`,
where not.

Shape and dtype are compared before values, values in float64, and every comparison is written so that NaN
fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from grader.spec.check import Diagnosis, fail
from grader.spec.inputs import Strange
from grader.spec.mistakes import the_one

MOST_DESCRIBED = 80   # characters
MOST_WRITTEN = 1000   # elements of a tensor; of a larger one torch still writes 6 in each dimension


def described(value: Any) -> str:
    """A value in a student's words, short."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, Strange):
        return f"an object of type {value.kind}"
    text = ""
    for piece in _pieces(value):  # no more of them than are shown: a list may hold a hundred thousand tensors
        text += piece
        if len(text) > MOST_DESCRIBED:
            return f"{text[:MOST_DESCRIBED - 3]}..."
    return text


def _pieces(value: Any) -> Iterator[str]:
    """What `repr` says of plain data, bit by bit, but for tensors too large to be written out."""
    if isinstance(value, dict):
        yield "{"
        for i, (key, item) in enumerate(value.items()):
            yield f"{', ' * (i > 0)}{key!r}: "
            yield from _pieces(item)
        yield "}"
    elif isinstance(value, list | tuple):
        yield "[" if isinstance(value, list) else "("
        for i, item in enumerate(value):
            yield ", " * (i > 0)
            yield from _pieces(item)
        yield "]" if isinstance(value, list) else ",)" if len(value) == 1 else ")"
    elif isinstance(value, torch.Tensor) and value.numel() > MOST_WRITTEN:
        yield described(value)
    else:
        yield repr(value)


def number(value: Any, what: str) -> float:
    """A Python number or a tensor with one element, as a float.

    Args:
        value: anything that came back.
        what: it in a student's words, at the beginning of a sentence.

    Raises:
        Unmet: it is something else; a bool is no number.
    """
    if isinstance(value, torch.Tensor) and value.numel() == 1 and value.dtype is not torch.bool:
        return float(value.double().item())
    if not isinstance(value, int | float) or isinstance(value, bool):
        fail(f"{what} is {described(value)}, not a number.")
    return float(value)


def tensor(value: Any, shape: tuple[int, ...], what: str) -> torch.Tensor:
    """A tensor of just this shape, in float64.

    Args:
        value: anything that came back.
        shape: the whole shape; nothing is broadcast.
        what: it in a student's words, at the beginning of a sentence.

    Raises:
        Unmet: it is something else, or has another shape.
    """
    if not isinstance(value, torch.Tensor):
        fail(f"{what} is {described(value)}, not a tensor.")
    if tuple(value.shape) != tuple(shape):
        fail(f"{what} has shape {tuple(value.shape)}, not {tuple(shape)}.")
    return value.double()


def close(got: float, want: float, rtol: float) -> bool:
    """|got - want| <= rtol * |want|; False for NaN, and for an infinite `got` unless it is `want`."""
    return got == want or abs(got - want) <= rtol * abs(want)


def expect_number(value: Any, want: float, *, rtol: float, what: str,
                  otherwise: Mapping[Diagnosis, float] | None = None) -> None:
    """`value` is `want`, as `close` compares.

    Args:
        value: anything that came back.
        rtol: share of `want` by which it may differ.
        what: it in a student's words, at the beginning of a sentence.
        otherwise: what misconceptions give; where it is just one of these, that is named.

    Raises:
        Unmet: it is not.
    """
    got = number(value, what)
    if close(got, want, rtol):
        return
    fail(f"{what} is {got:.6g}; expected {want:.6g}.",
         the_one((d, close(got, wrong, rtol)) for d, wrong in (otherwise or {}).items()))


def expect_tensor(value: Any, want: torch.Tensor, *, rtol: float, what: str,
                  otherwise: Mapping[Diagnosis, torch.Tensor] | None = None) -> None:
    """`value` is the tensor `want`, as `same` compares.

    Args:
        value: anything that came back.
        want: of the shape that `value` must have.
        rtol: share of |want| + max |want| by which an entry may differ.
        what: it in a student's words, at the beginning of a sentence.
        otherwise: what misconceptions give; where it is just one of these, that is named.

    Raises:
        Unmet: it is not.
    """
    got = tensor(value, tuple(want.shape), what)
    if same(got, want, rtol):
        return
    want = want.double()
    off = ~((got - want).abs() <= rtol * (want.abs() + want.abs().max()))   # NaN is off, too
    at = tuple(off.nonzero()[0].tolist())
    where = f" at index {at[0] if len(at) == 1 else at}" if at else ""
    fail(f"{what} is {float(got[at]):.6g}{where}; expected {float(want[at]):.6g}. "
         f"{int(off.sum())} of {off.numel()} entries are off.",
         the_one((d, same(got, wrong, rtol)) for d, wrong in (otherwise or {}).items()))


def same(got: torch.Tensor, want: torch.Tensor, rtol: float) -> bool:
    """Same shape, and every entry within rtol * (|want| + max |want|), in float64; False for NaN.

    The floor scales with the answer: beside its largest entry, a sum of float32 terms loses its small ones.
    """
    if got.shape != want.shape:
        return False
    if not want.numel():
        return True
    got, want = got.double(), want.double()
    return bool(((got - want).abs() <= rtol * (want.abs() + want.abs().max())).all())


def numbers(value: Any, what: str) -> list[float]:
    """A list, tuple or one-dimensional tensor of numbers, as floats.

    Args:
        value: anything that came back.
        what: it in a student's words, at the beginning of a sentence.

    Raises:
        Unmet: it is something else, or an entry is no number.
    """
    if isinstance(value, torch.Tensor) and value.dim() == 1 and value.dtype is not torch.bool:
        return [float(x) for x in value.double()]
    if not isinstance(value, list | tuple):
        fail(f"{what} is {described(value)}, not a list of numbers.")
    return [number(x, f"{entry(i)} of {what}") for i, x in enumerate(value)]


def entry(index: int) -> str:
    """One of a list's, at the beginning of a sentence, as people count and as Python does."""
    return f"Entry {index + 1} (index {index})"


def alike(got: Sequence[float], want: Sequence[float], rtol: float) -> bool:
    """As many numbers, each within rtol of its own; False for NaN."""
    return len(got) == len(want) and all(close(g, w, rtol) for g, w in zip(got, want, strict=True))


def expect_numbers(value: Any, want: Sequence[float], *, rtol: float, what: str,
                   otherwise: Mapping[Diagnosis, Sequence[float]] | None = None) -> None:
    """`value` is the list `want`, as `alike` compares.

    Args:
        value: anything that came back.
        rtol: share of its own wanted number by which each entry may differ.
        what: it in a student's words, at the beginning of a sentence.
        otherwise: what misconceptions give; where it is just one of these, that is named.

    Raises:
        Unmet: it is not; the first entry that is off is told.
    """
    got = numbers(value, what)
    if alike(got, want, rtol):
        return
    named = the_one((d, alike(got, wrong, rtol)) for d, wrong in (otherwise or {}).items())
    if len(got) != len(want):
        fail(f"{what} has {len(got)} entries; expected {len(want)}.", named)
    off = next(i for i, (g, w) in enumerate(zip(got, want, strict=True)) if not close(g, w, rtol))
    fail(f"{entry(off)} of {what} is {got[off]:.6g}; expected {want[off]:.6g}.", named)
