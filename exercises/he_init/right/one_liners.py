"""As short as can be, with lambdas and comprehensions; no_grad stands in init_weights only."""
from math import sqrt

import torch
from torch import nn


def fan_in(weight):
    if weight.ndim > 1:
        return weight.stride(0) if weight.is_contiguous() else weight[0].numel()
    raise ValueError("!")


he_normal_ = lambda w, a=0.0: w.normal_(std=sqrt(2 / (1 + a * a) / fan_in(w)))
he_truncated_normal_ = lambda w: w.copy_(
    torch.special.ndtri(torch.empty_like(w, dtype=torch.float64).uniform_(0.022750131948179195,
                                                                          0.9772498680518208))
    * sqrt(2 / fan_in(w)) / 0.87962566103423978)


def init_weights(m):
    with torch.no_grad():
        [he_normal_(p) if n == "weight" else p.fill_(0) for n, p in m.named_parameters(recurse=False)
         if type(m) in {nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d}]
