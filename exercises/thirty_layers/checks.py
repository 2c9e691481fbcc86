"""Specification of `thirty_layers`: build, train and judge deep ReLU nets that differ in their first weights
only.

After He, Zhang, Ren, Sun 2015, "Delving deep into rectifiers", figure 3: 30 layers converge from He's
initialisation and stall from Xavier's.
"""

import math
from typing import Any

from torch import Tensor

from grader.spec import (
    BIAS_NOT_ZERO,
    HE,
    RATE,
    REAL_CUDA,
    XAVIER,
    On,
    Probe,
    Seen,
    check,
    curves,
    described,
    fail,
    fail_as_raised,
    normal,
    statistics,
    the_one,
    varies,
)

from .misconceptions import (
    GLOROT,
    HE_FIGURE_3,
    NAMES_LOOSELY_MATCHED,
    NAN_SLIPS_THROUGH,
    NO_BIAS,
    NORMAL,
    NOT_VALUE_ERROR,
    RESEEDED,
    TENSORS,
    UNIFORM,
)
from .nets import CLASSES, INPUTS, expect_net, expect_scaling, first_weights, layers_of
from .outcome import draw, expect_outcome, loss_on_new_data, loss_on_new_images
from .rule import (
    CHANCE,
    CONVERGES,
    DIVERGES,
    LAST,
    LEARNT,
    NOT_FINITE,
    RUNS,
    STALLS,
    mean,
    misread,
    own_word,
    said_of,
    shown,
    verdict_on,
)
from .training import (
    expect_losses,
    expect_nothing_left_over,
    expect_parameters,
    expected,
    gentle,
    losses_of,
    right,
    steep,
)

# --- build: the net ------------------------------------------------------------------------------------

# not square at either end: there fan_in and fan_out, and their mean, are told apart
DEPTH, WIDTH = 6, 40
BUILD = ("build",)
he_net, xavier_net, normal_net = (Probe("built", uses=BUILD, depth=DEPTH, width=WIDTH, init=init,
                                        x=normal(8, INPUTS))
                                  for init in ("he", "xavier", "normal"))
one_layer, two_layers = (Probe("built", uses=BUILD, depth=depth, width=24, init="he", x=normal(8, INPUTS))
                         for depth in (1, 2))
two_nets = Probe("built_twice", uses=BUILD, depth=3, width=16, init="he")
WORDS = ("glorot", "kaiming", "xavier_uniform", "he_normal", "He", "XAVIER", "Normal", "e", "normal ", "")
unknown = Probe("refusals", uses=BUILD, width=16, asked=[(3, "glorot"), *((2, word) for word in WORDS),
                                                         (1, "glorot")])


@check(looks_at=(he_net, one_layer, two_layers), points=2,
       hint="Print the net. Count its linear layers. What follows each of them, and what the last?")
def layers(deep: Seen, one: Seen, two: Seen) -> None:
    """`build(depth, width, init)` is an `nn.Sequential` of `depth` linear layers, 64 -> width -> ... -> width
    -> 10, each with weights of its own, with a ReLU after each but the last."""
    for seen in (deep, two, one):
        expect_net(seen)


# --- build: the first weights --------------------------------------------------------------------------

@check(looks_at=he_net, points=2, false_alarms=RATE, read=HE_FIGURE_3,
       hint="Compute the variance of each layer's weight, and 2 / fan_in beside it.")
def he(seen: Seen) -> None:
    """With "he", every layer's weights have mean 0 and variance 2 / fan_in."""
    expect_scaling(seen, HE)


@check(looks_at=xavier_net, points=1, false_alarms=RATE, read=GLOROT,
       hint="Compute the variance of each layer's weight, and 2 / (fan_in + fan_out) beside it.")
def xavier(seen: Seen) -> None:
    """With "xavier", every layer's weights have mean 0 and variance 2 / (fan_in + fan_out)."""
    expect_scaling(seen, XAVIER)


@check(looks_at=normal_net, points=1, false_alarms=RATE,
       hint="Compute the mean and the standard deviation of each layer's weight.")
