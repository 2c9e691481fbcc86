"""Attempts to write where it is not theirs: over results, over the exercise, into Python itself, for the next to import."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.case import Layer
from tests.hostile.reading import attempt

TARGETS = '''
import ctypes, subprocess, torch
FOLDERS = ("{root}", "{root}/out", "{root}/out/0-neighbour", "{root}/out/observations", "{root}/in", "{root}/exercises/he_init", "{root}/earlier", "{home}",
           "/", "/etc", "/usr", "/usr/lib", "/var", "/var/tmp", "/grader", "/grader/grader", "/grader/grader/inside", "/grader/grader/wall", os.path.dirname(torch.__file__),
           sys.prefix, sys.base_prefix, *(path + "/grader" for path in sys.path), "/proc", "/proc/sys/kernel", "/sys", "/dev", "/job/..")
FILES = ("{root}/out/results.jsonl", "{root}/out/grades.csv", "{root}/out/index.html", "{root}/out/gradebook.sqlite", "{root}/out/0-neighbour/he_init.html",
         "{root}/exercises/he_init/checks.py", "{root}/in/0-neighbour/he_init.ipynb", "/grader/grader/inside/linux.py", "/grader/grader/wall/wire.py",
         "/grader/grader/__init__.py", torch.__file__, os.__file__, sys.executable, "/etc/ld.so.cache", "/proc/sys/kernel/core_pattern",
         "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/power/state")
def act(what, make):
    try: made = make()
    except (OSError, subprocess.SubprocessError): return
    won(what, made)
'''
NAME = '"grader-was-here"'

CASES = (
    attempt("writes-outside", "New files in the exercise, the submissions, the output, the package and Python itself.", TARGETS + f'''
for folder in FOLDERS:
    act(folder, lambda: open(os.path.join(folder, {NAME}), "x"))
    act(folder, lambda: os.mkdir(os.path.join(folder, {NAME})))
    act(folder, lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR))
for folder in ("/tmp", "/dev/shm", "/run", "."):
    with open(os.path.join(folder, {NAME}), "w") as file: file.write("x")  # its own: nobody else's
''', always=True),
    attempt("overwrites", "Files that decide marks: written, appended to, cut, through descriptors and mappings.", TARGETS + '''
import mmap
for path in FILES:
    for mode in ("r+b", "ab"): act(path, lambda: open(path, mode))
    act(path, lambda: os.truncate(path, 0))
    try: number = os.open(path, os.O_RDONLY)
    except OSError: continue
    act(path, lambda: os.write(os.open(f"/proc/self/fd/{number}", os.O_WRONLY), b""))
    act(path, lambda: mmap.mmap(number, 0, mmap.MAP_SHARED, mmap.PROT_WRITE | mmap.PROT_READ))
    act(path, lambda: os.ftruncate(number, 0)) if False else None
    os.close(number)
'''),
    attempt("changes-rights", "chmod, chown, times, attributes, flags.", TARGETS + '''
for path in (*FILES, *FOLDERS):
    act(path, lambda: os.chmod(path, 0o777))
    act(path, lambda: os.chown(path, os.getuid(), os.getgid()))
    act(path, lambda: os.utime(path))
    act(path, lambda: os.setxattr(path, "user.x", b"x"))
    act(path, lambda: os.chmod(os.open(path, os.O_RDONLY), 0o777))
'''),
    attempt("renames", "Renames, exchanges and deletes what lies there, and the folders above.", TARGETS + f'''
libc = ctypes.CDLL(None, use_errno=True)
open("mine", "w").close()
for path in (*FILES, *FOLDERS):
    act(path, lambda: os.rename(path, path + "-" + {NAME}))
    act(path, lambda: os.rename("mine", path))
    act(path, lambda: os.unlink(path))
    if libc.renameat2(-100, b"mine", -100, path.encode(), 2) == 0: won("exchanged", path)
'''),
    attempt("links", "Symbolic and hard links, where results are expected and to where they are.", TARGETS + f'''
for path in (*FILES, *(os.path.join(folder, {NAME}) for folder in FOLDERS)):
    act(path, lambda: os.symlink("/etc/passwd", path))
    act(path, lambda: os.link(path, "/tmp/hard"))
    act(path, lambda: os.link("/tmp/hard", path + "x"))
for name in ("he_init.html", "he_init.ipynb", "results.jsonl", "index.html", "gradebook.sqlite", "kernel.json"):
    for folder in (".", "/tmp", "/run", "/job", "/job/k", "/dev/shm"):
        try: os.symlink("{{root}}/out/" + name, os.path.join(folder, name))
        except OSError: pass
'''),
    attempt("makes-pipes", "Pipes, sockets and folders where a reader would open a file, and wait.", TARGETS + f'''
import socket
for folder in (*FOLDERS,):
    act(folder, lambda: os.mkfifo(os.path.join(folder, {NAME})))
    act(folder, lambda: socket.socket(socket.AF_UNIX).bind(os.path.join(folder, {NAME})))
for name in ("he_init.ipynb", "results.jsonl", "observations", "kernel.json", "told.json", "answer"):
    for folder in (".", "/tmp", "/run", "/job/k", "/dev/shm"):
        try: os.mkfifo(os.path.join(folder, name))
        except OSError: pass
'''),
    attempt("mounts", "Mounts, remounts, namespaces of its own, another root.", TARGETS + '''
libc = ctypes.CDLL(None, use_errno=True)
for source, target, kind, flags in ((b"/tmp", b"/grader", None, 4096), (b"none", b"/", None, 32 | 4096), (b"none", b"/usr", None, 32), (b"tmpfs", b"/usr", b"tmpfs", 0),
                                    (b"proc", b"/proc", b"proc", 0), (b"/", b"/tmp", b"overlay", 0), (b"tmpfs", b"/grader", b"tmpfs", 0)):
    if libc.mount(source, target, kind, flags, None) == 0: won("mount", target)
for target in (b"/grader", b"/tmp", b"/proc", b"/dev/shm", b"/run", b"/job", b"/"):
    if libc.umount2(target, 2) == 0: won("umount", target)
for flag in (0x00020000, 0x10000000, 0x20000000, 0x40000000, 0x04000000, 0x02000000, 0x08000000):
    if libc.unshare(flag) == 0: won("unshare", hex(flag))
if libc.chroot(b"/tmp") == 0: won("chroot")
if libc.syscall(155, b"/tmp", b"/tmp") == 0: won("pivot_root")
act("shell", lambda: subprocess.check_output("mount -o remount,rw / || unshare -Ur id || bwrap --dev-bind / / true", shell=True, stderr=subprocess.DEVNULL))
for number in (0, 1000):
    act("setuid", lambda: os.setuid(number))
    act("setgid", lambda: os.setgid(number))
act("su", lambda: subprocess.check_output("su -c id || sudo -n id", shell=True, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL))
''', Layer.FILTER),
    attempt("traps-for-imports", "Modules, start-up files and byte code in every folder that some Python might read first.", TARGETS + '''
import importlib, site
TRAP = "import os, sys\\nsys.stderr.write('TRAPPED')\\nos._exit(0)\\n"
names = ("json.py", "msgspec.py", "safetensors.py", "numpy.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "queue.py", "encodings.py", "nbconvert.py",
         "decimal.py", "jedi.py", "zmq.py", "grader/__init__.py", "torch/__init__.py", "trap.pth", "ipython_config.py", "jupyter_config.py", "pyvenv.cfg")
folders = [".", "..", "/job", "/job/home", "/job/k", "/tmp", "/run", "/dev/shm", os.path.expanduser("~"), os.path.expanduser("~/.ipython/profile_default/startup"),
           "/run/ipython/profile_default/startup", os.path.expanduser("~/.jupyter"), os.path.expanduser("~/.config/matplotlib"), "/run/matplotlib", *sys.path, *site.getsitepackages(),
           site.getusersitepackages(), "/grader/grader/inside/__pycache__", "/grader/grader/inside/runner"]
for folder in folders:
    for name in names:
        path = os.path.join(folder or ".", name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "x") as file: file.write(TRAP)
        except OSError: continue
        if folder.startswith(("/grader", "/job", *site.getsitepackages())) and folder in sys.path: won(path)
os.environ["PYTHONPATH"] = os.environ["PYTHONSTARTUP"] = os.getcwd()
''', Layer.MOUNTS, always=True),
)
