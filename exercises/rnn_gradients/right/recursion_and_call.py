"""A recursion for the gradients, an object that is called for the regime, a generator for the clipping."""
import torch


def gradient_through_time(weight, steps):
    def back(gradient, left):
        if left == 0:
            return []
        return back(weight.double().T @ gradient, left - 1) + [torch.linalg.vector_norm(gradient).item()]

    return back(torch.ones(weight.shape[-1]).double(), steps)


class Regime:
    def __init__(self, tolerance):
        self.low, self.high = 1 - tolerance, 1 + tolerance

    def __call__(self, weight):
        squared = torch.linalg.eigvals(weight.detach().clone())
        radius = (squared.real ** 2 + squared.imag ** 2).max().sqrt().item()
        if radius < self.low:
            return "vanishing"
        return "stable" if radius <= self.high else "exploding"


regime = Regime(tolerance=0.01)


def with_gradient(parameters):
    for p in parameters:
        if p.grad is not None:
            yield p


def clip_gradients_(parameters, max_norm):
    kept = [*with_gradient(parameters)]
    norm = sum((p.grad ** 2).sum() for p in kept) ** 0.5
    for p in kept:
        p.grad.data = p.grad.data * torch.minimum(torch.ones(()), max_norm / norm.clamp(min=1e-300))
    return norm.item()
