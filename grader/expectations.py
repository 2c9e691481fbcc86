"""Expectations that exercises share. Each returns where the promise holds and calls `fail` where not.

Shape and dtype are compared before values, values in float64, and every comparison is written so that NaN fails.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import torch

from grader import records as r
from grader.spec import Diagnosis, Seen, Strange, Unmet, fail

# of a histogram
_FEWEST_BARS, _MOST_BARS = 24, 150   # 150 are two pixels wide each
_WIDEST = 10                         # times what the law needs: beyond that nothing of the law would be seen
_LAW_POINTS = 240                    # of the expected curve, so that a law's end is a vertical line
_SPREAD_FROM = 4000                  # values, which torch has to sort


def described(value: Any) -> str:
    """A value in a student's words, short."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, Strange):
        return f"an object of type {value.kind}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def number(value: Any, what: str) -> float:
    """A Python number or a tensor with one element, as a float; anything else fails."""
    if isinstance(value, torch.Tensor) and value.numel() == 1 and value.dtype is not torch.bool:
        return float(value.double().item())
    if not isinstance(value, int | float) or isinstance(value, bool):
        fail(f"{what} is {described(value)}, not a number.")
    return float(value)


def tensor(value: Any, shape: tuple[int, ...], what: str) -> torch.Tensor:
    """A tensor of just this shape, in float64; anything else fails."""
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
    """`value` is `want` within `rtol`; where it is one of `otherwise` instead, and of one only, that is named."""
    got = number(value, what)
    if close(got, want, rtol):
        return
    fits = [d for d, wrong in (otherwise or {}).items() if close(got, wrong, rtol)]
    fail(f"{what} is {got:.6g}; expected {want:.6g}.", fits[0] if len(fits) == 1 else None)


def expect_tensor(value: Any, want: torch.Tensor, *, rtol: float, what: str,
                  otherwise: Mapping[Diagnosis, torch.Tensor] | None = None) -> None:
    """Every entry within rtol * (|want| + max |want|): the floor scales with the answer."""
    got = tensor(value, tuple(want.shape), what)
    if same(got, want, rtol):
        return
    fits = [d for d, wrong in (otherwise or {}).items() if same(got, wrong, rtol)]
    worst = float((got - want.double()).abs().max()) if got.numel() else 0.0
    fail(f"{what} is off by up to {worst:.3g}.", fits[0] if len(fits) == 1 else None)


def same(got: torch.Tensor, want: torch.Tensor, rtol: float) -> bool:
    """Same shape, and every entry within rtol * (|want| + max |want|); False for NaN."""
    if got.shape != want.shape:
        return False
    if not want.numel():
        return True
    got, want = got.double(), want.double()
    return bool(((got - want).abs() <= rtol * (want.abs() + want.abs().max())).all())


def numbers(value: Any, what: str) -> list[float]:
    """A list, tuple or one-dimensional tensor of numbers, as floats; anything else fails."""
    if isinstance(value, torch.Tensor) and value.dim() == 1 and value.dtype is not torch.bool:
        return [float(x) for x in value.double()]
    if not isinstance(value, list | tuple):
        fail(f"{what} is {described(value)}, not a list of numbers.")
    return [number(x, f"Entry {i} of {what}") for i, x in enumerate(value)]


def alike(got: Sequence[float], want: Sequence[float], rtol: float) -> bool:
    """As many numbers, each within rtol of its own; False for NaN."""
    return len(got) == len(want) and all(close(g, w, rtol) for g, w in zip(got, want, strict=True))


def expect_numbers(value: Any, want: Sequence[float], *, rtol: float, what: str,
                   otherwise: Mapping[Diagnosis, Sequence[float]] | None = None) -> None:
    """`value` is the list `want`, each entry within `rtol`; where it is just one of `otherwise`, that is named."""
    got = numbers(value, what)
    if alike(got, want, rtol):
        return
    fits = [d for d, wrong in (otherwise or {}).items() if alike(got, wrong, rtol)]
    named = fits[0] if len(fits) == 1 else None
    if len(got) != len(want):
        fail(f"{what} has {len(got)} entries; expected {len(want)}.", named)
    off = next(i for i, (g, w) in enumerate(zip(got, want, strict=True)) if not close(g, w, rtol))
    fail(f"Entry {off} of {what} is {got[off]:.6g}; expected {want[off]:.6g}.", named)


def curves(title: str, alt: str, *, x_label: str, y_label: str, yours: Sequence[float],
           expected: Sequence[float], log_y: bool = False,
           allowed: tuple[int, float, float] | None = None) -> r.Curves:
    """A picture of two curves: what was measured, and the reference.

    `allowed`: a place on the x axis, counted from 1, and the lowest and highest value that pass there.
    """
    def series(name: str, values: Sequence[float]) -> r.Series:
        return r.Series(name=name, values=tuple(float(v) if math.isfinite(v) else None for v in values),
                        reference=name == "expected")
    known = allowed and all(map(math.isfinite, allowed))
    band = r.Band(at=allowed[0], low=allowed[1], high=allowed[2]) if allowed and known else None
    return r.Curves(title=title, alt=alt, x_label=x_label, y_label=y_label, log_y=log_y, band=band,
                    series=(series("yours", yours), series("expected", expected)))


def histogram(title: str, alt: str, *, values: torch.Tensor, density: Callable[[torch.Tensor], torch.Tensor],
              reach: float, x_label: str = "") -> r.Histogram:
    """A picture of how `values` are spread around 0, beside the density of the law they should follow.

    The law needs [-reach, reach]; values that are spread more widely widen it, and narrow ones get narrower bars.
    Values beyond the edges or not finite are counted in the whole, but fall into no bin.
    """
    found = values.detach().float().flatten()
    spread = _spread(found) or reach / 5
    reach = min(max(reach, 4 * spread), _WIDEST * reach)
    bins = min(max(_FEWEST_BARS, round(2 * reach / (spread / 5))), _MOST_BARS)
    edges = torch.linspace(-reach, reach, bins + 1, dtype=torch.float64)
    counts = torch.histc(found[found.abs() <= reach], bins, -reach, reach).double()
    heights = counts / (max(found.numel(), 1) * 2 * reach / bins)
    fine = (torch.arange(_LAW_POINTS, dtype=torch.float64) + 0.5) * (2 * reach / _LAW_POINTS) - reach
    return r.Histogram(title=title, alt=alt, x_label=x_label, edges=_short(edges), density=_short(heights),
                       expected=_short(density(fine)))


def _spread(values: torch.Tensor) -> float:
    """Half the distance between the sixteenth and the eighty-fourth of a hundred: no outlier moves it far."""
    some = values[:: max(1, len(values) // _SPREAD_FROM)]
    some = some[some.isfinite()]
    if not some.numel():
        return 0.0
    low, high = some.quantile(torch.tensor([0.16, 0.84]))
    return float(high - low) / 2


def _short(values: torch.Tensor) -> tuple[float, ...]:
    """As exact as a picture can show."""
    return tuple(float(f"{value:.5g}") for value in values.tolist())


def fail_as_raised(seen: Seen, diagnosis: Diagnosis | None = None) -> NoReturn:
    """The step raised: fail with that cause, and name the misconception where the error shows just one."""
    error, name = seen.raised, ", ".join(seen.step.uses)
    said = error.message.partition("\n")[0] if error else ""
    kind = error.error if error else "nothing"
    raise Unmet(f"`{name}` raised {kind}: {said}" if said else f"`{name}` raised {kind}.", diagnosis, r.Cause.RAISED)
