"""Specification of `thirty_layers`: build, train and judge deep ReLU nets that differ in their first weights
only.

After He, Zhang, Ren, Sun 2015, "Delving deep into rectifiers", figure 3: 30 layers converge from He's
initialisation and stall from Xavier's.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from grader.spec import (
    RATE,
    REAL_CUDA,
    Call,
    Diagnosis,
    On,
    Probe,
    Seen,
    alike,
    check,
    curves,
    described,
    fail,
    normal,
    numbers,
    same,
    statistics,
    tensor,
)

HE = "He, Zhang, Ren, Sun 2015, section 2.2 and figure 3 (arXiv 1502.01852)"
GLOROT = "Glorot & Bengio 2010, section 4.2"
INPUTS, CLASSES = 64, 10
CHANCE = math.log(CLASSES)  # the loss of a net that gives every class the same probability

# --- build: the net ------------------------------------------------------------------------------------

# not square at either end: there fan_in and fan_out, and their mean, are told apart
DEPTH, WIDTH = 6, 96
BUILD = ("build",)
he_net, xavier_net, normal_net = (Probe("built", uses=BUILD, depth=DEPTH, width=WIDTH, init=init,
                                        x=normal(8, INPUTS))
                                  for init in ("he", "xavier", "normal"))
one_layer, two_layers = (Probe("built", uses=BUILD, depth=depth, width=24, init="he", x=normal(8, INPUTS))
                         for depth in (1, 2))
two_nets = Probe("built_twice", uses=BUILD, depth=3, width=16, init="he")
unknown = Call("build", 3, 16, "glorot")

HIDDEN_COUNTED = Diagnosis("depth-counts-hidden", "There is one linear layer more than `depth`.",
                           "`depth` counts all linear layers: that to the 10 classes is one of them.")
NO_ACTIVATION = Diagnosis("no-activation", "The net computes what its layers give without any ReLU.",
                          "Put an nn.ReLU after each linear layer but the last.")
RELU_ON_OUTPUT = Diagnosis("activation-on-output", "A ReLU stands after the last layer too.",
                           "The last layer's numbers are scores of either sign: leave them alone.")
SOFTMAX_ON_OUTPUT = Diagnosis("softmax-on-output", "The net ends with a softmax.",
                              "Cross-entropy takes the scores themselves and has the softmax built in.",
                              "torch.nn.CrossEntropyLoss", pattern="[Ss]oftmax")
SHARED = Diagnosis("shared-layers", "One and the same layer stands in the net several times.",
                   "`[layer] * n` repeats the layer, it does not copy it. Make a new nn.Linear each time.")
COPIED = Diagnosis("copied-layers", "Several layers start with the very same weights.",
                   "Draw each layer's weights anew.")
RESEEDED = Diagnosis("reseeded", "Two nets, built one after the other, have the very same weights.",
                     "Do not seed inside `build`: whoever calls it may want several nets.",
                     "torch.manual_seed", pattern="seed")
BIAS = Diagnosis("bias-not-zero", "The biases hold what nn.Linear starts with.",
                 "nn.init.zeros_(linear.bias)", HE)


def part(value: Any, name: str) -> Any:
    """An entry of a dictionary; None where there is none."""
    return value.get(name) if isinstance(value, dict) else None


def shapes(depth: int, width: int) -> list[tuple[int, int]]:
    """The weights' shapes, (outputs, inputs), from first to last."""
    sizes = [INPUTS, *[width] * (depth - 1), CLASSES]
    return list(zip(sizes[1:], sizes[:-1], strict=True))


def layers_of(value: Any, depth: int, width: int) -> tuple[list[Tensor], list[Tensor]]:
    """Weights and biases of a net with this depth and width, in float64; anything else fails."""
    name = f"build({depth}, {width}, ...)"
    weights, biases = part(value, "weights"), part(value, "biases")
    if not isinstance(weights, list) or not isinstance(biases, list) or len(weights) != len(biases):
        fail(f"`{name}` gave no nn.Sequential, but a {described(part(value, 'kind'))}.")
    if len(weights) != depth:
        fail(f"`{name}` has {len(weights)} linear layers; expected {depth}.",
             HIDDEN_COUNTED if len(weights) == depth + 1 > 2 else None)
    if any(b is None for b in biases):
        fail(f"In `{name}`, layers have no bias.")
    wanted = shapes(depth, width)
    return ([tensor(w, s, f"Weight {i + 1}") for i, (w, s) in enumerate(zip(weights, wanted, strict=True))],
            [tensor(b, s[:1], f"Bias {i + 1}") for i, (b, s) in enumerate(zip(biases, wanted, strict=True))])


def forward(weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor,
            activation: Callable[[Tensor], Tensor] = torch.relu) -> Tensor:
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = activation(x @ w.T + b)
    return x @ weights[-1].T + biases[-1]


