"""The few system calls that Python has no words for. Linux only."""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
from pathlib import Path

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
NOSUID, NODEV, NOEXEC, READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 2, 4, 8, 1, 32, 4096, 16384, 1 << 18
SET_PDEATHSIG, SET_DUMPABLE, SET_NO_NEW_PRIVS, CAPBSET_DROP, SET_SECCOMP = 1, 4, 38, 24, 22
KILL, SETGID, SETUID = 5, 6, 7
SET_CHILD_SUBREAPER = 36
LAST_CAPABILITY = 63  # room for those to come; unknown ones are refused and that is no error
CAPABILITY_VERSION = 0x20080522
HUGE, MADV_COLLAPSE = 2 << 20, 25
MAYMOVE = 1


@functools.cache
def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _checked(libc().unshare(flags), "unshare")


def map_own_ids() -> None:
    """In a new user namespace: the same user and group as before, and nobody else."""
    uid, gid = os.getuid(), os.getgid()
    unshare(NEWUSER)
    for name, line in ("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"):
        Path("/proc/self", name).write_text(line)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    _checked(libc().mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags),
                          options.encode()), f"mount {target}")


def unmount(target: str) -> None:
    _checked(libc().umount2(target.encode(), 0), f"unmount {target}")


def mount_tmpfs(target: str, *, size: int, mode: int = 0o700) -> None:
    """A private file system in memory. Its inodes are limited too: empty files cost memory."""
    mount("tmpfs", target, "tmpfs", NOSUID | NODEV, f"size={size},nr_inodes=65536,mode={mode:o}")


def bind(source: str, target: str, *, writable: bool) -> None:
    mount(source, target, flags=BIND)
    if not writable:
        mount("", target, flags=BIND | REMOUNT | READ_ONLY | NOSUID | NODEV)


def bind_tree(source: str, target: str) -> None:
    """Read-only, with all that is mounted below it, each as it is."""
    mount(source, target, flags=BIND | RECURSIVE)
    mount("", target, flags=BIND | REMOUNT | READ_ONLY | NOSUID | NODEV)


def gather_pages() -> None:
    """Put this process's own memory on huge pages where the kernel can: a fork copies the page tables, and
    they become a hundredth. Without that a fork of a process with torch in it costs 20 ms, with it 4."""
    for line in map(str.split, Path("/proc/self/maps").read_text().splitlines()):
        if line[1] == "rw-p" and line[4] == "0" and (len(line) == 5 or line[5] == "[heap]"):
            start, end = (int(part, 16) for part in line[0].split("-"))
            start, end = -(-start // HUGE) * HUGE, end // HUGE * HUGE
            if start < end:  # refused where the kernel is older than 6.1, or for what is not mapped: no harm
                libc().madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)


def is_shared(address: int) -> bool:
    """Does this memory lie on pages that other processes may hold too? Only those can be mapped a second
    time, from Linux 4.14 on."""
    again = libc().mremap
    again.restype = ctypes.c_void_p
    page = mmap.PAGESIZE
    found = again(ctypes.c_void_p(address // page * page), ctypes.c_size_t(0), ctypes.c_size_t(page), MAYMOVE)
    if found == ctypes.c_void_p(-1).value:
        return False
    libc().munmap(ctypes.c_void_p(found), ctypes.c_size_t(page))
    return True


def prctl(option: int, value: int) -> None:
    _checked(libc().prctl(option, ctypes.c_ulong(value), 0, 0, 0), "prctl")


def drop_capabilities(*kept: int) -> None:
    """No capability is left but those named, and none can come back."""
    for capability in range(LAST_CAPABILITY + 1):
        libc().prctl(CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    mask = sum(1 << capability for capability in kept)
    _checked(libc().capset(header, (ctypes.c_uint32 * 6)(mask, mask)), "capset")
    prctl(SET_NO_NEW_PRIVS, 1)


def become(user: int, *kept: int) -> None:
    """Another user, in a group of its own, with no capability but those named."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    drop_capabilities(*kept)
    prctl(SET_DUMPABLE, 1)  # else it could not write its own uid_map


def close_all_but(*kept: int) -> None:
    """Close every descriptor except 0, 1, 2 and those named."""
    import resource

    low = 3
    for number in sorted(kept):
        os.closerange(low, number)
        low = max(low, number + 1)
    os.closerange(low, max(low, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))


def limit(which: int, value: int) -> None:
    """Lower a resource limit, soft and hard; one that is lower already stays."""
    import resource

    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))
