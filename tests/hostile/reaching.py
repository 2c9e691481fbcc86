"""Attempts to reach out: networks, other processes, their sockets, signals, terminals, locks."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.case import Case, Layer
from tests.hostile.reading import attempt

REACH = '''
import ctypes, fcntl, signal, socket, struct, subprocess, urllib.request
libc = ctypes.CDLL(None, use_errno=True)
def reach(what, make):
    try: made = make()
    except BaseException: return
    won(what, made)
def connect(*address, kind=socket.SOCK_STREAM):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, kind) as s: s.settimeout(0.3); s.connect(address); return s.getpeername()
'''


def out(name: str, does: str, source: str, layer: Layer = Layer.NETWORK, *, always: bool = False, fault: str = "") -> Case:
    return attempt(name, does, REACH + source, layer, always=always, fault=fault)


CASES = (
    # --- networks --------------------------------------------------------------------------------------------
    out("reaches-loopback", "A service of the machine's, under each of its addresses.", '''
for host in ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::ffff:127.0.0.1", "localhost", socket.gethostname()):
    reach(host, lambda: connect(host, {port}))
reach("http", lambda: urllib.request.urlopen("http://127.0.0.1:{port}/", timeout=0.3).read(10))
reach("curl", lambda: subprocess.check_output("curl -m1 -s http://127.0.0.1:{port}/ || exec 3<>/dev/tcp/127.0.0.1/{port}", shell=True, executable="/bin/bash"))
''', always=True),
    out("reaches-the-metadata", "Link-local addresses, where clouds give out keys.", '''
for host in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254", "fe80::a9fe:a9fe"):
    reach(host, lambda: connect(host, 80))
reach("http", lambda: urllib.request.urlopen("http://169.254.169.254/latest/meta-data/", timeout=0.3).read(10))
reach("google", lambda: urllib.request.urlopen("http://metadata.google.internal/", timeout=0.3).read(10))
'''),
    out("asks-for-names", "Names: the system's resolver, DNS by hand, multicast, and what a name could carry away.", '''
QUESTION = b"\\x12\\x34\\x01\\x00\\x00\\x01" + bytes(6) + b"\\x07example\\x03com\\x00\\x00\\x01\\x00\\x01"
reach("getaddrinfo", lambda: socket.getaddrinfo("example.com", 80))
reach("gethostbyname", lambda: socket.gethostbyname("secret.example.com"))
def ask(server, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: s.settimeout(0.2); s.sendto(QUESTION, (server, port)); return s.recv(512)
for server, port in (("8.8.8.8", 53), ("127.0.0.53", 53), ("224.0.0.251", 5353), ("255.255.255.255", 53)): reach(server, lambda: ask(server, port))
reach("getent", lambda: subprocess.check_output(["getent", "hosts", "example.com"]))
if os.path.exists("/etc/resolv.conf") or os.path.exists("/etc/hosts"): won("resolv.conf")
'''),
    out("reaches-the-world", "TCP, UDP, pip, torch.hub, ping.", '''
reach("tcp", lambda: connect("1.1.1.1", 443))
def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: return s.sendto(b"x", ("1.1.1.1", 53))
reach("udp", send)
reach("urllib", lambda: urllib.request.urlopen("https://example.com/", timeout=0.3).read(10))
reach("ping", lambda: subprocess.check_output(["ping", "-c1", "-W1", "1.1.1.1"]))
reach("hub", lambda: torch.hub.load_state_dict_from_url("https://example.com/x.pt", progress=False))
'''),
    out("makes-a-network", "Raw, packet, vsock and netlink sockets, interfaces of its own, and one that is brought up.", '''
for family, kind in ((17, socket.SOCK_RAW), (2, socket.SOCK_RAW), (40, socket.SOCK_STREAM), (38, 5), (31, 3), (15, 3), (29, 3), (44, 3)):
    reach(("socket", family, kind), lambda: socket.socket(family, kind, 1 if family == 2 else 0))
def up(): fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, struct.pack("16sh", b"lo", 0x41))
reach("loopback up", up)
reach("interfaces", lambda: [name for _, name in socket.if_nameindex() if name != "lo"] or 1 / 0)
def tun(): fcntl.ioctl(os.open("/dev/net/tun", os.O_RDWR), 0x400454CA, struct.pack("16sH", b"tun0", 1))
reach("tun", tun)
reach("ip", lambda: subprocess.check_output("ip link add dummy0 type dummy", shell=True, stderr=subprocess.DEVNULL))
def distributed():
    import torch.distributed as dist
    from datetime import timedelta
    return dist.TCPStore("127.0.0.1", {port}, is_master=False, timeout=timedelta(seconds=0.3))
reach("TCPStore", distributed)
''', Layer.FILTER),
    out("reaches-sockets-by-name", "Abstract sockets, and those of services: D-Bus, Docker, X11, systemd, agents.", '''
def unix(name):
    with socket.socket(socket.AF_UNIX) as s: s.settimeout(0.3); s.connect(name); return name
reach("abstract", lambda: unix("\\0grader-hostile-test-{port}"))
for name in ("/run/dbus/system_bus_socket", "/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
             "/tmp/.X11-unix/X0", "\\0/tmp/.X11-unix/X0", "/run/systemd/private", "/run/systemd/notify", "/run/systemd/journal/socket", "/run/user/1000/bus",
             "/run/user/0/bus", os.environ.get("SSH_AUTH_SOCK", "/nowhere"), "/dev/log", "/run/nscd/socket"): reach(name, lambda: unix(name))
try:
    with open("/proc/net/unix") as file: [reach(line, lambda: unix("\\0" + line.split("@", 1)[1].strip())) for line in file if "@" in line]
except OSError: pass
''', always=True),
    # --- other processes -------------------------------------------------------------------------------------
    out("reads-siblings", "Sibling kernels: connection files, sockets, processes.", '''
import glob
own = get_ipython().kernel.config.get("IPKernelApp", {}).get("connection_file", "")
files = {f for folder in ("/tmp", "/run", "/job", "/dev/shm", "/home", "/root", "/var") for f in glob.glob(folder + "/**/*kernel*", recursive=True)}
for file in files:
    if file != own and not file.startswith("/job/k") and not any(part in file for part in ("kernelspec", "share", "site-packages", "matplotlib", "/lib/")):
        won(file)
for pid in range(2, 3000):
    if pid in (os.getpid(), os.getppid(), 1): continue
    try: os.kill(pid, 0); os.path.exists(f"/proc/{pid}") and won(pid)
    except OSError: pass
''', Layer.PROCESSES, always=True),
    out("connects-to-kernels", "Every socket of a kernel's that a client could find, but its own.", '''
import json
from jupyter_client.connect import find_connection_file
own = os.path.dirname(get_ipython().kernel.config["IPKernelApp"]["connection_file"])
def other():
    file = find_connection_file("kernel-*.json")
    return None if file.startswith(own) else file
reach("jupyter_client", lambda: other() or 1 / 0)
for folder, names_of_folders, names in os.walk("/"):
    if folder in ("/usr", "/proc", "/sys", sys.base_prefix, sys.prefix, own): names_of_folders.clear(); continue
    for name in names:
        path = os.path.join(folder, name)
        if os.path.exists(path) and os.stat(path).st_mode >> 12 == 12: reach(path, lambda: (s := socket.socket(socket.AF_UNIX)).connect(path) or path)
for port in range(40000, 50000, 37): reach("tcp kernel", lambda: connect("127.0.0.1", port))
''', Layer.MOUNTS),
    Case(name="signals-everyone", hides="lecun", layer=Layer.PROCESSES, always=True,
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
    out("signals-by-other-roads", "pidfd, tgkill, queued signals, timers, owners of descriptors.", '''
class Info(ctypes.Structure): _fields_ = [("signo", ctypes.c_int), ("errno", ctypes.c_int), ("code", ctypes.c_int), ("rest", ctypes.c_char * 116)]
for pid in range(100, 5000):  # below are its own threads
    handle = libc.syscall(434, pid, 0)
    if handle >= 0:
        if libc.syscall(424, handle, signal.SIGKILL, None, 0) == 0: won("pidfd", pid)
        os.close(handle)
    if libc.syscall(129, pid, signal.SIGKILL, ctypes.byref(Info(9, 0, -1, b""))) == 0: won("queued", pid)
ours, _ = socket.socketpair()
for pid in range(100, 3000):
    try: fcntl.fcntl(ours, fcntl.F_SETOWN, pid); fcntl.fcntl(ours, fcntl.F_SETFL, fcntl.fcntl(ours, fcntl.F_GETFL) | os.O_ASYNC)
    except OSError: pass
''', Layer.PROCESSES),
    out("signals-groups-and-sessions", "Process groups, sessions, children's last signals, other users' limits and priorities.", '''
import resource
for group in range(100, 5000):  # below are its own
    try: os.killpg(group, signal.SIGKILL); won("group", group)
    except OSError: pass
for pid in range(100, 5000):
    try: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)); won("limits", pid)
    except OSError: pass
    try: os.setpriority(os.PRIO_PROCESS, pid, 19); won("priority", pid)
    except OSError: pass
''', Layer.PROCESSES),
    out("traces-processes", "ptrace, process_vm_readv, pidfd_getfd, /proc/<pid>/mem of its parents.", '''
for pid in (1, 2, os.getppid()):
    for request in (16, 0x4206):
        if libc.ptrace(request, pid, 0, 0) == 0: won("ptrace", pid)
    if (handle := libc.syscall(434, pid, 0)) >= 0 and libc.syscall(438, handle, 3, 0) >= 0: won("pidfd_getfd", pid)
    space = ctypes.create_string_buffer(64)
    local, remote = (ctypes.c_void_p * 2)(ctypes.addressof(space), 64), (ctypes.c_void_p * 2)(id(0), 64)
    if pid != os.getpid() and libc.process_vm_readv(pid, local, 1, remote, 1, 0) > 0: won("process_vm_readv", pid)
    reach("mem", lambda: pid != os.getpid() and os.pread(os.open(f"/proc/{pid}/mem", os.O_RDWR), 16, id(0)) or 1 / 0)
''', Layer.FILTER),
    # --- terminals, and what all share -------------------------------------------------------------------------
    out("reaches-terminals", "The terminal of whoever grades: typed into, written on, taken.", '''
for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/dev/tty1", "/dev/vcs", "/dev/pts/0"):
    reach(path, lambda: os.open(path, os.O_RDWR))
for number in range(64):
    if os.isatty(number): won("terminal", number)
    try: fcntl.ioctl(number, 0x5412, b"x"); won("typed", number)
    except (OSError, ValueError): pass
for name in os.listdir("/dev/pts"): name == "ptmx" or won(name)
''', Layer.MOUNTS),
    out("reads-standard-error", "What other jobs wrote to descriptors that all inherit; leaves something there.", '''
import stat
for number in (0, 1, 2):
    if stat.S_ISREG(os.fstat(number).st_mode) or os.isatty(number): won(number)
    try: os.write(number, b"left for the next"); tell(os.pread(number, 1 << 20, 0))
    except OSError: pass
for number in range(3, 600):
    try: kind = os.fstat(number).st_mode
    except OSError: continue
    if stat.S_ISREG(kind) and (place := os.readlink(f"/proc/self/fd/{number}")).startswith(("{root}", "{home}")): won(place)
''', Layer.RUNNER),
    out("leaves-a-note-for-the-next", "Shared memory, queues, semaphores, keyrings, files in every folder that all have.", '''
for call, arguments in ((29, (4711, 4096, 0o1666)), (68, (4711, 0o1666)), (64, (4711, 1, 0o1666)), (248, (b"user", b"note", b"x", 1, -4))):
    if libc.syscall(call, *arguments) >= 0: won("call", call)
mine = str(os.getpid()).encode()
for folder in ("/tmp", "/dev/shm", "/run", "/var/tmp", "/dev/mqueue", "/job", "/usr/share/fonts", sys.prefix):
    path = os.path.join(folder, "note-of-a-submission")
    if os.path.exists(path): won("found", path)
    try:
        with open(path, "w") as file: file.write("x")
    except OSError: pass
queue = libc.mq_open(b"/note-of-a-submission", os.O_CREAT | os.O_RDWR, 0o666, None)
if queue >= 0: won("queue")
''', Layer.MOUNTS),
)