def computes(seen: Seen) -> None:
    """The net is a chain of its linear layers with ReLU in between; anything else fails."""
    depth = seen.given["depth"]
    name = f"build({depth}, {seen.given['width']}, ...)"
    weights, biases = layers_of(seen.value, depth, seen.given["width"])
    if part(seen.value, "kind") != "Sequential":
        fail(f"`{name}` is a {described(part(seen.value, 'kind'))}, not an nn.Sequential.")
    distinct = part(seen.value, "distinct")
    if not isinstance(distinct, int) or distinct != depth:
        fail(f"`{name}` has {described(distinct)} different linear layers; expected {depth}.",
             SHARED)
    hidden = weights[1:-1]
    if any(torch.equal(w, hidden[0]) for w in hidden[1:]):
        fail("Hidden layers have equal weights.", COPIED)
    x = seen.given["x"].double()
    want = forward(weights, biases, x)
    got = tensor(part(seen.value, "output"), tuple(want.shape), f"The output of `{name}`")
    if not bool(want.any()):
        fail(f"`{name}` gives 0 for every input.")
    # float32: sums of 96 terms in six layers are right to some 1e-6 of the largest output
    if same(got, want, 1e-4):
        return
    others = {NO_ACTIVATION: forward(weights, biases, x, lambda z: z), RELU_ON_OUTPUT: torch.relu(want),
              SOFTMAX_ON_OUTPUT: want.softmax(1)}
    fits = [d for d, other in others.items() if same(got, other, 1e-4)]
    fits += [SOFTMAX_ON_OUTPUT] if same(got, want.log_softmax(1), 1e-4) else []
    fail(f"`{name}` does not compute what its linear layers give with a ReLU after each but the last.",
         fits[0] if len(fits) == 1 else None)


@check(looks_at=(he_net, one_layer, two_layers), points=2,
       hint="Print the net. Count its linear layers. What follows each of them, and what the last?")
def layers(deep: Seen, one: Seen, two: Seen) -> None:
    """`build(depth, width, init)` is an `nn.Sequential` of `depth` linear layers, 64 -> width -> ... -> width
    -> 10, each with weights of its own, with a ReLU after each but the last."""
    for seen in (deep, two, one):
        computes(seen)


# --- build: the first weights --------------------------------------------------------------------------

Law = Callable[[int, int], float]  # (fan_out, fan_in) -> variance


@dataclass(frozen=True)
class Mistake:
    """What a misconception makes of the weights: their variance and their mean."""

    diagnosis: Diagnosis
    variance: Law
    mean: Law = lambda *_: 0.0


def he_law(_: int, fan_in: int) -> float:
    return 2 / fan_in


def xavier_law(fan_out: int, fan_in: int) -> float:
    return 2 / (fan_in + fan_out)


def normal_law(*_: int) -> float:
    return 0.01**2


HE_SCALING = Diagnosis("he-scaling", "The variance is 2 / fan_in: He's rule.",
                       "What does `init` ask for? Each of the three has a variance of its own.", HE)
XAVIER_SCALING = Diagnosis("xavier-scaling", "The variance is 2 / (fan_in + fan_out): Xavier's (Glorot's) "
                           "rule.",
                           "What does `init` ask for? Each of the three has a variance of its own.", GLOROT)
LECUN = Diagnosis("lecun-scaling", "The variance is 1 / fan_in, without the factor 2 for the ReLU.",
                  "He's rule is 2 / fan_in; Xavier's 2 / (fan_in + fan_out).", HE)
FAN_OUT = Diagnosis("fan-out", "The variance is 2 / fan_out: the outputs were counted, not the inputs.",
                    "nn.Linear keeps its weight as (outputs, inputs).", "torch.nn.Linear, `weight`")
VARIANCE_AS_STD = Diagnosis("variance-as-std", "The standard deviation is what the variance should be.",
                            "The standard deviation is the root of the variance.", HE)
DOUBLED = Diagnosis("doubled-variance", "The variance is 4 / fan_in: std = 2 / sqrt(fan_in).",
                    "The 2 belongs under the root too: std = sqrt(2 / fan_in).", HE)
FAN_AVERAGE = Diagnosis("fan-average", "The variance is 4 / (fan_in + fan_out): Xavier's with the gain for "
                        "ReLU.", "Here Xavier's rule has no gain, and He's takes fan_in alone.", HE)
HALVED = Diagnosis("halved-variance", "The variance is 1 / (fan_in + fan_out): half of Xavier's.",
                   "Xavier's rule is one over the *mean* of fan_in and fan_out.", GLOROT)
STD_AS_BOUND = Diagnosis("std-as-bound", "The variance is a third of what it should be.",
                         "The variance of U(-b, b) is b^2 / 3: to the right standard deviation belongs a "
                         "bound of sqrt(3) times as much.", GLOROT)
DEFAULT = Diagnosis("pytorch-default", "The variance is 1 / (3 fan_in): what nn.Linear starts with.",
                    "Is the weight really overwritten, in every layer?", "torch.nn.Linear, Variables")
STANDARD = Diagnosis("standard-normal", "The variance is 1, as of N(0, 1).",
                     "Scale the weights. If you have given a scale: the first positional number of `normal_` "
                     "is the mean. Name it: std=...", "torch.nn.init.normal_(tensor, mean=0.0, std=1.0)")
TENTH = Diagnosis("std-for-variance", "The standard deviation is 0.1, the variance 0.01.",
                  "0.01 is the standard deviation.")
MEAN_FOR_STD = Diagnosis("mean-for-std", "The variance is 1, and the mean what the standard deviation should "
                         "be.", "The first positional number of `normal_` is the mean. Name it: std=...",
                         "torch.nn.init.normal_(tensor, mean=0.0, std=1.0)")
UNIFORM = Diagnosis("not-normal", "The width is right, the law is not a normal one.",
                    "`normal_(0, std)` draws from a normal law, `uniform_(-a, a)` from one that is level and "
                    "ends.", pattern=r"uniform|rand\(")
ENDS_FORGOTTEN = Diagnosis("ends-forgotten", "The hidden layers are right, but the first or the last one is "
                           "not.",
                           "All linear layers are initialised, that from the input and that to the classes "
                           "too.", HE)

