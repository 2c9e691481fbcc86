"""The biases go through he_normal_ as well: a vector has no fan-in.

A question asked again and again (pytorch#3418).

fails: init-weights
diagnosis: bias-through-he
cause: raised
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        if module.bias is not None:
            he_normal_(module.bias)
