"""The net that `remedy` gives: its layers, and the activation that stands after each."""

import torch

from grader.spec import Seen, fail, same, tensor

from .followed import only
from .reference import ACTIVATIONS, Net

OUTPUT_RTOL = 1e-4   # five float32 layers of 24 terms: relative errors of some 1e-6 of the largest output


def remedys_layers(seen: Seen) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The remedy's weights and biases, in float64; anything but a chain of linear layers of this width, with
    one output, fails."""
    width, found = seen.given["width"], seen.mapping()
    weights = found.items("weights") if "weights" in found else []
    if not weights:
        fail("`remedy` gave no net with linear layers.")
    shapes = [(width, width)] * (len(weights) - 1) + [(1, width)]
    return ([tensor(w, shape, f"Weight {i + 1} of the remedy")
             for i, (w, shape) in enumerate(zip(weights, shapes, strict=True))],
            found.tensors("biases", [shape[:1] for shape in shapes]))


def outputs(seen: Seen) -> torch.Tensor:
    """What the net computes, and what it does with the last layer's sign turned."""
    return torch.cat([seen.mapping().tensor(name, (len(seen.given["x"]), 1), "The remedy's output")
                      for name in ("output", "mirrored")])


def outputs_with(seen: Seen, weights: list[torch.Tensor], biases: list[torch.Tensor]
                 ) -> dict[str, torch.Tensor]:
    """What the net would compute with each activation."""
    found = {}
    for name, activation in ACTIVATIONS.items():
        output = Net(weights=weights, biases=biases,
                     activations=[activation] * (len(weights) - 1)).output(seen.given["x"].double())
        found[name] = torch.cat([output, -output])
    return found


def own_activation(small: Seen) -> str:
    """The activation that the small net shows to stand after its hidden layers, if just one."""
    got, fitting = outputs(small), outputs_with(small, *remedys_layers(small))
    return only(name for name, want in fitting.items() if same(got, want, OUTPUT_RTOL)) or "relu"