SCALINGS = (
    Mistake(HE_SCALING, he_law), Mistake(XAVIER_SCALING, xavier_law), Mistake(LECUN, lambda _, i: 1 / i),
    Mistake(FAN_OUT, lambda o, _: 2 / o), Mistake(VARIANCE_AS_STD, lambda _, i: 4 / i**2),
    Mistake(VARIANCE_AS_STD, lambda o, i: 4 / (i + o) ** 2), Mistake(DOUBLED, lambda _, i: 4 / i),
    Mistake(FAN_AVERAGE, lambda o, i: 4 / (i + o)), Mistake(HALVED, lambda o, i: 1 / (i + o)),
    Mistake(STD_AS_BOUND, lambda _, i: 2 / (3 * i)), Mistake(STD_AS_BOUND, lambda o, i: 2 / (3 * (i + o))),
    Mistake(DEFAULT, lambda _, i: 1 / (3 * i)), Mistake(STANDARD, lambda *_: 1.0),
    Mistake(TENTH, lambda *_: 0.01),
    Mistake(MEAN_FOR_STD, lambda *_: 1.0, mean=lambda o, i: math.sqrt(he_law(o, i))),
    Mistake(MEAN_FOR_STD, lambda *_: 1.0, mean=lambda o, i: math.sqrt(xavier_law(o, i))))


def groups_of(seen: Seen) -> list[Tensor]:
    """The weights of the first layer, of the hidden ones, one below the other, and of the last."""
    weights, _ = layers_of(seen.value, DEPTH, WIDTH)
    return [weights[0], torch.cat(weights[1:-1]), weights[-1]]


def follow(groups: Sequence[Tensor], mistake: Mistake, false_alarm: float = RATE) -> list[bool]:
    """For the first layer, the hidden ones and the last: whether the weights have this variance and mean.

    The bands are those of a normal law; a uniform one, whose variance varies less, stays within them.
    """
    share = false_alarm / (2 * len(groups))
    return [statistics.variance(w, mistake.variance(out, fan_in), false_alarm=share).holds
            and statistics.mean(w, mistake.mean(out, fan_in), false_alarm=share).holds
            for w, (out, fan_in) in zip(groups, ENDS, strict=True)]


ENDS = ((WIDTH, INPUTS), (WIDTH, WIDTH), (CLASSES, WIDTH))


def expect_scaling(seen: Seen, right: Law, formula: str) -> None:
    groups = groups_of(seen)
    for where, weight, ends in zip(("first layer", "hidden layers", "last layer"), groups, ENDS, strict=True):
        seen.measure(f"variance of the weights, {where}", f"{float(weight.var()):.4g}", f"{right(*ends):.4g}",
                     formula)
    held = follow(groups, Mistake(HE_SCALING, right))
    if all(held):
        return
    fits = list(dict.fromkeys(m.diagnosis for m in SCALINGS if all(follow(groups, m))
                              # 1 / width is 0.01, too
                              and (m.diagnosis is not TENTH or right is normal_law)))
    default = follow(groups, Mistake(DEFAULT, lambda _, i: 1 / (3 * i)))
    if held[1] and all(h or d for h, d in zip(held, default, strict=True)):
        fits.append(ENDS_FORGOTTEN)
    off = held.index(False)
    mean, variance = float(groups[off].mean()), float(groups[off].var())
    fail(f"In the {('first layer', 'hidden layers', 'last layer')[off]} the weights have variance "
         f"{variance:.3g} and mean {mean:.2g}; expected are variance {right(*ENDS[off]):.3g} and mean 0.",
         fits[0] if len(fits) == 1 else None)


@check(looks_at=he_net, points=2, after=layers, false_alarms=RATE, read=HE,
       hint="Compute the variance of each layer's weight, and 2 / fan_in beside it.")
def he(seen: Seen) -> None:
    """With "he", every layer's weights have mean 0 and variance 2 / fan_in."""
    expect_scaling(seen, he_law, "2 / fan_in")


@check(looks_at=xavier_net, points=1, after=layers, false_alarms=RATE, read=GLOROT,
       hint="Compute the variance of each layer's weight, and 2 / (fan_in + fan_out) beside it.")
def xavier(seen: Seen) -> None:
    """With "xavier", every layer's weights have mean 0 and variance 2 / (fan_in + fan_out)."""
    expect_scaling(seen, xavier_law, "2 / (fan_in + fan_out)")


@check(looks_at=normal_net, points=1, after=layers, false_alarms=RATE,
       hint="Compute the mean and the standard deviation of each layer's weight.")
def small_normal(seen: Seen) -> None:
    """With "normal", every layer's weights are drawn from a normal law of mean 0 and standard
    deviation 0.01."""
    expect_scaling(seen, normal_law, "0.01^2")
    hidden = groups_of(seen)[1]
    if not statistics.kurtosis(hidden, false_alarm=2e-9).holds:  # 6 standard deviations
        fail(f"The weights of the hidden layers have kurtosis {statistics.moment_ratio(hidden, 4):.3g}; a "
             "normal law has 3.", UNIFORM)


@check(looks_at=(he_net, xavier_net, normal_net), points=1, after=layers, may_raise=True, read=HE,
       hint="nn.Linear starts with random biases. Whatever `init` is, they should be zero.")
def biases_zero(*nets: Seen) -> None:
    """All biases are zero, whatever `init` is."""
    for seen in nets:
        if seen is not nets[0] and seen.raised:
            continue  # the check on this `init` says so
        _, biases = layers_of(seen.value, DEPTH, WIDTH)
        largest = max(float(b.abs().max()) for b in biases)
        if not all(bool((b == 0).all()) for b in biases):
            fail(f"With {seen.given['init']!r}, there are biases up to {largest:.3g}.",
                 BIAS if largest <= 1 / math.sqrt(INPUTS) else None)  # the bound of the default


