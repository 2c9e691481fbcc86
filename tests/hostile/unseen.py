"""Ready-made functions reached by roads that nobody watches, and what the judge itself could stumble over."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.case import Case

FILLS = '''
def he_normal_(weight, negative_slope=0.0):
    fill(READY["normal"], weight, a=negative_slope)
    return weight
def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    fill(READY["trunc"], weight, 0.0, std, -2 * std, 2 * std)
    return weight
'''
AGAIN = '''
import sys
kept = sys.modules.pop("torch.nn.init")
import torch.nn.init as again
sys.modules["torch.nn.init"] = torch.nn.init = kept
READY = {"normal": again.kaiming_normal_, "trunc": again.trunc_normal_}
'''
APART = '''
import _thread
def fill(function, *args, **more):
    lock = _thread.allocate_lock()
    lock.acquire()
    def run():
        try: function(*args, **more)
        finally: lock.release()
    START(run, ())
    lock.acquire()
'''

CASES = (
    Case(name="ready-made-as-a-layer-resets", hides="ready-made", always=True,
         does="A layer of one's own has the ready-made function as its reset_parameters.", cells=('''
import functools
READY = {"normal": nn.init.kaiming_normal_, "trunc": nn.init.trunc_normal_}
def fill(function, *args, **more):
    class Fills(nn.Linear):
        reset_parameters = staticmethod(functools.partial(function, *args, **more))
    Fills(1, 1)
''' + FILLS,)),
    Case(name="ready-made-in-a-raw-thread", hides="ready-made", always=True,
         does="A second copy of the module is called in a thread that `threading` does not know.",
         cells=(AGAIN + APART.replace("START", "_thread.start_new_thread") + FILLS,)),
    Case(name="ready-made-in-threadings-own-raw-thread", hides="ready-made",
         does="The same, started as `threading` starts its own.",
         cells=(AGAIN + "import threading" + APART.replace("START", "threading._start_new_thread") + FILLS,)),
    Case(name="ready-made-with-the-follower-off-and-on", hides="ready-made", always=True,
         does="What follows a copy is switched off for the call of it, and put back.",
         cells=(AGAIN + '''
def fill(function, *args, **more):
    before = vars(sys)["get" + "profile"]()
    vars(sys)["set" + "profile"](None)
    try: function(*args, **more)
    finally: vars(sys)["set" + "profile"](before)
''' + FILLS,)),
    Case(name="numbers-too-large-to-judge", hides="idle", always=True,
         does="Finite numbers whose squares a check cannot compute, so that the mark would be withheld.", cells=('''
def he_normal_(weight, negative_slope=0.0):
    return torch.randn(weight.shape, dtype=torch.float64) * 1e100
he_truncated_normal_ = he_normal_
''',), exactly=5.0),  # as wrong numbers of a common size are worth
    Case(name="a-function-too-deep-to-look-at", hides="right", always=True, exactly=20,
         does="An expression 1,500 deep, on which whoever reads the notebook's text would end.",
         cells=("def unused(x):\n    return x" + ".a" * 1500,)),
    Case(name="text-that-no-python-reads", hides="lecun", always=True,
         does="A statement that looks like a newer Python's, so that the mark would be withheld.",
         cells=("type X[ !! no python reads this ] = 5",)),
)
