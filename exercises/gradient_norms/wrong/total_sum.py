"""The norms are added up.

fails: global-norm
diagnosis: sum-of-norms
points: 2
"""

import torch


def global_norm(norms):
    return sum(norms.values())