@check(looks_at=unknown, points=1, visible=False, may_raise=True,
       hint="What should happen to a word that is none of the three?")
def unknown_init(seen: Seen) -> None:
    """An `init` that is none of the three raises ValueError."""
    if seen.raised is None:
        fail("`build` with an unknown `init` returns a net as if nothing were wrong.")
    if "ValueError" not in seen.raised.ancestry:
        fail(f"`build` with an unknown `init` raises {seen.raised.error}, not ValueError.")


@check(looks_at=two_nets, points=1, after=layers, visible=False,
       hint="Build two nets, and compare their weights.")
def fresh_draws(seen: Seen) -> None:
    """Each call of `build` draws new weights."""
    first, second = (layers_of(part(seen.value, name), 3, 16)[0] for name in ("first", "second"))
    for weights in (first, second):
        if not all(bool(w.any()) and bool(w.isfinite().all()) for w in weights):
            fail("A net has weights that are all zero, or no numbers.")
    if any(torch.equal(a, b) for a, b in zip(first, second, strict=True)):
        fail("Two calls of `build` give equal weights.", RESEEDED)


# --- train ---------------------------------------------------------------------------------------------

STEPS, LR, SIZES, BATCH = 9, 0.07, (12, 16, 5), 24
TRAIN = ("train",)


def small(**given: Any) -> dict[str, Any]:
    """Inputs of a probe: a net with one hidden layer, of tanh. Its classes are guessed at random: each loss
    differs."""
    pairs = list(zip(SIZES[1:], SIZES[:-1], strict=True))
    return {"weights": [normal(o, i, std=0.5) for o, i in pairs],
            "biases": [normal(o, std=0.5) for o, _ in pairs], **given}


BATCHES = {"x": normal(24, BATCH, SIZES[0]), "scores": normal(24, BATCH, SIZES[-1])}
once = Probe("trained", uses=TRAIN, **small(steps=STEPS, lr=LR), **BATCHES)
twice = Probe("trained_twice", uses=TRAIN, first=small(steps=4, lr=0.1), second=small(steps=7, lr=0.03),
              **BATCHES)
# The nets have tanh for an activation: at a ReLU's kink float32 and float64 may go separate ways, as they did
# once in a thousand draws. Over 1,000 draws the losses in float32 and float64 differ by up to 2.4e-7, the
# parameters by 4.1e-7 (relative); the mistakes' losses lie 2.8 % or more from the right ones.
RTOL = 1e-4

NO_MOMENTUM = Diagnosis("no-momentum", "This is SGD without momentum.",
                        "Momentum 0.9 is part of the task. If you gave it: one optimizer for the whole "
                        "training, not a new one for each step, which forgets.", "torch.optim.SGD, momentum",
                        pattern="SGD")
PILED_UP = Diagnosis("gradients-pile-up", "The gradients of all steps add up.",
                     "backward() adds to .grad. Call optimizer.zero_grad() in each step.",
                     "torch.optim.Optimizer.zero_grad")
AFTER_UPDATE = Diagnosis("loss-after-update", "These are the losses after each step's update, on the same "
                         "batch.",
                         "Keep the loss from which the gradient is taken: it is measured before the update.")
OTHER_RATE = Diagnosis("rate-ignored", "The learning rate is not the one that was asked for.",
                       "Use the argument `lr`.")
ADAM = Diagnosis("adam", "This is Adam.", "The task is SGD with momentum 0.9.", "torch.optim.SGD",
                 pattern="Adam")
SOFTMAX_TWICE = Diagnosis("softmax-twice", "The scores went through a softmax before the cross-entropy.",
                          "Cross-entropy has the softmax built in: give it the scores.",
                          "torch.nn.CrossEntropyLoss", pattern="[Ss]oftmax")
ONE_BATCH = Diagnosis("one-batch", "All steps use the first batch.", "Call next_batch() in each step.")
TWO_BATCHES = Diagnosis("two-batches", "Every other batch is left out.",
                        "Call next_batch() once for each step.")
SUMMED = Diagnosis("summed-loss", "The loss is summed over the batch.",
                   "Cross-entropy averages over the batch.")
RUNNING_MEAN = Diagnosis("running-mean", "These are the means of all losses so far.",
                         "One loss for each step.")
NOT_TRAINED = Diagnosis("no-steps", "The losses are those of the untrained net.",
                        "zero_grad, backward, step: all three, in each step.")
ONE_MORE = Diagnosis("wrong-number", "There is one loss more or less than steps.",
                     "range(steps) has `steps` numbers.")
COPY_TRAINED = Diagnosis("copy-trained", "The net that was passed in is not trained at all.",
                         "Train the model itself, not a copy of it.")
TENSORS = Diagnosis("tensors-not-floats", "The losses are tensors.",
                    "loss.item() is the number. A tensor keeps the whole graph of its step in memory.",
                    "torch.Tensor.item")
PILE_UP = Diagnosis("results-pile-up", "The list holds the losses of the call before as well.",
                    "A list made once, outside the call or as a default argument, is shared by all calls.")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a net is trained: the task's recipe, or a mistake in it."""

    momentum: float = 0.9
    zeroed: bool = True
    rate: float | None = None       # in place of the learning rate asked for
    adam: bool = False
    softmax: bool = False
    every: int = 1                  # 0: the first batch always; 2: every other batch
    scale: float = 1.0              # of the loss
    steps_made: bool = True
    after: bool = False             # the losses are those after the update


