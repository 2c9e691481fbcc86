"""fan_in returns a tensor.

fails: fan-in
diagnosis: none
points: 2
"""
import torch


def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return torch.tensor(weight.shape[1:]).prod()
