"""fan_out for convolutions, as in older ResNet code; Linear layers are right.

fails: init-weights
diagnosis: fan-out
points: 2
"""
import math

import torch
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        count = module.out_channels * math.prod(module.kernel_size)
        with torch.no_grad():
            module.weight.normal_(0.0, math.sqrt(2 / count))
    elif isinstance(module, nn.Linear):
        he_normal_(module.weight)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
