"""Attempts to read what is not theirs: each by another road, to its end, which it tells."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.canaries import PATTERN
from tests.hostile.case import Case, Layer

LOOK = f'''
import os, re, sys
CANARY = re.compile({PATTERN[:3]!r} + {PATTERN[3:]!r})
def tell(found):
    text = found.decode("latin-1") if isinstance(found, bytes) else str(found)
    for canary in CANARY.findall(text): print("LEAK" + "ED", canary)
def won(*what): print("W" + "ON", *what)
def read(path, most=1 << 20):
    try:
        with open(path, "rb") as file: tell(file.read(most))
    except (OSError, ValueError): pass
'''


def attempt(name: str, does: str, source: str, layer: Layer | None = None, *, always: bool = False,
            fault: str = "") -> Case:
    """A cell that tries it, tells of what it found or did, and goes on to its end."""
    return Case(name=name, does=does, hides="lecun", cells=(f'{LOOK}{source}\nprint("TRI" + "ED")',),
                hushed=("LEAKED", "WON"), tells=("TRIED",), layer=layer, always=always, fault=fault)


CASES = (
    # --- files ---------------------------------------------------------------------------------------------
    attempt("reads-files", "Walks the whole file system for the exercise, the reference, the gradebook, keys and other "
            "submissions.", '''
names = {"checks.py", "exercise.toml", "probes.py", "gradebook.sqlite", "results.jsonl", "id_rsa", "shadow", "judge.py",
         "known_hosts", ".netrc", ".git", "secret.txt", "notes.txt"}
for folder, folders, files in os.walk("/"):
    if "site-packages" in folder or folder in ("/usr", "/proc", "/sys", sys.base_prefix, sys.prefix):
        folders.clear()
    for name in names & set(files + folders): won(os.path.join(folder, name))
    if len(folder) < 30 and not folder.startswith("/etc"):
        for name in files[:20]:
            if os.path.isfile(path := os.path.join(folder, name)): read(path, 10_000)
for path in ("{home}", "{root}", "{root}/..", os.path.expanduser("~/.ssh/id_rsa"), "/proc/1/root", "/proc/self/cwd/.."):
    if os.path.exists(path) and ("exercises" in (entries := os.listdir(path)) or ".ssh" in entries): won(path)
''', always=True),
    attempt("reads-named-files", "Opens what it knows by name, directly, through links and through descriptors.", '''
for path in ("{home}/.ssh/id_rsa", "{home}/.netrc", "{root}/exercises/he_init/checks.py", "{root}/exercises/he_init/secret.txt",
             "{root}/earlier/results.jsonl", "{root}/out/gradebook.sqlite", "{root}/in/0-neighbour/he_init.ipynb",
             "{root}/in/0-neighbour/notes.txt", "{root}/out/0-neighbour/he_init.md"):
    for before in ("", "/proc/self/root", "/proc/1/root", "/proc/self/cwd/" + "../" * 9, "/proc/thread-self/root",
                   f"/proc/{os.getppid()}/root", "/dev/fd/../../root"):
        read(before + path)
    try:
        os.symlink(path, "/tmp/link"); read("/tmp/link"); os.unlink("/tmp/link")
        os.link(path, "/tmp/hard"); read("/tmp/hard")
    except OSError: pass
'''),
    attempt("reads-with-a-shell", "find, grep, tar and the shell's own magics.", '''
import subprocess
for command in ("find / -xdev ( -name id_rsa -o -name checks.py -o -name gradebook.sqlite ) -not -path '/proc/*'",
                "ls -laR /home /srv /mnt /media /var /opt"):
    found = subprocess.run(command.replace("(", "\\\\(").replace(")", "\\\\)"), shell=True, capture_output=True, text=True).stdout
    for line in found.splitlines():
        if line.endswith(("id_rsa", "checks.py", "gradebook.sqlite")): won(line)
tell(subprocess.run("cat {home}/.ssh/* {root}/exercises/he_init/* {root}/in/*/* /etc/shadow; tar c {root} | head -c 1000000",
                    shell=True, capture_output=True).stdout)
tell(get_ipython().getoutput("cat {root}/exercises/he_init/checks.py; env; ps axeww"))
try: get_ipython().run_line_magic("load", "{root}/exercises/he_init/checks.py")
except BaseException: pass
try: get_ipython().run_line_magic("run", "-n {root}/exercises/he_init/checks.py")
except BaseException: pass
'''),
    attempt("reads-by-handle", "Files by inode number and by raw system calls, devices, the machine's memory.", '''
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
handle = (ctypes.c_char * 32)()
ctypes.memmove(handle, (8).to_bytes(4, "little") + (1).to_bytes(4, "little") + (2).to_bytes(4, "little") + bytes(4), 16)
mount = os.open("/", os.O_RDONLY)
if libc.open_by_handle_at(mount, handle, os.O_RDONLY) >= 0: won("a handle")
how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0)
if libc.syscall(437, -100, b"{home}/.netrc", how, 24) >= 0: won("openat2")
for device in ("/dev/mem", "/dev/kmem", "/dev/port", "/proc/kcore", "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/kmsg", "/dev/fuse",
               "/dev/kvm", "/dev/loop-control", "/dev/net/tun", "/proc/kallsyms", "/sys/kernel/debug", "/proc/config.gz"):
    try: os.close(os.open(device, os.O_RDONLY)); won(device)
    except OSError: pass
for major, minor in ((1, 1), (8, 0), (252, 0), (259, 0)):
    for kind in (0o060600, 0o020600):
        try: os.mknod("/tmp/device", kind, os.makedev(major, minor)); won("mknod")
        except OSError: pass
''', Layer.FILTER),
    # --- environment -------------------------------------------------------------------------------------
    attempt("reads-environment", "Its own environment: Python's, C's and a shell's.", '''
import ctypes, subprocess
tell(os.environ)
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
i = 0
while environ[i]: tell(environ[i]); i += 1
tell(subprocess.run("set; export -p; printenv; cat /proc/$$/environ /proc/$PPID/environ", shell=True, capture_output=True).stdout)
if [name for name in os.environ if "TOKEN" in name or "KEY" in name or "SECRET" in name]: won(dict(os.environ))
''', always=True),
    attempt("reads-proc", "Environment, command line, memory and maps of every process that there is.", '''
for pid in ["self", "thread-self", *map(str, range(1, 300))]:
    for name in ("environ", "cmdline", "maps", "status", "auxv", "stack", "syscall", "mountinfo", "cgroup", "net/unix", "net/tcp",
                 "sched", "task/1/environ", "attr/current", "comm", "personality"):
        read(f"/proc/{pid}/{name}")
    try: [tell(os.readlink(f"/proc/{pid}/fd/{n}")) for n in range(64)]
    except OSError: pass
    try: [read(f"/proc/{pid}/fd/{n}") for n in range(3, 40) if os.path.isfile(f"/proc/{pid}/fd/{n}")]
    except OSError: pass
for name in ("keys", "key-users", "sched_debug", "timer_list", "locks", "net/unix", "mounts", "cmdline", "sysvipc/shm", "self/net/unix"):
    read("/proc/" + name)
''', Layer.PROCESSES),
    attempt("reads-own-memory", "The whole memory of its own process, and what is left of those it was forked from.", '''
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, rights, *_, = line.split()
        start, end = (int(x, 16) for x in span.split("-"))
        if rights.startswith("rw") and end - start < 1 << 25:
            try:
                memory.seek(start)
                tell(memory.read(end - start))
            except (OSError, OverflowError, ValueError): pass
''', Layer.JUDGE),
    # --- the interpreter ---------------------------------------------------------------------------------
    attempt("reads-memory", "Frames, the collector, and modules that decide marks.", '''
import gc, inspect
for frame in inspect.stack(): tell(frame.frame.f_locals)
frame = sys._getframe()
while frame: tell(list(frame.f_locals.values())[:50]); frame = frame.f_back
for thing in gc.get_objects()[:200_000]:
    if type(thing) in (str, dict, bytes):
        try: tell(repr(thing)[:5000]) if len(thing) < 1000 else None
        except BaseException: pass
for name in ("grader.judge", "grader.spec", "grader.exercise.catalog", "grader.pipeline", "grader.spec.statistics", "grader.keep.gradebook",
             "exercises.he_init.checks", "checks", "tests.hostile.batch"):
    if name in sys.modules: won(name)
    try: __import__(name); won("import", name)
    except ImportError: pass
''', Layer.JUDGE, always=True),
    attempt("reads-other-threads", "Frames of other threads, tasks, closures, exceptions, what refers to what.", '''
import asyncio, gc, threading, types
for frame in sys._current_frames().values():
    while frame: tell([repr(v)[:3000] for v in list(frame.f_locals.values())[:40]]); frame = frame.f_back
for task in asyncio.all_tasks(): tell(repr(task.get_coro().cr_frame.f_locals)[:5000])
for thing in gc.get_objects()[:100_000]:
    if isinstance(thing, types.FunctionType) and thing.__closure__:
        for cell in thing.__closure__:
            try: tell(repr(cell.cell_contents)[:500])
            except BaseException: pass
for module in list(sys.modules.values()):
    for value in list(vars(module).values()) if module else ():
        if type(value) is str: tell(value)
tell(threading.enumerate()); tell(sys.exc_info()); tell(sys.argv); tell(sys.orig_argv); tell(sys.path)
''', Layer.JUDGE),
    attempt("reads-history", "linecache, the shell's history, the kernel's messages, In and Out.", '''
import inspect, linecache
shell = get_ipython()
tell(In); tell(Out); tell(shell.user_ns); tell(vars(shell.kernel)); tell(vars(shell.kernel.session)); tell(shell.kernel.get_parent())
tell(list(shell.history_manager.search("*"))); tell(list(shell.history_manager.get_tail(1000)))
tell(linecache.cache)
for name, module in list(sys.modules.items()):
    if name.startswith("grader"):
        try: text = inspect.getsource(module)
        except (OSError, TypeError): continue
        tell(text)
        if "expect_" in text and "tolerance" in text: won(name)
for path in ("checks.py", "exercises/he_init/checks.py", "{root}/exercises/he_init/checks.py"): tell("".join(linecache.getlines(path)))
''', Layer.JUDGE),
    Case(name="reads-during-a-call", hides="lazy", exactly=18.0, causes={"init-weights": "raised"}, layer=Layer.JUDGE,
         hushed=("LEAKED",), does="Frames, arguments and environment while a call is made; what it finds it raises.", cells=(LOOK + '''
def init_weights(module):
    found, frame = [repr(os.environ)], sys._getframe()
    while frame: found += [repr(value)[:2000] for value in frame.f_locals.values()] + [repr(frame.f_globals)[:5000]]; frame = frame.f_back
    raise ValueError(CANARY.findall(" ".join(found)))
''',)),
    Case(name="looks-for-calls", hides="lecun", hushed=("WON",), layer=Layer.RUNNER, tells=("TRIED",),
         does="Looks in frames and messages for the calls that will be made and their inputs.", cells=(LOOK + '''
import gc
for thing in gc.get_objects():
    if type(thing).__name__ in ("CallStep", "ProbeStep"): won(type(thing))
print("TRI" + "ED")
''',)),
)
