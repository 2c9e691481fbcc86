"""z itself becomes the sigmoid: what the caller plots next is no pre-activation any more.

fails: derivative
diagnosis: input-changed
points: 2
"""
def sigmoid_derivative(z):
    s = z.sigmoid_()
    return s * (1 - s)
