"""Whether a worker would see what this machine would: the same grader, Python, torch and packages, the same
sandbox.

A worker offers facts as Dask's abstract resources, a job wants some of them: so the scheduler itself gives no
job to a worker that does not fit, whenever that comes.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import platform
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

import grader
from grader.execute.gpus import Gpu
from grader.wall.values import Record

MANY = 1e6    # jobs at one time that may want the same fact
# Their versions decide what a notebook's run and its record look like, or whether both ends understand each
# other. What notebooks import beside them, callers name.
OURS = ("dask", "distributed", "ipykernel", "ipython", "jupyter-client", "matplotlib", "matplotlib-inline",
        "msgspec", "nbclient", "nbconvert", "nbformat", "numpy", "safetensors", "torch")


class Lent(Record, frozen=True, kw_only=True):
    """A GPU of a worker's."""

    uuid: str
    name: str


class Description(Record, frozen=True, kw_only=True):
    """A machine, as far as it decides what a notebook does on it."""

    grader: str                        # our version, and a digest of our code
    python: str
    machine: str                       # the processor's kind
    packages: dict[str, str]           # all that are installed -> version
    sandbox: str                       # its name
    layers: tuple[str, ...] = ()       # of the sandbox, those that hold
    gpus: tuple[Lent, ...] = ()

    def offers(self, names: Iterable[str], jobs_per_gpu: int) -> dict[str, float]:
        """What the scheduler is told that this worker has.

        Args:
            names: of the packages that notebooks are known to import.
        """
        facts = (self.digest(names), *map(layer, self.layers), *self.package_facts(self.packages),
                 *(f"GPU {gpu.name}" for gpu in self.gpus))
        gpus = {"GPU": float(len(self.gpus) * jobs_per_gpu)} if self.gpus else {}
        return {**dict.fromkeys(facts, MANY), **gpus}

    def package_facts(self, names: Iterable[str]) -> list[str]:
        """Of those of these packages that are installed."""
        return [f"{name}=={self.packages[name]}" for name in map(canonical, names) if name in self.packages]

    def digest(self, names: Iterable[str]) -> str:
        """The same for two machines between which `difference` finds nothing."""
        there = self.package_facts(_compared(names))
        parts = (self.grader, self.python, self.machine, self.sandbox, *there)
        return f"grader {hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]}"


def described(sandbox: str, layers: tuple[str, ...] = (), gpus: Iterable[Gpu] = ()) -> Description:
    """This machine, with this sandbox."""
    installed = {canonical(found.name): found.version for found in importlib.metadata.distributions()}
    return Description(grader=f"{grader.__version__} {sources()}", python=platform.python_version(),
                       machine=f"{platform.system()} {platform.machine()}", packages=installed,
                       sandbox=sandbox, layers=layers,
                       gpus=tuple(Lent(uuid=gpu.uuid, name=gpu.name) for gpu in gpus))


def difference(here: Description, there: Description, names: Iterable[str]) -> str:
    """Why a worker does not fit, in a few words; "" where it does."""
    pairs = [("grader", here.grader, there.grader), ("Python", here.python, there.python),
             ("machine", here.machine, there.machine), ("sandbox", here.sandbox, there.sandbox),
             *((name, here.packages.get(name, ""), there.packages.get(name, ""))
               for name in _compared(names))]
    for what, ours, theirs in pairs:
        if ours != theirs:
            return f"it has {f'{what} {theirs}' if theirs else f'no {what}'}, and here is {ours or 'none'}"
    missing = [name for name in here.layers if name not in there.layers]
    return f"its sandbox lacks what holds on the others: {', '.join(missing)}" if missing else ""


def layer(name: str) -> str:
    """The fact that a layer of the sandbox holds."""
    return f"layer {name}"


@functools.cache
def sources() -> str:
    """A digest of this package's code, the same wherever it is installed."""
    package = Path(grader.__file__).parent
    read = hashlib.sha256()
    for file in sorted(package.rglob("*.py"), key=lambda one: one.relative_to(package).as_posix()):
        content = file.read_bytes()
        read.update(f"{file.relative_to(package).as_posix()} {len(content)}\n".encode() + content)
    return read.hexdigest()[:16]


def canonical(name: str) -> str:
    """A package's name, as one can be compared with another (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _compared(names: Iterable[str]) -> list[str]:
    return sorted({*map(canonical, names), *OURS})
