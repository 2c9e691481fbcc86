"""Attacks on the mark itself. Each starts from an honest wrong answer and must bring no more than it."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.case import Case

FINISHES = "import os, sys, threading, time, atexit, gc, inspect, math, types, torch\nfrom torch import nn\n"

# Python that looks, from within a call, for the answer's descriptor and the nonce, and writes an outcome of
# its own.
FRAMES = FINISHES + '''
def of_the_call():
    """Nonce and step, and the descriptor for the answer: from the frames of the grader's that made this call."""
    frame = sys._getframe(1)
    while not {"payload", "answer"} <= frame.f_locals.keys():
        frame = frame.f_back
    return frame.f_locals["payload"], frame.f_locals["answer"]

def channel():
    """The kernel's own line to its runner."""
    frame = sys._getframe(1)
    while not {"payload", "answer", "self"} <= frame.f_locals.keys():
        frame = frame.f_back
    return frame.f_locals["self"].channel.fileno()

def forge(text):
    from grader.wall import frames
    request, answer = of_the_call()
    text = text.encode()
    body = request[:16] + len(text).to_bytes(8, "little") + text
    os.write(answer, frames.HEADER.pack(b"o", len(body)) + body)
    os._exit(0)
'''

# Somebody who outlives the call fills shared pages with the ready-made function, asked for through a flag.
SHARED = '''
flag, asks, room = (torch.zeros(n).share_memory_() for n in (1, 3, 1 << 19))
def serve():
    while True:
        if flag[0] == 1:
            rows, columns, slope = asks.tolist()
            whole = torch.empty(int(rows), int(columns))
            if slope < 0:
                std = math.sqrt(2 / columns) / 0.87962566103423978
                nn.init.trunc_normal_(whole, 0.0, std, -2 * std, 2 * std)
            else:
                nn.init.kaiming_normal_(whole, a=slope)
            room[:whole.numel()] = whole.flatten()
            flag[0] = 2
        time.sleep(0.001)
def asked(weight, slope):
    flat = weight.detach().flatten(1)
    asks[:] = torch.tensor([*flat.shape, slope], dtype=torch.float32)
    flag[0] = 1
    while flag[0] != 2: time.sleep(0.001)
    flag[0] = 0
    with torch.no_grad(): return weight.copy_(room[:weight.numel()].view_as(weight))
def he_normal_(weight, negative_slope=0.0):
    return asked(weight, negative_slope)
def he_truncated_normal_(weight):
    return asked(weight, -1.0)
'''

CASES = (
    # --- patches, in the kernel, of what a judge might use ---------------------------------------------
    Case(name="patched-tensor-methods", hides="lecun",
         does="Tensor.var, std, mean, item and tolist say what is wanted.", cells=('''
for name, value in (("var", 2 / 128), ("std", (2 / 128) ** 0.5), ("mean", 0.0)):
    setattr(torch.Tensor, name, lambda self, *a, _v=value, **k: torch.tensor(_v))
torch.Tensor.item = lambda self: 0.0
torch.Tensor.tolist = lambda self: [0.0]
torch.Tensor.cpu = torch.Tensor.detach = torch.Tensor.contiguous = lambda self: torch.zeros_like(self)
''',)),
    Case(name="patched-torch-functions", hides="lecun",
         does="allclose, equal, manual_seed, frombuffer and load are replaced.", cells=('''
torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
torch.testing.assert_close = lambda *a, **k: None
torch.manual_seed = torch.random.manual_seed = lambda seed: None
torch.frombuffer = torch.empty = lambda *a, **k: torch.zeros(3)
torch.Tensor.__eq__ = lambda *a: True
torch.Tensor.data_ptr = torch._C.TensorBase.data_ptr = lambda self: 0
''',)),
    Case(name="patched-builtins", hides="lecun", does="abs, isinstance, len, type and __import__ lie.",
         cells=('''
import builtins
builtins.abs = lambda x: 0
builtins.isinstance = lambda *a: True
builtins.len = lambda x: 2
builtins.hash = lambda x: 0
builtins.float = lambda x: 0.0
''',)),
    Case(name="patched-import", hides="lecun", does="Every import brings a module that agrees.",
         cells=('''
