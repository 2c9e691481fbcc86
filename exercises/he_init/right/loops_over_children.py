"""init_weights works out itself what is below the module, and fills each layer once more; draws are made in
float64."""
import math

import torch
from torch import nn

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def fan_in(weight):
    outputs, *rest = weight.shape if weight.ndimension() > 1 else ()
    return weight.numel() // outputs if rest else 0


def fan_in(weight):
    if len(weight.size()) in (0, 1):
        raise ValueError
    return int(weight[0].numel())


def he_normal_(weight, negative_slope=0.0):
    variance = 2 / ((1 + negative_slope * negative_slope) * fan_in(weight))
    draws = torch.randn(*weight.shape, dtype=torch.float64).mul(math.sqrt(variance))
    with torch.no_grad():
        weight.copy_(draws)
    return weight


def init_weights(module):
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, *CONVOLUTIONS.values())):
            he_normal_(layer.weight)
            for name, parameter in layer.named_parameters(recurse=False):
                if name == "bias":
                    with torch.no_grad():
                        parameter.zero_()
