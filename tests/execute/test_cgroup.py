"""A control group for each job. Where no memory controller can be had, what needs none is tried."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from grader.execute import bubblewrap, cgroup
from grader.execute.cgroup import Delegated
from grader.inside.runner.jail import Jail
from grader.wall import wire
from grader.wall.messages import CallStep, Job, Limits, Returned
from tests.notebooks import notebook

STEP = CallStep(key="a", function="a")


def written(folder: Path, *, controllers: str = "cpu memory pids", processes: str | None = None,
            path: str = "/user/scope", root: str = "/") -> tuple[Path, Path]:
    """A machine's files, with a group that may be ours: where groups are mounted, and which one we are in."""
    own = folder / "mount" / os.path.relpath(path, root)
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text(controllers)
    (own / "cgroup.procs").write_text(str(os.getpid()) if processes is None else processes)
    (own / "cgroup.subtree_control").write_text("")
    mounts, membership = folder / "mountinfo", folder / "cgroup"
    mounts.write_text("20 1 0:5 / /proc rw - proc proc rw\n"
                      f"30 23 0:26 {root} {folder}/mount rw,nosuid shared:4 - cgroup2 cgroup2 rw\n")
    membership.write_text(f"4:memory:/elsewhere\n0::{path}\n")
    return mounts, membership


@pytest.mark.parametrize(("path", "root"), [("/user/scope", "/"), ("/", "/"), ("/docker/1/x", "/docker/1")])
def test_a_group_of_our_own_is_divided(tmp_path: Path, path: str, root: str) -> None:
    found = cgroup.delegated(*written(tmp_path, path=path, root=root))
    assert isinstance(found, Delegated), found
    assert (found.folder / cgroup.OURS / "cgroup.procs").read_text() == str(os.getpid())
    assert (found.folder / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert "control group for each job" in cgroup.told(found)


def test_who_is_in_our_leaf_divides_the_group_above(tmp_path: Path) -> None:
    files = written(tmp_path)
    (tmp_path / "cgroup").write_text(f"0::/user/scope/{cgroup.OURS}\n")
    found = cgroup.delegated(*files)
    assert isinstance(found, Delegated)
    assert found.folder == tmp_path / "mount/user/scope"


@pytest.mark.parametrize(("controllers", "processes", "why"), [
    ("hugetlb", None, "no memory and no pids controller"), ("cpu pids", None, "no memory controller"),
    ("memory pids", "1\n", "other processes")])
def test_a_group_that_is_not_ours_is_left_alone(tmp_path: Path, controllers: str, processes: str | None,
                                                why: str) -> None:
    found = cgroup.delegated(*written(tmp_path, controllers=controllers, processes=processes))
    assert isinstance(found, str)
    assert why in cgroup.told(found)
    assert not list(tmp_path.rglob(cgroup.OURS))


def test_without_cgroup_v2_that_is_said(tmp_path: Path) -> None:
    mounts, membership = written(tmp_path)
    mounts.write_text("30 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
    assert cgroup.delegated(mounts, membership) == "there is no cgroup v2"
    assert cgroup.delegated(tmp_path / "none", membership) == "there is no cgroup v2"


def test_a_job_s_limits_are_written_into_its_group(tmp_path: Path) -> None:
    group = Delegated(tmp_path, itertools.count()).group(Limits(memory_bytes=1 << 30, disk_bytes=1 << 20,
                                                                processes=40))
    assert {file.name: file.read_text() for file in group.folder.iterdir()} == {
        "memory.max": str((1 << 30) + (1 << 20) + cgroup.ROOM), "memory.oom.group": "1", "pids.max": "64"}


def test_a_runner_sees_that_its_group_was_out_of_memory() -> None:
    jail = object.__new__(Jail)
    with tempfile.TemporaryFile() as events:
        jail.happened = events.fileno()
        for text, starved in (("", False), ("oom 3\noom_kill 0\n", False), ("oom 1\noom_kill 12\n", True)):
            events.seek(0)
            events.truncate()
            events.write(text.encode())
            events.flush()
            assert jail.starved() is starved
    jail.happened = -1
    assert not jail.starved()


@pytest.fixture
def real() -> Delegated:
    """Where groups can be made here, if without controllers."""
    own = cgroup._own(Path("/proc/self/mountinfo"), Path("/proc/self/cgroup"))
    if own is None or not os.access(own, os.W_OK) or shutil.which("bwrap") is None:
        pytest.skip("no control group can be made here")
    return Delegated(own, itertools.count())


@pytest.mark.parametrize("joins", [True, False])
def test_a_kernel_runs_in_its_job_s_group(real: Delegated, monkeypatch: pytest.MonkeyPatch,
                                          joins: bool) -> None:
    monkeypatch.setattr(cgroup, "_settings", lambda limits: {})  # the controllers may be elsewhere
    if not joins:
        monkeypatch.setattr(cgroup, "JOINED_BY", ())
    with bubblewrap.BubblewrapSandbox() as sandbox:
        sandbox.await_ready()
        sandbox.groups = real
        found = sandbox.run(Job(notebook=notebook("def a(): return 1"), functions=("a",)), [STEP], {})
        assert isinstance(found, wire.Parcel)
        assert isinstance(found.record.outcomes["a"], Returned)
        assert (sandbox.groups == real) is joins
        assert ("could not join" in str(sandbox.groups)) is not joins
        assert ("cgroup" in sandbox.layers) is joins
    assert not list(real.folder.glob("grader-*"))


def test_what_is_left_in_a_group_is_killed(real: Delegated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "_settings", lambda limits: {})
    group = real.group(Limits())
    with group.opened() as ends, subprocess.Popen(["sleep", "60"]) as left:
        os.write(ends[0], str(left.pid).encode())
        assert (group.folder / "cgroup.procs").read_text().split() == [str(left.pid)]
        group.remove()
        assert left.wait() == -9
    assert not group.folder.exists()