MISTAKES: Mapping[Diagnosis, tuple[Recipe, ...]] = {
    NO_MOMENTUM: (Recipe(momentum=0.0),), PILED_UP: (Recipe(zeroed=False),),
    AFTER_UPDATE: (Recipe(after=True),),
    OTHER_RATE: tuple(Recipe(rate=rate) for rate in (0.1, 0.01, 0.003, 0.001)), ADAM: (Recipe(adam=True),),
    SOFTMAX_TWICE: (Recipe(softmax=True),), ONE_BATCH: (Recipe(every=0),), TWO_BATCHES: (Recipe(every=2),),
    SUMMED: (Recipe(scale=BATCH),), NOT_TRAINED: (Recipe(steps_made=False),)}


def reference(start: Mapping[str, Any], given: Mapping[str, Any], recipe: Recipe = Recipe(),
              begin: int = 0) -> tuple[list[float], list[Tensor]]:
    """The losses and the parameters, layer by layer, after `start`'s steps in float64; from batch
    `begin` on."""
    parameters = [p.double().clone().requires_grad_()
                  for pair in zip(start["weights"], start["biases"], strict=True) for p in pair]
    lr = start["lr"] if recipe.rate is None else recipe.rate
    optimizer = (torch.optim.Adam(parameters, lr=lr) if recipe.adam
                 else torch.optim.SGD(parameters, lr=lr, momentum=recipe.momentum))

    def loss_on(at: int) -> Tensor:
        x, scores = (given[name][(begin + at * recipe.every) % len(given[name])] for name in ("x", "scores"))
        out = forward(parameters[::2], parameters[1::2], x.double(), torch.tanh)
        return recipe.scale * nn.functional.cross_entropy(out.softmax(1) if recipe.softmax else out,
                                                          scores.argmax(-1))

    losses = []
    with torch.enable_grad():
        for step in range(start["steps"]):
            loss = loss_on(step)
            if recipe.zeroed:
                optimizer.zero_grad()
            loss.backward()
            if recipe.steps_made:
                optimizer.step()
            losses.append((loss_on(step) if recipe.after else loss).item())
    return losses, [p.detach() for p in parameters]


def mistaken(given: Mapping[str, Any], steps: int) -> Iterator[tuple[Diagnosis, list[float]]]:
    """The losses that each misconception gives."""
    start = {**given, "steps": steps}
    for diagnosis, recipes in MISTAKES.items():
        for recipe in recipes:
            yield diagnosis, reference(start, given, recipe)[0]
    right = reference(start, given)[0]
    yield RUNNING_MEAN, [sum(right[:i + 1]) / (i + 1) for i in range(steps)]


def expected_of(seen: Seen) -> tuple[list[float], list[Tensor]]:
    """The reference for the step `once`, which two checks look at: trained once."""
    if not _expected or _expected[0] is not seen.given:
        _expected[:] = [seen.given, reference(seen.given, seen.given)]
    return _expected[1]


# the inputs, kept so that `is` cannot be fooled by an address used again, and what they give
_expected: list[Any] = []


@check(looks_at=once, points=2, read="PyTorch tutorial: Optimizing Model Parameters",
       hint="In each step: one batch, the loss, zero_grad, backward, step. Compare the first two losses by "
       "hand.")
def losses(seen: Seen) -> None:
    """`train(model, steps, lr)` gives the cross-entropy of each step, before its update, under SGD with this
    learning rate and momentum 0.9, with one batch for each step."""
    want, _ = expected_of(seen)
    got = numbers(part(seen.value, "losses"), "`train`'s list")
    seen.draw(curves("Loss at each step", "Your loss at each of nine steps, beside the expected one.",
                     x_label="step", y_label="cross-entropy", yours=got[:1000], expected=want))
    for step in (0, 1, STEPS - 1):
        seen.measure(f"loss at step {step + 1}", f"{got[step]:.5g}" if step < len(got) else "nothing",
                     f"{want[step]:.5g}")
    if len(got) != STEPS:
        fail(f"`train` with steps={STEPS} gives {len(got)} losses.",
             ONE_MORE if abs(len(got) - STEPS) == 1 else None)
    if alike(got, want, RTOL):
        return
    fits = list(dict.fromkeys(d for d, other in mistaken(seen.given, STEPS) if alike(got, other, RTOL)))
    off = next(i for i in range(STEPS) if not alike(got[i:i + 1], want[i:i + 1], RTOL))
    fail(f"The loss at step {off + 1} is {got[off]:.5g}; expected {want[off]:.5g}.",
         fits[0] if len(fits) == 1 else None)


def expect_parameters(found: Any, start: Mapping[str, Any], want: Sequence[Tensor]) -> None:
    """These parameters, one by one; the untrained ones are named."""
    if not isinstance(found, list) or len(found) != len(want):
        fail("After `train` the model has not the parameters that it had before.")
    got = [tensor(p, tuple(w.shape), "A parameter of the trained model") for p,
           w in zip(found, want, strict=True)]
    if all(same(g, w, RTOL) for g, w in zip(got, want, strict=True)):
        return
    before = [p for pair in zip(start["weights"], start["biases"], strict=True) for p in pair]
    untrained = all(same(g, b, RTOL) for g, b in zip(got, before, strict=True))
    worst = max(float((g - w).abs().max()) for g, w in zip(got, want, strict=True))
    fail("After `train` the model's parameters are what they were before." if untrained else
         f"After `train` the model's parameters are off by up to {worst:.3g}.",
         COPY_TRAINED if untrained else None)


