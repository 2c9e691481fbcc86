"""The root of the mean square.

fails: global-norm
diagnosis: mean-square-total
points: 2
"""

import torch


def global_norm(norms):
    return (sum(n**2 for n in norms.values()) / len(norms)) ** 0.5