def small_normal(seen: Seen) -> None:
    """With "normal", every layer's weights are drawn from a normal law of mean 0 and standard
    deviation 0.01."""
    expect_scaling(seen, NORMAL)
    largest = max(first_weights(seen), key=lambda draw: draw.freedom)
    if not statistics.kurtosis(largest.weights, false_alarm=2e-9).holds:  # 6 standard deviations
        fail(f"The weights of the {largest.name} have kurtosis "
             f"{statistics.moment_ratio(largest.weights, 4):.3g}; a normal law has 3.", UNIFORM)


@check(looks_at=(he_net, xavier_net, normal_net), points=1, may_raise=True, read=HE_FIGURE_3,
       hint="nn.Linear starts with random biases. Whatever `init` is, they should be zero.")
def biases_zero(*nets: Seen) -> None:
    """All biases are zero, whatever `init` is."""
    for seen in nets:
        if seen.raised:
            if seen is nets[0]:
                fail_as_raised(seen)
            continue  # the check on this `init` says so
        _, biases = layers_of(seen.mapping())
        there = [b for b in biases if b is not None]
        if len(there) < len(biases):
            fail(f"With {seen.given['init']!r}, {len(biases) - len(there)} of {len(biases)} layers have no "
                 "bias; expected is one in each, filled with zeros.", NO_BIAS)
        largest = max(float(b.abs().max()) for b in there)
        if not all(bool((b == 0).all()) for b in there):
            fail(f"With {seen.given['init']!r}, there are biases up to {largest:.3g}; expected are zeros.",
                 BIAS_NOT_ZERO if largest <= 1 / math.sqrt(WIDTH) else None)  # the default's widest bound


@check(looks_at=unknown, points=1, visible=False,
       hint="What should happen to a word that is none of the three? And to one that resembles one of them?")
def unknown_init(seen: Seen) -> None:
    """An `init` that is none of the three raises ValueError."""
    said = seen.value
    if not isinstance(said, list) or len(said) != len(WORDS) + 2 or not all(isinstance(s, str) for s in said):
        fail("`build` did not answer once for each word.")
    if not said[0] or not said[-1]:
        fail("`build` with an unknown `init` returns a net as if nothing were wrong; expected is ValueError.")
    for raised in said:
        if "ValueError" not in raised.split(" "):
            wrong = f"raises {raised.partition(' ')[0]}" if raised else "returns a net"
            fail(f"`build` {wrong} where `init` is none of the three words; expected is ValueError.",
                 NOT_VALUE_ERROR if raised else NAMES_LOOSELY_MATCHED)


@check(looks_at=two_nets, points=1, visible=False, hint="Build two nets, and compare their weights.")
def fresh_draws(seen: Seen) -> None:
    """Each call of `build` draws new weights."""
    first, second = (layers_of(seen.mapping().mapping(name))[0] for name in ("first", "second"))
    if len(first) != len(second):
        fail(f"Two calls of `build` give {len(first)} and {len(second)} linear layers.")
    for weights in (first, second):
        if not all(bool(w.any()) and bool(w.isfinite().all()) for w in weights):
            fail("A net has weights that are all zero, or no numbers.")
    if not all(varies(calls) for calls in zip(first, second, strict=True)):
        fail("Two calls of `build` give equal weights.", RESEEDED)


# --- train ---------------------------------------------------------------------------------------------

# More steps than the first of the usual schedules, of which nothing should be seen.
STEPS, TRAIN = 32, ("train",)
once = Probe("trained", uses=TRAIN, dropped=True, **gentle(steps=STEPS, lr=0.07))
again = Probe("trained_again", uses=TRAIN, **steep(steps=5, lr=2e-4), other=gentle(steps=4, lr=0.1))


@check(looks_at=(once, again), points=2, read="PyTorch tutorial: Optimizing Model Parameters",
       hint="In each step: one batch, the loss, zero_grad, backward, step. Compare the first two losses by "
       "hand.")
def losses(seen: Seen, large: Seen) -> None:
    """`train(model, steps, lr)` gives the cross-entropy of each step, before its update, under SGD with this
    learning rate and momentum 0.9, with one batch for each step and nothing else."""
    want, _ = expected(seen)
    got = losses_of(seen.mapping())
    seen.draw(curves("Loss at each step", f"Your loss at each of {STEPS} steps, beside the expected one.",
                     x_label="step", y_label="cross-entropy", yours=got[:1000], expected=want))
    for step in (0, 1, STEPS - 1):
        seen.measure(f"loss at step {step + 1}", f"{got[step]:.5g}" if step < len(got) else "nothing",
                     f"{want[step]:.5g}")
    expect_losses(seen, large)