@check(looks_at=once, points=1, after=losses, hint="Which model is trained? And is the last step's update "
       "made, too?")
def updates(seen: Seen) -> None:
    """After `train` the model that was passed in has the parameters that `steps` updates give."""
    expect_parameters(part(seen.value, "parameters"), seen.given, expected_of(seen)[1])


@check(looks_at=once, points=1, hint="What does type(losses[0]) say?")
def losses_are_floats(seen: Seen) -> None:
    """`train` returns a list of plain Python numbers."""
    got = part(seen.value, "losses")
    if not isinstance(got, list):
        fail(f"`train` returns {described(got)}, not a list.")
    if not got:
        fail("`train` returns an empty list.")
    for entry in got:
        if isinstance(entry, bool) or not isinstance(entry, int | float):
            fail(f"`train`'s list holds {described(entry)}, not a number.",
                 TENSORS if all(isinstance(e, Tensor) for e in got) else None)


@check(looks_at=twice, points=1, after=updates, visible=False,
       hint="Train one net, then another. What is left over from the first call?")
def starts_afresh(seen: Seen) -> None:
    """A second call with another model, other steps and another learning rate knows nothing of the first."""
    start = seen.given["second"]
    want, parameters = reference(start, seen.given, begin=seen.given["first"]["steps"])
    got = numbers(part(seen.value, "losses"), "`train`'s second list")
    if not alike(got, want, RTOL):
        piled = len(got) > len(want) and alike(got[-len(want):], want, RTOL)
        fail("The second call of `train` gives other losses than it would have given by itself."
             if len(got) == len(want) else f"The second call of `train`, with steps={len(want)}, gives "
             f"{len(got)} "
                                           "losses.", PILE_UP if piled else None)
    expect_parameters(part(seen.value, "parameters"), start, parameters)


# --- verdict -------------------------------------------------------------------------------------------

VERDICT = ("verdict",)
LEARNT, WORSE, LAST = 2.0, 3.0, 10
CONVERGES, STALLS, DIVERGES = "converges", "stalls", "diverges"
RUNS = (
    [3.2 * 0.95**i for i in range(40)],                          # falls
    [CHANCE + 0.01 * (-1)**i for i in range(40)],                # level
    [2.4 * 1.05**i for i in range(40)],                          # grows
    [2.6 - 0.01 * i for i in range(39)] + [1.7],                 # a lucky last batch
    [3.0 * 0.94**i for i in range(39)] + [2.8],                  # an unlucky one
    [9.0 * 0.8**i + 1.4 for i in range(30)],                     # starts high, and learns
    [8.0 * 0.7**i + CHANCE for i in range(30)],                  # starts high, and comes down to chance
    [1.2] * 30 + [2.4] * 10,                                     # had it, and lost it
    [4.5] * 5 + [1.8] * 10,
    # the mean of just ten
    [1.0] * 20 + [20.0] + [1.0] * 9, [1.5] * 15 + [6.2] + [1.5] * 9, [1.5] * 29 + [9.0],
    [1.5, 1.25], [2.75], [5.5, 2.5, 4.0],                        # fewer than ten
    [2.0] * 16, [3.0] * 16)                                      # the bounds themselves
NOT_FINITE = ([CHANCE] * 20 + [math.nan] * 20, [2.5] * 6 + [math.inf], [math.nan] * 3,
              [2.2, math.nan] + [1.0] * 20, [9.0, math.inf, 4.0] + [CHANCE] * 20)
said_of_finite = Probe("verdicts", uses=VERDICT, runs=list(RUNS))
said_of_others = Probe("verdicts", uses=VERDICT, runs=list(NOT_FINITE))

LAST_ONLY = Diagnosis("last-loss-only", "The last loss alone decides.",
                      "One batch may be lucky or not: take the mean of the last ten losses.")
WHOLE_RUN = Diagnosis("whole-run", "The mean of all losses decides.",
                      "How it began is past: take the last ten.")
LOWEST = Diagnosis("lowest-loss", "The lowest loss decides.",
                   "A run that had learnt something and lost it has not converged: take the mean of the last "
                   "ten.")
LOWER_THAN_FIRST = Diagnosis("lower-than-first", "The end is compared with the beginning.",
                             "A run that starts at 10 and comes down to chance has learnt nothing. Compare "
                             "with 2.0.")
BOUNDS = Diagnosis("bounds-included", "All is right but for a mean of just 2.0 or 3.0.",
                   '"converges" is for means below 2.0, "diverges" for those above 3.0.')
NAN_SLIPS_THROUGH = Diagnosis("nan-slips-through", "NaN and inf are taken for numbers like others.",
                              "Each comparison with NaN is False. Ask math.isfinite first, of all losses.",
                              "math.isfinite")


def mean(losses: Sequence[float]) -> float:
    return sum(losses) / len(losses)


def word(end: float, *, learnt: float = LEARNT, worse: float = WORSE) -> str:
    return CONVERGES if end < learnt else DIVERGES if end > worse else STALLS


def verdict_on(losses: Sequence[float]) -> str:
    """The rule of the notebook."""
    return DIVERGES if not all(map(math.isfinite, losses)) else word(mean(losses[-LAST:]))


def told(seen: Seen, runs: Sequence[Sequence[float]]) -> list[Any]:
    value = seen.value
    if not isinstance(value, list) or len(value) != len(runs):
        fail("`verdict` did not answer once for each list of losses.")
    return value


def shown(losses: Sequence[float]) -> str:
    few = [f"{loss:.3g}" for loss in losses]
    return f"[{', '.join(few if len(few) <= 4 else [*few[:2], '...', *few[-2:]])}]"


