"""A world with simulated GPUs, or with none, for code that asks about devices on a machine that has none to
show.

`enter` changes torch in this interpreter before a student's first line runs; from then on torch.cuda,
torch.accelerator, torch.version and every tensor answer as they would on that machine, which is never a Mac.
Numbers are real: the CPU computes them, and what is simulated is only where a tensor is said to be, and what
follows from that (tags.py, dispatch.py).

Holds in threads started through `threading`, in forked children, inside hooks and custom autograd functions.
Not in processes started anew ("spawn"), which begin outside. What cannot be simulated raises
`SimulationLimit`, which names the operation. Known to be missing: sparse and nested tensors on a GPU, CUDA
graphs, several GPUs in one module (DataParallel), compiled kernels and other libraries' access to GPU memory,
out-of-memory errors, asynchronous errors, a GPU's own random numbers and rounding, CUDA_VISIBLE_DEVICES; and,
where the grading machine is a Mac, that the device "mps" is refused to code that does not ask for it first.

The same for every build of torch: nothing of a world reaches the real CUDA (tests/inside/reaching.py calls
all that torch has for it), but for torch's own C++ where autograd, the profiler and torch.__config__ count
GPUs.

Never compared with a recording from a real GPU so far: what is promised rests on PyTorch's source and
documentation (tests/conformance).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from grader.wall.messages import World

from .limit import SimulationLimit

__all__ = ["SimulationLimit", "enter", "entered", "leave"]

_entered: list[Any] = []        # what `leave` calls, the last one first


def enter(world: World) -> None:
    """From here on this interpreter is in the world; where nothing is simulated, all stays as it is."""
    if _entered:
        raise RuntimeError("this interpreter is already in a world: leave it first")
    if world.gpus is None:
        return
    import torch

    from . import absent, surface
    from .patches import Patches

    patches = Patches()
    _entered.append(patches.undo)
    absent.without_mps(patches)
    if world.built_for_cuda is None:
        absent.without_cuda(patches)
        return
    if not (world.gpus and world.driver):
        absent.without_gpus(world.built_for_cuda, patches, driver=world.driver)
        return
    from . import autocast, defaults, dispatch, tensors
    from .driver import Machine

    machine = Machine(world.gpus, world.built_for_cuda)
    surface.storages(machine, patches)          # first: a tag must be there to be asked for
    tensors.install(machine, patches)
    surface.c_layer(machine, patches)
    surface.cuda_module(machine, patches)
    surface.recurrent(machine, patches)
    surface.named_classes(machine, patches)
    autocast.install(patches)
    defaults.install(patches)
    mode = dispatch.OnGpus(machine)
    surface.threads(mode, patches)
    torch._C._push_on_torch_dispatch_stack(mode)
    _entered.append(lambda: torch._C._pop_torch_dispatch_stack(None))


def leave() -> None:
    """Take everything back. For tests: a kernel stays in its world."""
    while _entered:
        _entered.pop()()


@contextmanager
def entered(world: World) -> Iterator[None]:
    """`enter`, then `leave`."""
    enter(world)
    try:
        yield
    finally:
        leave()
