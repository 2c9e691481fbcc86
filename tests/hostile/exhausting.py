"""Attempts to exhaust the machine. In one function only it costs that function's check; in a cell it costs
nothing."""


from __future__ import annotations

from tests.hostile.case import Case

START = "import ctypes, os, signal, sys, threading, time\n"


def one(name: str, does: str, body: str, cause: str) -> Case:
    """`init_weights` does it: everything else keeps its points, and the check says what happened."""
    return Case(name=name, does=does, hides="lazy", exactly=18.0,
                causes={"init-weights": cause} if cause else {},
                cells=(f"{START}def init_weights(module):\n"
                       + "\n".join(f"    {line}" for line in body.splitlines()),))


def cell(name: str, does: str, source: str, cause: str) -> Case:
    """A right notebook with one such cell: it is stopped, or left out of a second execution."""
    return Case(name=name, does=does, hides="right", exactly=20.0,
                cells=(START + source, "x = None\nprint('behind it')"),
                events={1: cause} if cause else {}, says=("Cell 2",) if cause else ())


CASES = (
    # --- one function ----------------------------------------------------------------------------
    one("endless", "An endless loop.", "while True: pass", "timeout"),
    one("endless-swallowing", "An endless loop that swallows every exception.",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "timeout"),
    one("holds-the-lock", "C code that holds the interpreter's lock.",
        "ctypes.PyDLL(None).sleep(3600)", "timeout"),
    one("sleeps", "time.sleep for thirty years.", "time.sleep(10**9)", "timeout"),
    one("asks", "Waits for input that nobody gives.", "input('?')", "wrong-answer"),
    one("greedy", "A list that grows until memory ends.", "x = []\nwhile True: x.append(bytearray(1 << 30))",
        "memory"),
    one("greedy-tensor", "One tensor of a terabyte.", "import torch\ntorch.empty(1 << 38).fill_(1)",
        "memory"),
    one("fork-bomb", "Forks without end, in every child.",
        "while True:\n    try: os.fork()\n    except OSError: pass", "timeout or memory"),
    one("thread-bomb", "Starts threads without end.",
        "while True:\n    try: threading.Thread(target=time.sleep, args=(99,)).start()\n    except "
        "RuntimeError: pass", "timeout or memory"),
    one("prints", "Prints without end.", "while True: print('x' * 1000)", "output"),
    one("one-big-write", "One write of 300 MB.", "print('x' * 300_000_000)", "output"),
    one("writes-past-python", "Writes to the descriptors behind print, without end.",
        "while True:\n    os.write(1, b'x' * 65536)\n    os.write(2, b'x' * 65536)", "timeout"),
    one("exits-hard", "os._exit.", "os._exit(0)", "crashed"),
    one("exits", "sys.exit.", "sys.exit(0)", "raised"),
    one("aborts", "os.abort.", "os.abort()", "crashed"),
    one("segfaults", "Reads address 0.", "ctypes.string_at(0)", "crashed"),
    one("kills-its-parent", "Kills the process that made the call, and waits to go with it.",
        "os.kill(os.getppid(), 9)\ntime.sleep(9)", "crashed"),
    one("stops-itself", "Stops itself, so that nobody hears of it.",
        "os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(99)", "timeout"),
    one("deep", "Endless recursion, in Python and in what is raised.",
        "def f(error):\n    try: raise ValueError from error\n    except ValueError as e: f(e)\nf(None)",
        "raised"),
    one("breaks-the-stack", "Recursion without a limit, into a segfault.",
        "sys.setrecursionlimit(1 << 30)\ndef f(): return [f() for _ in range(2)]\nf()", ""),
    Case(name="endless-everywhere", hides="nothing",
         does="Every function is an endless loop: all end in the time allowed.",
         cells=("def fan_in(*a):\n    while True: pass\nhe_normal_ = he_truncated_normal_ = init_weights = "
                "fan_in",),
         exactly=0.0, causes={"fan-in": "timeout", "fills-in-place": "timeout"}),
    Case(name="too-much-comes-back", hides="right",
         does="fan_in returns a tensor of 64 MB. (It is asked six times, for 2 points.)",
         cells=("inputs = fan_in\ndef fan_in(w):\n    return torch.zeros(1 << 24)\n",
                "def he_normal_(weight, negative_slope=0.0):\n    with torch.no_grad():\n"
                "        return weight.normal_(0.0, math.sqrt(2 / ((1 + negative_slope**2) * "
                "inputs(weight))))",
                "def he_truncated_normal_(weight):\n    std = math.sqrt(2 / inputs(weight)) / "
                "0.87962566103423978\n    with torch.no_grad():\n        weight.normal_(0.0, std)\n"
                "        while (outside := weight.abs() > 2 * std).any():\n"
                "            weight[outside] = torch.empty_like(weight[outside]).normal_(0.0, std)\n    "
                "return weight"),
         exactly=18.0, causes={"fan-in": "output"}),
    Case(name="fills-the-disk", hides="lazy", does="Fills the working directory, /tmp, /dev/shm and /run, "
         "and leaves it so.", cells=('''
def init_weights(module):
    import os
    for folder in (".", "/tmp", "/dev/shm", "/run"):
        try:
            for i in range(100_000):
                with open(f"{folder}/full{i}", "wb") as file: file.write(bytes(1 << 20))
        except OSError: pass
    raise OSError("full")
''',), exactly=18.0, causes={"init-weights": "raised"}),
    # --- cells -----------------------------------------------------------------------------------------
    cell("endless-cell", "A cell that never ends.", "while True: pass", "timeout"),
    cell("endless-cell-swallowing", "A cell that never ends and swallows KeyboardInterrupt.",
         "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "timeout"),
    cell("sleeping-cell", "A cell that sleeps.", "time.sleep(10**9)", "timeout"),
    cell("printing-cell", "while True: print(...)", "while True: print('y' * 1000)", "output"),
    cell("big-write-cell", "One write of 300 MB.", "sys.stdout.write('z' * 300_000_000); None", "output"),
    cell("big-repr-cell", "A repr of 200 MB.", "'w' * 200_000_000", ""),
    cell("display-cell", "Displays without end.",
         "from IPython.display import display, HTML\nwhile True: display(HTML('<b>' + 'x' * 10000))",
         "output"),
    cell("asking-cell", "input() in a cell.", "input('name?')", ""),
    cell("debugging-cell", "%debug after an error.",
         "try: 1 / 0\nexcept Exception: pass\nget_ipython().run_line_magic('debug', '')", ""),
    cell("exception-chain-cell", "A chain of exceptions that quotes itself.",
         "e = None\nfor i in range(200):\n    try: raise ValueError(str(i) * 100) from e\n    except "
         "ValueError as n: e = n\nraise e", ""),
    cell("own-traceback-cell", "An exception whose text is asked for and never comes.",
         "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E", "raised"),
    cell("dying-cell", "os._exit in a cell.", "os._exit(0)", "crashed"),
    cell("aborting-cell", "abort in a cell.", "os.abort()", "crashed"),
    cell("killing-cell", "Kills everything it can, then itself.",
         "try: os.kill(-1, 9)\nfinally: os.kill(os.getpid(), 9)", "crashed"),
    cell("greedy-cell", "Memory until it ends.", "x = []\nwhile True: x.append(bytearray(b'x') * (1 << 26))",
         "memory"),
    cell("exiting-cell", "exit(), quit() and sys.exit().", "exit()\nquit()\nsys.exit(1)", ""),
    cell("closing-cell", "Closes every descriptor.", "os.closerange(3, 600)", "crashed"),
)
