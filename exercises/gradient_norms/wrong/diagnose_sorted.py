"""The names are sorted as text.

fails: diagnose
diagnosis: sorted-as-text
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    weights = [norms[name] for name in sorted(norms) if name.endswith("weight")]
    first, last = weights[0], weights[-1]
    if first <= 1e-3 * last:
        return "vanishing"
    return "exploding" if first >= 1e3 * last else "stable"
