"""The private functions of which PyTorch's clip_grad_norm_ is made.

fails: clips, returns-the-norm, small-gradients, skips-none, takes-an-iterator
diagnosis: none
cause: forbidden
points: 6 (the whole function is PyTorch's)
"""
from torch.nn.utils import clip_grad


def clip_gradients_(parameters, max_norm):
    parameters = [p for p in parameters if p.grad is not None]
    total = clip_grad._get_total_norm([p.grad for p in parameters])
    clip_grad._clip_grads_with_norm_(parameters, max_norm, total)
    return float(total)
