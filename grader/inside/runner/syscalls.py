"""System calls by name: those that a notebook may make, and those that are known and refused.

The first are what scripts/system_calls.py has recorded, and their siblings: the same act under an older or a
newer name, and its other half. Each name has its number on x86_64, from that machine's headers and recorded
there, and on aarch64, from the kernel's table and never run. -1: there is none.
"""

Numbers = dict[str, tuple[int, int]]

FILES: Numbers = {
    "open": (2, -1), "openat": (257, 56), "creat": (85, -1), "close": (3, 57), "close_range": (436, 436),
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "lseek": (8, 62), "stat": (4, -1),
    "fstat": (5, 80), "lstat": (6, -1), "newfstatat": (262, 79), "statx": (332, 291), "statfs": (137, 43),
    "fstatfs": (138, 44), "access": (21, -1), "faccessat": (269, 48), "faccessat2": (439, 439),
    "getdents": (78, -1), "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49),
    "fchdir": (81, 50), "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1), "rename": (82, -1),
    "renameat": (264, 38), "renameat2": (316, 276), "link": (86, -1), "linkat": (265, 37),
    "unlink": (87, -1), "unlinkat": (263, 35), "symlink": (88, -1), "symlinkat": (266, 36),
    "readlink": (89, -1), "readlinkat": (267, 78), "mknod": (133, -1), "mknodat": (259, 33),
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "umask": (95, 166),
    "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47), "fadvise64": (221, 223),
    "fsync": (74, 82), "fdatasync": (75, 83), "sync_file_range": (277, 84), "sendfile": (40, 71),
    "copy_file_range": (326, 285), "utime": (132, -1), "utimes": (235, -1), "futimesat": (261, -1),
    "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "getxattr": (191, 8), "lgetxattr": (192, 9), "fgetxattr": (193, 10), "listxattr": (194, 11),
    "llistxattr": (195, 12), "flistxattr": (196, 13), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "dup": (32, 23), "dup2": (33, -1), "dup3": (292, 24), "pipe": (22, -1),
    "pipe2": (293, 59), "eventfd": (284, -1), "eventfd2": (290, 19),
}
WAITING: Numbers = {
    "poll": (7, -1), "ppoll": (271, 73), "select": (23, -1), "pselect6": (270, 72),
    "epoll_create": (213, -1), "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, -1),
    "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441), "futex": (202, 98), "futex_waitv": (449, 449),
    "timerfd_create": (283, 85), "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87),
    "signalfd": (282, -1), "signalfd4": (289, 74), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
    "pause": (34, -1),
}
SOCKETS: Numbers = {
    "socketpair": (53, 199), "bind": (49, 200), "connect": (42, 203), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "getsockname": (51, 204), "getpeername": (52, 205),
    "getsockopt": (55, 209), "setsockopt": (54, 208), "sendto": (44, 206), "recvfrom": (45, 207),
    "sendmsg": (46, 211), "recvmsg": (47, 212), "sendmmsg": (307, 269), "recvmmsg": (299, 243),
    "shutdown": (48, 210),
}
MMAP = (9, 222)
MEMORY: Numbers = {
    "brk": (12, 214), "mmap": MMAP, "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226),
    "madvise": (28, 233), "msync": (26, 227), "mincore": (27, 232), "mlock": (149, 228),
    "mlock2": (325, 284), "munlock": (150, 229), "membarrier": (324, 283), "mbind": (237, 235),
    "get_mempolicy": (239, 236), "set_mempolicy": (238, 237),
}
SIGNALS: Numbers = {
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136), "rt_sigsuspend": (130, 133), "rt_sigtimedwait": (128, 137),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "sigaltstack": (131, 132),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "restart_syscall": (219, 128),
    "alarm": (37, -1), "getitimer": (36, 102), "setitimer": (38, 103), "timer_create": (222, 107),
    "timer_settime": (223, 110), "timer_gettime": (224, 108), "timer_getoverrun": (225, 109),
    "timer_delete": (226, 111),
}
ITSELF: Numbers = {
    "exit": (60, 93), "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95), "getpid": (39, 172),
    "getppid": (110, 173), "gettid": (186, 178), "getpgid": (121, 155), "getpgrp": (111, -1),
    "setpgid": (109, 154), "getsid": (124, 156), "setsid": (112, 157), "getuid": (102, 174),
    "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177), "getresuid": (118, 148),
    "getresgid": (120, 150), "getgroups": (115, 158), "setuid": (105, 146), "setgid": (106, 144),
    "setreuid": (113, 145), "setregid": (114, 143), "setresuid": (117, 147), "setresgid": (119, 149),
    "setgroups": (116, 159), "capget": (125, 90), "getrlimit": (97, 163), "setrlimit": (160, 164),
    "prlimit64": (302, 261), "getrusage": (98, 165), "times": (100, 153), "getpriority": (140, 141),
    "setpriority": (141, 140), "ioprio_get": (252, 31), "ioprio_set": (251, 30), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "sched_setaffinity": (203, 122), "sched_getparam": (143, 121),
    "sched_setparam": (142, 118), "sched_getscheduler": (145, 120), "sched_setscheduler": (144, 119),
    "sched_getattr": (315, 275), "sched_setattr": (314, 274), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "sched_rr_get_interval": (148, 127), "prctl": (157, 167),
    "arch_prctl": (158, -1), "set_tid_address": (218, 96), "set_robust_list": (273, 99), "rseq": (334, 293),
    "getcpu": (309, 168), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
}
MACHINE: Numbers = {
    "uname": (63, 160), "sysinfo": (99, 179), "time": (201, -1), "gettimeofday": (96, 169),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "getrandom": (318, 278),
}
SETTING_UP: Numbers = {
    "unshare": (272, 97), "mount": (165, 40), "umount2": (166, 39), "capset": (126, 91),
    "seccomp": (317, 277),
}
# What makes a process, or another of one. The gate (gate.py) answers: it knows whether a call is being made.
CREATING: Numbers = {"fork": (57, -1), "vfork": (58, -1), "execve": (59, 221), "execveat": (322, 281)}
# What is allowed by its arguments (seccomp.py).
CLONE, CLONE3, SOCKET, IOCTL, FCNTL = (56, 220), (435, 435), (41, 198), (16, 29), (72, 25)
BY_ARGUMENT: Numbers = {"clone": CLONE, "clone3": CLONE3, "socket": SOCKET, "ioctl": IOCTL, "fcntl": FCNTL}
ALLOWED: Numbers = {**FILES, **WAITING, **SOCKETS, **MEMORY, **SIGNALS, **ITSELF, **MACHINE}

# Refused as forbidden: these reach other processes, make namespaces or mounts, or escape the memory
# accounting. What stands nowhere here is refused as unknown to this kernel, and libraries fall back from it.
FORBIDDEN: Numbers = {
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
# Refused as unknown: these tell of other jobs' use of shared files, or of what the machine has in its cache.
TELLING: Numbers = {
    "flock": (73, 32), "inotify_init": (253, -1), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "inotify_rm_watch": (255, 28), "fanotify_mark": (301, 263), "cachestat": (451, 451),
    "preadv2": (327, 286),
}
NAMES = {**ALLOWED, **BY_ARGUMENT, **CREATING, **FORBIDDEN, **TELLING}
