"""The nets that `build` gives: their layers, what they compute, and the first weights they have."""

import itertools
import operator
from collections.abc import Callable

import torch
from torch import Tensor, nn

from grader.spec import (
    DEFAULT,
    RATE,
    Diagnosis,
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
    OTHER_ACTIVATION,
    RELU_ON_OUTPUT,
    SHARED,
    SOFTMAX_ON_OUTPUT,
    scalings,
)

INPUTS, CLASSES = 64, 10
Weights = list[Tensor]
Net = Callable[[Weights, Weights, Tensor], Tensor]   # weights, biases, x -> scores


def layers_of(net: Parts) -> tuple[Weights, list[Tensor | None]]:
    """Weights and biases of the linear layers in float64, however many there are; anything else fails."""
    if "weights" not in net:
        fail(f"`build` gave no nn.Sequential, but a {described(net.get('kind'))}.")
    weights = net.items("weights")
    if not weights:
        fail(f"`build` gave a {described(net.get('kind'))} without a linear layer.")
    shapes = [tuple(w.shape) if isinstance(w, Tensor) else () for w in weights]
    if not all(len(shape) == 2 and min(shape) > 0 for shape in shapes):
        fail("A linear layer's weight is no matrix.")
    biases = [b if b is None else tensor(b, shape[:1], "A bias")
              for b, shape in zip(net.items("biases"), shapes, strict=False)]
    if len(biases) != len(weights):
        fail("What came back of the layers cannot be read.")
    return [w.double() for w in weights], biases


def chain(net: Parts) -> tuple[Weights, Weights]:
    """Weights and biases of a net whose linear layers lead from the inputs to the classes; where a layer has
    no bias, zeros."""
    weights, biases = layers_of(net)
    sizes = [INPUTS, *(len(w) for w in weights)]
    if [w.shape[1] for w in weights] != sizes[:-1] or sizes[-1] != CLASSES:
        fail(f"The linear layers do not lead from {INPUTS} inputs to {CLASSES} scores.")
    return weights, [w.new_zeros(len(w)) if b is None else b for w, b in zip(weights, biases, strict=True)]


def through(activation: Callable[[Tensor], Tensor], last: Callable[[Tensor], Tensor] | None = None) -> Net:
    """A net of linear layers with an activation after each but the last, and perhaps one after that."""
    def scores(weights: Weights, biases: Weights, x: Tensor) -> Tensor:
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            x = activation(x @ w.T + b)
        x = x @ weights[-1].T + biases[-1]
        return last(x) if last else x
    return scores


RIGHT = through(torch.relu)
OTHERS: tuple[tuple[Diagnosis, Net], ...] = (
    (NO_ACTIVATION, through(lambda z: z)),
    (RELU_ON_OUTPUT, through(torch.relu, torch.relu)),
    *((SOFTMAX_ON_OUTPUT, through(torch.relu, last)) for last in (nn.Softmax(1), nn.LogSoftmax(1))),
    *((OTHER_ACTIVATION, through(activation))
      for activation in (nn.Tanh(), nn.Sigmoid(), nn.LeakyReLU(), nn.GELU(), nn.ELU(), nn.SiLU())))
SAME = 1e-4   # float32: sums of 64 terms in six layers are right to some 1e-6 of the largest output


def expect_net(seen: Seen) -> None:
    """The net is a chain of its linear layers with ReLU in between; anything else fails."""
    depth, width, net = seen.given["depth"], seen.given["width"], seen.mapping()
    name = f"build({depth}, {width}, ...)"
    weights, _ = layers_of(net)
    if len(weights) != depth:
        fail(f"`{name}` has {len(weights)} linear layers; expected {depth}.",
             HIDDEN_COUNTED if len(weights) == depth + 1 > 2 else None)
    sizes = [INPUTS, *[width] * (depth - 1), CLASSES]
    for i, (w, shape) in enumerate(zip(weights, zip(sizes[1:], sizes[:-1], strict=True), strict=True)):
        tensor(w, shape, f"Weight {i + 1} of `{name}`")
    if net["kind"] != "Sequential":
        fail(f"`{name}` is a {described(net['kind'])}, not an nn.Sequential.")
    if net.whole("distinct") != depth:
        fail(f"`{name}` has {net.whole('distinct')} different linear layers; expected {depth}.", SHARED)
    hidden = weights[1:-1]
    if any(torch.equal(w, hidden[0]) for w in hidden[1:]):
        fail("Hidden layers have equal weights.", COPIED)
    expect_scores(seen, name)


