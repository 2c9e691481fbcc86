"""What the weights do in deep nets: signals through thirty ReLU layers, and their gradients back.

The logarithm of what arrives varies by depth / width. Twelve nets of width 32 tell as much as one of width
256, from a fifth of the weights.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from grader.spec import HE, Diagnosis, Draw, Seen, curves, derived, follow, statistics, the_one, times

from .misconceptions import ROWS_SUM_TO_ZERO, SAME_DRAW, copies, told_of

NETS, DEPTH, WIDTH, BATCH = 12, 30, 32, 64
LAYERS, SQUARE = NETS * DEPTH, (WIDTH, WIDTH)

# Over 4,000 seeds the logarithms are normal (skewness < 0.05, kurtosis 3.0), with medians 0.529 and 0.588 and
# standard deviations 0.285 and 0.200. The spreads below are a tenth larger. In nets this narrow a typical
# signal shrinks even where the mean of its square does not.
SIGNAL = {"median": 0.529, "spread": 0.314}
GRADIENT = {"median": 0.588, "spread": 0.22}


@dataclass(frozen=True)
class Run:
    """What went through the layers, from first to last: geometric means over the nets."""

    weights: list[Tensor]      # (WIDTH, WIDTH) each, float64: one net after the other
    spreads: list[float]       # standard deviation of the pre-activations
    gradients: list[float]     # size of the gradient of the pre-activations, relative to the last layer's


@derived
def run(seen: Seen) -> Run:
    """Forward in float64, and backward with autograd: z_1 = W_1 x, z_l = W_l relu(z_(l-1))."""
    weights = seen.mapping().tensors("layers", [SQUARE] * LAYERS, "Weight")
    nets = torch.stack(weights).reshape(NETS, DEPTH, *SQUARE).mT    # (NETS, DEPTH, inputs, outputs)
    with torch.enable_grad():
        signal = seen.given["signal"].double().requires_grad_()     # (BATCH, WIDTH)
        layers = [signal @ nets[:, 0]]                              # (NETS, BATCH, WIDTH) each
        for layer in range(1, DEPTH):
            layers.append(layers[-1].relu() @ nets[:, layer])
        last = seen.given["gradient"].double()
        loss = (layers[-1] * last).sum()   # its gradient there is `last`, in each net
    gradients = torch.autograd.grad(loss, layers)
    return Run(weights, [_over_nets(z.detach().flatten(1).std(dim=1)) for z in layers],
               [_over_nets(g.flatten(1).norm(dim=1) / last.norm()) for g in gradients])


def _over_nets(sizes: Tensor) -> float:
    """The geometric mean."""
    return float(sizes.log().mean().exp())


def draw_signal(seen: Seen, low: float, high: float) -> None:
    """A picture of the spreads, and of what may come at the last layer."""
    spreads = run(seen).spreads
    seen.draw(curves("Signal by layer", f"The spread of the pre-activations from layer 1, {spreads[0]:.3g}, "
                     f"to layer 30, {spreads[-1]:.3g}; with He's weights it goes from 1.4 to about "
                     f"{SIGNAL['median']:.2g} in nets this narrow.", x_label="layer",
                     y_label="standard deviation", yours=spreads,
                     expected=evenly(math.sqrt(2), SIGNAL["median"]), log_y=True, allowed=(DEPTH, low, high)))


def draw_gradient(seen: Seen, low: float, high: float) -> None:
    """A picture of the gradients, and of what may come at the first layer."""
    gradients = run(seen).gradients
    seen.draw(curves("Gradient by layer", "The size of the gradient relative to the last layer's: "
                     f"{gradients[0]:.3g} at layer 1; with He's weights it is about {GRADIENT['median']:.2g} "
                     "in nets this narrow.", x_label="layer", y_label="gradient / gradient at layer 30",
                     yours=gradients, expected=evenly(GRADIENT["median"], 1.0), log_y=True,
                     allowed=(1, low, high)))


def evenly(first: float, last: float) -> list[float]:
    """From layer to layer, multiplied by the same."""
    return [first * (last / first) ** (layer / (DEPTH - 1)) for layer in range(DEPTH)]


def keeps(seen: Seen, size: float, law: dict[str, float]) -> bool:
    """The size is one of those that He's weights lead to. Where all layers have the very same weights, and
    those are He's, `independent` tells of it."""
    weights = run(seen).weights
    if statistics.log_normal(size, **law).holds:
        return True
    one_draw = _all_the_same(weights) and follow([Draw(seen, SQUARE, weights[0])], HE)
    if one_draw:
        seen.follows("independent")
    return one_draw


def _all_the_same(weights: Sequence[Tensor]) -> bool:
    return all(torch.equal(w, weights[0]) for w in weights[1:])


def explained(seen: Seen) -> tuple[str, Diagnosis | None]:
    """What the weights have to do with it: their width, and what has just this width, if anything.

    Two weights that are not square, filled after the others and not rounded, tell apart what looks alike on
    square ones.
    """
    weights, shapes = run(seen).weights, [tuple(weight.shape) for weight in seen.given["others"]]
    others = seen.mapping().tensors("others", shapes, "Weight")
    if _all_the_same(weights):
        return " All layers have the very same weights.", SAME_DRAW
    copied = copies(others)
    if copied:
        return f" {copied.meaning}", copied
    thirty = Draw(seen, SQUARE, torch.cat(weights))
    if follow([thirty], HE):
        sums = float(torch.stack([w.sum(dim=1).square().mean() for w in weights]).mean())
        # 2 for independent weights; what is left of 0 are the roundings
        return " The weights have variance 2 / fan_in.", the_one([(ROWS_SUM_TO_ZERO, sums < 0.02)])
    if float(thirty.weights.min()) >= 2 and float(thirty.weights.max()) <= 3:
        return " The tensors that were passed in hold the numbers they held before.", None
    draws = [thirty, *(Draw(seen, shape, w) for shape, w in zip(shapes, others, strict=True))]
    fitting, named = told_of(draws)
    return f" The weights have {times(thirty.share_of(HE))} the variance 2 / fan_in.{fitting}", named
