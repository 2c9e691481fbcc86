"""Row vectors and einsum; the norm of norms with a clamped factor, as PyTorch computes it."""
import torch


def gradient_through_time(weight, steps):
    weight = weight.to(torch.float64)
    row = torch.ones(1, weight.shape[0], dtype=torch.float64)
    norms = [float(row.norm())]
    while len(norms) < steps:
        row = torch.einsum("bi,ij->bj", row, weight)
        norms.insert(0, float(row.norm()))
    return norms


def regime(weight):
    eigenvalues, _ = torch.linalg.eig(weight)
    distance = eigenvalues.abs().max() - 1
    if abs(distance) <= 0.01:
        return "stable"
    return {True: "exploding", False: "vanishing"}[bool(distance > 0)]


@torch.no_grad()
def clip_gradients_(parameters, max_norm):
    gradients = list(filter(lambda g: g is not None, (p.grad for p in parameters)))
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    torch._foreach_mul_(gradients, factor)
    return norm
