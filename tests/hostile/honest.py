"""Honest notebooks that many graders mark wrong. These get every point."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.case import RIGHT, Case


def right(name: str, does: str, *cells: str, before: tuple[str, ...] = (),
          events: dict[int, str] | None = None) -> Case:
    return Case(name=name, does=does, hides="right", exactly=20.0, cells=cells, before=before,
                events=events or {})


CASES = (
    right("warns", "Warnings on standard error, torch's own too, and from within the functions.", '''
import sys, warnings
import torch.nn.functional as F
torch.nn.functional.tanh if hasattr(torch.nn.functional, "tanh") else None
print("careful", file=sys.stderr)
old = fan_in
def fan_in(weight):
    warnings.warn("old-fashioned")
    print("called with", weight.shape, file=sys.stderr)
    torch.tensor(torch.ones(2))
    return old(weight)
'''),
    right("fails-elsewhere", "A failing cell that has nothing to do with the answer.", "undefined_name",
          "raise SystemExit(1)",
          "def broken(:\n    pass", "print('after')", events={1: "raised", 3: "raised"}),
    right("defined-twice", "A wrong function, then a right one under the same name.",
          before=("def he_normal_(weight):\n    return weight\ndef fan_in(w): return 0",)),
    right("helpers-in-another-order", "Helpers come after what calls them.",
          "def he_normal_(weight, negative_slope=0.0):\n    return spread(weight, gain(negative_slope))",
          "def spread(weight, g):\n    with torch.no_grad():\n        return weight.normal_(0, g / "
          "fan_in(weight) ** 0.5)", "def gain(a):\n    return (2 / (1 + a * a)) ** 0.5"),
    right("extra-cells", "Cells of one's own: shells, magics, empty cells, plots, progress bars.",
          "", "# nothing", "%matplotlib inline", "%%time\nsum(range(10))", "!echo hello", "%pip --version",
          "import matplotlib.pyplot as plt\nplt.hist(he_normal_(torch.empty(64, "
          "64)).flatten().numpy())\nplt.show()",
          "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass", "he_normal_?", "torch.ones(2)"),
    right("plots-with-agg", "Another backend, figures that stay open, a style.",
          "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt\nplt.style.use('ggplot')",
          "for _ in range(25): plt.figure()"),
    right("only-in-place", "Fills in place and returns nothing.",
          "old, cut = he_normal_, he_truncated_normal_\ndef he_normal_(weight, negative_slope=0.0): "
          "old(weight, negative_slope)\ndef he_truncated_normal_(weight): cut(weight)"),
    right("other-numbers", "fan_in as a numpy integer, the width as a 0-dim tensor.", '''
import numpy as np
def fan_in(weight):
    if weight.ndim < 2: raise ValueError
    return np.int64(weight[0].numel())
def he_normal_(weight, negative_slope=0.0):
    std = torch.sqrt(torch.tensor(2.0 / ((1 + negative_slope**2) * int(fan_in(weight)))))
    with torch.no_grad():
        return weight.copy_(torch.randn_like(weight) * std)
'''),
    right("data-attribute", "Writes through .data, and returns another view of the tensor.",
          "def he_normal_(weight, negative_slope=0.0):\n"
          "    weight.data = torch.randn(weight.shape) * math.sqrt(2 / ((1 + negative_slope**2) * "
          "fan_in(weight)))\n    return weight.detach()"),
    right("class-and-decorator", "The functions are an object's methods, partials and decorated.", '''
import functools
class Fill:
    def __call__(self, weight, negative_slope=0.0):
        with torch.no_grad():
            weight.normal_(std=math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight))))
        return weight
he_normal_ = Fill()
def noisy(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        print("->", function.__name__)
        return function(*args, **kwargs)
    return inner
fan_in = functools.lru_cache(maxsize=None)(noisy(fan_in)) if False else noisy(fan_in)
init_weights = noisy(init_weights)
'''),
    right("seeds-outside", "Seeds at the top, sets threads, dtype printing and grad mode.",
          "torch.set_num_threads(1)\ntorch.set_printoptions(precision=2)\ntorch.manual_seed(0)\nimport "
          "random, numpy\n"
          "random.seed(0); numpy.random.seed(0)", before=("import torch\ntorch.manual_seed(0)",)),
    right("calls-itself", "Tests of one's own, asserts that fail, ready-made functions in a free cell.",
          "w = torch.empty(64, 32)\ntorch.nn.init.kaiming_normal_(w)\nprint(w.std(), "
          "he_normal_(torch.empty(64, 32)).std())", "assert False, 'my own test'", events={2: "raised"}),
    right("own-module", "Writes a module beside the notebook and imports it.",
          "%%writefile mine.py\nimport math\ndef width(n): return math.sqrt(2 / n)",
          "import mine\ndef he_normal_(weight, negative_slope=0.0):\n    with torch.no_grad():\n"
          "        return weight.normal_(0, mine.width(fan_in(weight) * (1 + negative_slope**2)))"),
    right("star-imports", "Star imports hide names; variables are called like modules.",
          "from math import *\nfrom torch import *\nimport torch, math\nweights = he_normal_(torch.empty(3, "
          "4))\nlist_ = [1]\nsum = 3\nstr = 'x'"),
    right("windows-lines", "Tabs, Windows line ends, a byte order mark, umlauts.",
          RIGHT.replace("    ", "\t").replace("\n", "\r\n") + "# Größe: \U0001F600"),
    right("workers-in-cells", "Workers, pools, shells, plots, threads and databases, each in a cell; without "
          "them there is no answer.",
          *(f"{cell}\nworked.append(1)" for cell in (
              "worked = []\nfrom torch.utils.data import DataLoader\n"
              "assert len(list(DataLoader(range(8), batch_size=2, num_workers=2))) == 4",
              "import multiprocessing\ndef double(x): return 2 * x\n"
              "with multiprocessing.Pool(2) as pool: assert pool.map(double, [1, 2]) == [2, 4]",
              "import subprocess\nassert subprocess.run(['ls', '/'], capture_output=True, check=True).stdout",
              "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('a.pdf')\nplt.show()",
              "import threading\nthreads = [threading.Thread(target=sum, args=([1],)) for _ in range(4)]\n"
              "for thread in threads: thread.start()\nfor thread in threads: thread.join()",
              "import sqlite3\nbase = sqlite3.connect('x.db')\nbase.execute('pragma journal_mode=wal')\n"
              "base.execute('create table t (a)')\nbase.commit()",
              "import asyncio\nasync def run():\n    made = await asyncio.create_subprocess_exec('true')\n"
              "    assert await made.wait() == 0\nawait run()",
              "kept = DataLoader(range(8), num_workers=2, persistent_workers=True)\nassert len(list(kept)) == 8")),
          "if len(worked) != 8: del he_normal_, he_truncated_normal_"),
    right("keeps-a-thread", "A background thread of one's own runs on.",
          "import threading, time\nthreading.Thread(target=lambda: [time.sleep(0.1) for _ in range(600)], "
          "daemon=True).start()"),
    right("deletes-modules", "Tidies up: deletes names, imports again, reloads.",
          "import sys, importlib\nimport json\nimportlib.reload(json)\ndel sys, importlib"),
    right("warnings-as-errors", "Every warning is an error, for the cells and for the calls.",
          "import warnings\nwarnings.simplefilter('error')", "import logging\nlogging.basicConfig(level=0)"),
    right("talks-in-calls", "Each call logs, prints on both streams and shows a progress bar.", '''
import logging, os, sys
from tqdm.auto import tqdm
talks = he_normal_
def he_normal_(weight, negative_slope=0.0):
    logging.getLogger("mine").warning("filling %s", tuple(weight.shape))
    os.write(2, b"filling\\n")
    sys.stderr.write("filling\\n"); sys.stdout.flush()
    for _ in tqdm(range(3), leave=False): pass
    return talks(weight, negative_slope)
'''),
    right("fails-before", "The first cells fail, and one is stopped by hand.",
          before=("nn.Linear(2, 2)", "raise KeyboardInterrupt", "import no_such_module_of_mine"),
          events={0: "raised", 1: "raised", 2: "raised"}),
    right("defined-under-conditions", "Functions under if and try, in a cell that is timed, and once more by assignment.", '''
%%time
if torch.cuda.is_available():
    def fan_in(weight): return weight[0].numel()
else:
    def fan_in(weight):
        if weight.dim() < 2: raise ValueError("no fan-in")
        return weight[0].numel()
try:
    import no_such_module
except ImportError:
    filled = he_normal_
    he_normal_ = lambda weight, negative_slope=0.0: filled(weight, negative_slope)
'''.strip()),
    right("defined-thrice", "A wrong version, a broken one, then the right one again.", "def fan_in(weight): return 0", "def fan_in(weight: return",
          RIGHT, events={2: "raised"}),
    right("imports-late", "What functions need is imported below them.",
          "del math", "import math as maths", "math = maths"),
    right("plots-of-every-kind", "Inline pictures in two formats, interactive mode, a figure of nine.",
          "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg', 'retina']\nimport matplotlib.pyplot as plt\nplt.ion()",
          "fig, axes = plt.subplots(3, 3)\naxes[0, 0].imshow(torch.rand(9, 9))\nfig"),
    right("width-as-a-tensor", "The width is a tensor without dimensions; the weights come back as a parameter.", '''
def fan_in(weight):
    if weight.dim() < 2: raise ValueError
    return torch.tensor(weight[0].numel()).item()
def he_normal_(weight, negative_slope=0.0):
    std = (2 / ((1 + negative_slope**2) * torch.tensor(fan_in(weight)))) ** 0.5
    with torch.no_grad(): weight.copy_(torch.randn(weight.shape) * std)
    return nn.Parameter(weight)
'''),
    right("more-arguments", "More arguments than asked for, annotated, keyword only; another class of error below it.", '''
def fan_in(weight: torch.Tensor, *, mode: str = "fan_in", **more) -> int:
    class NoFanIn(ValueError): pass
    if weight.ndim < 2: raise NoFanIn("no fan-in")
    return weight[0].numel()
'''),
)
