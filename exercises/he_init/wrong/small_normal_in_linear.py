"""Linear layers get N(0, 0.01^2), as in older image models; convolutions are right.

fails: init-weights
diagnosis: small-constant
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0, 0.01)
    elif isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
