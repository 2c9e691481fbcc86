"""Opens the sandbox that was asked for."""

from __future__ import annotations

from grader.execute.bubblewrap import BubblewrapSandbox
from grader.execute.gpus import Gpu
from grader.execute.process import ProcessSandbox
from grader.execute.sandbox import Sandbox, SandboxUnavailable


def open_sandbox(name: str | None = None, gpus: tuple[Gpu, ...] = ()) -> Sandbox:
    """The sandbox of that name; without one, the one that isolates. It gets ready on its own meanwhile.

    Jobs may be given `gpus`, and see no others.

    Raises:
        SandboxUnavailable: this machine cannot open it.
    """
    if name == "process":
        return ProcessSandbox(gpus)
    if name not in (None, "bubblewrap"):
        raise SandboxUnavailable(f"there is no sandbox called {name}: choose bubblewrap or process")
    return BubblewrapSandbox(gpus)
