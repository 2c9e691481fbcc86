"""The root is missing.

fails: global-norm
diagnosis: squared-total
points: 2
"""

import torch


def global_norm(norms):
    return sum(n**2 for n in norms.values())
