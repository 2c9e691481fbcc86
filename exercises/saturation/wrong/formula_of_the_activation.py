"""x * (1 - x), as in the many eleven-line networks whose `x` is an activation already, used on a pre-activation.

fails: derivative
diagnosis: formula-of-the-activation
points: 2
"""


def sigmoid_derivative(z):
    return z * (1 - z)
