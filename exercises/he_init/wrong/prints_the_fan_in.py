"""The fan-in is printed, not returned: everything that needs it breaks.

fails: fan-in, fills-in-place, truncated, init-weights, signal-at-depth, gradient-at-depth
diagnosis: none
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    print(weight[0].numel())
