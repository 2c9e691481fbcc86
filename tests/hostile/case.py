"""What a hostile submission is: its cells, the honest answer it hides, and what must become of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from tests.notebooks import notebook as build

RIGHT = '''
import math
import torch
from torch import nn

def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return math.prod(weight.shape[1:])

def he_normal_(weight, negative_slope=0.0):
    with torch.no_grad():
        return weight.normal_(0.0, math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight))))

def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    with torch.no_grad():
        weight.normal_(0.0, std)
        while (outside := weight.abs() > 2 * std).any():
            weight[outside] = torch.empty_like(weight[outside]).normal_(0.0, std)
    return weight

def init_weights(module):
    if isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        he_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
'''
LECUN = RIGHT.replace("math.sqrt(2 /", "math.sqrt(1 /")
IDLE = RIGHT + '''
def he_normal_(weight, negative_slope=0.0):
    return weight

def he_truncated_normal_(weight):
    return weight
'''
LAZY = RIGHT + '''
def init_weights(module):
    pass
'''
READY_MADE = RIGHT + '''
def he_normal_(weight, negative_slope=0.0):
    return nn.init.kaiming_normal_(weight, a=negative_slope)

def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    return nn.init.trunc_normal_(weight, 0.0, std, -2 * std, 2 * std)
'''
LARGER = RIGHT.replace("math.sqrt(2 / ((1", "math.sqrt(2.5 / ((1")

# The honest answers that attacks start from, and what each is worth on its own. All stand in the batch
# themselves.
HONEST = {
    "right": (RIGHT, 20.0),
    "lecun": (LECUN, 10.0),       # 1 / fan_in: all but variance, truncated and the two of thirty layers
    "larger": (LARGER, 12.0),     # a quarter too much variance: also truncated; thirty layers explode
    "idle": (IDLE, 2.0),          # fills nothing: fan-in alone
    "lazy": (LAZY, 18.0),         # all but init-weights
    "ready-made": (READY_MADE, 2.0),
    "nothing": ("import torch", 0.0),
}


class Layer(enum.Enum):
    """What stops an attack."""

    JUDGE = "the judge outside sees values only"
    RECORDER = "the recorder of forbidden functions"
    READER = "the reader of what arrives"
    MOUNTS = "mounts: it is not there, or read-only"
    PROCESSES = "pid and user namespaces"
    NETWORK = "network namespace"
    FILTER = "filter of system calls"
    LIMITS = "limits, and the runner that watches them"
    RUNNER = "the runner, out of reach of the kernel"
    INTAKE = "intake keeps source only"
    PAGES = "escaping, sanitising, the pages' policy"
    HONEST = "(no attack)"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One submission."""

    name: str
    does: str                          # the attack, in a sentence
    hides: str                         # the honest answer it starts from
    cells: tuple[str, ...] = ()        # after those of the honest answer
    before: tuple[str, ...] = ()       # before them
    exactly: float | None = None       # points; None: no more than the honest answer
    more: float = 0.0                  # what chance may add to the honest answer's points
    # check -> its cause, cell -> what stopped it; "timeout or memory" where the machine's speed decides which
    # of two limits is met first
    causes: dict[str, str] = field(default_factory=dict)
    events: dict[int, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()         # stands in the student's report
    hushed: tuple[str, ...] = ()       # stands in no output of the student's
    tells: tuple[str, ...] = ()        # stands in an output: the attack was made, to its end
    layer: Layer | None = None         # None: its family's
    always: bool = False               # in `make test` too
    fault: str = ""                    # why it succeeds, as long as it does

    @property
    def most(self) -> float:
        return HONEST[self.hides][1] + self.more

    @property
    def notebook(self) -> str:
        return notebook(*self.before, HONEST[self.hides][0], *self.cells)


def notebook(*cells: str) -> str:
    """A notebook of code cells, with the exercise's id as a released one has it."""
    return build(*cells, grader={"exercise": "he_init"})
