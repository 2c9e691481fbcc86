"""Every entry counts, so the last bias is compared with the first weight.

fails: diagnose
diagnosis: biases-counted
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    first, *_, last = norms.values()
    if first <= 1e-3 * last:
        return "vanishing"
    return "exploding" if first >= 1e3 * last else "stable"
