"""The warm server: has imported what kernels and runners need, and forks one runner for each job. Never
touches CUDA.

Started by the grader under bubblewrap as ``python -m grader.inside.runner.server DESCRIPTOR``. The descriptor
is one end of a socketpair; there is no path to it. What passes on it is `frames.Order`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import itertools
import os
import pkgutil
import platform
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

NOBODY = 65534
MESSAGE = 256  # bytes at most
MOST_ENDS = 3  # descriptors with a job: where it is served, and its control group's
QUIET = 0.05   # s without a message: then there is time to gather pages, which takes most of a second
PRELOADED = ("grader.wall.nbformat_lean", "torch", "numpy", "grader.inside.kernel.app", "ipykernel.ipkernel",
             "ipykernel.debugger",
             "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.oinspect",
             "IPython.extensions.storemagic", "tornado.platform.asyncio", "faulthandler",
             "grader.inside.runner.executing", "grader.inside.runner.jail", "grader.inside.runner.conductor")
REHEARSED = ("import math\n\ndef area(r):\n    return math.pi * r**2", "areas = [area(r) for r in range(4)]")
# where installed
ADDED = ("matplotlib.pyplot", "matplotlib_inline.backend_inline", "grader.inside.kernel.figures", "tqdm",
         # which autograd.grad imports late
         "torch.fx.experimental.symbolic_shapes")


def give_up_rights() -> list[int]:
    """The first act. What is left, where there are ids for jobs, is the right to make a runner another user,
    and to end it; the value is those ids.

    Where root started bubblewrap and there are none, this runs as the real root until here.
    """
    from grader.inside import linux
    own, *others = _users() or [os.getuid()]
    if others:
        linux.become(own, linux.KILL, linux.SETGID, linux.SETUID)
    elif own == 0:
        uncover_proc()
        linux.become(NOBODY)
    else:
        linux.drop_capabilities()
        linux.prctl(linux.SET_DUMPABLE, 1)  # else a runner could not write its own uid_map
    linux.limit(resource.RLIMIT_CORE, 0)
    return others


def _users() -> range:
    """The ids that this user namespace maps beside nobody's."""
    mapped = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return range(1, next((count for first, _, count in mapped if first == 1), 0) + 1)


def uncover_proc() -> None:
    """Take off what bubblewrap, run by root, lays over parts of /proc, where it may: there are GPUs then.

    A user namespace may mount a /proc of its own only where it sees a whole one, and a job with a GPU needs
    one.
    """
    from grader.inside import linux
    for name in "sys", "sysrq-trigger", "irq", "bus":
        with contextlib.suppress(OSError):
            linux.unmount(f"/proc/{name}")