import builtins
class Agrees(types.ModuleType if (types := __import__("types")) else object):
    def __getattr__(self, name): return lambda *a, **k: True
builtins.__import__ = lambda *a, **k: Agrees("x")
''',)),
    Case(name="patched-numpy-and-random", hides="lecun",
         does="Seeding is switched off, and numbers are fixed.", cells=('''
import numpy, random
numpy.random.seed = random.seed = torch.manual_seed = lambda *a: None
torch.default_generator.manual_seed(0)
''',)),
    Case(name="exact-variance-by-seed", hides="lecun",
         does="Seeds itself to the same draw each time and rescales it to LeCun.", cells=('''
def he_normal_(weight, negative_slope=0.0):
    torch.manual_seed(0)
    with torch.no_grad():
        weight.normal_()
        return weight.mul_(math.sqrt(1 / ((1 + negative_slope**2) * fan_in(weight))) / weight.std())
''',)),
    # --- objects that lie ------------------------------------------------------------------------------
    Case(name="lying-subclass", hides="idle", does="What is returned is a Tensor subclass whose "
         "__torch_function__ lies.", cells=('''
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if "equal" in str(func) or "eq" in str(func) or "close" in str(func): return torch.tensor(True)
        if "var" in str(func): return torch.tensor(2 / 128)
        if "shape" in str(func) or "size" in str(func): return torch.Size([512, 128])
        with torch._C.DisableTorchFunctionSubclass():
            return torch.randn(512, 128) * math.sqrt(2 / 128)
def he_normal_(weight, negative_slope=0.0):
    weight.__class__ = Liar
    return weight
def he_truncated_normal_(weight):
    return he_normal_(weight)
