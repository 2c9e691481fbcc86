"""Power iteration: the growth in the last of many steps, which is no limit where an eigenvalue is complex.

fails: turns-and-flips
diagnosis: none
points: 1
"""
import torch


def regime(weight):
    v = torch.ones(len(weight), dtype=torch.float64)
    v[0] = 0.5
    for _ in range(500):
        v = v / v.norm()
        w = weight.double() @ v
        radius, v = w.norm().item(), w
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