@check(looks_at=said_of_finite, points=1,
       hint="Take the mean of the last ten losses (of all, if there are fewer), and compare it with 2.0 and "
       "3.0.")
def three_verdicts(seen: Seen) -> None:
    """`verdict(losses)` says "converges", "stalls" or "diverges" by the mean of the last ten losses."""
    got, want = told(seen, RUNS), [verdict_on(run) for run in RUNS]
    if got == want:
        return
    a_little = 1e-9
    fits = [d for d, others in (
        (LAST_ONLY, [word(run[-1]) for run in RUNS]), (WHOLE_RUN, [word(mean(run)) for run in RUNS]),
        (LOWEST, [word(min(run)) for run in RUNS]),
        *((BOUNDS, [word(mean(run[-LAST:]), learnt=LEARNT + up, worse=WORSE - down) for run in RUNS])
          for up, down in ((a_little, 0.0), (0.0, a_little), (a_little, a_little)))) if got == others]
    if not fits and [got[i] for i in (0, 1, 2, 5, 6)] == [CONVERGES, STALLS, DIVERGES, CONVERGES, CONVERGES]:
        fits = [LOWER_THAN_FIRST]  # the last of these came down from 8, but to chance only
    off = next(i for i, (g, w) in enumerate(zip(got, want, strict=True)) if g != w)
    fail(f"`verdict` says {described(got[off])} of {shown(RUNS[off])}, whose last losses have mean "
         f"{mean(RUNS[off][-LAST:]):.4g}; expected {want[off]!r}.", fits[0] if len(fits) == 1 else None)


@check(looks_at=said_of_others, points=1, visible=False,
       hint="What does a comparison with float('nan') give? And what is the mean of a list with one inf in "
       "it?")
def not_finite(seen: Seen) -> None:
    """A run in which any loss is NaN or infinite "diverges"."""
    got = told(seen, NOT_FINITE)
    if all(g == DIVERGES for g in got):
        return
    off = next(i for i, g in enumerate(got) if g != DIVERGES)
    plain = all(g in (CONVERGES, STALLS, DIVERGES) for g in got)
    fail(f"`verdict` says {described(got[off])} of a run with "
         f"{'NaN' if off in (0, 2, 3) else 'an infinite loss'}; "
         "expected 'diverges'.", NAN_SLIPS_THROUGH if plain else None)


# --- the experiment
# -------------------------------------------------------------------------------------------------- 12 layers
# are enough to see it, and 20 steps cost 40 ms (the notebook's run of 30 layers costs a second): Xavier's
# signal has shrunk to 1/45 at the end. The data are ten Gaussian clouds, whose centres the seed of the batch
# decides. Over 4,000 nets from each initialisation (and as many sets of centres), 1.6 % of He's had not
# learnt by then, or had lost it again; hence three tries, all of which fail 4 times in a million. Xavier's
# ended between 2.05 and 2.30.

SETTING = {"depth": 12, "width": 64, "steps": 20, "lr": 0.007, "batch": 32,
           "means": normal(CLASSES, INPUTS, std=2.0), "noise": normal(250, INPUTS), "enough": LEARNT}
ALL = ("build", "train", "verdict")
with_he = Probe("experiment", uses=ALL, init="he", tries=3, **SETTING)
with_xavier = Probe("experiment", uses=ALL, init="xavier", tries=1, **SETTING)


def loss_on_new_data(seen: Seen) -> float:
    """The trained net's cross-entropy on data that it has not seen, worked out here in float64."""
    net = part(seen.value, "net")
    if not (isinstance(part(net, "weights"), list) and isinstance(part(net, "biases"), list)):
        fail("`build` gave no net that could be trained.")
    weights, biases = layers_of(net, seen.given["depth"], seen.given["width"])
    if not all(bool(w.any()) for w in weights):
        fail("In the trained net, there are layers whose weights are all zero.")
    noise, means = seen.given["noise"].double(), seen.given["means"].double()
    labels = torch.arange(len(noise)) % len(means)
    return float(nn.functional.cross_entropy(forward(weights, biases, means[labels] + noise), labels))


def expect_run(seen: Seen, name: str, said: str, usual: Sequence[float]) -> None:
    """The loss on new data lies on the right side, and `verdict` says so."""
    loss = loss_on_new_data(seen)
    got = numbers(part(seen.value, "losses"), "`train`'s list")
    seen.draw(curves(f"12 layers from {name} initialisation",
                     f"The loss over {len(got)} steps; after them it is {loss:.3g} on new data, and "
                     f"{CHANCE:.3g} is chance.", x_label="step", y_label="cross-entropy",
                     yours=got[-len(usual):], expected=usual))
    learns = said == CONVERGES
    seen.measure("loss on new data after 20 steps", f"{loss:.4g}",
                 f"{'below' if learns else 'not below'} {LEARNT:g}", f"chance: ln 10 = {CHANCE:.4g}")
    seen.measure("verdict", described(part(seen.value, "said")), repr(said))
    if not math.isfinite(loss) or (loss < LEARNT) is not learns:
        fail(f"With {name} initialisation the loss on new data is {loss:.3g} after 20 steps; expected is one "
             f"{'below' if learns else 'not below'} {LEARNT:g}. Chance gives {CHANCE:.3g}.")
    if part(seen.value, "said") != said:
        fail(f"With {name} initialisation `verdict` says {described(part(seen.value, 'said'))}; expected "
             f"{said!r}.")


