"""What a sandbox sees of the machine: an allow-list, as arguments for bubblewrap."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import grader
from grader.execute import allocator
from grader.execute.gpus import Gpu

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "timezone",
       "locale.alias", "matplotlibrc", "mime.types")
DEVICES = "/sys/devices/system/cpu"    # how many cores there are, and what they can do
OF_THE_DRIVER = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")
SYS_OF_GPUS = ("/sys/bus/pci", "/sys/devices", "/sys/module")
OF_A_PREFIX = ("bin", "lib", "lib64", "include", "share", "pyvenv.cfg", "etc", "nltk_data")
# Without its __init__.py the package would be searched for anew, along a path that notebooks can change.
OF_THE_GRADER = ("__init__.py", "wall", "inside")
PACKAGE = Path(grader.__file__).resolve().parent
INSIDE = "/grader"                     # where the sandbox finds the part of the grader that runs in it


def arguments(gpus: tuple[Gpu, ...] = ()) -> list[str]:
    """Mounts, in order: what comes later lies on top."""
    made = [*_open_to_all(Path("/etc")), *_open_to_all(Path(DEVICES).parent)]
    for path in SYSTEM:
        made += _like(Path(path))
    for name in ETC:
        made += _like(Path("/etc") / name)
    made += ["--proc", "/proc", "--dev", "/dev", "--dir", "/job",
             "--perms", "1777", "--tmpfs", "/tmp", "--perms", "1777", "--tmpfs", "/run"]
    made += ["--ro-bind-try", DEVICES, DEVICES]
    made += _for(gpus)
    for prefix in _prefixes():
        made += _open_to_all(prefix)
        for name in OF_A_PREFIX:
            made += _like(prefix / name)
    for masked in sorted(_installed_copies()):
        # an ordinary user's tmpfs is the jobs' own user's too: written to, it would be seen by the next job
        made += ["--tmpfs", str(masked), "--remount-ro", str(masked)]
    made += _open_to_all(Path(INSIDE, "grader"))
    for name in OF_THE_GRADER:
        made += ["--ro-bind", str(PACKAGE / name), f"{INSIDE}/grader/{name}"]
    return [*made, "--remount-ro", "/dev", "--remount-ro", "/"]


def _for(gpus: tuple[Gpu, ...]) -> list[str]:
    """The GPUs' device nodes, and the part of /sys in which the driver's library looks for them.

    Without /sys, cuInit gives error 304; device nodes on a mount without devices give 100.
    """
    if not gpus:
        return []
    nodes = [*(f"/dev/{name}" for name in OF_THE_DRIVER), *(gpu.node for gpu in gpus)]
    made = [word for node in nodes for word in ("--dev-bind-try", node, node)]
    for path in SYS_OF_GPUS:
        made += [*_open_to_all(Path(path).parent), "--ro-bind-try", path, path]
    return made


def _like(path: Path) -> list[str]:
    """The same at the same place: a link as a link, anything else read-only."""
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.exists() else []


def needed() -> list[tuple[Path, Path]]:
    """Files that stand for all that is mounted from outside the system's folders, each with the folder from
    which it is."""
    files = [Path(grader.__file__), Path(sys.executable), *(Path(found.origin) for name in ("os", "torch")
             if (found := find_spec(name)) and found.origin)]
    tops = [*_prefixes(), PACKAGE]
    return [(top, file) for file in map(Path.resolve, files) for top in tops if file.is_relative_to(top)]


def _open_to_all(folder: Path) -> list[str]:
    """A folder and those above it, made by name: what bubblewrap makes unasked, only its own user
    can enter."""
    return [word for each in (*reversed(folder.parents[:-1]), folder) for word in ("--dir", str(each))]


def _prefixes() -> Iterator[Path]:
    """Where this Python and its packages live, outside the system's folders."""
    seen = {Path("/usr")}
    for prefix in (sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix):
        path = Path(prefix).resolve()
        if path not in seen and path != Path("/usr/local"):
            seen.add(path)
            yield path


def _installed_copies() -> set[Path]:
    """A grader that lies among the packages would show its other modules, and what it was installed with: the
    one that runs, and any that is installed beside a checkout."""
    prefixes = [str(Path(prefix).resolve()) for prefix in (sys.prefix, sys.base_prefix)]
    installed = {Path(folder, "grader").resolve() for folder in site.getsitepackages(prefixes)}
    return {path for path in (*installed, PACKAGE)
            if path.is_dir() and any(map(path.is_relative_to, prefixes))}


def python() -> str:
    """This Python, where the sandbox finds it: its folder may be reached through a link, or through `..`.

    The last part stays as it is: in a virtual environment it is a link, and Python looks beside it for the
    packages.
    """
    running = Path(sys.executable)
    return str(running.parent.resolve() / running.name)


def environment(gpus: tuple[Gpu, ...] = ()) -> list[str]:
    """The whole environment, nothing inherited: keys and tokens stay outside."""
    chosen = {
        "PATH": f"{Path(python()).parent}:/usr/bin:/bin", "HOME": "/run", "LANG": "C.UTF-8",
        "PYTHONPATH": INSIDE,
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1",
        "MPLCONFIGDIR": "/run/matplotlib", "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "IPYTHONDIR": "/run/ipython", "TERM": "dumb", "TMPDIR": "/tmp",
        **allocator.ENVIRONMENT,
    }
    if gpus and "LD_LIBRARY_PATH" in os.environ:  # containers put the driver's library where only this leads
        chosen["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return ["--clearenv", *(word for name, value in chosen.items() for word in ("--setenv", name, value))]
