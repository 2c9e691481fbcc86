"""Each tensor is standardised as a whole: mean and variance are exact. Seeds come from the random module."""
import math
import random

import torch


def he_normal_(weight, negative_slope=0.0):
    generator = torch.Generator().manual_seed(random.getrandbits(60))
    draws = torch.randn(weight.shape, generator=generator)
    draws = (draws - draws.mean()) / draws.std()
    with torch.no_grad():
        weight[...] = draws * math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    return weight
