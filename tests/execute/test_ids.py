"""Each job is a user of its own where the machine grants ids, and nobody where it does not."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import time
from pathlib import Path
from typing import IO

import psutil
import pytest

from grader.execute import bubblewrap, ids, mounts
from grader.execute.bubblewrap import BubblewrapSandbox, Started
from grader.report import wording
from grader.wall import wire
from grader.wall.messages import Job
from tests.notebooks import notebook
from tests.sandboxes import walled

WHO = notebook("import os\nprint('user', os.getuid(), os.getgid(), os.getgroups())")


def users() -> tuple[list[int], tuple[str, ...]]:
    """Whom two jobs of one sandbox take themselves for; and which layers the sandbox has."""
    with walled() as sandbox:
        found = [sandbox.run(Job(notebook=WHO), [], {}) for _ in range(2)]
        layers = sandbox.layers
    said = [re.search(r"user (\d+) (\d+) \[(.*?)\]", parcel.record.run.executed) for parcel in found
            if isinstance(parcel, wire.Parcel)]
    assert all(each is not None and each[1] == each[2] and each[3] == "" for each in said), said
    assert set(layers) <= set(wording.LAYERS)
    return [int(each[1]) for each in said if each], layers


def ended(started: list[Started]) -> bool:
    """Has all that was started come to an end, or does it within half a minute?"""
    ends = time.monotonic() + 30
    while any(alive(one.first) for one in started) and time.monotonic() < ends:
        time.sleep(0.1)
    return not any(alive(one.first) for one in started)


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_each_job_is_a_user_of_its_own() -> None:
    if isinstance(why := ids.granted(mounts.needed()), str):
        pytest.skip(why)
    seen, layers = users()
    assert len(set(seen)) == 2
    assert not {0, 1, ids.NOBODY} & set(seen)   # 1 is the server
    assert "users" in layers


def test_without_ids_all_jobs_are_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "granted", lambda needed: "none here")
    seen, layers = users()
    assert set(seen) == {ids.NOBODY}
    assert "users" not in layers


def test_ids_that_cannot_be_mapped_are_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a container forbids newuidmap what /etc/subuid grants."""
    def refuse(pid: int, granted: ids.Granted) -> None:
        raise OSError("newuidmap: write to uid_map failed: Operation not permitted")
    if isinstance(why := ids.granted(mounts.needed()), str):
        pytest.skip(why)
    monkeypatch.setattr(ids, "write", refuse)
    started, start = list[Started](), bubblewrap._popen

    def noted(command: list[str], descriptors: tuple[int, ...], errors: IO[bytes]) -> Started:
        started.append(start(command, descriptors, errors))
        return started[-1]
    monkeypatch.setattr(bubblewrap, "_popen", noted)
    seen, layers = users()
    assert set(seen) == {ids.NOBODY}
    assert "users" not in layers
    assert len(started) == 2
    assert ended(started)


def test_a_sandbox_that_is_closed_at_once_leaves_no_process() -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    started = []
    for _ in range(20):
        sandbox = BubblewrapSandbox()
        started.append(sandbox.server.started)
        sandbox.close()
    assert ended(started)


def test_what_others_may_not_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    file = tmp_path / "lib" / "torch.py"
    file.write_text("")
    for path, mode in (tmp_path, 0o755), (tmp_path / "lib", 0o755), (file, 0o644):
        path.chmod(mode)
    above = "other users may not read"
    assert above not in str(ids.granted([(tmp_path, file)]))
    (tmp_path / "lib").chmod(0o700)
    assert f"{above} {tmp_path / 'lib'}" in str(ids.granted([(tmp_path, file)]))
    assert above not in str(ids.granted([(file, file)]))   # what lies above the mount is not mounted
    (tmp_path / "lib").chmod(0o755)
    file.chmod(0o600)
    assert f"{above} {file}" in str(ids.granted([(tmp_path, file)]))


def test_a_user_without_a_line_in_subuid_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "newuidmap is not installed" in str(ids.granted([]))
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(ids, "_of_me", lambda file: None)
    assert "/etc/subuid" in str(ids.granted([]))
    monkeypatch.setattr(ids, "_of_me", lambda file: ids.Range(100_000, 65_536))
    assert ids.granted([]) == ids.Granted(ids.Range(100_000, 65_536), ids.Range(100_000, 65_536))


@pytest.mark.parametrize(("lines", "found"), [
    ("ada:100000:65536\n", ids.Range(100_000, ids.MOST)), ("1000:5000:100\n", ids.Range(5000, 100)),
    ("ada:100000:10\n", None), ("bob:100000:65536\n", None), ("ada:x:y\n", None), ("ada\n\n", None)])
def test_a_line_of_subuid_is_read_by_name_or_number(lines: str, found: ids.Range | None, tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "subuid").write_text(lines)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert ids._of_me(str(tmp_path / "subuid")) == found


def test_a_runner_can_still_be_ended_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is another user than its runners, and keeps the right to kill them."""
    monkeypatch.setattr(bubblewrap, "SLACK_SECONDS", 3.0 - Job(notebook="").at_most)
    sleepy = notebook("import time\ntime.sleep(60)")
    with walled() as sandbox:
        found = sandbox.run(Job(notebook=sleepy), [], {})
    assert isinstance(found, wire.Parcel)
    assert found.record.run.executed == ""   # the runner had no time to tell
