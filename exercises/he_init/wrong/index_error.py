"""A tensor with one dimension raises, but an IndexError by accident.

fails: fan-in
diagnosis: none
points: 2
"""
def fan_in(weight):
    return weight.shape[1] * weight[0, 0].numel()
