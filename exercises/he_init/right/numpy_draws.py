"""Draws by numpy, copied into the tensor; fan_in is a numpy integer."""
import numpy as np
import torch

generator = np.random.default_rng()


class NoFanIn(ValueError):
    """A tensor with too few dimensions."""


def fan_in(weight):
    if weight.dim() < 2:
        raise NoFanIn(tuple(weight.shape))
    return np.prod(tuple(weight.shape[1:]))


def he_normal_(weight, negative_slope=0.0):
    std = np.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    draws = generator.normal(scale=std, size=tuple(weight.shape)).astype(np.float32)
    weight.data.copy_(torch.from_numpy(draws))
    return weight


def he_truncated_normal_(weight):
    std = np.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    kept = np.empty(0)
    while kept.size < weight.numel():
        draws = np.random.randn(2 * weight.numel())
        kept = np.concatenate([kept, draws[np.abs(draws) <= 2]])
    weight.data.copy_(torch.from_numpy(kept[: weight.numel()] * std).view_as(weight))
    return weight
