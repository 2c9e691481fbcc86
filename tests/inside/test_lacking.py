"""What this machine lacks costs a statement, not its cell: executed in real kernels, many cells to a job."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from grader.execute.opening import open_sandbox
from grader.execute.sandbox import Sandbox
from grader.wall import wire
from grader.wall.messages import CallStep, Job, Observations, Raised, Returned
from grader.wall.values import Text
from tests.notebooks import notebook

P = "certainly_not_installed"  # stands for any known package
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox("bubblewrap" if shutil.which("bwrap") else "process") as opened:
        yield opened


def run(sandbox: Sandbox, *cells: str, calls: tuple[str, ...] = ()) -> Observations:
    """Execute cells, then call functions that take nothing."""
    job = Job(notebook=notebook(*cells), functions=calls, lacking=(P,))
    found = sandbox.run(job, [CallStep(key=name, function=name) for name in calls], {})
    assert isinstance(found, wire.Parcel), found
    return found.record


# What stands in a cell above what counts -> the lines that are passed over.
MACHINES = {
    "a package": (f"import {P} as sns\nsns.set()", [1, 2]),
    "one of several": (f"import math, {P} as sns, random\nmath.pi, random.random()", [1]),
    "names of a package": (f"from {P}.nn import (\n    a, b)\na(b)", [1, 3]),
    "everything of a package": (f"from {P} import *\nx = erf(3)\nprint(x)", [1, 2, 3]),
    "in a block": (f"if True:\n    import {P}\n    import math as m\nm.pi", [2]),
    "colab": ("from google.colab import drive\ndrive.mount('/content/drive')", [1, 2]),
    "colab in a block": ("if 1:\n    from google.colab import drive\n    drive.mount('/x')\n    y = 3\ny + 1",
                         [2, 3]),
    "what is made of a package": (f"import {P}\nrun = {P}.init()\nrun.config.lr = 3\nrun.log({{}})\n"
                                  "print(run.name)\nprint(f'{run}')\nfor row in run: print(row)",
                                  [1, 2, 3, 4, 5, 6, 7]),
    "a class of a package": (f"import {P} as pl\nclass Net(pl.Module):\n    pass\nnet = Net()", [1, 2, 4]),
    "a decorator": (f"from {P} import njit\n@njit\ndef quick(): return 1\nquick()", [1]),
    "annotations": (f"from {P} import Float\nfrom torch import Tensor\n"
                    "def f(x: Float[Tensor, 'a b'], *y: Float[int], **z) -> Float:\n    return 3\nf(1)", [1]),
    "a made class": (f"import {P}\nclass A({P}.B): pass", [1, 2]),
    "with": (f"import {P}\nwith {P}.run() as r:\n    pass", [1, 2]),
    "the fallback": (f"try:\n    import {P}\nexcept ImportError:\n    !pip install -q {P}\n"
                     f"    import {P}", [5]),
    "another error instead": (f"try:\n    import {P}\nexcept ImportError:\n"
                              "    raise RuntimeError('please install it')", [4]),
    "installing": (f"!pip install {P}\n%pip install -q {P}", []),
    "installing by hand": ("import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', "
                           f"'install', '{P}'])", [2]),
    "extensions": ("%load_ext tensorboard\n%load_ext nb_black\n%reload_ext nb_black", [1, 2, 3]),
    "an unknown magic": ("%tensorflow_version 2.x\n%nosuchmagic", [1, 2]),
    "a magic by its function": ("get_ipython().run_line_magic('nosuchmagic', '')", [1]),
    "backends": ("%matplotlib widget", [1]),
    "a screen": ("%matplotlib tk\nimport matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot",
                 [1, 3]),
    "switching": ("import matplotlib.pyplot as plt\nplt.switch_backend('Qt5Agg')", [2]),
    "old IPython": ("from IPython.core.display import display, HTML\n"
                    "from IPython.display import set_matplotlib_formats, Markdown\n"
                    "set_matplotlib_formats('svg', 'pdf')\nMarkdown('x')\ndisplay(HTML('<b>'))", None),
    "old IPython by attribute": ("import IPython\nIPython.display.set_matplotlib_formats('svg')\n"
                                 "get_ipython().magic('matplotlib inline')", None),
    "old styles": ("import matplotlib.pyplot as plt\nplt.style.use('seaborn')\n"
                   "plt.rcParams['text.latex.unicode'] = True\nplt.hold(True)", [2, 3, 4]),
    "somebody who types": ("name = input('Your name: ')\nage = int(input())\nimport getpass\n"
                           "key = getpass.getpass()\nassert name == key == ''", [2]),
    "somebody who types at last": ("while not input('again? '):\n    pass", [1]),
    "a network": ("import urllib.request\nurllib.request.urlretrieve('https://example.org/x', 'x')", [2]),
    "a network in a function": ("import urllib.request as r\ndef get():\n    return r.urlopen('http://a.org')\n"
                                "data = get()\nprint(data.read())", [4, 5]),
    "another computer": ("import os\nos.chdir('/content/drive/MyDrive')\nopen('C:\\\\Users\\\\me\\\\x.csv')\n"
                         "os.environ['WANDB_API_KEY']", [2, 3, 4]),
    "a program": ("import subprocess\nsubprocess.run(['nvidia-smi-of-mine'])", [2]),
    "capture": (f"%%capture\nimport {P}\nimport math as m2", [2]),
    "time": (f"%%time\nimport {P}\nimport math as m3\nm3.pi", [2]),
    "a library's own wish": ("from torch.utils.tensorboard import SummaryWriter as W\nw = W()", [1, 2]),
}
# What is the student's own: the cell stops where it always did.
STUDENTS = {
    "misspelt": ("import trch", "ModuleNotFoundError", 1),
    "not handed in": ("from my_helpers import f", "ModuleNotFoundError", 1),
    "a misspelt name": ("from math import squareroot", "ImportError", 1),
    "misspelt beside": ("import matplotlib.pyplt as plt", "ModuleNotFoundError", 1),
    "a misspelt picture": ("import matplotlib.pyplot as plt\nplt.plott([1])", "AttributeError", 2),
    "imported late": ("import importlib\nimportlib.import_module('my_helpers')", "ModuleNotFoundError", 2),
    "a name": ("print(undefined)", "NameError", 1),
    "a type": ("x = 1\nif x:\n    x + 'a'", "TypeError", 3),
    "a file": ("open('data.csv')", "FileNotFoundError", 1),
    "a folder of this one": ("import os\nopen(os.path.abspath('data.csv'))", "FileNotFoundError", 2),
    "raised": ("raise ImportError('mine')", "ImportError", 1),
    "a key": ("{}['a']", "KeyError", 1),
    "shapes": ("import matplotlib.pyplot as plt\nplt.plot([1, 2], [1])", "ValueError", 2),
    "after a placeholder": (f"import {P}\n1 / 0", "ZeroDivisionError", 2),
    "syntax": ("def f(:", "SyntaxError", 1),
}


@pytest.mark.parametrize("part", [0, 1, 2])
def test_what_the_machine_lacks_costs_its_line_alone(sandbox: Sandbox, part: int) -> None:
    machines = dict(list(MACHINES.items())[part::3])
    cells = [f"{head}\nreached_{number} = True" for number, (head, _) in enumerate(machines.values())]
    seen = run(sandbox, *cells, "def reached(): return ' '.join(sorted(n for n in globals() "
               "if n.startswith('reached_')))", calls=("reached",))
    answer = seen.outcomes["reached"]
    assert isinstance(answer, Returned), answer
    assert isinstance(answer.rounds[0].value, Text)
    reached = set(answer.rounds[0].value.value.split())
    missed = [name for number, name in enumerate(machines) if f"reached_{number}" not in reached]
    assert not missed, [(each.cell, each.error, each.message, each.line) for each in seen.run.events]
    assert seen.run.events == ()
    for number, (name, (_, lines)) in enumerate(machines.items()):
        passed = [each.line for each in seen.run.skipped if each.cell == number]
        assert lines is None or sorted(set(passed)) == lines, (name, passed)


def test_what_is_the_students_stops_the_cell(sandbox: Sandbox) -> None:
    cells = [f"{head}\nraise SystemError('not stopped')" for head, _, _ in STUDENTS.values()]
    seen = run(sandbox, *cells)
    events = {event.cell: event for event in seen.run.events}
    assert {name: (events[number].error, events[number].line) for number, name in enumerate(STUDENTS)} == {
        name: (error, line) for name, (_, error, line) in STUDENTS.items()}


def test_the_students_own_try_comes_first(sandbox: Sandbox) -> None:
    seen = run(sandbox, f"try:\n    import {P}\n    HAVE = True\nexcept ImportError:\n    HAVE = False",
               f"import contextlib\nwith contextlib.suppress(ImportError):\n    import {P}\n    HAVE = 3",
               "def have(): return str(HAVE)", calls=("have",))
    answer = seen.outcomes["have"]
    assert isinstance(answer, Returned)
    assert answer.rounds[0].value == Text(value="False")
    assert seen.run.skipped == ()


def test_an_answer_that_uses_what_is_not_here_raises_the_same_error(sandbox: Sandbox) -> None:
    seen = run(sandbox, f"import {P} as p\nfrom {P}.linalg import inv\nmade = p.array(3)",
               "def by_attribute(): return p.stats.norm\ndef by_call(): return inv(3)\n"
               "def of_a_made_one(): return made + 1\ndef not_used(): return 'fine'",
               calls=("by_attribute", "by_call", "of_a_made_one", "not_used"))
    assert isinstance(seen.outcomes.pop("not_used"), Returned)
    for name, outcome in seen.outcomes.items():
        assert isinstance(outcome, Raised), name
        assert outcome.error == "ModuleNotFoundError", name
        assert P in outcome.message, name
        assert [line.cell for line in outcome.lines] == [1], name


def test_what_only_shows_or_logs_does_nothing_in_an_answer(sandbox: Sandbox) -> None:
    seen = run(sandbox, "from torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter('logs')\n"
               "from IPython.display import set_matplotlib_formats as formats\n"
               "from IPython.core.display import display as show, HTML",
               "def logs():\n    with writer as w: w.add_scalar('loss', 1.0, 2)\n    writer.lr = 3\n"
               "    formats('svg')\n    writer['a'] = writer.b[2]\n    show(HTML('x'))\n    return 'ok'\n"
               "def counts(): return writer + 1",
               calls=("logs", "counts"))
    assert isinstance(seen.outcomes["logs"], Returned), seen.outcomes
    assert isinstance(seen.outcomes["counts"], Raised)
    assert [each.line for each in seen.run.skipped] in ([1, 2, 3], [])  # none where tensorboard is installed


def test_bars_and_typing_within_an_answer(sandbox: Sandbox) -> None:
    seen = run(sandbox, "from tqdm.notebook import tqdm, trange\nfrom tqdm.auto import tqdm as auto",
               "def bars():\n    for _ in tqdm([1, 2], desc='a', display=False): pass\n"
               "    for _ in trange(3): pass\n    for _ in auto([1]): pass\n    return 'ok'\n"
               "def asks(): return input('x')",
               calls=("bars", "asks"))
    assert all(isinstance(outcome, Returned) for outcome in seen.outcomes.values()), seen.outcomes
    assert not seen.run.events
    assert not seen.run.skipped


def test_a_cell_is_run_as_ever(sandbox: Sandbox) -> None:
    seen = run(sandbox, "from __future__ import annotations\nimport math, random\n1 + 1", "import asyncio\n"
               "await asyncio.sleep(0)\nif True:\n    await asyncio.sleep(0)\n'done'", "a, b = 1, 2; a; b",
               "for i in range(3):\n    if i == 1: continue\n    k: int = i\n    break\nk", "_ + 1",
               "if True:\n    5\n7", "%%time\n11 + 1")
    assert seen.run.events == ()
    shown = [[output["data"]["text/plain"] for output in cell["outputs"]
              if output["output_type"] == "execute_result"] for cell in cells_of(seen)]
    assert shown == [["2"], ["'done'"], ["2"], ["0"], ["1"], ["7"], ["12"]]


def cells_of(seen: Observations) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(seen.run.executed)["cells"]
    return found
