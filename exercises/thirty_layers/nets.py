"""The nets that `build` gives: their layers, what they compute, and the first weights they have."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from grader.spec import (
    DEFAULT,
    RATE,
    Draw,
    Law,
    Parts,
    Seen,
    described,
    fail,
    fits,
    follow,
    means_are,
    same,
    tensor,
    the_one,
)

from .misconceptions import (
    COPIED,
    ENDS_FORGOTTEN,
    HIDDEN_COUNTED,
    NO_ACTIVATION,
    RELU_ON_OUTPUT,
    SHARED,
    SOFTMAX_ON_OUTPUT,
    scalings,
)

INPUTS, CLASSES = 64, 10
PLACES = ("first layer", "hidden layers", "last layer")


def shapes(depth: int, width: int) -> list[tuple[int, int]]:
    """The weights' shapes, (outputs, inputs), from first to last."""
    sizes = [INPUTS, *[width] * (depth - 1), CLASSES]
    return list(zip(sizes[1:], sizes[:-1], strict=True))


def layers_of(net: Parts, depth: int, width: int) -> tuple[list[Tensor], list[Tensor]]:
    """Weights and biases of a net with this depth and width, in float64; anything else fails."""
    name, wanted = f"build({depth}, {width}, ...)", shapes(depth, width)
    if "weights" not in net:
        fail(f"`{name}` gave no nn.Sequential, but a {described(net.get('kind'))}.")
    count = len(net.items("weights"))
    if count != depth:
        fail(f"`{name}` has {count} linear layers; expected {depth}.",
             HIDDEN_COUNTED if count == depth + 1 > 2 else None)
    if any(bias is None for bias in net.items("biases")):
        fail(f"In `{name}`, layers have no bias.")
    return net.tensors("weights", wanted, "Weight"), net.tensors("biases", [s[:1] for s in wanted], "Bias")


def forward(weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor,
            activation: Callable[[Tensor], Tensor] = torch.relu) -> Tensor:
    """What linear layers give for x, (batch, inputs), with an activation after each but the last."""
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = activation(x @ w.T + b)
    return x @ weights[-1].T + biases[-1]


def expect_net(seen: Seen) -> None:
    """The net is a chain of its linear layers with ReLU in between; anything else fails."""
    depth, net = seen.given["depth"], seen.mapping()
    name = f"build({depth}, {seen.given['width']}, ...)"
    weights, biases = layers_of(net, depth, seen.given["width"])
    if net["kind"] != "Sequential":
        fail(f"`{name}` is a {described(net['kind'])}, not an nn.Sequential.")
    if net.whole("distinct") != depth:
        fail(f"`{name}` has {net.whole('distinct')} different linear layers; expected {depth}.", SHARED)
    hidden = weights[1:-1]
    if any(torch.equal(w, hidden[0]) for w in hidden[1:]):
        fail("Hidden layers have equal weights.", COPIED)
    x = seen.given["x"].double()
    want = forward(weights, biases, x)
    got = tensor(net.get("output"), tuple(want.shape), f"The output of `{name}`")
    if not bool(want.any()):
        fail(f"`{name}` gives 0 for every input.")
    # float32: sums of 96 terms in six layers are right to some 1e-6 of the largest output
    if same(got, want, 1e-4):
        return
    fail(f"`{name}` does not compute what its linear layers give with a ReLU after each but the last.",
         the_one((d, same(got, other, 1e-4)) for d, other in (
             (NO_ACTIVATION, forward(weights, biases, x, lambda z: z)), (RELU_ON_OUTPUT, torch.relu(want)),
             (SOFTMAX_ON_OUTPUT, want.softmax(1)), (SOFTMAX_ON_OUTPUT, want.log_softmax(1)))))


def first_weights(seen: Seen) -> list[Draw]:
    """The weights of the first layer, of the hidden ones, one below the other, and of the last."""
    weights, _ = layers_of(seen.mapping(), seen.given["depth"], seen.given["width"])
    grouped = (weights[0], torch.cat(weights[1:-1]), weights[-1])
    ends = (weights[0], weights[1], weights[-1])
    return [Draw(seen, tuple(one.shape), weight) for one, weight in zip(ends, grouped, strict=True)]


def holds(draw: Draw, law: Law) -> bool:
    """The weights have this variance, and mean 0: two of the six tests that share the false alarms.

    The bands are those of a normal law; a uniform one, whose variance varies less, stays within them.
    """
    share = RATE / (2 * len(PLACES))
    return (follow([draw], law, false_alarm=share)
            and means_are([draw], lambda _: 0.0, false_alarm=share))


def expect_scaling(seen: Seen, right: Law) -> None:
    """The weights of the first layer, the hidden ones and the last have the right law's variance, and
    mean 0."""
    draws = first_weights(seen)
    for where, draw in zip(PLACES, draws, strict=True):
        seen.measure(f"variance of the weights, {where}", f"{float(draw.weights.var()):.4g}",
                     f"{right.variance(draw.shape):.4g}", right.formula)
    held = [holds(draw, right) for draw in draws]
    if all(held):
        return
    ends_forgotten = held[1] and all(h or holds(draw, DEFAULT) for h, draw in zip(held, draws, strict=True))
    fitting = [(diagnosis, fits(draws, law)) for diagnosis, law in scalings(right)]
    off = held.index(False)
    mean, variance = float(draws[off].weights.mean()), float(draws[off].weights.var())
    fail(f"In the {PLACES[off]} the weights have variance {variance:.3g} and mean {mean:.2g}; expected are "
         f"variance {right.variance(draws[off].shape):.3g} and mean 0.",
         the_one([*fitting, (ENDS_FORGOTTEN, ends_forgotten)]))
