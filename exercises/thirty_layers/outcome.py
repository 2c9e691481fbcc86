"""What a trained net has learnt: its cross-entropy on data that it has not seen, worked out in float64."""

import torch
from torch import nn

from grader.spec import Seen, fail

from .nets import CLASSES, forward, layers_of


def loss_on_new_data(seen: Seen) -> float:
    """Of the net that `build` gave, on as many new points as there are in `noise`."""
    net = seen.mapping().mapping("net")
    if "weights" not in net:
        fail("`build` gave no net that could be trained.")
    weights, biases = layers_of(net, seen.given["depth"], seen.given["width"])
    if not all(bool(w.any()) for w in weights):
        fail("In the trained net, there are layers whose weights are all zero.")
    noise, means = seen.given["noise"].double(), seen.given["means"].double()
    labels = torch.arange(len(noise)) % len(means)
    return float(nn.functional.cross_entropy(forward(weights, biases, means[labels] + noise), labels))


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
