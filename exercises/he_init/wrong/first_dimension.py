"""shape[0] taken for the fan-in of a Linear weight, and no receptive field either.

Many copies of this are in public reinforcement-learning code.

fails: fan-in
diagnosis: fan-out
points: 2
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.shape[0]
