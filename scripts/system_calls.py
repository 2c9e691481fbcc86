"""Which system calls honest notebooks make: recorded with strace, compared with the list that kernels are held to.

    python scripts/system_calls.py

Runs the right solutions of every exercise and the cells below in the sandbox. Prints what was called and is
not on the list, and what is on the list and was not called. x86_64; strace 6 and bubblewrap are needed.
"""

# ruff: noqa: E501 - the cells are as wide as they are
from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grader.execute.bubblewrap import BubblewrapSandbox  # noqa: E402 - of this tree, not of an installed one
from grader.exercise.inline import as_notebook  # noqa: E402
from grader.exercise.refused import refused as solutions  # noqa: E402
from grader.inside.runner import syscalls  # noqa: E402
from grader.wall import wire  # noqa: E402
from grader.wall.messages import Job  # noqa: E402

LINE = re.compile(r"(\d+) +(?:<\.\.\. )?([a-z]\w*)(?:\(| resumed>)(.*)")
CHILD = re.compile(r"= (\d+)(?: /\* (\d+) in strace's PID NS \*/)?$")
BORN = {"clone", "clone3", "fork", "vfork"}

# What honest notebooks do beside their exercise. Each is a notebook of its own.
CELLS = {
    "torch": """
import torch, io
from torch import nn
net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 30 * 30, 10))
optimiser = torch.optim.Adam(net.parameters())
for _ in range(3):
    optimiser.zero_grad()
    nn.functional.cross_entropy(net(torch.randn(16, 3, 32, 32)), torch.randint(0, 10, (16,))).backward()
    optimiser.step()
torch.save(net.state_dict(), "net.pt")
torch.load("net.pt"); torch.load("net.pt", mmap=True)
torch.jit.script(nn.Linear(2, 2)); torch.fx.symbolic_trace(net)
torch.set_num_threads(2); torch.randn(2000, 2000) @ torch.randn(2000, 2000)
torch.randn(1000, 1000).svd(); torch.fft.fft(torch.randn(1 << 16))
with torch.profiler.profile() as profile: net(torch.randn(1, 3, 32, 32))
torch.utils.data.random_split(range(10), [5, 5]); torch.randn(10).share_memory_()
""",
    "workers": """
import torch, multiprocessing, concurrent.futures
from torch.utils.data import DataLoader, TensorDataset
data = TensorDataset(torch.randn(64, 3), torch.randn(64))
for persistent in (False, True):
    for _ in DataLoader(data, batch_size=8, num_workers=2, persistent_workers=persistent): pass
def double(x): return 2 * x
with multiprocessing.Pool(2) as pool: print(pool.map(double, range(10)))
with concurrent.futures.ThreadPoolExecutor(4) as threads: print(list(threads.map(double, range(10))))
with concurrent.futures.ProcessPoolExecutor(2) as processes: print(list(processes.map(double, range(10))))
queue = multiprocessing.Queue(); queue.put(1); print(queue.get())
with multiprocessing.Manager() as manager: manager.list([1]).append(2)
value = multiprocessing.Value("i", 0)
from multiprocessing.shared_memory import SharedMemory
memory = SharedMemory(create=True, size=4096); memory.close(); memory.unlink()
""",
    "files": """
import os, sqlite3, tempfile, shutil, mmap, zipfile, tarfile, gzip, glob, pathlib, json, pickle, csv, fcntl, stat
import dbm, shelve, filecmp, fileinput, logging.handlers
base = sqlite3.connect("x.db"); base.execute("pragma journal_mode=wal"); base.execute("create table t (a)")
base.executemany("insert into t values (?)", [(i,) for i in range(1000)]); base.commit(); base.execute("vacuum")
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "a"); path.write_text("a"); path.chmod(0o600); path.rename(path.with_name("b"))
    path.with_name("c").symlink_to("b"); path.with_name("d").hardlink_to(path.with_name("b"))
    shutil.copytree(folder, folder + "/e"); shutil.make_archive("all", "zip", folder); shutil.make_archive("all", "gztar", folder)
    os.utime(path.with_name("b")); os.truncate(path.with_name("b"), 10); os.mkfifo(folder + "/f"); os.replace(folder + "/b", folder + "/g")
shutil.unpack_archive("all.zip", "out"); shutil.rmtree("out")
with open("m", "wb+") as file:
    file.write(bytes(8192)); file.flush(); os.fsync(file.fileno()); os.fdatasync(file.fileno())
    os.posix_fallocate(file.fileno(), 0, 16384); os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB); os.pread(file.fileno(), 3, 0); os.pwrite(file.fileno(), b"a", 0)
    with mmap.mmap(file.fileno(), 0) as pages: pages[0] = 1; pages.flush(); pages.resize(4096) if False else None
import numpy as np
np.save("a.npy", np.ones(10)); np.load("a.npy", mmap_mode="r+")[0] = 2; np.savez("b.npz", np.ones(3)); np.savetxt("c", np.ones(3))
list(os.scandir("/")), list(os.walk("/usr/share/doc/bash")), os.statvfs("/"), shutil.disk_usage("/"), os.access("/", os.R_OK), os.readlink("/proc/self") if False else None
with shelve.open("s") as shelf: shelf["a"] = 1
logging.handlers.RotatingFileHandler("log", maxBytes=10, backupCount=2).emit(logging.makeLogRecord({}))
os.listxattr("m"); os.umask(0o22); os.chdir("/tmp"); os.getcwd(); os.sync() if False else None
os.sendfile(os.open("/job/home/n", os.O_CREAT | os.O_RDWR), os.open("/job/home/m", os.O_RDONLY), 0, 100)
os.copy_file_range(os.open("/job/home/m", os.O_RDONLY), os.open("/job/home/n", os.O_RDWR), 10)
shutil.copy2("/job/home/m", "/tmp/m"); os.link("/tmp/m", "/tmp/k"); os.rmdir("/tmp/x") if os.path.exists("/tmp/x") else os.mkdir("/tmp/x")
""",
    "processes": """
import subprocess, os, signal, threading, time, sys, select, resource, platform, getpass, socket, uuid, secrets, random, selectors
print(subprocess.run(["ls", "-la"], capture_output=True, text=True).stdout)
subprocess.run("echo a | cat | sort | uniq -c; sleep 0.1 & wait", shell=True); subprocess.Popen(["sleep", "60"]).kill()
os.system("true"); os.popen("date").read(); os.spawnlp(os.P_WAIT, "true", "true")
threads = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(3)]; [t.start() for t in threads]; [t.join() for t in threads]
lock = threading.Condition()
with lock: lock.wait(0.01)
signal.signal(signal.SIGALRM, lambda *a: None); signal.alarm(1); signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(0.05); signal.pthread_sigmask(signal.SIG_BLOCK, [])
resource.getrusage(resource.RUSAGE_SELF); resource.getrlimit(resource.RLIMIT_NOFILE); os.nice(1); os.getpriority(os.PRIO_PROCESS, 0); os.getloadavg; os.cpu_count(); os.sched_getaffinity(0); os.times()
platform.platform(), platform.processor(), uuid.uuid1(), uuid.uuid4(), secrets.token_hex(), os.getlogin if False else None, os.uname(), os.getgroups(), os.getpgid(0), os.getsid(0), os.getresuid()
a, b = socket.socketpair(); a.send(b"x"); b.recv(1); select.select([a], [], [], 0.01); p = select.poll(); p.register(a); p.poll(1); e = select.epoll(); e.register(a); e.poll(0.01)
a.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF); a.setblocking(False); a.shutdown(socket.SHUT_RDWR); a.getpeername()
server = socket.create_server(("127.0.0.1", 0)); server.getsockname(); server.settimeout(0.1); socket.socket(type=socket.SOCK_DGRAM)
try:
    import urllib.request; urllib.request.urlopen("http://example.org", timeout=1)
except OSError as error: print(error)
r, w = os.pipe(); os.close(os.dup(r)); os.set_blocking(r, False); os.dup2(r, w)
time.clock_getres(time.CLOCK_MONOTONIC); time.perf_counter(); time.process_time(); time.thread_time(); os.urandom(8); random.seed()
os.eventfd(0) if hasattr(os, "eventfd") else None; os.sched_yield(); os.getpgrp(); signal.sigtimedwait([signal.SIGUSR1], 0.01)
if os.fork() == 0: os._exit(0)
os.wait(); pid = os.fork()
if pid == 0: os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED)
import pty; m, s = pty.openpty(); os.get_terminal_size(s); os.ttyname(s); import termios, tty; tty.setraw(s)
""",
    "asyncio": """
import asyncio, json, sys
async def main():
    process = await asyncio.create_subprocess_exec("echo", "a", stdout=asyncio.subprocess.PIPE); await process.communicate()
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0); host = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(*host); await reader.read(); writer.close(); server.close()
    await asyncio.gather(asyncio.sleep(0.01), asyncio.to_thread(print, 1)); await asyncio.wait_for(asyncio.sleep(0), 1)
await main()
""",
    "plots": """
%matplotlib inline
import matplotlib.pyplot as plt, numpy as np
plt.imshow(np.random.rand(10, 10)); plt.title("$x^2$"); plt.savefig("a.png"); plt.savefig("a.pdf"); plt.savefig("a.svg"); plt.show()
from tqdm.auto import tqdm
for _ in tqdm(range(3)): pass
import importlib
for name in ("pandas", "scipy.optimize", "sklearn.linear_model", "PIL.Image", "torchvision", "seaborn", "einops", "psutil", "h5py", "sympy", "numba", "requests", "yaml", "ipywidgets", "cv2"):
    try: importlib.import_module(name)
    except ImportError as error: print(error)
""",
    "shell": """
!ls -la / ; df -h ; free ; cat /proc/cpuinfo ; nvidia-smi ; ps aux ; top -bn1 ; uname -a ; id ; whoami ; hostname ; lscpu ; env ; date ; uptime ; nproc
!mkdir a; touch a/b; cp -a a c; mv c d; ln -s a e; find . -name b; grep -r x . ; tar czf a.tgz a; tar xzf a.tgz; zip -r a.zip a; unzip -o a.zip; rm -r a d; head -c 100 /dev/urandom | sha256sum; sed -i s/a/b/ a.tgz; awk 'BEGIN{print 1}'; sort a.tgz; wc a.tgz; du -sh .; diff a.tgz a.tgz; curl http://example.org; wget http://example.org; git --version; git init x; timeout 1 sleep 0.1; which python; tee f < /dev/null; chmod 600 f; stat f; dd if=/dev/zero of=z bs=1k count=1; xargs true < /dev/null; kill -0 $$; gcc --version; perl -e 1; nice true; ionice true
!{__import__('sys').executable} -m pip list ; {__import__('sys').executable} -c "import torch" ; {__import__('sys').executable} -m timeit 1
%timeit -n 10 1
%pip --version
""",
}


