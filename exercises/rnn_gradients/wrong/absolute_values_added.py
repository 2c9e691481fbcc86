"""The L1 norm: absolute values are added.

fails: clips, returns-the-norm, small-gradients
diagnosis: one-norm
points: 4
"""
def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = sum(g.abs().sum().item() for g in gradients)
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
