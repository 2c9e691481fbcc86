"""The norms are taken out of the dict one by one.

fails: global-norm
diagnosis: dict-changed
points: 2
"""

import math


def global_norm(norms):
    total = 0.0
    while norms:
        total += norms.popitem()[1] ** 2
    return math.sqrt(total)
