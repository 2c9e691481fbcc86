"""Attempts to read what is not theirs, or to reach out. What is found is printed; the test looks for it in
every file."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.case import Case

SECRET = "the-secret-that-no-submission-may-see"

LOOK = '''
import os, sys
BACKWARDS = "ees-yam-noissimbus-on-taht-terces-eht"  # so that it does not find itself
def tell(text):
    if BACKWARDS[::-1] in str(text): print("LEAKED", BACKWARDS[::-1].upper())
'''
LEAKED = SECRET.upper()

CASES = (
    Case(name="reads-files", hides="lecun", hushed=(LEAKED, "FOUND-FILE"),
         does="Walks the whole file system for the exercise, the reference, the gradebook, keys and other "
         "submissions.", cells=(LOOK + '''
names = {"checks.py", "exercise.toml", "probes.py", "gradebook.sqlite", "results.jsonl", "id_rsa", "shadow", "judge.py",
         "known_hosts", ".netrc", ".git", "secret.txt"}
for folder, folders, files in os.walk("/"):
    if "site-packages" in folder or "dist-packages" in folder or folder.startswith(("/usr/share", "/usr/lib")):
        continue
    for name in names & set(files + folders): print("FOUND" + "-FILE", os.path.join(folder, name))
    if len(folder) < 30:
        for name in files:
            try:
                with open(os.path.join(folder, name), errors="replace") as file: tell(file.read(100_000))
            except OSError: pass
for path in ("{home}", "{root}", "{root}/..", os.path.expanduser("~/.ssh/id_rsa"), "/proc/1/root", "/proc/self/cwd/.."):
    if os.path.exists(path) and ("exercises" in (entries := os.listdir(path)) or ".ssh" in entries):
        print("FOUND" + "-FILE", path)
''',)),
    Case(name="reads-environment", hides="lecun", hushed=(LEAKED,),
         does="Reads its own environment, that of other processes, command lines, descriptors, memory and "
         "maps.", cells=(LOOK + '''
tell(os.environ)
for pid in ["self", *map(str, range(1, 300))]:
    for name in ("environ", "cmdline", "maps", "mem", "status"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file: tell(file.read(1 << 20))
        except OSError: pass
    try: [tell(os.readlink(f"/proc/{pid}/fd/{n}")) for n in range(64)]
    except OSError: pass
import ctypes
libc = ctypes.CDLL(None)
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
i = 0
while environ[i]:
    tell(environ[i]); i += 1
'''.replace("tell(environ[i])", "tell(environ[i].decode(errors='replace'))")
                .replace("tell(file.read(1 << 20))", "tell(file.read(1 << 20).decode(errors='replace'))"),)),
    Case(name="reads-memory", hides="lecun", hushed=(LEAKED, "FOUND-MODULE"),
         does="Looks through frames, the collector, linecache and the shell's history for what the grader "
         "knows.", cells=(LOOK + '''
import gc, inspect, linecache
for frame in inspect.stack(): tell(frame.frame.f_locals)
frame = sys._getframe()
while frame: tell(list(frame.f_locals.values())[:50]); frame = frame.f_back
for thing in gc.get_objects()[:200_000]:
    if type(thing) in (str, dict, bytes):
        try: tell(repr(thing)[:5000]) if len(thing) < 1000 else None
        except BaseException: pass
for name in ("grader.judge", "grader.spec", "grader.exercise.catalog", "grader.pipeline", "grader.spec.statistics", "grader.keep.gradebook"):
    if name in sys.modules: print("FOUND" + "-MODULE", name)
    try: __import__(name); print("FOUND" + "-MODULE", name)
    except ImportError: pass
''', "print(In[0], Out)")),
    Case(name="reads-siblings", hides="lecun", hushed=(LEAKED, "FOUND-KERNEL"),
         does="Looks for sibling kernels: connection files, sockets, processes, abstract sockets.",
         cells=(LOOK + '''
import glob, socket, signal
own = get_ipython().kernel.config.get("IPKernelApp", {}).get("connection_file", "")
files = {f for folder in ("/tmp", "/run", "/job", "/dev/shm", "/home", "/root", "/var") for f in glob.glob(folder + "/**/*kernel*", recursive=True)}
for file in files:
    if file != own and not file.startswith("/job/k") and "kernelspec" not in file and "share" not in file \\
            and "site-packages" not in file and "matplotlib" not in file:
        print("FOUND" + "-KERNEL", file)
for pid in range(2, 3000):
    if pid in (os.getpid(), os.getppid(), 1): continue
    try: os.kill(pid, 0); os.path.exists(f"/proc/{pid}") and print("FOUND" + "-KERNEL", pid)
    except OSError: pass
''',)),
    Case(name="signals-everyone", hides="lecun",
         does="Sends SIGKILL and SIGSTOP to every process id that there can be.", cells=('''
import os, signal
for sent in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
    for pid in [-1, os.getppid(), *range(1, 5000)]:
        if pid in (0, os.getpid()): continue
        try: os.kill(pid, sent)
        except OSError: pass
    try: os.killpg(1, sent)
    except OSError: pass
''',)),
    Case(name="reads-standard-error", hides="lecun", hushed=("FOUND-FILE", "LEAKED"),
         does="Looks for what other jobs wrote to descriptors that all inherit, and leaves something there.",
         cells=(LOOK + '''
import stat
for number in (0, 1, 2):
    if stat.S_ISREG(os.fstat(number).st_mode) or os.isatty(number): print("FOUND" + "-FILE", number)
    try: os.write(number, b"left for the next"); tell(os.pread(number, 1 << 20, 0))
    except OSError: pass
for name in os.listdir("/dev/pts"): name == "ptmx" or print("FOUND" + "-FILE", name)
''',)),
    Case(name="traces-processes", hides="lecun", hushed=("REACHED",),
         does="ptrace, process_vm_readv, pidfd_getfd on its parents.", cells=('''
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in (1, 2, os.getppid()):
    if libc.ptrace(16, pid, 0, 0) == 0: print("REACH" + "ED ptrace", pid)
    if (handle := libc.syscall(434, pid, 0)) >= 0 and libc.syscall(438, handle, 3, 0) >= 0: print("REACH" + "ED pidfd", pid)
''',)),
    Case(name="reaches-the-network", hides="lecun", hushed=("REACHED",),
         does="Loopback services, the metadata address, DNS, the world, abstract sockets.",
         cells=('''
import socket, urllib.request
def reach(what, make):
    try: made = make(); print("REACH" + "ED", what, made)
    except Exception: pass
reach("loopback", lambda: socket.create_connection(("127.0.0.1", {port}), timeout=1))
reach("loopback 6", lambda: socket.create_connection(("::1", {port}), timeout=1))
reach("metadata", lambda: socket.create_connection(("169.254.169.254", 80), timeout=1))
reach("world", lambda: socket.create_connection(("1.1.1.1", 53), timeout=1))
reach("dns", lambda: socket.getaddrinfo("example.com", 80))
reach("http", lambda: urllib.request.urlopen("http://127.0.0.1:{port}/", timeout=1).read(10))
def abstract():
    s = socket.socket(socket.AF_UNIX); s.connect("\\0grader-hostile-test-{port}"); return s
reach("abstract", abstract)
''',)),
    Case(name="writes-outside", hides="lecun", hushed=("WROTE",),
         does="Writes to the exercise, the submissions, the output, the package and Python itself.",
         cells=('''
import os, sys, torch
for folder in ("{root}", "{root}/out", "{root}/in", "{root}/exercises", "{home}", "/", "/etc", "/usr", "/var/tmp", "/grader",
               "/grader/grader/inside", os.path.dirname(torch.__file__), sys.prefix, "/proc", "/sys", "/dev"):
    try:
        with open(os.path.join(folder, "grader-was-here"), "w") as file: file.write("x")
        print("WRO" + "TE", folder)
    except OSError: pass
for folder in ("/tmp", "/dev/shm", "/run", "."):
    with open(os.path.join(folder, "grader-was-here"), "w") as file: file.write("x")  # its own: nobody else's
''',)),
)
