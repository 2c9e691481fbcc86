"""he_normal_ draws from the truncated law: right in variance, but without tails.

fails: gaussian
diagnosis: truncated-instead-of-normal
points: 1
"""
def he_normal_(weight, negative_slope=0.0):
    he_truncated_normal_(weight)
    weight.data /= (1 + negative_slope**2) ** 0.5
    return weight