def preload() -> None:
    """Import what every kernel and every runner would import."""
    with uncollected():
        for name in PRELOADED:
            importlib.import_module(name)
        for name in ADDED:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        _warm_up()
    gc.set_threshold(50_000, 20, 100)  # a notebook lives for seconds: fewer walks over what it makes


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Hardly anything of an import is garbage, and each look for some takes longer than the last."""
    gc.disable()
    yield
    gc.freeze()  # keeps the pages shared: the collector would write to each object
    gc.enable()


def _import(name: str) -> None:
    """What an exercise wants imported. Should that fail, it fails in the notebook, where it can be seen."""
    with uncollected(), contextlib.suppress(Exception):
        importlib.import_module(name)


def _warm_up() -> None:
    """Touch what is set up at first use, in every process anew."""
    import torch
    with torch.no_grad():   # a gradient would ask for GPUs
        net = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU(),
                                  torch.nn.Flatten(), torch.nn.Linear(2, 2))
        net(torch.zeros(2, 3, 3, 3)).std().item()
    _validate_an_output()
    _rehearse_a_shell()
    if "matplotlib.pyplot" in sys.modules:
        _draw_a_figure()


def _validate_an_output() -> None:
    """nbformat compiles its schemas with the first thing that it validates: an output, a whole notebook."""
    v4: Any = importlib.import_module("nbformat.v4")
    v4.new_notebook(cells=[v4.new_code_cell("1", outputs=[v4.new_output("stream", text="1")])])


def _rehearse_a_shell() -> None:
    """With the first shell patterns are compiled, attributes looked up, code adapted to what runs. One runs
    two cells of ours here and is forgotten, before there is any job."""
    from traitlets.config import Config

    from grader.inside.kernel import start

    shells: Any = importlib.import_module("ipykernel.zmqshell")
    main = sys.modules["__main__"]
    shell = shells.ZMQInteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    for cell in REHEARSED:
        shell.run_cell(cell)
    atexit.unregister(shell.atexit_operations)
    sys.modules["__main__"] = main
    start.MODULES.update(sys.modules)
    pkgutil.resolve_name("math.pi")
    tempfile.gettempdir()


def _draw_a_figure() -> None:
    """Fonts, mathtext and PNG are set up with the first figure, and the interpreter adapts its code to what
    notebooks draw; without one here in each kernel that draws."""
    from matplotlib.figure import Figure

    from grader.inside.kernel.figures import cut_out

    figure = Figure()
    for axes in figure.subplots(1, 2, sharey=True):
        axes.plot(range(1, 9), [10.0**power for power in range(8)], marker=".", label="x")
        axes.hist([power / 8 for power in range(8)], bins=20, histtype="step", label="y")
        axes.axhline(1, color="grey")
        axes.set(yscale="log", xlabel="x", ylabel="y", title="x")
        axes.legend()
    cut_out(figure)


def serve(line: socket.socket, users: Sequence[int]) -> None:
    """Fork a runner for each job, until the grader closes the line."""
    from grader.inside import linux
    from grader.inside.runner import seccomp
    from grader.wall.frames import Order
    seccomp.install(seccomp.for_server(platform.machine()))
    runners: dict[bytes, Runner] = {}
    turn = itertools.cycle(users)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    line.settimeout(QUIET)
    line.send(Order.READY.value)
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(line, MESSAGE, MOST_ENDS)
        except TimeoutError:
            if runners and line.gettimeout() == QUIET:
                linux.gather_pages()
                line.settimeout(1.0)
            _reap(runners)
            continue
        if not message:
            return
        _reap(runners)
        what, name = message[:1], message[1:]
        if what == Order.JOB.value and descriptors:
            # no room for a process: the grader sees its end close, and tries again
            with contextlib.suppress(OSError):
                user = _free(itertools.islice(turn, len(users)), runners.values()) if users else 0
                pid = os.fork()
                if pid == 0:
                    _run(line, user, *descriptors)
                runners[name] = Runner(pid, user)
        elif what == Order.KILL.value and name in runners:
            os.kill(runners[name].pid, signal.SIGKILL)
        elif what == Order.IMPORT.value:
            _import(name.decode())
        for descriptor in descriptors:
            os.close(descriptor)


class Runner(NamedTuple):
    pid: int
    user: int   # 0: nobody's, as all


def _free(users: Iterable[int], runners: Iterable[Runner]) -> int:
    """The first of the users that no runner is.

    Raises:
        BlockingIOError: none is free. A runner that stayed the server's own user would have its rights.
    """
    taken = {runner.user for runner in runners}
    user = next((user for user in users if user not in taken), 0)
    if not user:
        raise BlockingIOError("as many runners as users")
    return user


def _reap(runners: dict[bytes, Runner]) -> None:
    """Collect the runners that have ended; only then may their pids be used again."""
    for name, runner in list(runners.items()):
        if os.waitpid(runner.pid, os.WNOHANG) != (0, 0):
            del runners[name]


def _run(line: socket.socket, user: int, descriptor: int, *group: int) -> NoReturn:
    """A runner: one job, then the end. It is another user before it reads a word of the job.

    Args:
        group: where there is one, a descriptor that whoever joins the job's cgroup writes to.
    """
    from grader.inside import linux
    from grader.inside.runner import beside, conductor, jail
    from grader.wall import frames, wire
    from grader.wall.messages import Job

    try:
        line.close()
        if user:
            linux.become(user)
        _forget_outputs()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        stream = frames.Line(socket.socket(fileno=descriptor))
        _, payload = frames.get(stream)
        parcel = wire.read(payload, Job)
        if isinstance(parcel, wire.Garbled):
            raise conductor.NotReady(f"the job cannot be read: {parcel.reason}")
        job = parcel.record
        conductor.conduct(stream, job, jail.Jail(job, beside.received(stream, job), group))
    except BaseException as error:
        with contextlib.suppress(BaseException):
            frames.put(stream, frames.Kind.NOT_READY,
                       f"{type(error).__name__}: {error}".encode("utf-8", "replace")[:2000])
    finally:
        os._exit(0)


def _forget_outputs() -> None:
    """The server's standard error is one file, and every job would share it: write to it, and read there."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in 0, 1, 2:
        os.dup2(nowhere, number)
    os.close(nowhere)


if __name__ == "__main__":
    ids = give_up_rights()
    preload()
    serve(socket.socket(fileno=int(sys.argv[1])), ids)
    os._exit(0)  # taking apart what was imported would take longer than all else at the end of a batch
