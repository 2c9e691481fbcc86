"""The mean of the norms.

fails: global-norm
diagnosis: mean-norm
points: 2
"""

import torch


def global_norm(norms):
    return sum(norms.values()) / len(norms)
