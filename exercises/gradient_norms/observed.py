"""What was observed, read and compared: the dict that a student's hooks filled, and the gradients that they
should leave alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from grader.spec import Diagnosis, Parts, Seen, both, close, curves, fail, number, the_one

from .misconceptions import (
    CLIPPED,
    ERASED,
    FORMULAS,
    NORMALISED,
    NOTHING,
    REPLACED,
    SCALED,
    SQUARED_IN_PLACE,
)
from .reference import Tensors, l2

# Right formulas agree to 1e-15 in float64, and to 1e-7 where the norm itself is taken in float32.
RTOL = 1e-6

Norms = Mapping[str, float]
Formula = Callable[[Tensor], Tensor]


def recorded(seen: Seen | Parts, part: str = "norms") -> dict[Any, Any]:
    """The dict of norms, as it was copied; anything but a dict fails."""
    found = (seen.mapping() if isinstance(seen, Seen) else seen)[part]
    if isinstance(found, str):
        fail(f"`attach_gradient_norm_hooks` returns no dict of norms, but something of type {found}.")
    if not isinstance(found, dict):
        fail("What `attach_gradient_norm_hooks` returns is not a dict of norms and a list of handles.")
    return found


def entries(found: Mapping[Any, Any]) -> dict[str, float]:
    """All entries as floats; a dict without any fails."""
    if not found:
        fail("The dict is empty after a backward.", NOTHING)
    return {str(name): number(value, f"The entry for `{name}`") for name, value in found.items()}


def whole(got: Iterable[str], parameters: Iterable[str]) -> bool:
    """Every parameter has an entry under its name. Where not, `names` says so, and the other checks ask of
    what is there whether it is the norm of any of the gradients."""
    return set(parameters) <= set(got)


def fits(got: Norms, formula: Formula, *backwards: Tensors, named: bool = True) -> bool:
    """Every entry is the formula of its gradient; where there are several backwards, the sum over them.

    Args:
        named: an entry's gradient is the one of its name; else it may be any of them.
    """
    sums = {name: sum(float(formula(gradients[name])) for gradients in backwards) for name in backwards[0]}
    if named and not any(name in got for name in sums):
        return False
    return all(any(close(value, one, RTOL) for one in ([sums[name]] if named else sums.values()))
               for name, value in got.items() if name in sums or not named)


def explained(got: Norms, formula: Formula, *backwards: Tensors) -> bool:
    """`fits`, by name; or by value where not every parameter has an entry."""
    return (fits(got, formula, *backwards)
            or (not whole(got, backwards[0]) and fits(got, formula, *backwards, named=False)))


def of_gradients(got: Norms, *backwards: Tensors) -> bool:
    """Every entry is the L2 norm of a gradient, or one and the same of the mistaken formulas: of which
    gradient and by which formula is for `norms` to say."""
    return any(fits(got, formula, *backwards, named=False) for formula in (l2, *FORMULAS.values()))


def l2_norms(gradients: Tensors) -> dict[str, float]:
    return {name: float(l2(gradient)) for name, gradient in gradients.items()}


def off(got: Norms, want: Norms) -> list[str]:
    """The names of the parameters whose entries are wrong."""
    return [name for name in want if name in got and not close(got[name], want[name], RTOL)]


def differing(before: Mapping[Any, Any], after: Mapping[Any, Any], rtol: float = 0.0) -> list[Any]:
    """The names of the entries that are not the same in both, or only in one."""
    def same(name: Any) -> bool:
        old, new = number(before[name], "An entry"), number(after[name], "An entry")
        return close(new, old, rtol) or (math.isnan(old) and math.isnan(new))

    return [name for name in {**before, **after} if not (name in before and name in after and same(name))]


def listed(names: Iterable[Any]) -> str:
    """The first four names in order, and how many more there are."""
    found = sorted(map(str, names))
    rest = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return ", ".join(f"`{name}`" for name in found[:4]) + rest


def tensors(parts: Parts) -> dict[str, Tensor]:
    """Those parts that are tensors of floats."""
    return {name: parts[name] for name in parts
            if isinstance(parts[name], Tensor) and parts[name].is_floating_point()}


def identical(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


def near(got: Tensor, want: Tensor, rtol: float) -> bool:
    """Same shape, and |got - want| <= rtol * |want| as vectors; False for NaN."""
    return got.shape == want.shape and bool((got.double() - want).norm() <= rtol * want.norm())


def unlike(got: Tensors, want: Tensors, rtol: float) -> list[str]:
    """The names under which `got` holds nothing, or something else than `want`."""
    return [name for name in want if name not in got or not near(got[name], want[name], rtol)]


def spoiling(got: Tensors, right: Tensors) -> Diagnosis | None:
    """What happened to the gradients, where it is one thing."""
    def all_are(formula: Formula) -> bool:
        return not unlike(got, {name: formula(gradient) for name, gradient in right.items()}, RTOL)

    gain = got.get("gain", torch.tensor(math.nan))
    factor = float(gain.double() / right["gain"]) if gain.dim() == 0 else math.nan
    only_the_gain = unlike(got, right, RTOL) == ["gain"] and near(gain, right["gain"].norm(), RTOL)
    most = {name: g.abs() + RTOL * g.norm() for name, g in right.items()}    # sums may differ by rounding
    shrunk = all(name in got and got[name].shape == g.shape and bool((got[name].abs() <= most[name]).all())
                 and bool((got[name] * g >= -(RTOL * g.norm())**2).all()) and bool(got[name].any())
                 for name, g in right.items())
    known = the_one([
        (ERASED, all_are(torch.zeros_like)),
        (NORMALISED, all_are(lambda g: g / g.norm())),
        (SQUARED_IN_PLACE, all_are(torch.square)),
        (REPLACED, only_the_gain or all_are(lambda g: g.norm().expand_as(g))),
        (SCALED, math.isfinite(factor) and factor not in (0.0, 1.0) and all_are(lambda g: factor * g))])
    return known or (CLIPPED if shrunk else None)


def formula_of(got: Norms, right: Tensors) -> Diagnosis | None:
    """What was taken for the L2 norm; of matrices and of other gradients apart, where no one thing was."""
    whole_of_it = the_one((mistake, explained(got, formula, right)) for mistake, formula in FORMULAS.items())
    if whole_of_it or not whole(got, right):
        return whole_of_it
    kinds = [{name: g for name, g in right.items() if (g.dim() == 2) is matrix} for matrix in (True, False)]
    found = [None if fits(got, l2, kind)
             else the_one((m, fits(got, formula, kind)) for m, formula in FORMULAS.items()) for kind in kinds]
    if any(one is None and not fits(got, l2, kind) for one, kind in zip(found, kinds, strict=True)):
        return None
    first, second = found
    return both(first, second) if first and second else first or second


def tabulated(seen: Seen, what: str, got: Norms, want: Norms) -> None:
    """A row of the report's table for each entry, in the model's order."""
    for name in sorted(got, key=lambda name: list(want).index(name) if name in want else len(want)):
        seen.measure(f"{what} for `{name}`", f"{got[name]:.6g}", f"{want[name]:.6g}" if name in want else "-")


def pictured(seen: Seen, got: Norms, want: Norms) -> None:
    """The measured norms beside the expected ones."""
    yours = [got.get(name, math.nan) for name in want]
    if not any(map(math.isfinite, yours)):
        return
    seen.draw(curves("Gradient norm of each parameter", "The numbers are those of the table.",
                     x_label="parameter, in the model's order", y_label="L2 norm of the gradient",
                     log_y=True, yours=yours, expected=list(want.values())))