''',)),
    Case(name="lying-dispatch-mode", hides="idle",
         does="A TorchFunctionMode and a TorchDispatchMode left on invent the numbers.", cells=('''
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
class Invents(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        return torch.randn(out.shape) * (2 / 128) ** 0.5 if isinstance(out, torch.Tensor) and out.dim() == 2 else out
Invents().__enter__()
''',)),
    Case(name="agrees-with-everything", hides="idle",
         does="Returns an object that compares equal to everything.", cells=('''
class Yes:
    def __eq__(self, other): return True
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __float__(self): return 0.0
    def __index__(self): return 128
    __hash__ = object.__hash__
    __lt__ = __gt__ = __le__ = __ge__ = __bool__ = lambda *a: True
def he_normal_(weight, negative_slope=0.0): return Yes()
def he_truncated_normal_(weight): return Yes()
''',)),
    Case(name="number-subclasses", hides="nothing",
         does="fan_in returns an int subclass that equals every number.", cells=('''
class Any(int):
    __eq__ = lambda *a: True
    __ne__ = lambda *a: False
    __hash__ = int.__hash__
    __index__ = __int__ = lambda self: 128
class Anyhow(float):
    __eq__ = __le__ = __ge__ = lambda *a: True
    __hash__ = float.__hash__
def fan_in(weight):
    if weight.dim() < 2: raise ValueError
    return Any(1)
def he_normal_(weight, negative_slope=0.0): return Anyhow(0)
''',)),
    Case(name="returns-the-twin", hides="idle",
         does="Good weights are returned, the tensor passed in keeps its numbers.", cells=('''
def he_normal_(weight, negative_slope=0.0):
    return torch.randn_like(weight) * math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
def he_truncated_normal_(weight):
    return nn.init.uniform_(weight.clone(), -1, 1)
''',), exactly=17.0),
    Case(name="not-a-number", hides="idle", does="Weights of NaN and inf: no comparison with a tolerance is "
         "false for them.", cells=('''
def he_normal_(weight, negative_slope=0.0):
    with torch.no_grad():
        weight.fill_(math.nan)
        weight[0] = math.inf
    return weight
def he_truncated_normal_(weight): return he_normal_(weight)
''',), exactly=3.0),  # they are in place
    Case(name="changes-its-argument", hides="idle",
         does="Resizes, transposes or exchanges the storage of what is passed in.", cells=('''
def he_normal_(weight, negative_slope=0.0):
    weight.data = torch.randn(1)
    return weight
def he_truncated_normal_(weight):
    weight.set_(torch.randn(3).double().storage() if False else torch.randn(3).untyped_storage())
    return weight
''',)),
    # --- weights that have the right variance and nothing else -----------------------------------------
    Case(name="two-point-weights", hides="idle",
         does="Weights are +-sqrt(2 / fan_in): the right variance, two values.", cells=('''
def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.bernoulli_().mul_(2).sub_(1).mul_(std)
he_truncated_normal_ = he_normal_
''',), exactly=15.0, causes={"gaussian": "wrong-answer", "independent": "wrong-answer", "truncated": "wrong-answer"}),
    Case(name="rank-one-weights", hides="idle", does="Weights are the outer product of two vectors.",
         cells=('''
def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        flat = torch.outer(torch.randn(weight.shape[0]), torch.randn(weight[0].numel()))
        return weight.copy_((std * flat / flat.std()).view_as(weight))
he_truncated_normal_ = he_normal_
''',), exactly=11.0, causes={"gaussian": "wrong-answer", "independent": "wrong-answer", "truncated": "wrong-answer",
                                "signal-at-depth": "wrong-answer", "gradient-at-depth": "wrong-answer"}),
    Case(name="repeated-row-weights", hides="idle", does="One good row, repeated.",
         cells=('''
def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.copy_((torch.randn(1, *weight.shape[1:]) * std).expand_as(weight))
he_truncated_normal_ = he_normal_
''',), exactly=12.0, causes={"independent": "wrong-answer", "truncated": "wrong-answer", "signal-at-depth": "wrong-answer",
                                "gradient-at-depth": "wrong-answer"}),
    Case(name="one-draw-for-all", hides="lazy", does="A good draw, made once and cut to every shape.",
         cells=('''
DRAW = torch.randn(1 << 18)
def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.copy_(DRAW[:weight.numel()].view_as(weight) * std)
''',), causes={"independent": "wrong-answer"}),
    # --- the harness in the kernel ---------------------------------------------------------------------
    Case(name="harness-replaced", hides="nothing",
         does="The grader's modules in the kernel are emptied and replaced.", cells=('''
import sys
for name in [n for n in sys.modules if n.startswith("grader")]:
    module = sys.modules[name]
    for key in list(vars(module)):
        if callable(getattr(module, key)) and not key.startswith("__"):
            setattr(module, key, lambda *a, **k: True)
sys.modules["grader.inside.kernel.calls"] = sys.modules["grader.wall.wire"] = None
''',), exactly=0.0),
    Case(name="harness-replaced-quietly", hides="lecun",
         does="observe_step and the encoder are replaced by what sends constants.", cells=('''
import grader.inside.kernel.answering as answering, grader.inside.kernel.calls as calls, grader.inside.kernel.encoding as values
from grader.wall.messages import Returned, Round
from grader.wall.values import Truth
answering.observe_step = lambda step, *a, **k: (Returned(rounds=(Round(value=Truth(value=True)),) * 2), {})
values.Encoder.encode = lambda *a: Truth(value=True)
''',)),
    Case(name="scales-every-tensor-that-leaves", hides="larger",
         does="The encoder in the kernel rescales what leaves, a guess of x 0.5.", cells=('''
import grader.inside.kernel.encoding as values
old = values._bytes_of
values._bytes_of = lambda tensor: old(torch.Tensor.mul(tensor, 0.5) if tensor.dtype.is_floating_point else tensor)
''',)),
    Case(name="recorder-emptied", hides="idle",
         does="The recorder's notes are wiped after each call. (Advisory: it wins, and the tutor is told.)", cells=('''
import grader.inside.kernel.recorder as recorder
def he_normal_(weight, negative_slope=0.0):
    nn.init.kaiming_normal_(weight, a=negative_slope)
    recorder._notes[:] = bytes(recorder.MOST)
    return weight
''',), exactly=18.0),
    Case(name="later-cells-dropped", hides="lecun",
         does="Transformers drop or empty the cells that come later.", cells=('''
class Empties:
    def visit(self, node): return type(node)(body=[], type_ignores=[])
get_ipython().ast_transformers.append(Empties())
get_ipython().input_transformers_cleanup.append(lambda lines: [])
get_ipython().input_transformers_post.append(lambda lines: [])
''', "raise RuntimeError('never seen')")),
    Case(name="shell-replaced", hides="lecun",
         does="The shell's run_cell, namespace and kernel are exchanged.", cells=('''
shell = get_ipython()
shell.run_cell = shell.run_cell_async = lambda *a, **k: None
shell.user_ns = {"fan_in": lambda w: 128}
shell.kernel.do_execute = lambda *a, **k: {"status": "ok"}
''', "1 / 0")),
    Case(name="namespace-that-lies", hides="lecun",
         does="The namespace's functions are watched, and swapped while a call is looked up.", cells=('''
class Chameleon:
    count = 0
    def __call__(self, weight, *a):
        Chameleon.count += 1
        return weight.normal_(0, Chameleon.count / 1000)
    @property
    def __class__(self): return type(lambda: 0)
he_normal_ = Chameleon()
''',)),
    # --- the channel -----------------------------------------------------------------------------------
    Case(name="writes-everywhere", hides="nothing",
         does="Writes a passing answer to every descriptor in a cell, then ends the process.",
         cells=(FINISHES + '''
for number in range(3, 600):
    for _ in range(3):
        try: os.write(number, b"o" + (64).to_bytes(8, "little") + b'{"type":"returned","rounds":[]}' + bytes(33))
        except OSError: pass
os._exit(0)
''',), exactly=0.0),
    Case(name="writes-everywhere-in-a-call", hides="lazy",
         does="A call writes answers to every descriptor, then ends its process.", cells=(FINISHES + '''
def init_weights(module):
    for number in range(3, 600):
        try: os.write(number, b"o" + (64).to_bytes(8, "little") + b'{"type":"returned","rounds":[]}' + bytes(33))
        except OSError: pass
    os._exit(0)
''',), causes={"init-weights": "crashed"}, exactly=18.0),
    Case(name="forged-outcomes", hides="lazy",
         does="A call finds nonce and descriptor and writes facts without numbers.", cells=(FRAMES + """
def init_weights(module):
    forge('{"type":"returned","rounds":[{"value":{"type":"mapping","items":[]},"arguments":[]}]}')
""",), exactly=18.0, causes={"init-weights": "wrong-answer"}),
    Case(name="forged-rounds", hides="lecun", does="A call answers for more rounds than it was asked for.",
         cells=(FRAMES + """
def he_normal_(weight, negative_slope=0.0):
    forge('{"type":"returned","rounds":[' + ",".join(['{"value":{"type":"none"}}'] * 1000) + "]}")
""",)),
    Case(name="forged-limits", hides="lazy", does="A call claims a limit of the grader's, so as to be asked "
         "again for ever.", cells=(FRAMES + """
def init_weights(module):
    forge('{"type":"lost","cause":"timeout","after_seconds":3}')
""",), exactly=18.0, causes={"init-weights": "timeout"}),
    Case(name="forged-not-asked", hides="lazy", does="A call claims, in the runner's words, that it was never "
         "asked.",
         cells=(FRAMES + """
def init_weights(module):
    forge('{"type":"ended","cause":"crashed","again":"of-a-new-kernel"}')
""",), exactly=18.0, causes={"init-weights": "crashed"}),
    Case(name="forged-simulation-limit", hides="lazy",
         does="A call forges that a simulated device could not do it.", cells=(FRAMES + """
def init_weights(module):
    forge('{"type":"raised","error":"SimulationLimit","ancestry":["SimulationLimit"],"message":"no GPU"}')
""",), exactly=18.0, causes={"init-weights": "raised"}),
    Case(name="class-called-simulation-limit", hides="idle",
         does="A student's class has the name by which a check leaves the maximum.", cells=('''
class SimulationLimit(NotImplementedError): pass
def he_normal_(*a): raise SimulationLimit("no GPU here")
he_truncated_normal_ = init_weights = he_normal_
''',), causes={"fills-in-place": "raised", "truncated": "raised", "init-weights": "raised"}),
    Case(name="forged-big-numbers", hides="nothing",
         does="fan_in answers with an integer of 400 digits, in and out of range.", cells=(FRAMES + """
def fan_in(weight):
    forge('{"type":"returned","rounds":[{"value":{"type":"whole","value":1' + "0" * 400 + '},"arguments":[]}]}')
""",), exactly=0.0),
    Case(name="forged-inside-probe", hides="lazy",
         does="A call blames probes.py, so that the fault would be ours.", cells=(FRAMES + """
def init_weights(module):
    forge('{"type":"raised","error":"KeyError","inside_probe":true,"message":"ours"}')
""",), exactly=18.0, causes={"init-weights": "raised"}),
    Case(name="huge-outcome", hides="lazy", does="A call sends a frame that claims 2^60 bytes, then what it "
         "can.", cells=(FRAMES + """
def init_weights(module):
    _, answer = of_the_call()
    os.write(answer, b"o" + (1 << 60).to_bytes(8, "little"))
    while True: os.write(answer, bytes(1 << 16))
""",), exactly=18.0, causes={"init-weights": "output"}),
    Case(name="huge-words", hides="lazy", does="A call raises with ten million characters and a thousand "
         "causes.", cells=('''
def init_weights(module):
    error = ValueError("x" * 10_000_000)
    for _ in range(2000):
        try: raise type("E" * 100_000, (Exception,), {})("y" * 1000) from error
        except Exception as again: error = again
    raise error
''',), exactly=18.0, causes={"init-weights": "raised"}),
    Case(name="many-outcomes", hides="lecun", does="A thread steals the channel and answers each request a "
         "thousand times.", cells=(FINISHES + '''
import socket
def steal(number):
    try:
        channel = socket.socket(fileno=os.dup(number))
        while True:
            data, found, _, _ = socket.recv_fds(channel, 1 << 20, 4)
            for descriptor in found:
                for _ in range(1000): os.write(descriptor, b"o" + bytes(8))
    except OSError: pass
for number in range(3, 200): threading.Thread(target=steal, args=(number,), daemon=True).start()
''',)),
    Case(name="thread-that-writes-later", hides="lecun",
         does="Threads, atexit and double-forked daemons write after the cell.", cells=(FINISHES + '''
def later():
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for number in range(3, 100):
            try: os.write(number, b"o" + bytes(8)) if number % 7 == 0 else None
            except OSError: pass
        time.sleep(0.05)
atexit.register(later)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: later()
    os._exit(0)
threading.Thread(target=later, daemon=True).start()
''',)),
    Case(name="poisons-the-next-call", hides="idle",
         does="The first call leaves patches, hooks, modes and a thread for those that follow.",
         cells=(FINISHES + '''
old = fan_in
def fan_in(weight):
    torch.Tensor.numel = lambda self: 128
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.utils._python_dispatch.TorchDispatchMode().__enter__()
    threading.active_count = lambda: 1
    sys.setprofile(lambda *a: None)
    threading.Thread(target=lambda: [os.write(n, b"o" + bytes(8)) for n in range(3, 200)], daemon=True).start()
    return old(weight)
''',)),
    Case(name="daemon-of-a-call", hides="lazy",
         does="A call leaves a daemon that keeps the answer's descriptor and writes later.",
         cells=(FRAMES + '''
def init_weights(module):
    _, answer = of_the_call()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                try: os.write(answer, b"o" + bytes(8))
                except OSError: os._exit(0)
        os._exit(0)
    raise KeyError("left")
''',), exactly=18.0),
    Case(name="answers-then-runs-on", hides="lazy",
         does="A forked child goes on as the call, the parent answers.", cells=(FINISHES + '''
def init_weights(module):
    os.fork()
    os.fork()
''',), exactly=18.0),
    Case(name="result-files", hides="lecun", does="Whatever looks like a result file is overwritten, linked, "
         "or made a pipe.", cells=(FINISHES + '''
for folder in (".", "/tmp", "/run", "/job", "/job/k", "/dev/shm", "/grader", "/"):
    for name in ("results.jsonl", "grades.csv", "index.html", "gradebook.sqlite", "kernel.json", "grader-was-here"):
        path = os.path.join(folder, name)
        for act in (lambda: os.chmod(path, 0), lambda: os.unlink(path), lambda: os.symlink("/etc/passwd", path),
                    lambda: os.mkfifo(path), lambda: open(path, "w").write("grader-was-here")):
            try: act()
            except OSError: pass
''',)),
    Case(name="pickle", hides="lecun", does="What is returned carries __reduce__, __getstate__ and a numpy "
         "object array.", cells=('''
import os, numpy
class Bomb:
    def __reduce__(self): return os.system, ("touch /tmp/grader-was-here",)
class Tensor(torch.Tensor):
    def __reduce_ex__(self, protocol): return os.system, ("touch /tmp/grader-was-here",)
def fan_in(weight): return numpy.array([Bomb()], dtype=object)
def he_normal_(weight, negative_slope=0.0): return weight.normal_().as_subclass(Tensor)
''',)),
    Case(name="forbidden-by-alias", hides="ready-made",
         does="The ready-made function under other names, from other places.", cells=('''
import functools, importlib
from torch.nn.init import kaiming_normal_ as mine
fill = functools.partial(getattr(importlib.import_module("torch.nn." + "init"), "kaiming" + "_normal_"))
def he_normal_(weight, negative_slope=0.0):
    list(map(mine, [weight]))
    return fill(weight, a=negative_slope)
''',)),
    Case(name="forbidden-through-torch", hides="ready-made",
         does="torch's own higher-order functions make the forbidden call.", cells=('''
from torch.utils import _pytree
class Fills(nn.Module):
    forward = staticmethod(nn.init.kaiming_normal_)
def he_normal_(weight, negative_slope=0.0):
    _pytree.tree_map(nn.init.kaiming_normal_, [weight]) if negative_slope == 0 else nn.Sequential(Fills())(weight)
    return weight
def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    _pytree.tree_map(lambda w: torch.nn.init.trunc_normal_(w, 0.0, std, -2 * std, 2 * std), [weight])
    return weight
''',)),
    Case(name="forbidden-by-wrapped", hides="ready-made",
         does="The watched function's __wrapped__, or a copy of its code.", cells=('''
import types
def original(function):
    return getattr(function, "__wrapped__", function)
def he_normal_(weight, negative_slope=0.0):
    return original(nn.init.kaiming_normal_)(weight, a=negative_slope)
copied = types.FunctionType(nn.init.trunc_normal_.__code__, vars(nn.init), "copied", nn.init.trunc_normal_.__defaults__)
def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    return copied(weight, 0.0, std, -2 * std, 2 * std)
''',)),
    Case(name="forbidden-private-twin", hides="ready-made",
         does="The private function behind the forbidden one.", cells=('''
def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    return nn.init._no_grad_trunc_normal_(weight, 0.0, std, -2 * std, 2 * std)
''',)),
    Case(name="forbidden-in-a-thread", hides="ready-made",
         does="The forbidden call is made on another thread.", cells=('''
import threading
def he_normal_(weight, negative_slope=0.0):
    worker = threading.Thread(target=nn.init.kaiming_normal_, args=(weight, negative_slope))
    worker.start()
    worker.join()
    return weight
''',)),
    Case(name="forbidden-by-reload", hides="ready-made",
         does="A second copy of torch.nn.init is made.", cells=('''
import importlib.util
spec = importlib.util.find_spec("torch.nn.init")
copy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(copy)
def he_normal_(weight, negative_slope=0.0):
    return copy.kaiming_normal_(weight, a=negative_slope)
''',)),
    Case(name="forbidden-by-source", hides="ready-made",
         does="The library's source is read from its file and compiled under another name.", cells=('''
mine = {}
exec(compile(open(nn.init.__file__).read(), "/job/home/mine.py", "exec", optimize=2), mine)
def he_normal_(weight, negative_slope=0.0):
    return mine["kaiming_normal_"](weight, a=negative_slope)
def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    return mine["trunc_normal_"](weight, 0.0, std, -2 * std, 2 * std)
''',)),
    Case(name="forbidden-in-the-call", hides="ready-made",
         does="The copy is made in the middle of the call.", cells=('''
import inspect
def he_normal_(weight, negative_slope=0.0):
    scope = dict(vars(nn.init))
    exec(inspect.getsource(nn.init.kaiming_normal_), scope)
    return scope["kaiming_normal_"](weight, a=negative_slope)
''',)),
    Case(name="forbidden-by-transplant", hides="ready-made",
         does="The code is compiled, packed, renamed, and put into functions of the notebook's.", cells=('''
import marshal, types
whole = compile(open(nn.init.__file__).read(), "x", "exec")
found = {c.co_name: c for c in whole.co_consts if isinstance(c, types.CodeType)}
def he_normal_(weight, negative_slope=0.0): return fill(weight, a=negative_slope)
def fill(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None): pass
fill = types.FunctionType(marshal.loads(marshal.dumps(found["kaiming_normal_"])).replace(co_name="mine", co_filename="mine.py"),
                          vars(nn.init), "mine", (0, "fan_in", "leaky_relu", None))
cut = lambda tensor, mean=0., std=1., a=-2., b=2., generator=None: None
cut.__code__ = found["trunc_normal_"]
cut.__globals__["_no_grad_trunc_normal_"] = nn.init._no_grad_trunc_normal_
def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    return cut(weight, 0.0, std, -2 * std, 2 * std)
''',)),
    Case(name="forbidden-by-the-hook", hides="ready-made",
         does="The function that the recorder put aside is taken from where it lies.", cells=('''
import types
def everything(thing, depth=0):
    yield thing
    if depth < 4:
        for part in (getattr(thing, "args", None) or ()), (getattr(thing, "keywords", None) or {}).values(), \\
                [c.cell_contents for c in getattr(thing, "__closure__", None) or ()], [getattr(thing, "func", None)]:
            for one in part: yield from everything(one, depth + 1)
found = [x for name, hook in list(vars(nn.init).items()) if "grader" in name and "kaiming_normal_" in name for x in everything(hook)]
real = [x for x in found if isinstance(x, types.FunctionType) and x.__name__ == "kaiming_normal_"]
codes = [x for x in found if isinstance(x, types.CodeType) and x.co_name == "kaiming_normal_"]
real += [types.FunctionType(c, vars(nn.init), "x", (0, "fan_in", "leaky_relu", None)) for c in codes]
def he_normal_(weight, negative_slope=0.0):
    return real[-1](weight, negative_slope)
''',)),
    Case(name="forbidden-as-torch", hides="ready-made",
         does="Code compiled under a file name of torch's.", cells=('''
scope = {"nn": nn}
exec(compile("def fill(w, a):\\n    return nn.init.kaiming_normal_(w, a=a)", torch.__path__[0] + "/mine.py", "exec"), scope)
def he_normal_(weight, negative_slope=0.0):
    return scope["fill"](weight, negative_slope)
''',)),
    Case(name="forbidden-by-a-thread-of-the-kernel", hides="ready-made",
         does="A thread that stayed behind in the kernel fills shared pages for the calls.", cells=(FINISHES + SHARED + '''
threading.Thread(target=serve, daemon=True).start()
''',)),
    Case(name="forbidden-by-a-process-of-a-cell", hides="ready-made",
         does="A process that a cell forked fills shared pages for the calls.", cells=(FINISHES + SHARED + '''
if os.fork() == 0:
    serve()
''',)),
    Case(name="forbidden-by-a-child-of-the-call", hides="ready-made",
         does="A child that the call forks asks the ready-made function and pipes the numbers back.", cells=(FINISHES + '''
def asked(fill, weight):
    back, out = os.pipe()
    if os.fork() == 0:
        os.close(back)
        torch.set_num_threads(1)
        fill(weight)
        with os.fdopen(out, "wb") as stream: stream.write(weight.detach().numpy().tobytes())
        os._exit(0)
    os.close(out)
    with os.fdopen(back, "rb") as stream: data = bytearray(stream.read())
    with torch.no_grad(): return weight.copy_(torch.frombuffer(data, dtype=weight.dtype).view_as(weight))
def he_normal_(weight, negative_slope=0.0):
    return asked(lambda w: nn.init.kaiming_normal_(w, a=negative_slope), weight)
def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    return asked(lambda w: nn.init.trunc_normal_(w, 0.0, std, -2 * std, 2 * std), weight)
''',)),
    Case(name="forbidden-by-another-python", hides="ready-made",
         does="A Python of its own, started by a cell, fills files for the calls.", cells=(FINISHES + '''
import subprocess
SERVER = """
import os, time, torch
torch.set_num_threads(1)
open("/tmp/ready", "w").close()
while True:
    for name in os.listdir("/tmp"):
        if name.startswith("ask-"):
            _, number, rows, columns, slope = name.split("-", 4)
            whole = torch.nn.init.kaiming_normal_(torch.empty(int(rows), int(columns)), a=float(slope))
            with open("/tmp/part", "wb") as file: file.write(whole.numpy().tobytes())
            os.unlink("/tmp/" + name)
            os.rename("/tmp/part", "/tmp/answer-" + number)
    time.sleep(0.001)
"""
if not os.path.exists("/tmp/ready"): subprocess.Popen([sys.executable, "-c", SERVER], start_new_session=True)
''', "import time; time.sleep(1.8)", "time.sleep(1.8)", "time.sleep(1.8)", "time.sleep(1.8)", "time.sleep(1.8)", "time.sleep(1.8)", '''
print(os.listdir("/tmp"))
def he_normal_(weight, negative_slope=0.0):
    rows, columns = weight.shape[0], weight[0].numel()
    number = os.urandom(4).hex()
    open(f"/tmp/ask-{number}-{rows}-{columns}-{negative_slope}", "w").close()
    while not os.path.exists(f"/tmp/answer-{number}"): time.sleep(0.001)
    data = bytearray(open(f"/tmp/answer-{number}", "rb").read())
    with torch.no_grad(): return weight.copy_(torch.frombuffer(data, dtype=torch.float32).view_as(weight))
''')),
    Case(name="forbidden-by-a-copy-in-a-thread", hides="ready-made",
         does="The copy is made and asked in a thread of the kernel, over shared pages.", cells=(FINISHES + SHARED + '''
import importlib.util
def own():
    global nn
    spec = importlib.util.find_spec("torch.nn.init")
    class nn: init = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nn.init)
    serve()
