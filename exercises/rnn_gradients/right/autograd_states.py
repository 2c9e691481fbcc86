"""The recurrence run forward and autograd asked for every state; abs of complex numbers; a plain loop for
clipping."""
import math

import torch


def gradient_through_time(weight, steps):
    weight = weight.double()
    h = torch.zeros(weight.shape[0], dtype=torch.float64, requires_grad=True)
    states = []
    for _ in range(steps):
        h = weight @ h
        h.retain_grad()
        states.append(h)
    states[-1].sum().backward()
    return tuple(torch.linalg.vector_norm(state.grad) for state in states)


def regime(weight):
    radius = max(abs(complex(value)) for value in torch.linalg.eigvals(weight))
    if math.isclose(radius, 1, rel_tol=0, abs_tol=0.01):
        return "stable"
    return "exploding" if radius > 1 else "vanishing"


def clip_gradients_(parameters, max_norm):
    squares = 0.0
    gradients = []
    for p in parameters:
        if p.grad is None:
            continue
        gradients.append(p.grad)
        squares += float(torch.sum(p.grad * p.grad))
    norm = math.sqrt(squares)
    scale = min(1.0, max_norm / (norm + 1e-6))
    for g in gradients:
        g *= scale
    return norm