def run() -> None:
    """Every right solution and every notebook above, in one sandbox."""
    with BubblewrapSandbox() as sandbox:
        for exercise, refused in solutions(ROOT / "exercises", sandbox, every=True):
            print(f"{exercise}: {dict(refused)}")
        for name, source in CELLS.items():
            found = sandbox.run(Job(notebook=as_notebook([source])), [], {})
            assert isinstance(found, wire.Parcel), found
            print(f"{name}: {({each.name: each.times for each in found.record.refused})}")
            for event in found.record.run.events:
                print(f"{name}, line {event.line}: {event.error}: {event.message}")


def recorded() -> dict[str, set[str]]:
    """Who made which calls: kernels, from their filter on, their runners, and the warm server."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace")
        subprocess.run(["strace", "-f", "-qq", "--decode-pids=pidns", "-s", "0", "-e", "signal=none", "-o", trace,
                        sys.executable, __file__, "run"], check=True)
        with trace.open(errors="replace") as lines:
            return roles(lines)


def roles(lines: Iterable[str]) -> dict[str, set[str]]:
    """The trace, taken apart: a job's init is the process that installs the filter."""
    made: dict[str, set[str]] = defaultdict(set)
    parents: dict[str, str] = {}
    inits: set[str] = set()
    for line in lines:
        said = LINE.match(line)
        if said is None:
            continue
        pid, name, rest = said.groups()
        if name in BORN and (child := CHILD.search(rest)):
            parents[child[2] or child[1]] = pid
        if "SECCOMP_FILTER_FLAG_NEW_LISTENER" in rest:
            inits.add(pid)
            made[pid] = set()
        made[pid].add(name)
    found = {"kernel": set[str](), "runner": set[str](), "server": set[str]()}
    runners = {parents[parents[init]] for init in inits if parents.get(init) in parents}
    servers = {parents[runner] for runner in runners if runner in parents}
    for pid, names in made.items():
        above = set(_above(pid, parents))
        role = ("kernel" if inits & {pid, *above} else "runner" if runners & {pid, *above}
                else "server" if pid in servers else "")
        if role:
            found[role] |= names
    return found


def _above(pid: str, parents: dict[str, str]) -> Iterator[str]:
    while pid in parents and parents[pid] != pid:
        pid = parents[pid]
        yield pid


if __name__ == "__main__":
    if sys.argv[1:] == ["run"]:
        run()
    else:
        made = recorded()
        kernel = made["kernel"]
        listed = {*syscalls.ALLOWED, *syscalls.BY_ARGUMENT, *syscalls.CREATING}
        print("made and not listed:", *sorted(kernel - listed))
        print("listed and not made:", *sorted(listed - kernel))
        for role in "runner", "server":
            print(f"{role}:", *sorted(made[role]))
