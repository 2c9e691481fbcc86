# ruff: noqa: F821
"""The checks of he_init as a tutor would write them for nbgrader: one cell of hidden tests for each check.

Each block that begins with `# %%` is a cell. `helper` is a read-only cell; the others are named after the
check they stand for and its points. Read by course.py, run by nbgrader in the student's kernel, never
imported. The shapes, the statistics and what counts as wrong are those of exercises/he_init/checks.py. What
nbgrader cannot say is left out: which misconception it is, and which forbidden function was called. No cell
shows a value or a warning, which nbgrader would take for points.
"""

# %% helper
import functools
import math
import numbers

import torch
from torch import nn

WIDE, TALL, CONV = (512, 128), (128, 512), (64, 32, 3, 3)
Z = 6.0  # standard deviations: with some hundred comparisons, fewer than one false alarm in a million


def he(shape):
    return 2 / math.prod(shape[1:])


def filled(function, shape, *arguments):
    """The tensor after the call; it must hold what is returned, if anything is."""
    weight = torch.empty(shape).uniform_(2.0, 3.0)
    before = weight.clone()
    returned = function(weight, *arguments)
    assert (weight.shape, weight.dtype) == (before.shape, before.dtype), "shape or dtype changed"
    assert (weight == before).float().mean() <= 1e-3, "not filled in place"
    assert returned is None or torch.equal(returned,
                                           weight), "what is returned is not the weight that was filled"
    return weight.detach()


@functools.cache
def two_draws(function):
    return {shape: (filled(function, shape), filled(function, shape)) for shape in (WIDE, TALL, CONV)}


@functools.cache
def pooled(function):
    """Both draws of each shape in float64; copied rows and columns count once."""
    return {shape: apart(torch.cat(draws).double()) for shape, draws in two_draws(function).items()}


def apart(weight):
    if weight.unique().numel() > 0.95 * weight.numel():
        return weight
    return weight.flatten(1).unique(dim=0).mT.unique(dim=0).mT


def assert_mean(w, expected=0.0):
    z = (w.mean() - expected) / (w.std() / math.sqrt(w.numel()))
    assert abs(z) <= Z, f"mean {float(w.mean()):.3g}"


def assert_variance(w, expected, kurtosis=3.0):
    z = (w.var() / expected - 1) * math.sqrt(w.numel() / (kurtosis - 1))
    assert abs(z) <= Z, f"variance {float(w.var()):.3g}, expected {expected:.3g}"


def assert_law(x, distribution):
    """Kolmogorov and Smirnov's distance of standardised draws (Massart's bound at 1e-7)."""
    x = x.flatten().sort().values
    steps = torch.arange(len(x) + 1, dtype=torch.float64) / len(x)
    want = distribution(x)
    distance = torch.maximum(steps[1:] - want, want - steps[:-1]).max()
    assert distance <= math.sqrt(math.log(2e7) / (2 * len(x))), f"the law is off by {float(distance):.3f}"


def standardised(w):
    return ((w - w.mean()) / w.std()).flatten()


# %% fan-in 2
for shape in ((7, 5), (6, 4, 3), (8, 3, 5, 2), (4, 6, 2, 3, 5)):
    count = fan_in(torch.empty(shape))
    assert isinstance(count, numbers.Integral), f"fan_in of {shape} is no integer"
    assert count == math.prod(shape[1:]), f"fan_in of {shape} is {count}"
for shape in ((9,), ()):
    try:
        fan_in(torch.empty(shape))
    except ValueError:
        continue
    raise AssertionError(f"fan_in of shape {shape} should raise ValueError")

# %% fills-in-place 1
_ = two_draws(he_normal_)

# %% mean 1
for w in pooled(he_normal_).values():
    assert_mean(w)

# %% variance 4
for shape, w in pooled(he_normal_).items():
    assert_variance(w, he(shape))

# %% gaussian 1
together = torch.cat([standardised(w) for w in pooled(he_normal_).values()])
assert_law(together, torch.special.ndtr)
for w in pooled(he_normal_).values():
    x = standardised(w)
    assert abs(x.pow(3).mean()) <= Z * math.sqrt(6 / len(x)), "skewness"
    assert abs(x.pow(4).mean() - 3) <= Z * math.sqrt(24 / len(x)), "kurtosis"


# %% independent 2
def assert_rows_apart(matrix):
    """No two rows alike, the rows overlap as chance has it, and none is much wider than the others."""
    rows, width = matrix.shape
    unit = nn.functional.normalize(matrix, dim=1)
    cosines = (unit @ unit.mT)[*torch.triu_indices(rows, rows, offset=1)]
    assert cosines.abs().max() <= min(1.0, math.sqrt(2 * math.log(2e8 * len(cosines)) / width)), "rows alike"
    spread = math.sqrt(len(cosines) * 2 * (width - 1) / (width**2 * (width + 2)))
    assert abs(cosines.square().sum() - len(cosines) / width) <= Z * spread, "rows overlap"
    ratios = matrix.square().mean(dim=1) / matrix.square().mean()
    z = (ratios ** (1 / 3) - (1 - 2 / (9 * width))) / math.sqrt(2 / (9 * width))
    tails = max(1.0, (float(standardised(matrix).pow(4).mean()) - 1) / 2)
    assert z.abs().max() <= (Z + 1) * math.sqrt(tails), "rows of different width"


