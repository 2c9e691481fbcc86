"""What a plain kernel may read and write, by Landlock: Linux 5.13 and newer. A second line and no wall: where
Linux has none, nothing is confined."""

from __future__ import annotations

import contextlib
import ctypes
import os
import site
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from grader.inside import linux

CREATE, ADD, RESTRICT = 444, 445, 446   # system calls, the same numbers on every machine
ASK_VERSION, BELOW = 1, 1
SCOPES_SIGNALS = 6                      # the version from which on who is confined signals nobody outside
EXECUTE, WRITE, READ, LIST, REFER, TRUNCATE = 1, 2, 4, 8, 1 << 13, 1 << 14
ALL = (1 << 13) - 1                     # version 1: read, write, list, and make or remove whatever there is
OF_A_FILE = EXECUTE | WRITE | READ | TRUNCATE
SIGNALS = 2
READING = EXECUTE | READ | LIST

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/proc", "/sys",
          "/run/systemd/resolve", "/var/cache/fontconfig")
ETC = ("alternatives", "fonts", "group", "host.conf", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
       "locale.alias", "localtime", "matplotlibrc", "mime.types", "nsswitch.conf", "passwd", "pki",
       "protocols", "resolv.conf", "services", "ssl/certs", "ssl/openssl.cnf", "timezone")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "dri", "kfd", "nvidia*")
# Beside the rest of the grader, and in a checkout beside the exercises' answers.
OF_THE_GRADER = ("grader/__init__.py", "grader/wall", "grader/inside")


def version() -> int:
    """Landlock's version here; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(int(linux.libc().syscall(CREATE, None, ctypes.c_size_t(0), ASK_VERSION)), 0)


def confine(own: Path) -> None:
    """This process, which has one thread, and all it will start: write below `own` and to a few devices, read
    beside that the system, Python and its packages. No capability is left: some see past Landlock. Does
    nothing where Linux cannot.

    Raises:
        OSError: Linux has Landlock and refuses.
    """
    known = version()
    if not known:
        return
    handled = ALL | (REFER if known >= 2 else 0) | (TRUNCATE if known >= 3 else 0)
    fields = struct.pack("<QQQ", handled, 0, SIGNALS if known >= SCOPES_SIGNALS else 0)
    rules = _called(CREATE, fields, ctypes.c_size_t(len(fields) if known >= SCOPES_SIGNALS else 8), 0)
    try:
        for path in _readable():
            _allow(rules, path, READING & handled)
        for path in (own, *_devices()):
            _allow(rules, path, handled)
        linux.drop_capabilities()
        _called(RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _called(number: int, *arguments: object) -> int:
    found = int(linux.libc().syscall(number, *arguments))
    if found < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return found


def _allow(rules: int, path: Path, rights: int) -> None:
    """What is not there needs no rule."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights &= -1 if path.is_dir() else OF_A_FILE
            _called(ADD, rules, BELOW, struct.pack("<Qi", rights, opened), 0)
        finally:
            os.close(opened)


def _readable() -> Iterator[Path]:
    yield from map(Path, SYSTEM)
    yield from (Path("/etc", name) for name in ETC)
    yield from map(Path, (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    packages = {Path(folder) for folder in (*site.getsitepackages(), site.getusersitepackages())}
    for place in map(Path, filter(None, sys.path)):
        if place not in packages and (place / "grader" / "__init__.py").is_file():
            yield from (place / name for name in OF_THE_GRADER)
        else:
            yield place
    for name in "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX":
        yield from (Path(part) for part in os.environ.get(name, "").split(os.pathsep) if part)


def _devices() -> Iterator[Path]:
    for name in DEVICES:
        yield from Path("/dev").glob(name)
