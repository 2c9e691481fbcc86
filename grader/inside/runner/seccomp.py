"""One filter over the system calls of a kernel and of everything it starts.

A list of what is refused, not of what is allowed: numerical libraries use more of the kernel than one can
foresee. What is listed reaches other processes, makes namespaces or mounts, escapes the memory accounting, or
is rarely used and often broken. Written as BPF by hand, so that nothing has to be compiled or installed.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

from grader.inside import linux

# name: number on x86_64, number on aarch64 (from 424 on the two agree; -1: there is none)
REFUSED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272), "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51), "move_mount": (429, 429), "open_tree": (428, 428), "open_tree_attr": (467, 467),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "statmount": (457, 457), "listmount": (458, 458),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "userfaultfd": (323, 282), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "mq_open": (240, 180), "bpf": (321, 280), "perf_event_open": (298, 241),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "acct": (163, 89), "swapon": (167, 224), "swapoff": (168, 225),
    "reboot": (169, 142), "quotactl": (179, 60), "quotactl_fd": (443, 443), "syslog": (103, 116),
    "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "iopl": (172, -1), "ioperm": (173, -1),
    "modify_ldt": (154, -1), "uselib": (134, -1), "personality": (135, 92), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "vhangup": (153, 58), "sethostname": (170, 161), "setdomainname": (171, 162),
    "clock_settime": (227, 112), "settimeofday": (164, 170), "adjtimex": (159, 171),
}
SOCKET, CLONE, CLONE3 = (41, 198), (56, 220), (435, 435)
FAMILIES = (1, 2, 10, 16)              # UNIX, INET, INET6, NETLINK: there is no network to reach with them
NEW_NAMESPACES = 0x7E020000            # every CLONE_NEW* that clone itself accepts
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# offsets in struct seccomp_data; little-endian: the low word comes first
NUMBER, ARCH, FIRST_ARGUMENT = 0, 4, 16
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000


def supported() -> bool:
    return platform.machine() in MACHINES


def program(machine: str) -> bytes:
    """The filter for one machine. Jumps are forward by count: each test falls through to the next."""
    column, audit = MACHINES[machine]
    deny, missing = ERROR | errno.EPERM, ERROR | errno.ENOSYS
    lines = [(LOAD, 0, 0, ARCH), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    if machine == "x86_64":  # the x32 interface has numbers of its own for the same calls
        lines += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, deny)]
    # libc falls back from clone3, whose flags lie in memory where no filter can look, to clone.
    lines += [(EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, missing)]
    for numbers in REFUSED.values():
        if numbers[column] >= 0:
            lines += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, deny)]
    lines += [(EQUAL, 0, 3, CLONE[column]), (LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 0, 1, NEW_NAMESPACES),
              (RETURN, 0, 0, deny), (LOAD, 0, 0, NUMBER)]
    lines += [(EQUAL, 0, len(FAMILIES) + 2, SOCKET[column]), (LOAD, 0, 0, FIRST_ARGUMENT)]
    lines += [(EQUAL, len(FAMILIES) - index, 0, family) for index, family in enumerate(FAMILIES)]
    lines += [(RETURN, 0, 0, deny), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def install() -> None:
    """For this process and all that it starts, for ever. Needs no_new_privs.

    Raises:
        OSError: the kernel refuses, or there is no filter for this machine.
    """
    machine = platform.machine()
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"no system call filter for {machine}")
    code = program(machine)
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    filled = Program(len(code) // 8, ctypes.addressof(buffer))
    if linux.libc().prctl(linux.SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(filled), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
