"""What was observed, read and compared: the dict that a student's hooks filled, and the gradients that they
should leave alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from grader.spec import Diagnosis, Parts, Seen, close, curves, fail, number, the_one

from .misconceptions import ERASED, FORMULAS, NORMALISED, REPLACED, SCALED, SQUARED_IN_PLACE
from .reference import Tensors, l2

# Right formulas agree to 1e-15 in float64, and to 1e-7 where the norm itself is taken in float32.
RTOL = 1e-6

Norms = Mapping[str, float]


def recorded(seen: Seen, part: str = "norms") -> dict[Any, Any]:
    """The dict of norms, as it was copied; anything but a dict fails."""
    found = seen.mapping()[part]
    if isinstance(found, str):
        fail(f"The first thing that `attach_gradient_norm_hooks` returns is of type {found}, not a dict of "
             "norms.")
    if not isinstance(found, dict):
        fail("What `attach_gradient_norm_hooks` returns is not a dict of norms and a list of handles.")
    return found


def entries(found: Mapping[Any, Any], parameters: Iterable[str]) -> dict[str, float]:
    """The entries under parameters' names, as floats.

    Which names are there is for the check `names` to say; here a third of them is enough.
    """
    expected = list(parameters)
    known = {name: number(found[name], f"The entry for `{name}`") for name in expected if name in found}
    if not known:
        fail("No parameter has an entry under its name after the backward.")
    if 3 * len(known) < len(expected):
        fail(f"Only {len(known)} of {len(expected)} parameters have an entry under their name after the "
             "backward.")
    return known


def fits(got: Norms, formula: Callable[[Tensor], Tensor], *backwards: Tensors) -> bool:
    """Every entry is the formula of its gradient; where there are several backwards, the sum over them."""
    return all(close(value, sum(float(formula(gradients[name])) for gradients in backwards), RTOL)
               for name, value in got.items())


def of_gradient(got: Norms, *backwards: Tensors) -> bool:
    """Every entry is the L2 norm of its gradient, or one and the same of the mistaken formulas."""
    return any(fits(got, formula, *backwards) for formula in (l2, *FORMULAS.values()))


def l2_norms(gradients: Tensors) -> dict[str, float]:
    return {name: float(l2(gradient)) for name, gradient in gradients.items()}


def off(got: Norms, want: Norms) -> list[str]:
    """The names of the entries that are wrong."""
    return [name for name, value in got.items() if not close(value, want[name], RTOL)]


def unchanged(before: Any, after: Any) -> bool:
    """One and the same number."""
    old, new = number(before, "An entry"), number(after, "An entry")
    return old == new or (math.isnan(old) and math.isnan(new))


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
    def all_are(formula: Callable[[Tensor], Tensor]) -> bool:
        return not unlike(got, {name: formula(gradient) for name, gradient in right.items()}, RTOL)

    gain = got.get("gain", torch.tensor(math.nan))
    factor = float(gain.double() / right["gain"]) if gain.dim() == 0 else math.nan
    only_the_gain = unlike(got, right, RTOL) == ["gain"] and near(gain, right["gain"].norm(), RTOL)
    return the_one([
        (ERASED, all_are(torch.zeros_like)),
        (NORMALISED, all_are(lambda g: g / g.norm())),
        (SQUARED_IN_PLACE, all_are(torch.square)),
        (REPLACED, only_the_gain or all_are(lambda g: g.norm().expand_as(g))),
        (SCALED, math.isfinite(factor) and factor not in (0.0, 1.0) and all_are(lambda g: factor * g))])


def tabulated(seen: Seen, what: str, got: Norms, want: Norms) -> None:
    """A row of the report's table for each entry."""
    for name, value in got.items():
        seen.measure(f"{what} for `{name}`", f"{value:.6g}", f"{want[name]:.6g}")


def pictured(seen: Seen, got: Norms, want: Norms) -> None:
    """The measured norms beside the expected ones."""
    yours = [got.get(name, math.nan) for name in want]
    told = "; ".join(f"{name}: measured {value:.4g}, expected {want[name]:.4g}"
                     for name, value in zip(want, yours, strict=True))
    seen.draw(curves("Gradient norm of each parameter", told, x_label="parameter: " + ", ".join(want),
                     y_label="L2 norm of the gradient", log_y=True, yours=yours,
                     expected=list(want.values())))
