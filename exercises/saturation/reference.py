"""What the functions of `saturation` should give, worked out in float64."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Activation = Callable[[Tensor], Tensor]

ACTIVATIONS: Mapping[str, Activation] = {
    "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
    "bent": lambda z: torch.where(z > 0, z, 0.3 * z), "identity": lambda z: z}


def activations(z: Tensor) -> Tensor:
    """What the probe `fraction` hands in: no entry on an edge, and more near 1 than near 0."""
    return torch.sigmoid(torch.round(20 * (z + 1)) / 20)


def share(mask: Tensor) -> float:
    """Of all entries, how many are true."""
    return float(mask.double().mean())


def norms(tensors: Sequence[Tensor]) -> list[float]:
    """The L2 norm of each."""
    return [float(t.double().norm()) for t in tensors]


@dataclass(frozen=True, kw_only=True)
class Net:
    """Linear layers, an activation after each but the last."""

    weights: Sequence[Tensor]          # (outputs, inputs)
    biases: Sequence[Tensor]
    activations: Sequence[Activation]

    def passes(self, x: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """What each layer gives, z, and what its activation makes of it, a; of the last layer z twice."""
        for w, b, activation in zip(self.weights, self.biases, [*self.activations, None], strict=True):
            z = x @ w.T + b
            x = activation(z) if activation else z
            yield z, x

    def output(self, x: Tensor) -> Tensor:
        *_, (z, _) = self.passes(x)
        return z


@dataclass(frozen=True, kw_only=True)
class Backward:
    """What one backward pass brings of the hidden layers, first to last, and of the output layer."""

    values: Sequence[Tensor]           # z itself: the pre-activations
    z: Sequence[Tensor]                # dL/dz
    a: Sequence[Tensor]                # dL/da, after the activation
    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    output: Tensor                     # dL/dz of the output layer


def backward(given: Mapping[str, Any]) -> Backward:
    """The gradients of a net under the mean squared error, by PyTorch's autograd."""
    weights, biases = ([p.double().clone().requires_grad_() for p in given[name]]
                       for name in ("weights", "biases"))
    net = Net(weights=weights, biases=biases, activations=[ACTIVATIONS[a] for a in given["activations"]])
    layers = list(net.passes(given["x"].double()))
    output, _ = layers[-1]
    zs, activated = [z for z, _ in layers[:-1]], [a for _, a in layers[:-1]]
    loss = ((output - given["target"].double()) ** 2).mean()
    found = torch.autograd.grad(loss, [*zs, *activated, *weights[:-1], *biases[:-1], output])
    hidden = len(zs)
    z, a, of_weights, of_biases = (found[at:at + hidden] for at in range(0, 4 * hidden, hidden))
    return Backward(values=[z.detach() for z in zs], z=z, a=a, weights=of_weights, biases=of_biases,
                    output=found[-1])