@check(looks_at=(once, again), points=1,
       hint="Which model is trained? And is the last step's update made, too?")
def updates(seen: Seen, large: Seen) -> None:
    """After `train` the model that was passed in has the parameters that `steps` updates give."""
    expect_parameters(seen, large)


@check(looks_at=once, points=1, hint="What does type(losses[0]) say?")
def losses_are_floats(seen: Seen) -> None:
    """`train` returns a list of plain Python numbers."""
    got = seen.mapping()["losses"]
    if not isinstance(got, list):
        fail(f"`train` returns {described(got)}, not a list.")
    if not got:
        fail("`train` returns an empty list.")
    for entry in got:
        if isinstance(entry, bool) or not isinstance(entry, int | float):
            fail(f"`train`'s list holds {described(entry)}, not a number.",
                 TENSORS if all(isinstance(e, Tensor) for e in got) else None)
    foreign = seen.mapping().texts("foreign")   # NumPy's numbers arrive as Python's
    if foreign:
        fail(f"`train`'s list holds numbers of type {described(foreign[0])}, which are not Python's.")


@check(looks_at=(again, once), points=1, visible=False,
       hint="Train one net, then another, then the first once more. What is left over from a call?")
def starts_afresh(seen: Seen, plain: Seen) -> None:
    """A second call, with another model or with the same, knows nothing of the first, and `train` does not
    seed."""
    expect_nothing_left_over(seen, plain)


# --- verdict -------------------------------------------------------------------------------------------

VERDICT = ("verdict",)
said_of_finite = Probe("verdicts", uses=VERDICT, runs=list(RUNS))
said_of_others = Probe("verdicts", uses=VERDICT, runs=list(NOT_FINITE))


@check(looks_at=said_of_finite, points=1,
       hint="Take the mean of the last ten losses (of all, if there are fewer), and compare it with 2.0 and "
       "3.0.")
def three_verdicts(seen: Seen) -> None:
    """`verdict(losses)` says "converges", "stalls" or "diverges" by the mean of the last ten losses."""
    got, want = said_of(seen, RUNS), [verdict_on(run) for run in RUNS]
    if got == want:
        return
    off = next(i for i, (g, w) in enumerate(zip(got, want, strict=True)) if g != w)
    fail(f"`verdict` says {described(got[off])} of {shown(RUNS[off])}, whose last losses have mean "
         f"{mean(RUNS[off][-LAST:]):.5g}; expected {want[off]!r}.", the_one(misread(got)))


@check(looks_at=(said_of_others, said_of_finite), points=1, visible=False,
       hint="What does a comparison with float('nan') give? And what is the mean of a list with one inf in "
       "it?")
def not_finite(seen: Seen, finite: Seen) -> None:
    """A run in which any loss is NaN or infinite "diverges"."""
    got = said_of(seen, NOT_FINITE)
    words = (DIVERGES, own_word(finite, DIVERGES))   # another word is what `three-verdicts` is about
    seen.follows(three_verdicts.id)
    if all(g in words for g in got):
        return
    off = next(i for i, g in enumerate(got) if g not in words)
    plain = all(isinstance(g, str) for g in got)
    fail(f"`verdict` says {described(got[off])} of a run with "
         f"{'NaN' if off in (0, 2, 3) else 'an infinite loss'}; "
         "expected 'diverges'.", NAN_SLIPS_THROUGH if plain else None)


# --- the experiment ------------------------------------------------------------------------------------

# 12 layers are enough to see it, and 20 steps cost 40 ms (the notebook's run of 30 layers costs a second):
# Xavier's signal has shrunk to 1/45 at the end. The data are ten Gaussian clouds, whose centres the seed of
# the batch decides. Over 4,000 nets from each initialisation (and as many sets of centres), 1.6 % of He's
# had not learnt by then, or had lost it again; hence three tries, all of which fail 4 times in a million.
# Xavier's ended between 2.05 and 2.30.
SETTING: dict[str, Any] = {"depth": 12, "width": 64, "steps": 20, "lr": 0.007, "batch": 32,
           "means": normal(CLASSES, INPUTS, std=2.0), "noise": normal(250, INPUTS), "enough": LEARNT}
