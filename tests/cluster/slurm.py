"""A real Slurm on this machine: controller, one node, and what they know each other by, on loopback and in
one folder. It starts in seconds and ends with the context. Two devices that every machine has stand where a
node would name its GPUs: Slurm hands them out like any."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

PROGRAMS = "munged", "slurmctld", "slurmd", "sbatch"
SECONDS = 60     # for the node to be there
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 Port={node} CPUs={cpus} RealMemory=1000 Gres=gpu:2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP MaxTime=INFINITE
"""


def lacking() -> str:
    """Which of its programs are not here."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    return ", ".join(name for name in PROGRAMS if shutil.which(name, path=path) is None)


@contextmanager
def cluster(folder: Path) -> Iterator[Mapping[str, str]]:
    """
    Yields:
        The environment in which Slurm's commands talk to it.
    """
    for name in "state", "spool":
        (folder / name).mkdir(parents=True)
    (folder / "key").write_bytes(os.urandom(128))
    (folder / "key").chmod(0o600)
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n")
    host = socket.gethostname().partition(".")[0]
    controller, node = _free(), _free()
    (folder / "slurm.conf").write_text(CONFIGURATION.format(
        host=host, folder=folder, user=_user(), controller=controller, node=node, cpus=os.cpu_count()))
    environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"),
                   "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    with ExitStack() as running:
        running.enter_context(_daemon(folder, environment, "munged", "--foreground", "--force",
                                      f"--key-file={folder}/key", f"--socket={folder}/munge.socket",
                                      f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log",
                                      f"--seed-file={folder}/seed"))
        _wait(folder, lambda: (folder / "munge.socket").exists())
        running.enter_context(_daemon(folder, environment, "slurmctld", "-D"))
        running.enter_context(_daemon(folder, environment, "slurmd", "-D"))
        _wait(folder, lambda: "idle" in _said(environment, "sinfo", "--noheader", "--format=%T"))
        try:
            yield environment
        finally:
            _said(environment, "scancel", f"--user={_user()}")


@contextmanager
def _daemon(folder: Path, environment: Mapping[str, str], *command: str) -> Iterator[None]:
    with ((folder / f"{command[0]}.out").open("wb") as out,
          subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                           env=environment) as process):
        try:
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def _wait(folder: Path, there: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not there():
        if time.monotonic() > until:
            told = "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.out"))
            raise RuntimeError(f"Slurm does not start:\n{told}")
        time.sleep(0.2)


def _said(environment: Mapping[str, str], *command: str) -> str:
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
    return done.stdout


def _user() -> str:
    return subprocess.run(["id", "-un"], text=True, capture_output=True, check=True).stdout.strip()


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
