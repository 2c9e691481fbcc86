"""What this machine can do for a sandbox, and how to mend what is missing. Never initialises CUDA."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from grader.execute import cgroup, gpus, ids, mounts
from grader.inside.runner import seccomp, syscalls

MEMORY_WANTED = 4 << 30    # bytes: one submission's default limit
TMP_WANTED = 1 << 30       # bytes
OLDEST_TORCH, NEWEST_TORCH = "2.7.1", "2.14.1"     # with which all tests were run
SECONDS = 20.0
APPARMOR_RESTRICTS = "kernel.apparmor_restrict_unprivileged_userns"
DEBIAN_ALLOWS = "kernel.unprivileged_userns_clone"
UBUNTUS, OURS = Path("/etc/apparmor.d/bwrap-userns-restrict"), "/etc/apparmor.d/grader-bwrap"


class Finding(NamedTuple):
    name: str
    ok: bool
    detail: str
    remedy: str = ""        # where it is not ok


def findings() -> list[Finding]:
    """In the order in which one would mend them."""
    return [_bubblewrap(), _namespaces(), _users(), _seccomp(), _limits(), _torch(), _cuda(), _cores(),
            _memory(), _scratch()]


def _tried(*command: str) -> tuple[bool, str]:
    """Did a command succeed, and the last line that it wrote?"""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return done.returncode == 0, lines[-1] if lines else ""


def _bubblewrap() -> Finding:
    command = shutil.which("bwrap")
    if command is None:
        return Finding("bubblewrap", False, "not installed",
                       "apt install bubblewrap, or dnf install bubblewrap; else only --sandbox process works")
    ok, line = _tried(command, "--version")
    return Finding("bubblewrap", ok, line, "" if ok else f"{command} does not run")


def _namespaces() -> Finding:
    """Tries what a sandbox does: a namespace of each kind, and within it, as nobody, a further user
    namespace."""
    command = shutil.which("bwrap")
    if command is None:
        return Finding("user namespaces", False, "not tried without bubblewrap", "install bubblewrap first")
    from grader.execute.bubblewrap import namespaces
    unshare = shutil.which("unshare") or "/usr/bin/unshare"
    drop = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.getuid() == 0 else []
    ok, line = _tried(command, *namespaces(), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev",
                           "--", *drop, unshare, "--user", "true")
    return Finding("user namespaces", ok, "allowed" if ok else line, "" if ok else _to_allow_namespaces())


def _to_allow_namespaces() -> str:
    """What keeps user namespaces from us here, and how it is told to let bubblewrap have them."""
    if _setting(APPARMOR_RESTRICTS) not in ("", "0"):
        disable = f"sudo ln -s {UBUNTUS} /etc/apparmor.d/disable/ && sudo apparmor_parser -R {UBUNTUS}, " \
                  "which takes what each notebook's own namespaces need; then " if UBUNTUS.exists() else ""
        return (f"AppArmor forbids them: {disable}grader doctor --apparmor | sudo tee {OURS} && "
                f"sudo apparmor_parser -r {OURS}; as the last resort, which lets every program have them: "
                f"sudo sysctl {APPARMOR_RESTRICTS}=0")
    if _setting(DEBIAN_ALLOWS) == "0":
        return f"sudo sysctl {DEBIAN_ALLOWS}=1"
    return "in a container: allow unshare and mount (--security-opt seccomp=unconfined, apparmor=unconfined)"


def _setting(name: str) -> str:
    """What a kernel setting is; "" where there is none of this name."""
    try:
        return Path("/proc/sys", *name.split(".")).read_text().strip()
    except OSError:
        return ""


def apparmor_profile() -> str:
    """An AppArmor profile that lets bubblewrap, and what it starts, make user namespaces."""
    return Path(__file__).with_name("grader-bwrap.apparmor").read_text()


def _users() -> Finding:
    """Not a fault where they cannot be had: what keeps jobs apart are namespaces, this is a second wall."""
    found = ids.granted(mounts.needed())
    return Finding("users", True, f"one for each notebook, of {found.users.length} ids" if isinstance(
        found, ids.Granted) else f"all notebooks run as one user: {found}")


def _seccomp() -> Finding:
    try:
        actions = Path("/proc/sys/kernel/seccomp/actions_avail").read_text().split()
    except OSError:
        actions = []
    ok = seccomp.supported() and {"errno", "allow", "user_notif"} <= set(actions)
    detail = f"{len(syscalls.ALLOWED)} system calls are allowed on {platform.machine()}" if ok else \
        f"no filter for {platform.system()} on {platform.machine()}"
    return Finding("system call filter", ok, detail,
                   "" if ok else "Linux 5.5 or newer on x86_64 or aarch64 is needed to isolate")


def _limits() -> Finding:
    """What holds a submission to its memory and its processes, and what nothing holds it to."""
    if sys.platform != "linux":
        return Finding("limits", False, "only wall-clock time is held here", "grade on Linux")
    found = cgroup.delegated()
    sampled = "short bursts of memory between two looks (ten a second), " if isinstance(found, str) else ""
    return Finding("limits", True, f"memory and processes: {cgroup.told(found)}; held by nothing: {sampled}"
                                   "disk and memory bandwidth")


def _torch() -> Finding:
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return Finding("torch", False, "not installed", "pip install torch")
    if _numbers(version) < _numbers(OLDEST_TORCH):
        return Finding("torch", False, f"{version}: older than {OLDEST_TORCH}",
                       f'pip install "torch>={OLDEST_TORCH}"')
    newer = _numbers(version)[:2] > _numbers(NEWEST_TORCH)[:2]
    return Finding("torch", True,
                   f"{version}: newer than {NEWEST_TORCH}, the newest that was tested" if newer else version)


def _numbers(version: str) -> tuple[int, ...]:
    """(2, 14, 1) of "2.14.1+cu130" """
    return tuple(map(int, re.findall(r"\d+", version.partition("+")[0])[:3]))


def _cuda() -> Finding:
    """The GPUs and whether they answer, asked in other processes: CUDA is not initialised in this one."""
    found = gpus.listed()
    if not found:
        shown = "the driver shows no GPU" if shutil.which("nvidia-smi") else "no NVIDIA driver"
        return Finding("CUDA", True, f"{shown}: graded with --device cpu, devices are simulated")
    silent = [f"{gpu.name} ({why})" for gpu in found if (why := gpus.silence(gpu))]
    return Finding("CUDA", not silent, ", ".join(gpu.name for gpu in found),
                   f"does not answer: {', '.join(silent)}; try nvidia-smi, mend the driver" if silent else "")


def _cores() -> Finding:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("cores", True, f"{count}: as many kernels in flight, where --jobs does not say otherwise")


def _memory() -> Finding:
    try:
        found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        found = None
    if found is None:
        return Finding("memory", True, "not known here")
    free = int(found[1]) << 10
    return Finding("memory", free >= MEMORY_WANTED, f"{free / (1 << 30):.1f} GiB free",
                   "" if free >= MEMORY_WANTED else "one submission may use 4 GiB: lower memory_bytes, or "
                   "--jobs 1")


def _scratch() -> Finding:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    return Finding("space in " + tempfile.gettempdir(), free >= TMP_WANTED,
                   f"{free / (1 << 30):.1f} GiB free",
                   "" if free >= TMP_WANTED else "free some space, or set TMPDIR")
