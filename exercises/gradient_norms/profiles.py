"""What `diagnose` is asked, and what the notebook's rule answers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from grader.spec import Call, Seen, Step, described

from .misconceptions import weights_of

MOST = 6    # wrong answers that are shown


def layers(*weights: float, bias: float = 1.0) -> Step:
    """`diagnose` on the norms of a net's weights, first layer to last, each followed by its bias's."""
    return Call("diagnose", {name: norm for i, weight in enumerate(weights)
                             for name, norm in ((f"{i}.weight", weight), (f"{i}.bias", bias))})


PROFILES = {
    layers(0.9, 1.1, 1.3, 1.0): "stable",
    layers(2e-2, 0.1, 0.4, 1.0): "stable",                 # a factor of 50 is not yet vanishing
    layers(60.0, 9.0, 3.0, 1.0): "stable",
    layers(1.2e-3, 0.1, 1.0): "stable",                      # on both sides of a thousand
    layers(800.0, 9.0, 1.0): "stable",
    layers(8e-4, 0.1, 1.0): "vanishing",
    layers(1.3e3, 9.0, 1.0): "exploding",
    layers(1000.0, 9.0, 1.0): "exploding",                 # just a thousand, and exactly so in any precision
    layers(1.0, 1e-5, 1.0): "stable",                      # first and last count, not the smallest
    layers(1.0, 1e5, 1.0): "stable",                       # nor the largest
    layers(3e-9, 2e-9, 1e-9, bias=1e-9): "stable",         # all small alike: the rule compares layers
    layers(2e-6, 3e-4, 2e-2, 1.0): "vanishing",
    layers(1e-8, 1e-5, 1e-2, 1.0, bias=1e-8): "vanishing",
    layers(2e-5, 1.0): "vanishing",                        # two layers
    layers(3e-2, 1e-3, 1e-6): "exploding",                 # and yet all below 1
    layers(0.0, 1e-9, 1e-3, 0.1): "vanishing",
    layers(0.0, 0.0, 0.0, bias=0.0): "vanishing",          # float32 norms underflow to exactly 0
    layers(2.0, 1e-3, 0.0): "exploding",
    layers(7e6, 2e4, 3e2, 1.0): "exploding",
    layers(2e7, 1e4, 5.0, 1.0, bias=2e7): "exploding",
    layers(1.0, math.nan, 1.0): "exploding",
    layers(1.0, 1.0, math.nan): "exploding",
    layers(math.inf, 1e30, 1.0): "exploding",
    layers(1.0, 1e30, math.inf): "exploding",              # and not vanishing: first what is not finite
    layers(1.0, 1.0, bias=math.inf): "exploding",
    layers(1.0, 1.0, bias=math.nan): "exploding",
    # names with "weight" in them that do not end in it
    Call("diagnose", {"weighting.bias": 1e-6, "0.weight_g": 1e-6, "0.weight": 1.0, "0.bias": 1.0,
                      "1.weight": 1.0}): "stable",
    # sorted, be it as text or by number, these names stand in another order
    layers(2.0, *[1e-5] * 8, 1.0, 1e-5, 1e-5): "exploding",
    Call("diagnose", {"stem.weight": 1.0, "block.0.weight": 2.0, "block.10.weight": 3.0,
                      "block.9.weight": 4e3, "head.weight": 5e3, "head.bias": 1.0}): "vanishing",
}


def show(wrong: Sequence[Seen]) -> None:
    """Some wrong answers in the report, of every kind, beside what the rule looks at: the weights' norms, and
    what is not finite."""
    kinds = Counter[tuple[str, str]]()
    turns = []      # the first of each kind before the second of any
    for seen in wrong:
        kind = described(seen.value), PROFILES[seen.step]
        turns.append(kinds[kind])
        kinds[kind] += 1
    for _, seen in sorted(zip(turns, wrong, strict=True), key=lambda one: one[0])[:MOST]:
        norms = seen.given["0"]
        others = [f"; `{name}` {norm:g}" for name, norm in norms.items()
                  if not name.endswith("weight") and not math.isfinite(norm)]
        weights = ", ".join(f"{norm:g}" for norm in weights_of(norms))
        seen.measure(f"weights' norms {weights}{''.join(others)}", described(seen.value),
                     repr(PROFILES[seen.step]))
