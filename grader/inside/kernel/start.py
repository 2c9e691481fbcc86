"""The kernel: an ipykernel whose output is metered, and which makes calls after its last cell.

Everything in this process is within a student's reach. What is done here keeps honest notebooks within their
limits and is convenient; what must hold is done in the runner, on the other side of the wall.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from tornado.ioloop import IOLoop
from traitlets.config import Config

from grader.inside.kernel import eager, standins
from grader.inside.kernel.answering import Answering, CellNames
from grader.inside.kernel.calls import Cells
from grader.inside.kernel.recorder import install, share
from grader.inside.kernel.skipping import Skipping
from grader.inside.kernel.telling import bound
from grader.wall import frames
from grader.wall.messages import Job, Limits
from grader.wall.text import storable

SHORTENED = "execute_result", "display_data", "error", "execute_reply"
MODULES: set[str] = set()   # the warm process's, listed there once; none in a kernel that starts by itself
FLOOD_SHARE = 4  # one cell may write a quarter of what the notebook may; then it is stopped


class OutputFlood(KeyboardInterrupt):
    """Stops a cell that prints without end. Not an Exception: `except Exception` must not eat it."""


def start(job: Job, connection_file: str, channel: socket.socket, *, fork: bool) -> None:
    """Become the kernel. Says hello, or why not, on the channel before any of the notebook runs."""
    reply = frames.Timed(channel)
    try:
        app = _prepare(job, connection_file)
        cells = CellNames(job.notebook)
        answering = Answering(channel, app.shell, job, cells, _stand_in(app, job, cells), fork=fork)
        answering.attach(IOLoop.current())
    except BaseException as error:  # the runner is waiting to hear it
        frames.put(reply, frames.Kind.NOT_READY, storable(f"{type(error).__name__}: {error}", 2000).encode())
        raise
    frames.put(reply, frames.Kind.HELLO)
    app.start()


def _prepare(job: Job, connection_file: str) -> Any:
    from grader.inside.kernel.app import Application

    # Last, not first as in Jupyter: what was handed in stands for no module of Python's or of a package.
    sys.path[:] = [*filter(None, sys.path), ""]
    if job.world.gpus is not None:
        from grader.inside.simulated_cuda import enter
        enter(job.world)
        os.putenv("CUDA_VISIBLE_DEVICES", "")   # torch's own C++ counts GPUs; os.environ does not show it
    else:
        _give_gpu(job)
    eager.enter()
    share()
    for name in job.watched:
        install(name)
    app: Any = Application.instance(config=Config({
        "IPKernelApp": {"connection_file": connection_file, "capture_fd_output": False},
        "HistoryManager": {"enabled": False},
        "InlineBackend": {} if job.figures else {"figure_formats": set()}}))
    with _modules_unlisted():
        app.initialize()
    app.shell._sys_modules_keys = MODULES or {*sys.modules}
    app.shell.ask_exit = lambda: None  # exit() in a cell: the cells behind it are still wanted
    _meter(app, job.limits)
    bound(app.shell)
    _keep_streams(app.shell)
    _draw_inline(app.shell, figures=job.figures)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return app


def _stand_in(app: Any, job: Job, cells: Cells) -> Skipping:
    """What this machine lacks costs a statement, not its cell."""
    skipping = Skipping(app.shell, job.lacking, cells)
    skipping.attach()
    os.environ.update(standins.OFFLINE)
    standins.nobody_types(app.kernel, skipping)
    if "tqdm" in job.notebook:
        standins.bars_as_text()
    return skipping


@contextmanager
def _modules_unlisted() -> Iterator[None]:
    """A kernel notes the files of all modules, for its debugger, and its shell their names. There are
    thousands in the warm process, and a reference counted in each copies its page: most of all that a
    starting kernel would copy."""
    import ipykernel.ipkernel as kernels
    import IPython.core.shellapp as shells

    listing: tuple[Any, ...] = kernels, shells
    for each in listing:
        each.sys = SimpleNamespace(**{**vars(sys), "modules": {}})
    try:
        yield
    finally:
        for each in listing:
            each.sys = sys


def _give_gpu(job: Job) -> None:
    """One GPU or none, and so much of its memory. The first touch of CUDA: the kernel's own, never the
    server's."""
    os.environ["CUDA_VISIBLE_DEVICES"] = job.gpu
    if job.gpu:
        import torch
        torch.cuda.set_per_process_memory_fraction(job.gpu_share)


