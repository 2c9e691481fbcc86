"""The stretch of a dilated kernel is counted, not its entries.

fails: init-weights
diagnosis: dilation-counted
points: 2
"""
import math

import torch
from torch import nn


def init_weights(module):
    if not isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return
    count = fan_in(module.weight)
    if not isinstance(module, nn.Linear):
        sides = zip(module.kernel_size, module.dilation, strict=True)
        count = module.weight.shape[1] * math.prod(d * (k - 1) + 1 for k, d in sides)
    with torch.no_grad():
        module.weight.normal_(0.0, math.sqrt(2 / count))
        if module.bias is not None:
            module.bias.zero_()