ALL = ("build", "train", "verdict")
with_he = Probe("experiment", uses=ALL, init="he", tries=3, **SETTING)
with_xavier = Probe("experiment", uses=ALL, init="xavier", tries=1, **SETTING)

# The medians over those nets, for the picture.
USUAL_HE = (4.44, 2.88, 2.46, 2.30, 2.19, 2.11, 2.04, 1.97, 1.88, 1.80, 1.71, 1.60, 1.50, 1.38, 1.26, 1.15,
            1.04, 0.93, 0.82, 0.73)
USUAL_XAVIER = (CHANCE,) * 20
AT_CHANCE = 0.3  # Xavier's first loss lay within 0.11 of chance, the median of He's is 4.4


@check(looks_at=(with_he, he_net, said_of_finite, once), points=2, false_alarms=1e-4, read=HE_FIGURE_3,
       hint="Look at the check `he` first. Then run it yourself, and draw the losses.")
def he_converges(seen: Seen, untrained: Seen, of_finite: Seen, plain: Seen) -> None:
    """All together, He: a net of 12 layers learns within 20 steps, and `verdict` says so. (Up to three
    tries.)"""
    draw(seen, USUAL_HE, "12 layers from He's initialisation")
    expect_outcome(seen, loss_on_new_data(seen, untrained), net="He's", said=CONVERGES, data="data",
                   of_finite=of_finite, plain=plain)


@check(looks_at=(with_xavier, xavier_net, said_of_finite, once), points=1, false_alarms=1e-3,
       read=HE_FIGURE_3,
       hint="Look at the check `xavier` first. Then run it yourself, and draw the losses.")
def xavier_stalls(seen: Seen, untrained: Seen, of_finite: Seen, plain: Seen) -> None:
    """All together, Xavier: the same net starts at chance, stays there, and `verdict` says so."""
    losses = draw(seen, USUAL_XAVIER, "12 layers from Xavier's initialisation")
    expect_outcome(seen, loss_on_new_data(seen, untrained), net="Xavier's", said=STALLS, data="data",
                   of_finite=of_finite, plain=plain)
    first = losses[-min(len(losses), seen.given["steps"])] if losses else math.nan  # of this run
    if right(plain) and not abs(first - CHANCE) <= AT_CHANCE:
        fail(f"With Xavier's initialisation the first loss is {first:.4g}; where the signal has died away it "
             f"is that of chance, {CHANCE:.4g}.")


# --- on a GPU: thirty convolutional layers -------------------------------------------------------------

# The net and its first weights are ours; `train` and `verdict` are the student's. Of 40 nets from He's
# initialisation, with as many sets of images, 38 ended below 0.7 and two had not learnt (on a CPU); hence
# three tries, all of which fail about once in 10,000. Xavier's nets all ended at 2.30.
IMAGES: dict[str, Any] = {"depth": 30, "channels": 16, "steps": 150, "lr": 0.001, "batch": 32,
          "means": normal(CLASSES, 1, 8, 8, std=2.0), "enough": LEARNT}
TRAINED = ("train", "verdict")
conv_he = Probe("convolutional", uses=TRAINED, world=REAL_CUDA, device=On("cuda"), init="he", tries=3,
                **IMAGES)
conv_xavier = Probe("convolutional", uses=TRAINED, world=REAL_CUDA, device=On("cuda"), init="xavier", tries=1,
                    **IMAGES)


@check(looks_at=(conv_he, conv_xavier), points=1, false_alarms=1e-3, read=HE_FIGURE_3,
       hint="Does `train` leave model and batch where they lie? On the GPU, both are there already.")
def convolutional(he: Seen, xavier: Seen) -> None:
    """On a GPU, 30 convolutional layers as in the paper's figure: `train` makes He's net learn and Xavier's
    stay at chance, and `verdict` says so."""
    for seen, name, said in ((he, "He's", CONVERGES), (xavier, "Xavier's", STALLS)):
        draw(seen, [CHANCE] * int(IMAGES["steps"]), f"30 convolutional layers from {name} initialisation")
        expect_outcome(seen, loss_on_new_images(seen), net=name, said=said, data="images")