def _draw_inline(shell: Any, *, figures: bool) -> None:
    """Figures, if somebody will see them, are shown as in every notebook. A warm server has imported
    matplotlib; a plain kernel does it late."""
    backend = sys.modules.get("matplotlib_inline.backend_inline")
    if backend is not None and "matplotlib.pyplot" in sys.modules:
        from grader.inside.kernel.figures import draw_once
        backend._enable_matplotlib_integration()
        if figures:
            draw_once(shell)


def _meter(app: Any, limits: Limits) -> None:
    """Count what is written at its source: a cell that floods is stopped, one huge text never
    leaves whole."""
    most = limits.output_bytes
    share = most // FLOOD_SHARE
    used = {"cell": 0, "all": 0}

    def new_cell(*_: object) -> None:
        used["cell"] = 0

    def wrap(stream: Any) -> None:
        write = stream.write

        def metered(text: str) -> int:
            size = len(text)
            used["cell"] += size
            if used["cell"] > share:
                raise OutputFlood(f"this cell wrote more than {share >> 10} KiB")
            used["all"] += size
            return size if used["all"] > most else write(text)
        stream.write = metered

    app.shell.events.register("pre_run_cell", new_cell)
    wrap(sys.stdout)
    wrap(sys.stderr)
    send = app.session.send

    def sending(stream: Any, kind: Any, content: Any = None, *args: Any, **keywords: Any) -> Any:
        if isinstance(kind, dict) and isinstance(kind.get("content"), dict):  # a whole message
            kind = {**kind, "content": _shortened(kind["content"], share)}
        elif isinstance(content, dict) and kind in SHORTENED:
            content = _shortened(content, share)
        return send(stream, kind, content, *args, **keywords)
    app.session.send = sending
    pack = app.session.pack

    def packed(thing: Any) -> bytes:
        try:
            made: bytes = pack(thing)
        except UnicodeEncodeError:  # a reply that cannot be written would be waited for
            made = json.dumps(thing, ensure_ascii=False, default=str).encode("utf-8", "replace")
        return made
    app.session.pack = packed


def _keep_streams(shell: Any) -> None:
    """A notebook may set sys.stdout to None. ipykernel flushes it after each cell, and would never answer."""
    streams = {"stdout": sys.stdout, "stderr": sys.stderr}

    def put_back(*_: object) -> None:
        for name, stream in streams.items():
            if getattr(sys, name, None) is None:
                setattr(sys, name, stream)

    shell.events.register("post_run_cell", put_back)


def _shortened(content: dict[str, Any], most: int) -> dict[str, Any]:
    """A message whose long texts are cut."""
    if "payload" in content:
        content = {**content, "payload": []}  # for a front end, which there is none
    if "traceback" in content:
        lines = [storable(line, most // 64) for line in content["traceback"][-64:]]
        return {**content, "ename": storable(content.get("ename", ""), 200),
                "evalue": storable(content.get("evalue", ""), most // 64), "traceback": lines}
    bundle = content.get("data")
    if not isinstance(bundle, dict):
        return content
    if sum(len(part) for part in bundle.values() if isinstance(part, (str, bytes))) <= most:
        return content
    text = bundle.get("text/plain", "")
    return {**content, "data": {"text/plain": storable(text, 1000) + " ... (too long to show)"}}


def settle(home: str) -> None:
    """The kernel's folder and its environment."""
    os.chdir(home)
    os.environ.update(HOME=home, TMPDIR="/tmp", IPYTHONDIR=f"{home}/.ipython",
                      XDG_CACHE_HOME=f"{home}/.cache", PWD=home)
