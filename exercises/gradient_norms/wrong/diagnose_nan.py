"""Every comparison with NaN is False, so that NaN counts as stable.

fails: diagnose
diagnosis: nan-passed
points: 3
"""

def diagnose(norms):
    weights = [n for name, n in norms.items() if name.endswith("weight")]
    first, last = weights[0], weights[-1]
    if first <= 1e-3 * last:
        return "vanishing"
    return "exploding" if first >= 1e3 * last else "stable"
