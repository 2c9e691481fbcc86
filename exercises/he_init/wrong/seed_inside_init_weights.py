"""A seed is set for each layer: layers of one shape get the same weights.

fails: init-weights
diagnosis: same-draw-every-time
points: 2
"""
import torch
from torch import nn


def init_weights(module):
    torch.manual_seed(0)
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
