"""Attempts to exhaust the machine. In one function only it costs that function's check; in a cell it costs
nothing."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.case import Case

START = "import ctypes, os, signal, sys, threading, time\n"


ALWAYS = {"endless-swallowing", "fork-bomb", "prints", "segfaults", "greedy-cell", "printing-cell", "dying-cell"}


def one(name: str, does: str, body: str, cause: str) -> Case:
    """`init_weights` does it: everything else keeps its points, and the check says what happened."""
    return Case(name=name, does=does, hides="lazy", exactly=18.0, always=name in ALWAYS,
                causes={"init-weights": cause} if cause else {},
                cells=(f"{START}def init_weights(module):\n"
                       + "\n".join(f"    {line}" for line in body.splitlines()),))


def cell(name: str, does: str, source: str, cause: str) -> Case:
    """A right notebook with one such cell: it is stopped, or left out of a second execution."""
    return Case(name=name, does=does, hides="right", exactly=20.0, always=name in ALWAYS,
                cells=(START + source, "x = None\nprint('behind it')"),
                events={1: cause} if cause else {}, says=("Cell 2",) if cause else ())


CASES = (
    # --- one function ----------------------------------------------------------------------------
    one("endless", "An endless loop.", "while True: pass", "timeout"),
    one("endless-swallowing", "An endless loop that swallows every exception.",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "timeout"),
    one("holds-the-lock", "C code that holds the interpreter's lock.",
        "ctypes.PyDLL(None).sleep(3600)", "timeout"),
    one("holds-the-lock-in-a-pattern", "A regular expression that never ends, in C.",
        "import re\nre.match('(a+)+$', 'a' * 64 + 'b')", "timeout"),
    one("holds-the-lock-in-arithmetic", "A number of a billion digits.", "9 ** 9 ** 9", "timeout or memory"),
    one("ignores-signals", "Blocks and ignores all signals, and waits.",
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nfor n in range(1, 32):\n    try: "
        "signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\ntime.sleep(99)", "timeout"),
    one("becomes-another-program", "Replaces its own process by a program that sleeps.",
        "os.execvp('sleep', ['sleep', '3600'])", "raised"),
    one("sleeps", "time.sleep for thirty years.", "time.sleep(10**9)", "timeout"),
    one("sleeps-in-slices", "Sleeps for a moment, again and again.", "while True: time.sleep(0.01)", "timeout"),
    one("asks", "Waits for input that nobody gives.", "input('?')", "wrong-answer"),
    one("asks-for-ever", "Asks again whatever is answered.",
        "while True:\n    try: input('?')\n    except Exception: pass", "timeout or output"),
    one("asks-a-debugger", "breakpoint(), in which nobody types.", "breakpoint()", ""),
    one("greedy", "A list that grows until memory ends.", "x = []\nwhile True: x.append(bytearray(1 << 30))",
        "memory"),
    one("greedy-tensor", "One tensor of a terabyte.", "import torch\ntorch.empty(1 << 38).fill_(1)",
        "memory"),
    one("greedy-map", "Anonymous shared pages, mapped and written.",
        "import mmap\nkept = []\nwhile True:\n    kept.append(mmap.mmap(-1, 1 << 26))\n"
        "    kept[-1].write(b'x' * (1 << 26))", "memory or raised or timeout"),
    one("greedy-text", "A text that doubles.", "x = 'x'\nwhile True: x += x", "memory"),
    one("fork-bomb", "Forks without end, in every child.",
        "while True:\n    try: os.fork()\n    except OSError: pass", "timeout or memory"),
    one("shell-bomb", "The shell's fork bomb.", "import subprocess\nsubprocess.run('b() { b | b & }; b; sleep 9', "
        "shell=True, executable='/bin/bash')", "raised"),
    one("process-bomb", "Programs without end, each of them busy.",
        "import subprocess\nwhile True:\n    try: subprocess.Popen([sys.executable, '-c', 'while 1: pass'])\n"
        "    except OSError: pass", "timeout or memory"),
    one("busy-children", "Children with sessions of their own that calculate without end.",
        "for _ in range(8):\n    if os.fork() == 0:\n        os.setsid()\n        while True: pass", ""),
    one("thread-bomb", "Starts threads without end.",
        "while True:\n    try: threading.Thread(target=time.sleep, args=(99,)).start()\n    except "
        "RuntimeError: pass", "timeout or memory"),
    one("thread-bomb-in-c", "Threads of torch's own, ten thousand of them.",
        "import torch\ntorch.set_num_threads(10_000)\nx = torch.ones(4000, 4000)\n(x + x).sum()", ""),
    one("thread-bomb-in-a-pool", "Pools of threads that never end.",
        "from concurrent.futures import ThreadPoolExecutor\nkept = []\nwhile True:\n    try:\n"
        "        kept.append(ThreadPoolExecutor(99))\n        [kept[-1].submit(time.sleep, 99) for _ in range(99)]\n"
        "    except RuntimeError: pass", "timeout or memory or crashed"),
    one("prints", "Prints without end.", "while True: print('x' * 1000)", "output"),
    one("one-big-write", "One write of 300 MB.", "print('x' * 300_000_000)", "output"),
    one("writes-past-python", "Writes to the descriptors behind print, without end.",
        "while True:\n    os.write(1, b'x' * 65536)\n    os.write(2, b'x' * 65536)", "timeout"),
    one("prints-errors", "Standard error, logging and warnings without end.",
        "import logging, warnings\nwhile True:\n    print('x' * 1000, file=sys.stderr)\n    logging.error('y' * 1000)\n"
        "    warnings.warn('z' * 1000)", "output"),
    one("returns-a-giant-text", "Returns a text of 300 MB.", "return 'x' * 300_000_000", "wrong-answer or output or timeout"),
    one("raises-a-giant-text", "Raises an error whose text has 300 MB.", "raise ValueError('x' * 300_000_000)", "raised"),
    one("returns-itself", "Returns a list of a million lists, each in the next and in itself.",
        "x = []\nfor _ in range(1_000_000): x = [x]\nx.append(x)\nreturn x", ""),
    one("exits-hard", "os._exit.", "os._exit(0)", "crashed"),
    one("exits", "sys.exit.", "sys.exit(0)", "raised"),
    one("exits-as-interrupted", "Raises KeyboardInterrupt, as a limit would.", "raise KeyboardInterrupt", "raised"),
    one("exits-as-generator", "Raises GeneratorExit.", "raise GeneratorExit", "raised"),
    one("kills-itself", "SIGKILL to itself.", "os.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(9)", "crashed"),
    one("own-alarm", "A limit of its own: the CPU time it allows itself is over.",
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", "crashed or timeout"),
    Case(name="own-limits", does="Limits of its own that leave it no descriptor, no memory, no file.", hides="lazy", cells=('''
def init_weights(module):
    import resource
    for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(what, (0, 0))
''',)),
    one("aborts", "os.abort.", "os.abort()", "crashed"),
    one("segfaults", "Reads address 0.", "ctypes.string_at(0)", "crashed"),
    one("segfaults-in-torch", "torch reads far beyond a tensor.",
        "import torch\ntorch.ones(1).as_strided((1,), (1,), 0).untyped_storage()\n"
        "ctypes.memset(torch.ones(1).data_ptr(), 0, 1 << 40)", "crashed"),
    one("illegal-instruction", "Jumps into bytes that are no program.",
        "import mmap\npage = mmap.mmap(-1, 4096, prot=7)\npage.write(b'\\x0f\\x0b')\n"
        "ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()", "crashed or raised"),
    one("breaks-an-object", "Writes over the type of None.",
        "ctypes.memset(id(None), 255, 64)", "crashed"),
    one("kills-its-grandparents", "Kills whatever process there is beside it, init too.",
        "for pid in range(1, 99):\n    if pid != os.getpid():\n        try: os.kill(pid, 9)\n        except OSError: pass\n"
        "time.sleep(9)", "crashed"),
    one("stops-its-parent", "Stops the kernel that made the call, and goes on.",
        "os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(9)", "timeout or crashed"),
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
    Case(name="fills-the-disk-with-names", hides="lazy", does="Empty files, folders and links without end, "
         "and a folder as deep as it goes.", cells=('''
def init_weights(module):
    import os
    for folder in (".", "/tmp", "/dev/shm", "/run"):
        try:
            for i in range(200_000): os.close(os.open(f"{folder}/e{i}", os.O_CREAT))
        except OSError: pass
    os.chdir("/tmp")
    try:
        for i in range(100_000): os.mkdir("d" * 200); os.chdir("d" * 200)
    except OSError: pass
    raise OSError("full")
''',), exactly=18.0, causes={"init-weights": "raised or timeout"}),
    Case(name="fills-the-disk-with-holes", hides="lazy", does="Sparse files of exabytes, preallocated ones, "
         "and files that are deleted and kept open.", cells=('''
def init_weights(module):
    import os
    kept = []
    for folder in (".", "/tmp", "/dev/shm", "/run"):
        for act in (lambda n: os.ftruncate(n, 1 << 60), lambda n: os.posix_fallocate(n, 0, 1 << 40),
                    lambda n: [os.write(n, bytes(1 << 20)) for _ in range(1 << 12)]):
            try:
                kept.append(os.open(f"{folder}/hole", os.O_CREAT | os.O_RDWR))
                os.unlink(f"{folder}/hole")
                act(kept[-1])
            except OSError: pass
    raise OSError("full")
''',), exactly=18.0, causes={"init-weights": "raised"}),
    # --- cells -----------------------------------------------------------------------------------------
    cell("endless-cell", "A cell that never ends.", "while True: pass", "timeout"),
    cell("endless-cell-swallowing", "A cell that never ends and swallows KeyboardInterrupt.",
         "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "timeout"),
    cell("sleeping-cell", "A cell that sleeps.", "time.sleep(10**9)", "timeout"),
    cell("sleeping-in-slices-cell", "A cell that sleeps for a moment, again and again.",
         "while True: time.sleep(0.01)", "timeout"),
    cell("computing-threads-cell", "Sleeps while eight threads of its own calculate without end.",
         "def spin():\n    while True: pass\nfor _ in range(8): threading.Thread(target=spin, daemon=True).start()\n"
         "time.sleep(10**9)", "timeout"),
    cell("disowned-children-cell", "Its children calculate, and nobody waits for them, so that their time is nobody's.",
         "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True:\n    if os.fork() == 0:\n"
         "        end = time.process_time() + 0.5\n        while time.process_time() < end: pass\n"
         "        os._exit(0)\n    time.sleep(0.6)", "timeout"),
    cell("computing-behind-itself-cell", "A cell that is over while its threads and children calculate on.",
         "def spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()\n"
         "if os.fork() == 0: spin()", ""),
    cell("printing-cell", "while True: print(...)", "while True: print('y' * 1000)", "output"),
    cell("big-write-cell", "One write of 300 MB.", "sys.stdout.write('z' * 300_000_000); None", "output"),
    cell("big-repr-cell", "A repr of 200 MB.", "'w' * 200_000_000", ""),
    cell("big-html-cell", "_repr_html_ of 200 MB, in a frame of tables.",
         "class R:\n    def _repr_html_(self): return '<td>' * 50_000_000\nR()", ""),
    cell("big-mimebundle-cell", "A bundle of a thousand kinds of data.",
         "class R:\n    def _repr_mimebundle_(self, **k): return {f'text/x-{i}': 'x' * 100_000 for i in range(1000)}\nR()",
         ""),
    cell("endless-repr-cell", "A repr that never ends.",
         "class R:\n    def __repr__(self):\n        while True: pass\nR()", "timeout or raised"),
    cell("updating-cell", "One display, updated without end.",
         "from IPython.display import display\nh = display('x', display_id=True)\nwhile True: h.update('y' * 10000)",
         "output or timeout"),
    cell("clearing-cell", "Prints and clears without end.",
         "from IPython.display import clear_output\nwhile True:\n    print('x' * 10000)\n    clear_output()",
         "output or timeout"),
    cell("talking-cell", "Comms, widgets' messages and payloads without end.",
         "from comm import create_comm\nwhile True:\n    create_comm(target_name='x', data={'x': 'y' * 10000})\n"
         "    get_ipython().set_next_input('z' * 10000)", "output or timeout or memory"),
    cell("display-cell", "Displays without end.",
         "from IPython.display import display, HTML\nwhile True: display(HTML('<b>' + 'x' * 10000))",
         "output"),
    cell("asking-cell", "input() in a cell.", "input('name?')", ""),
    cell("asking-for-a-password-cell", "getpass, sys.stdin, and the terminal.",
         "import getpass\nfor ask in (getpass.getpass, sys.stdin.read, lambda: open('/dev/tty').read()):\n"
         "    try: ask()\n    except Exception: pass", ""),
    cell("breakpoint-cell", "breakpoint() in a cell.", "breakpoint()", ""),
    cell("tracing-cell", "pdb.set_trace in a function, and pdb after an error.",
         "import pdb\ndef f(): pdb.set_trace(); return 1\nf()\n%pdb on\n1 / 0", ""),
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
    cell("stopping-cell", "SIGSTOP to itself.", "os.kill(os.getpid(), signal.SIGSTOP)", "timeout or crashed"),
    cell("terminating-cell", "SIGTERM to itself, to its group and its parent.",
         "for pid in (os.getppid(), os.getpid()): os.kill(pid, signal.SIGTERM)\ntime.sleep(1)", ""),
    cell("segfaulting-cell", "faulthandler's own segfault.", "import faulthandler\nfaulthandler._sigsegv()", "crashed"),
    cell("replaced-cell", "The kernel's process becomes another program.", "os.execvp('true', ['true'])", "crashed"),
    cell("sleeping-program-cell", "The kernel's process becomes a program that sleeps.",
         "os.execvp('sleep', ['sleep', '3600'])", "timeout or crashed"),
    cell("busy-children-cell", "Children of a cell that calculate without end, with sessions of their own.",
         "for _ in range(8):\n    if os.fork() == 0:\n        os.setsid()\n        while True: pass", ""),
    cell("async-cell", "A loop that is stopped and closed, and tasks without end.",
         "import asyncio\nasync def f():\n    while True: asyncio.ensure_future(f()); await asyncio.sleep(0)\n"
         "await f()", "timeout or memory"),
    cell("exiting-cell", "exit(), quit() and sys.exit().", "exit()\nquit()\nsys.exit(1)", ""),
    cell("closing-cell", "Closes every descriptor.", "os.closerange(3, 600)", "crashed"),
)
