"""The largest norm is taken for the total.

fails: global-norm
diagnosis: largest-norm
points: 2
"""

import torch


def global_norm(norms):
    return max(norms.values())
