"""z is clamped in float64, which is a copy of a float32 z, but the caller's own where that is float64.

fails: derivative-far-out
diagnosis: input-changed
points: 1
"""


def sigmoid_derivative(z):
    inner = z.double().clamp_(-300, 300)
    return (2 + inner.exp() + (-inner).exp()).reciprocal().to(z.dtype)