def expect_scores(seen: Seen, name: str) -> None:
    """What the net computes is what its layers give with ReLU in between."""
    (weights, biases), net, x = chain(seen.mapping()), seen.mapping(), seen.given["x"].double()
    want = RIGHT(weights, biases, x)
    got = tensor(net.get("output"), tuple(want.shape), f"The output of `{name}`")
    if not bool(want.any()):
        fail(f"`{name}` gives 0 for every input.")
    if same(got, want, SAME):
        return
    off = int((got - want).abs().nan_to_num(nan=torch.inf).flatten().argmax())
    score, right = float(got.flatten()[off]), float(want.flatten()[off])
    fail(f"`{name}` gives the score {score:.4g}; expected {right:.4g}, which is what its own linear layers "
         "give with a ReLU after each but the last.",
         the_one((d, same(got, other(weights, biases, x), SAME)) for d, other in OTHERS))


def computes(seen: Seen) -> Net:
    """What the student's net makes of its layers, as far as it is known; else what it should."""
    weights, biases = chain(seen.mapping())
    x, got = seen.given["x"].double(), seen.mapping().get("output")
    known = (RIGHT, *(other for _, other in OTHERS))
    return next((net for net in known if isinstance(got, Tensor)
                 and same(got, net(weights, biases, x), SAME)), RIGHT)


def first_weights(seen: Seen) -> list[Draw]:
    """The weights of the layers, those of one shape one below the other and copies counted once: mostly those
    of the first layer, of the hidden ones, and of the last."""
    weights, _ = layers_of(seen.mapping())
    apart = [w for i, w in enumerate(weights)
             if not any(torch.equal(w, other) for other in weights[:i]) or i == 0]
    shapes = list(dict.fromkeys(tuple(w.shape) for w in apart))
    ends = {tuple(weights[0].shape): "first layer", tuple(weights[-1].shape): "last layer"}
    return [Draw(seen, shape, torch.cat([w for w in apart if tuple(w.shape) == shape]),
                 name=ends.get(shape, "hidden layers")) for shape in shapes[:MOST_SHAPES]]


MOST_SHAPES = 8   # three are right; of more, some are enough


def holds(draw: Draw, law: Law) -> bool:
    """The weights have this variance, and mean 0: two of the six tests that share the false alarms.

    The bands are those of a normal law; a uniform one, whose variance varies less, stays within them.
    """
    share = RATE / 6
    return (follow([draw], law, false_alarm=share)
            and means_are([draw], lambda _: 0.0, false_alarm=share))


def expect_scaling(seen: Seen, right: Law) -> None:
    """The weights of the first layer, the hidden ones and the last have the right law's variance, and
    mean 0."""
    draws = first_weights(seen)
    for draw in draws:
        seen.measure(f"variance of the weights, {draw.name}", f"{draw.variance:.4g}",
                     f"{right.variance(draw.shape):.4g}", right.worked_out(draw.shape))
    held = [holds(draw, right) for draw in draws]
    if all(held):
        return
    ends = len(draws) > 2 and held[1]
    forgotten = ends and all(h or holds(draw, DEFAULT) for h, draw in zip(held, draws, strict=True))
    whole = the_one([*((diagnosis, fits(draws, law)) for diagnosis, law in scalings(right)),
                     (ENDS_FORGOTTEN, forgotten)])
    off = [draw for draw, h in zip(draws, held, strict=True) if not h]
    first, mean = off[0], float(off[0].weights.mean())
    said = (f"In the {first.name} the weights have variance {first.variance:.3g} and mean {mean:.2g}; "
            f"expected are variance {right.variance(first.shape):.3g} and mean 0.")
    if whole is None:
        whole, where = two_in_one(off, right)
        said += where
    fail(said, whole)


def two_in_one(off: list[Draw], right: Law) -> tuple[Diagnosis | None, str]:
    """Of mistakes in some layers only, or of two in different layers: that of the first layer, and a sentence
    for each; nothing where more than one pair would explain it."""
    fitting: dict[Diagnosis, list[bool]] = {}
    for diagnosis, law in scalings(right):
        earlier = fitting.get(diagnosis, [False] * len(off))
        fitting[diagnosis] = [e or fits([draw], law) for e, draw in zip(earlier, off, strict=True)]
    pairs = [(a, b) for a, b in itertools.combinations_with_replacement(fitting, 2)
             if all(map(operator.or_, fitting[a], fitting[b])) and (a is b or not (
                 all(fitting[a]) or all(fitting[b])))]
    if len(pairs) != 1:
        return None, ""
    mine = [pairs[0][0] if fits_here else pairs[0][1] for fits_here in fitting[pairs[0][0]]]
    return mine[0], "".join(f" In the {draw.name}: {one.meaning}"
                            for draw, one in zip(off, mine, strict=True))