def assert_uncorrelated(x, y):
    x, y = x.flatten() - x.mean(), y.flatten() - y.mean()
    assert abs(x @ y / (x.norm() * y.norm())) * math.sqrt(len(x)) <= Z, "correlated draws"


for first, second in two_draws(he_normal_).values():
    first, second = first.double().flatten(1), second.double().flatten(1)
    assert not torch.equal(first, second), "the same numbers twice"
    assert first.unique().numel() > 0.95 * first.numel(), "repeated numbers"
    assert_rows_apart(first - first.mean())
    assert_rows_apart((first - first.mean()).mT)
    assert_uncorrelated(first, second)
    assert_uncorrelated(first.flatten()[:-1], first.flatten()[1:])

# %% negative-slope 1
plain, leaky = two_draws(he_normal_)[WIDE][0], filled(he_normal_, WIDE, 0.5)
ratio = leaky.double().var() / plain.double().var()
most = Z * math.sqrt(4 / plain.numel())
assert abs(torch.log(ratio / 0.8)) <= most, f"ratio {float(ratio):.3g}, expected 0.8"

# %% truncated 2
TRUNCATED_STD, KURTOSIS, EDGE = 0.87962566103423978, 2.36538, 2 / 0.87962566103423978


def truncated_law(x):
    below = torch.special.ndtr(torch.tensor(-2.0, dtype=torch.float64))
    return (torch.special.ndtr((x * TRUNCATED_STD).clamp(-2, 2)) - below) / (1 - 2 * below)


draws = {shape: apart(filled(he_truncated_normal_, shape).double()) for shape in (WIDE, TALL, CONV)}
for shape, w in draws.items():
    assert_variance(w, he(shape), KURTOSIS)
units = torch.cat([(w / math.sqrt(he(shape))).flatten() for shape, w in draws.items()])
assert abs(units.abs().max() / EDGE - 1) <= 1.5e-3, "not cut off at two standard deviations"
assert (units.abs() >= EDGE * 0.999).double().mean() < 2e-3, "piled up on the bounds"
assert_law(standardised(units), truncated_law)
assert abs(standardised(units).pow(4).mean() - KURTOSIS) <= 0.05, "kurtosis"


# %% init-weights 2
class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Conv1d(48, 96, 5)
        self.image = nn.Conv2d(24, 64, (3, 5))
        self.volume = nn.Conv3d(16, 64, (2, 3, 4), bias=False)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(400, 160), nn.ReLU(),
                                  nn.Linear(160, 400, bias=False))
        self.upwards = nn.ConvTranspose2d(16, 24, 3)
        self.batch_norm = nn.BatchNorm2d(24)
        self.plain_norm = nn.BatchNorm1d(24, affine=False)
        self.layer_norm = nn.LayerNorm(40)
        self.embedding = nn.Embedding(50, 32)
        self.dropout = nn.Dropout(0.1)
        for norm in (self.batch_norm, self.layer_norm):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.uniform_(norm.bias, -0.5, 0.5)
        nn.init.uniform_(self.batch_norm.running_mean, -0.5, 0.5)
        nn.init.uniform_(self.plain_norm.running_var, 0.5, 1.5)


model = Mixed()
parameters = dict(model.named_parameters())
before = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
model.apply(init_weights)
after = model.state_dict()
changed = ("line", "image", "volume", "head.1", "head.3")
for name, parameter in model.named_parameters():
    assert parameter is parameters[name], f"{name} was replaced"
    assert parameter.requires_grad, f"{name} does not require a gradient any more"
for name, tensor in after.items():
    layer, _, kind = name.rpartition(".")
    if layer not in changed:
        assert torch.equal(tensor, before[name]), f"{name} was changed"
    elif kind == "bias":
        assert (tensor == 0).all(), f"{name} is not zero"
    else:
        assert not torch.equal(tensor, before[name]), f"{name} was not filled"
        assert_mean(apart(tensor.double()))
        assert_variance(apart(tensor.double()), he(tensor.shape))


# %% signal-at-depth 2
@functools.cache
def run_through(function):
    """Forwards and backwards through 30 ReLU layers: the last spread, and the first gradient relative to the
    last."""
    weights = []
    for _ in range(30):
        weight = torch.empty(256, 256).uniform_(2.0, 3.0)
        function(weight)
        weights.append(weight.detach())
    with torch.enable_grad():
        layers = [torch.randn(64, 256).requires_grad_() @ weights[0].mT]
        for weight in weights[1:]:
            layers.append(layers[-1].relu() @ weight.mT)
    last = torch.randn(64, 256)
    (gradient,) = torch.autograd.grad(layers[-1], layers[0], last)
    return float(layers[-1].detach().std()), float(gradient.norm() / last.norm())


signal, _ = run_through(he_normal_)
assert 0.215 <= signal <= 7.5, f"standard deviation {signal:.3g} at layer 30"

# %% gradient-at-depth 2
_, gradient = run_through(he_normal_)
assert 0.416 <= gradient <= 2.28, f"the gradient is multiplied by {gradient:.3g}"
