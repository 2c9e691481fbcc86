"""The fan-in is printed, not returned: everything that needs it breaks.

fails: fan-in, fills-in-place, mean, variance, gaussian, independent, negative-slope, truncated, init-weights, signal-at-depth, gradient-at-depth
diagnosis: none
points: 20 (nothing can be looked at: each function needs fan_in, which returns None)
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    print(weight[0].numel())
