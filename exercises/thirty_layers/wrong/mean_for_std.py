"""nn.init.normal_(weight, std): the first positional number is the mean, and the standard deviation stays 1.

fails: he, xavier, small-normal, he-converges, xavier-stalls
diagnosis: mean-for-std, standard-normal
points: 7 (weights that are all but 1 are wrong for every `init`, and in all that is trained from them)
"""
import math

from torch import nn


def build(depth, width, init):
    if init not in ("he", "xavier", "normal"):
        raise ValueError(init)
    sizes = [64] + [width] * (depth - 1) + [10]
    layers = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
        linear = nn.Linear(fan_in, fan_out)
        std = {"he": math.sqrt(2 / fan_in), "xavier": math.sqrt(2 / (fan_in + fan_out)), "normal": 0.01}[init]
        nn.init.normal_(linear.weight, std)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