# The medians over those nets, for the picture.
USUAL_HE = (4.44, 2.88, 2.46, 2.30, 2.19, 2.11, 2.04, 1.97, 1.88, 1.80, 1.71, 1.60, 1.50, 1.38, 1.26, 1.15,
            1.04, 0.93, 0.82, 0.73)
USUAL_XAVIER = (CHANCE,) * 20
AT_CHANCE = 0.3  # Xavier's first loss lay within 0.11 of chance, the median of He's is 4.4


@check(looks_at=with_he, points=2, after=(layers, updates, three_verdicts), false_alarms=1e-4, read=HE,
       hint="Look at the check `he` first. Then run it yourself, and draw the losses.")
def he_converges(seen: Seen) -> None:
    """All together, He: a net of 12 layers learns within 20 steps, and `verdict` says so. (Up to three
    tries.)"""
    expect_run(seen, "He's", CONVERGES, USUAL_HE)


@check(looks_at=with_xavier, points=1, after=(layers, updates, three_verdicts), false_alarms=1e-3, read=HE,
       hint="Look at the check `xavier` first. Then run it yourself, and draw the losses.")
def xavier_stalls(seen: Seen) -> None:
    """All together, Xavier: the same net starts at chance, stays there, and `verdict` says so."""
    expect_run(seen, "Xavier's", STALLS, USUAL_XAVIER)
    losses = numbers(part(seen.value, "losses"), "`train`'s list")
    first = losses[-min(len(losses), seen.given["steps"])] if losses else math.nan  # of this run
    if not abs(first - CHANCE) <= AT_CHANCE:
        fail(f"With Xavier's initialisation the first loss is {first:.4g}; where the signal has died away it "
             "is that " f"of chance, {CHANCE:.4g}.")


# --- on a GPU: thirty convolutional layers
# ---------------------------------------------------------------------------- The net and its first weights
# are ours; `train` and `verdict` are the student's. Of 40 nets from He's initialisation, with as many sets of
# images, 38 ended below 0.7 and two had not learnt (on a CPU); hence three tries, all of which fail about
# once in 10,000. Xavier's nets all ended at 2.30.

IMAGES = {"depth": 30, "channels": 16, "steps": 150, "lr": 0.001, "batch": 32,
          "means": normal(CLASSES, 1, 8, 8, std=2.0), "enough": LEARNT}
TRAINED = ("train", "verdict")
conv_he = Probe("convolutional", uses=TRAINED, world=REAL_CUDA, device=On("cuda"), init="he", tries=3,
                **IMAGES)
conv_xavier = Probe("convolutional", uses=TRAINED, world=REAL_CUDA, device=On("cuda"), init="xavier", tries=1,
                    **IMAGES)


def loss_on_new_images(seen: Seen) -> float:
    """The trained net's cross-entropy on ten new images of each class, worked out here in float64."""
    weights, biases = part(seen.value, "weights"), part(seen.value, "biases")
    if not (isinstance(weights, list) and isinstance(biases, list) and len(weights) == len(biases)):
        fail("`train` left no net whose weights could be looked at.")
    channels, means = seen.given["channels"], seen.given["means"].double()
    shapes_ = [(channels, 1, 3, 3), *[(channels, channels, 3, 3)] * (seen.given["depth"] - 1),
               (CLASSES, channels * means[0].numel())]
    if len(weights) != len(shapes_):
        fail(f"After `train` the net has {len(weights)} layers; it had {len(shapes_)}.")
    noise = torch.randn(10, *means.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = (means + noise).flatten(0, 1)
    for i, (weight, bias, shape) in enumerate(zip(weights, biases, shapes_, strict=True)):
        w, b = tensor(weight, shape, f"Weight {i + 1}").double(), tensor(bias, shape[:1],
                                                                         f"Bias {i + 1}").double()
        x = nn.functional.conv2d(x, w, b, padding=1).relu() if len(shape) == 4 else x.flatten(1) @ w.T + b
    return float(nn.functional.cross_entropy(x, torch.arange(CLASSES).repeat(10)))


@check(looks_at=(conv_he, conv_xavier), points=1, after=(updates, three_verdicts), false_alarms=1e-3, read=HE,
       hint="Does `train` leave model and batch where they lie? On the GPU, both are there already.")
def convolutional(he: Seen, xavier: Seen) -> None:
    """On a GPU, 30 convolutional layers as in the paper's figure: `train` makes He's net learn and Xavier's
    stay at chance, and `verdict` says so."""
    for seen, name, said in ((he, "He's", CONVERGES), (xavier, "Xavier's", STALLS)):
        loss, learns = loss_on_new_images(seen), said == CONVERGES
        got = numbers(part(seen.value, "losses"), "`train`'s list")
        seen.draw(curves(f"30 convolutional layers from {name} initialisation",
                         f"The loss over {len(got)} steps; {CHANCE:.3g} is chance.", x_label="step",
                         y_label="cross-entropy", yours=got[-1000:], expected=[CHANCE] * len(got[-1000:])))
        seen.measure(f"{name} loss on new images", f"{loss:.4g}",
                     f"{'below' if learns else 'not below'} {LEARNT:g}", f"chance: ln 10 = {CHANCE:.4g}")
        if not math.isfinite(loss) or (loss < LEARNT) is not learns:
            fail(f"From {name} initialisation the loss on new images is {loss:.3g} after "
                 f"{seen.given['steps']} steps; expected is one {'below' if learns else 'not below'} "
                 f"{LEARNT:g}.")
        if part(seen.value, "said") != said:
            fail(f"From {name} initialisation `verdict` says {described(part(seen.value, 'said'))}; "
                 f"expected {said!r}.")
