"""The fan-in is worked out from in_channels: right without groups only.

fails: init-weights
diagnosis: groups-ignored
points: 2
"""
import math

import torch
from torch import nn


def init_weights(module):
    if not isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return
    if isinstance(module, nn.Linear):
        count = module.in_features
    else:
        count = module.in_channels * math.prod(module.kernel_size)
    with torch.no_grad():
        module.weight.normal_(0.0, math.sqrt(2 / count))
        if module.bias is not None:
            module.bias.zero_()
