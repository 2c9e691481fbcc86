"""Norms that are not finite are left out.

fails: global-norm
diagnosis: none
points: 2
"""

import math


def global_norm(norms):
    return math.sqrt(sum(n**2 for n in norms.values() if math.isfinite(n)))
