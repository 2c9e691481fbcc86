"""A normalisation layer without parameters has no weight: not the bias is what is None.

fails: init-weights
diagnosis: none
cause: raised
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif hasattr(module, "weight"):
        module.weight.data.clamp_(-10, 10)