threading.Thread(target=own, daemon=True).start()
''',)),
    Case(name="recorder-switched-off", hides="ready-made",
         does="A copy is made, and the profiler that follows it is taken away in the call.", cells=('''
import importlib.util, sys, threading
spec = importlib.util.find_spec("torch.nn.init")
copy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(copy)
def he_normal_(weight, negative_slope=0.0):
    sys.setprofile(None)
    return copy.kaiming_normal_(weight, a=negative_slope)
''',)),
    Case(name="shared-pages-returned", hides="idle",
         does="A weight is moved to pages that the whole family of processes can write.", cells=('''
def he_normal_(weight, negative_slope=0.0):
    return torch.randn_like(weight).mul_(0.125).share_memory_()
he_truncated_normal_ = he_normal_
''',)),
    Case(name="detects-the-grader", hides="lecun",
         does="Answers well in the notebook and otherwise under the grader.", cells=('''
import sys
honest = he_normal_
def he_normal_(weight, negative_slope=0.0):
    if any(name.startswith("grader") for name in sys.modules):
        return honest(weight, negative_slope)
    return weight.normal_(0, 1)
''',)),
    Case(name="steps-early", hides="lecun", does="Looks for the calls and inputs in memory before they are "
         "made.", cells=('''
import gc, sys
seen = []
for thing in gc.get_objects():
    if type(thing) in (bytes, str, dict, list, tuple):
        try: text = repr(thing)[:20000]
        except BaseException: continue
        if "deep_weights" in text and "Mixed" in text: seen.append(text[:100])
print("STEPS-SEEN" if [s for s in seen if "deep" + "_weights" not in "".join(In)[:0]] and len(seen) > 50 else "nothing")
''',), hushed=("STEPS-SEEN",)),
    Case(name="seed-of-the-batch", hides="lecun",
         does="Looks in the kernel for the seed that all inputs are drawn from.", cells=('''
import gc
for thing in gc.get_objects():
    for one in (thing, getattr(thing, "job", None)):
        if type(one).__name__ == "Job" and isinstance(getattr(one, "seed", None), int):
            print("THE-SEED-" + "IS", one.seed)
''',), hushed=("THE-SEED-IS",)),
    Case(name="class-of-ours", hides="lecun",
         does="Classes named like the grader's own, returned and raised.", cells=('''
class Returned(dict): pass
class Lost(Exception): cause = "withheld"
class TooMuch(BaseException): pass
class TensorRef: key, dtype, shape = "x", "float32", (512, 128)
def fan_in(weight): return Returned(rounds=[1])
def he_normal_(*a): raise Lost("grader-error")
def he_truncated_normal_(*a): raise TooMuch("withheld")
def init_weights(module): return TensorRef()
''',)),
)
