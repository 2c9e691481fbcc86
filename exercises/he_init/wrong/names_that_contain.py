"""Layers are told by a part of their class's name.

fails: init-weights
diagnosis: touches-other-layers
points: 2
"""
from torch import nn


def init_weights(module):
    name = type(module).__name__
    if "Linear" in name or ("Conv" in name and "Transpose" not in name):
        he_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
