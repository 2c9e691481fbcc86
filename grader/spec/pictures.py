"""Pictures for the report: a measured curve beside the expected one, values beside the density of
their law."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from grader import records

# of a histogram
_FEWEST_BARS, _MOST_BARS = 24, 150   # 150 are two pixels wide each
_WIDEST = 10                         # times what the law needs: beyond that nothing of the law would be seen
_LAW_POINTS = 240                    # of the expected curve, so that a law's end is a vertical line
_SPREAD_FROM = 4000                  # values, which torch has to sort


def curves(title: str, alt: str, *, x_label: str, y_label: str, yours: Sequence[float],
           expected: Sequence[float], log_y: bool = False,
           allowed: tuple[int, float, float] | None = None) -> records.Curves:
    """A picture of two curves: what was measured, and the reference.

    Args:
        alt: what the picture shows, in a sentence or two, for those who cannot see it.
        yours: one value for each place on the x axis, from 1 on; those not finite are gaps.
        expected: the same of the reference; it may be longer or shorter.
        allowed: a place on the x axis, and the lowest and highest value that pass there.
    """
    def series(name: str, values: Sequence[float]) -> records.Series:
        return records.Series(name=name, values=tuple(float(v) if math.isfinite(v) else None for v in values),
                        reference=name == "expected")
    known = allowed and all(map(math.isfinite, allowed))
    band = records.Band(at=allowed[0], low=allowed[1], high=allowed[2]) if allowed and known else None
    return records.Curves(title=title, alt=alt, x_label=x_label, y_label=y_label, log_y=log_y, band=band,
                    series=(series("yours", yours), series("expected", expected)))


def histogram(title: str, alt: str, *, values: torch.Tensor, density: Callable[[torch.Tensor], torch.Tensor],
              reach: float, x_label: str = "") -> records.Histogram:
    """A picture of how `values` are spread around 0, beside the density of the law they should follow.

    The law needs [-reach, reach]; values that are spread more widely widen it, and narrow ones get narrower
    bars. Values beyond the edges or not finite are counted in the whole, but fall into no bin.

    Args:
        alt: what the picture shows, in a sentence or two, for those who cannot see it.
        values: of any shape, in the unit of the x axis.
        density: of the law, per unit of the x axis, for a tensor of places.
        reach: above 0, in the unit of the x axis.
    """
    found = values.detach().float().flatten()
    spread = _spread(found) or reach / 5
    reach = min(max(reach, 4 * spread), _WIDEST * reach)
    bins = min(max(_FEWEST_BARS, round(2 * reach / (spread / 5))), _MOST_BARS)
    edges = torch.linspace(-reach, reach, bins + 1, dtype=torch.float64)
    counts = torch.histc(found[found.abs() <= reach], bins, -reach, reach).double()
    heights = counts / (max(found.numel(), 1) * 2 * reach / bins)
    fine = (torch.arange(_LAW_POINTS, dtype=torch.float64) + 0.5) * (2 * reach / _LAW_POINTS) - reach
    return records.Histogram(title=title, alt=alt, x_label=x_label, edges=_short(edges),
                             density=_short(heights),
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
