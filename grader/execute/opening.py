"""Opens the sandbox that was asked for."""

from __future__ import annotations

from pathlib import Path

from grader.execute.bubblewrap import BubblewrapSandbox
from grader.execute.gpus import Gpu
from grader.execute.process import ProcessSandbox, environment
from grader.execute.sandbox import Sandbox, SandboxUnavailable
from grader.execute.warm import forked, started


def open_sandbox(name: str | None = None, gpus: tuple[Gpu, ...] = ()) -> Sandbox:
    """The sandbox of that name; without one, the one that isolates. It gets ready on its own meanwhile.

    Jobs may be given `gpus`, and see no others.

    Raises:
        SandboxUnavailable: this machine cannot open it.
    """
    if name == "process":
        return ProcessSandbox(gpus, started(environment()))
    if name not in (None, "bubblewrap"):
        raise SandboxUnavailable(f"there is no sandbox called {name}: choose bubblewrap or process")
    return BubblewrapSandbox(gpus)


def open_for(notebook: Path) -> Sandbox:
    """The sandbox without a wall for one's own notebook. In a process that has only begun, what it would
    import and what its jobs would is imported once."""
    return ProcessSandbox(server=forked(notebook, environment()))
