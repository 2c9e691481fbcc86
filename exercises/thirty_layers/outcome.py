"""What a trained net has learnt: its cross-entropy on data that it has not seen, worked out in float64."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from grader.spec import Seen, curves, described, fail

from .nets import CLASSES, chain, computes
from .rule import CHANCE, CONVERGES, LEARNT, kept, verdict_on
from .training import losses_of, right


def loss_on_new_data(seen: Seen, untrained: Seen) -> float:
    """Of the net that `build` gave, on as many new points as there are in `noise`.

    Args:
        untrained: of another net from `build`, which shows what it computes.
    """
    net = seen.mapping().mapping("net")
    if "weights" not in net:
        fail("`build` gave no net that could be trained.")
    weights, biases = chain(net)
    if not all(bool(w.any()) for w in weights):
        fail("In the trained net, there are layers whose weights are all zero.")
    noise, means = seen.given["noise"].double(), seen.given["means"].double()
    labels = torch.arange(len(noise)) % len(means)
    scores = computes(untrained)(weights, biases, means[labels] + noise)
    return float(nn.functional.cross_entropy(scores, labels))


def loss_on_new_images(seen: Seen) -> float:
    """Of our convolutional net, on ten new images of each class."""
    net, channels, means = seen.mapping(), seen.given["channels"], seen.given["means"].double()
    shapes = [(channels, 1, 3, 3), *[(channels, channels, 3, 3)] * (seen.given["depth"] - 1),
              (CLASSES, channels * means[0].numel())]
    weights = net.tensors("weights", shapes, "Weight")
    biases = net.tensors("biases", [shape[:1] for shape in shapes], "Bias")
    noise = torch.randn(10, *means.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = (means + noise).flatten(0, 1)   # (10 * CLASSES, 1, 8, 8)
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = nn.functional.conv2d(x, w, b, padding=1).relu()
    scores = x.flatten(1) @ weights[-1].T + biases[-1]
    return float(nn.functional.cross_entropy(scores, torch.arange(CLASSES).repeat(10)))


def expect_outcome(seen: Seen, loss: float, *, net: str, said: str, data: str,
                   of_finite: Seen | None = None, plain: Seen | None = None) -> None:
    """The loss on new data lies on the right side, and `verdict` says so.

    Where `train` is at fault, as `losses` says, `verdict` is to say what came of the losses that there are;
    where `verdict` is, as `three-verdicts` says, only the loss counts.

    Args:
        of_finite: what `verdict` says of runs that are known; None where it is taken to be right.
        plain: what `train` makes of a small net; None likewise.
    """
    seen.follows("layers", "losses", "updates", "three-verdicts")
    learns, found, rule_kept = said == CONVERGES, seen.mapping()["said"], of_finite is None or kept(of_finite)
    side = f"{'below' if learns else 'not below'} {LEARNT:g}"
    seen.measure(f"loss on new {data}, {net}", f"{loss:.4g}", side, f"chance: ln 10 = {CHANCE:.4g}")
    seen.measure("verdict", described(found), repr(said))
    if plain is not None and not right(plain) and rule_kept:
        said = verdict_on(losses_of(seen.mapping()))
    elif not math.isfinite(loss) or (loss < LEARNT) is not learns:
        fail(f"With {net} initialisation the loss on new {data} is {loss:.3g} after {seen.given['steps']} "
             f"steps; expected is one {side}. Chance gives {CHANCE:.3g}.")
    if rule_kept and found != said:
        fail(f"With {net} initialisation `verdict` says {described(found)}; expected {said!r}.")


def draw(seen: Seen, usual: Sequence[float], title: str) -> list[float]:
    """The picture of a run beside the usual one; the run's losses."""
    got = losses_of(seen.mapping())
    seen.draw(curves(title, f"The loss over {len(got)} steps; {CHANCE:.3g} is chance.", x_label="step",
                     y_label="cross-entropy", yours=got[-len(usual):], expected=usual))
    return got
