"""The root is taken of a norm (pytorch-lightning#2012, seen from the other side).

fails: global-norm
diagnosis: total-root-twice
points: 2
"""

import torch


def global_norm(norms):
    return torch.tensor(list(norms.values())).norm().item() ** 0.5
