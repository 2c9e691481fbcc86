"""Results as the judge would write them, for the tests and the pictures in the README."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from itertools import pairwise

from msgspec import structs

from grader import records
from grader.wall import messages
from tests.notebooks import notebook as build

MADE_BY = records.MadeBy(grader="0.1.0", exercise=3, torch="2.13.0", device="cpu", seed=1234,
                         sandbox="bubblewrap")

SOURCE = '''import math
import torch
from torch import nn

def fans(weight):
    return weight.shape[1], weight.shape[0]


@torch.no_grad()
def he_normal_(weight: torch.Tensor) -> torch.Tensor:
    """Fill `weight` for a layer followed by ReLU."""
    fan_in, fan_out = fans(weight)
    std = math.sqrt(1.0 / fan_in)
    return weight.normal_(0.0, std)
'''
NORMS = '''def gradient_norms(model, loss):
    loss.backward()
    norms = {}
    for name, p in model.named_parameters():
        norms[name] = p.grad.norm().item()
    return norms
'''


def notebook(*sources: str) -> str:
    """A notebook with a heading, then a code cell for each source."""
    return build(*sources, heading="# He initialisation")


NOTEBOOK = notebook(SOURCE, NORMS, "model = nn.Linear(2, 2)\nprint(modle)\n")


def _density(x: float, variance: float) -> float:
    return math.exp(-x * x / (2 * variance)) / math.sqrt(2 * math.pi * variance)


def histogram() -> records.Histogram:
    edges = tuple(-0.3 + 0.02 * i for i in range(31))
    middles = [(a + b) / 2 for a, b in pairwise(edges)]
    noise = random.Random(5)
    return records.Histogram(
        title="Your weights against N(0, 2 / fan_in)", edges=edges, x_label="weight",
        alt="Your weights are packed more tightly round zero than the target: a peak of 6.4 instead of 4.5.",
        density=tuple(_density(x, 1 / 256) * noise.uniform(0.95, 1.05) for x in middles),
        expected=tuple(_density(x, 2 / 256) for x in middles))


def signal() -> records.Curves:
    return records.Curves(
        title="Spread of the signal by layer", x_label="layer", y_label="standard deviation", log_y=True,
        alt="With your weights the signal shrinks in each layer, to 3e-5 after 30; the reference stays near "
        "1.", series=(records.Series(name="yours", values=tuple(0.71 ** i for i in range(30))),
                records.Series(name="reference", values=tuple(1 + 0.08 * math.sin(i) for i in range(30)),
                               reference=True)))


def losses() -> records.Curves:
    return records.Curves(
        title="Loss", x_label="step", y_label="loss", alt="The loss turns to NaN after step 5.",
        series=(records.Series(name="yours", values=(2.3, 2.9, 5.0, 9.0, 14.0, None, None, None)),
                records.Series(name="reference", values=(2.3, 2.0, 1.7, 1.4, 1.2, 1.1, 1.0, 0.9),
                               reference=True)))


VARIANCE = records.Verdict(
    id="variance", title="The weights have variance 2 / fan_in.", mark=records.Mark.FAIL,
    cause=records.Cause.WRONG_ANSWER, points=0.0, max_points=4.0, diagnosis="lecun-scaling",
    message="The variance of the weights is 0.00391; expected 0.00781.",
    meaning="Half the variance is 1 / fan_in: LeCun's scaling. ReLU sets half of the signal to zero, so each "
    "layer "
            "then halves it again.",
    advice="Where does the factor 2 come from? Compute `E[relu(z)**2]` for z from N(0, 1) and put it into "
    "`std`.",
    read="He et al. (2015), Delving Deep into Rectifiers, section 2.2, https://arxiv.org/abs/1502.01852",
    measurements=(
        records.Measurement(what="variance", measured="0.00391", expected="0.00781 ± 0.00021",
                      meaning="1 / fan_in: LeCun's scaling; each ReLU layer then halves the signal"),
        records.Measurement(what="mean", measured="0.00002", expected="0 ± 0.00171")),
    pictures=(histogram(), signal()), functions=("he_normal_",))

PASSED = (
    records.Verdict(id="in-place", title="`he_normal_` fills the tensor it is given.", mark=records.Mark.PASS,
                    points=3.0,
              max_points=3.0, functions=("he_normal_",)),
    records.Verdict(id="mean", title="The weights have mean 0.", mark=records.Mark.PASS, points=2.0,
                    max_points=2.0,
              measurements=(records.Measurement(what="mean", measured="0.00002", expected="0 ± 0.00171"),)),
    records.Verdict(id="shape", title="The shape stays as it was.", mark=records.Mark.PASS, points=2.0,
                    max_points=2.0),
)

RAISED = records.Verdict(
    id="norms", title="`gradient_norms` returns the norm of every parameter's gradient.",
    mark=records.Mark.FAIL,
    cause=records.Cause.RAISED, points=0.0, max_points=4.0, functions=("gradient_norms",),
    message="`gradient_norms` raised AttributeError: 'NoneType' object has no attribute 'norm'",
    advice="A parameter that took no part in the loss has no gradient: `p.grad` is None. What should its "
    "norm be?", read="https://docs.pytorch.org/docs/stable/generated/torch.Tensor.grad.html",
    lines=(messages.Line(cell=2, line=5, text="        norms[name] = p.grad.norm().item()"),))

HANGING = tuple(
    records.Verdict(id=name, title=title, mark=records.Mark.NOT_REACHED, cause=records.Cause.PREREQUISITE,
                    points=0.0, max_points=2.0,
              root="variance")
    for name, title in (("depth", "The signal keeps its size through 30 layers."),
                        ("other-shape", "It also holds for a layer of shape (128, 512).")))

HIDDEN = records.Verdict(
    id="fresh", title="Two calls give different weights.", mark=records.Mark.FAIL,
    cause=records.Cause.WRONG_ANSWER, points=0.0,
    max_points=1.0, message="SECRET-MESSAGE 0.123", advice="Is a seed set inside the function?",
    visible=False,
    measurements=(records.Measurement(what="SECRET-WHAT", measured="SECRET-MEASURED",
                                      expected="SECRET-EXPECTED"),),
    pictures=(losses(),), functions=("he_normal_",))

CUDA = records.Verdict(id="on-gpu", title="Weights on a GPU are filled there.",
                       mark=records.Mark.NOT_AVAILABLE,
                 cause=records.Cause.NEEDS_CUDA, points=0.0, max_points=2.0)

BROKEN = records.Verdict(id="gain", title="The gain of leaky ReLU is taken into account.",
                         mark=records.Mark.GRADER_ERROR,
                   points=0.0, max_points=2.0, message="the check raised KeyError: 'leaky-gain'")

CHECKS = (*PASSED, VARIANCE, *HANGING, RAISED, HIDDEN, CUDA)
EVENTS = (messages.CellEvent(cell=3, cause=messages.CellCause.RAISED, error="NameError",
                             message="name 'modle' is not defined", line=2),)


def result(student: str = "ada", exercise: str = "he_init", checks: Iterable[records.Verdict] = CHECKS,
           **changes: object) -> records.Result:
    """A graded result; the score follows from the checks unless it is given."""
    checks = tuple(checks)
    plain = records.Result(
        student=student, exercise=exercise, status=records.Status.GRADED, checks=checks,
        score=sum(v.points for v in checks),
        max_score=sum(v.max_points for v in checks if v.mark is not records.Mark.NOT_AVAILABLE),
        notebook=records.NotebookFile(path=f"{exercise}.ipynb", sha256="0" * 64), made_by=MADE_BY)
    return structs.replace(plain, **changes)


def withheld(student: str = "wim", exercise: str = "he_init") -> records.Result:
    return result(student, exercise, (*PASSED, BROKEN), status=records.Status.WITHHELD, score=None,
                  reason="")


def unreadable(student: str = "uma", exercise: str = "he_init") -> records.Result:
    return result(student, exercise, (), status=records.Status.UNREADABLE, score=0.0, max_score=20.0,
                  reason="the file is no notebook: it ends in the middle of line 12")


def passed_all(student: str = "eve", exercise: str = "he_init") -> records.Result:
    return result(student, exercise, [structs.replace(v, mark=records.Mark.PASS, points=v.max_points,
                                                      cause=None, message="",
                                                      meaning="", advice="", read="", diagnosis=None,
                                                      root=None, lines=(), pictures=())
                                      for v in (*PASSED, VARIANCE, *HANGING, RAISED)])


# --- a class -----------------------------------------------------------------------------------------

PROMISES = {"he_init": "The weights have variance 2 / fan_in.",
            "gradient_flow": "The norms are those of the gradients, layer by layer.",
            "devices": "A GPU is used where there is one."}
MISTAKES = {
    "he_init": (("lecun-scaling", "1 / fan_in is LeCun's scaling: the factor 2 for ReLU is missing.", 0.26),
                ("fan-out", "2 / fan_out: the first dimension was taken for the number of inputs.", 0.14)),
    "gradient_flow": (("read-after-zero", "The norms were read after `zero_grad`, so every one is 0.", 0.17),
                      ("mean-for-norm", "The mean of the absolute values was taken for the norm.", 0.09)),
    "devices": (("never-called", "`torch.cuda.is_available` without brackets is a function, and always true.",
                 0.21),)}
NAMES = ("Ada", "Ben", "Cem", "Dana", "Edda", "Femi", "Gwen", "Hugo", "Ines", "Jan", "Kira", "Lin", "Mona",
         "Nils",
         "Olga", "Paul", "Quinn", "Rosa", "Sami", "Tara", "Uma", "Vera", "Wim", "Xenia", "Yuki", "Zoe")
EXERCISES = tuple(PROMISES)


def cohort(size: int, exercises: tuple[str, ...] = EXERCISES) -> tuple[list[records.Result],
                                                                       dict[tuple[str, str], str]]:
    """A class with the mistakes that classes make, and its notebooks."""
    chance = random.Random(7)
    results, notebooks = [], {}
    for number in range(size):
        student = NAMES[number % len(NAMES)] + (f" {number // len(NAMES) + 1}" if size > len(NAMES) else "")
        for exercise in exercises:
            if chance.random() < 0.04:
                continue
            results.append(_one(student, exercise, chance))
            notebooks[student, exercise] = NOTEBOOK
    return results, notebooks


def _one(student: str, exercise: str, chance: random.Random) -> records.Result:
    draw = chance.random()
    if draw < 0.01:
        return withheld(student, exercise)
    if draw < 0.02:
        return unreadable(student, exercise)
    checks = [*PASSED, RAISED if chance.random() < 0.2 else _kept(RAISED)]
    main = structs.replace(VARIANCE, title=PROMISES[exercise])
    draw = chance.random()
    for name, meaning, share in MISTAKES[exercise]:
        if draw < share:
            wrong = structs.replace(main, diagnosis=name, meaning=meaning)
            return result(student, exercise, (*checks, wrong, *HANGING, CUDA))
        draw -= share
    rest = [_kept(v) if chance.random() < 0.85 else structs.replace(v, mark=records.Mark.FAIL, root=None)
            for v in HANGING]
    return result(student, exercise, (*checks, _kept(main), *rest, CUDA))


def _kept(verdict: records.Verdict) -> records.Verdict:
    return structs.replace(verdict, mark=records.Mark.PASS, points=verdict.max_points, cause=None,
                           diagnosis=None, message="", meaning="", advice="", root=None)
