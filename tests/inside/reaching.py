"""Calls everything public that torch has for CUDA, inside a world: ``python -m tests.inside.reaching WORLD``.

Prints one line for each callable that reached the real CUDA, or died, or spoke of the grading machine.
Whether CUDA was reached, glibc tells: with LD_DEBUG=libs it writes down each look for a library, and the CUDA
runtime begins with a look for the driver's.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from grader.inside import simulated_cuda
from grader.inside.simulated_cuda import bindings
from grader.wall.messages import World

WORLDS = {
    "one-gpu": World(name="w", gpus=("Tesla T4",), built_for_cuda="12.9"),
    "no-driver": World(name="w", gpus=(), built_for_cuda="12.9", driver=False),
    "no-gpu": World(name="w", gpus=(), built_for_cuda="12.9"), "no-cuda": World(name="w", gpus=())}
PACKAGES = ("torch.cuda", "torch.accelerator", "torch.backends.cuda", "torch.backends.cudnn",
            "torch.backends.cusparselt", "torch.nn.parallel.comm", "torch.amp")
LIBRARIES = ("_cudart", "_cudnn", "_nvtx")
SPOKEN = ("insufficient", "driver", "dummy base", "No CUDA GPUs", "not compiled with CUDA")  # none in one-gpu
TOGETHER = 25   # callables in one child
Getter = Callable[[], Any]


class Log:
    """What the loader writes, for this process and its children."""

    def __init__(self) -> None:
        self.path = Path(f"{os.environ['LD_DEBUG_OUTPUT']}.{os.getpid()}")
        self.read = self.found = 0

    def looks(self) -> int:
        """How often the driver's library was looked for, up to now."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self.read)
                new = file.read()
            self.read += len(new)
            self.found += new.count(b"find library=libcuda.so")
        return self.found


def modules() -> Iterator[Any]:
    for package in PACKAGES:
        module = importlib.import_module(package)
        yield module
        for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
            if found.name[0] != "_":
                yield importlib.import_module(f"{package}.{found.name}")


def member(library: str, name: str) -> Any:
    return getattr(getattr(torch._C, library), name)


def callables() -> dict[str, Getter]:
    """name -> what gets it, for all that is public in torch's packages and for all of torch._C's."""
    found: dict[str, Getter] = {}
    for module in modules():
        for name, value in vars(module).copy().items():
            own = str(getattr(value, "__module__", "")).startswith(("torch", "grader"))
            if callable(value) and name[0] != "_" and own:
                found[f"{module.__name__}.{name}"] = partial(getattr, module, name)
    for name in bindings.names() & vars(torch._C).keys():
        found[f"torch._C.{name}"] = partial(getattr, torch._C, name)
    for library in LIBRARIES:
        for name in dir(vars(torch._C).get(library)):
            if name[0] != "_":
                found[f"torch._C.{library}.{name}"] = partial(member, library, name)
    return found


def arguments() -> Iterator[tuple[Any, ...]]:
    yield from ((), (0,), (0, 0), (True,), ("cuda",), (1, 0, 0))
    if torch.cuda.is_available():
        x = torch.ones(2, device="cuda")
        yield from ((x,), ([x],), (x, [0]), (torch.cuda.Stream(),))


def said_by(get: Getter) -> set[str]:
    """The errors of all calls of this callable and, where it is a class, of its objects' methods."""
    said = set()

    def call(function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        except BaseException as error:      # whatever it raises is looked at, SystemExit too
            if not isinstance(error, simulated_cuda.SimulationLimit):
                said.add(f"{type(error).__name__}: {error}"[:200])
            return None

    function = call(get)
    for args in arguments() if function is not None else ():
        made = call(function, *args)
        if made is not None and (isinstance(function, type) or hasattr(made, "__exit__")):
            for name in dir(type(made)):
                if name[0] != "_" or name == "__enter__":
                    method = call(getattr, made, name)
                    if callable(method):
                        call(method)
                        call(method, 0)
    return said


def in_a_child(*getters: Getter) -> tuple[int, list[str]]:
    """(the exit status, what was said)"""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.write(theirs, json.dumps(sorted(set().union(*map(said_by, getters)))[:100]).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        told = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, json.loads(told) if told else []


def main(world: str) -> None:
    warnings.simplefilter("ignore")
    log, names = Log(), callables()
    simulated_cuda.enter(WORLDS[world])
    names |= callables()
    there = {}
    for name, get in sorted(names.items(), key=lambda item: (-item[0].count("."), item[0])):
        with contextlib.suppress(AttributeError):       # the world took it away
            there[id(get())] = name, get

    def fault(*getters: Getter) -> str:
        looks = log.looks()
        status, said = in_a_child(*getters)
        spoken = [words for words in said if world == "one-gpu" and any(part in words for part in SPOKEN)]
        reached = ["reached CUDA"] if log.looks() != looks else []
        return ", ".join([*([f"status {status}"] if status else []), *reached, *spoken[:2]])

    asked = list(there.values())
    for start in range(0, len(asked), TOGETHER):
        part = asked[start:start + TOGETHER]
        if fault(*(get for _, get in part)):    # which of them? each by itself
            for name, get in part:
                if found := fault(get):
                    print(f"{name}: {found}")
    print(len(asked), "callables called")


if __name__ == "__main__":
    main(sys.argv[1])
