"""The maximum norm: the largest absolute entry of all.

fails: clips, returns-the-norm
diagnosis: largest-entry
points: 3
"""
def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = max(g.abs().max().item() for g in gradients)
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
