"""A layer made with bias=False has no bias to be filled.

fails: init-weights
diagnosis: bias-is-none
cause: raised
points: 2
"""
from torch import nn


def init_weights(m):
    if type(m) in (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d):
        he_normal_(m.weight.data)
        m.bias.data.fill_(0)
