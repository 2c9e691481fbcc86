"""What a cluster promises the pipeline: each job is answered once, whatever becomes of the workers."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

import dask

from grader.execute.cluster import driver
from grader.execute.pool import Found, Work
from grader.wall import wire
from grader.wall.messages import Brought, CallStep, Job, NotStarted, World
from tests.cluster.loopback import Loopback, loopback

STEP = CallStep(key="a", function="double")
NUMBERS = {"a/0": wire.Array(dtype="float32", shape=(2,), data=b"12345678")}


def works(*texts: str, on_gpu: bool = False) -> list[Work]:
    """Submissions of two worlds each; the second may want a GPU."""
    return [Work(key=(number, world), job=Job(notebook=text, world=World(name=world)), steps=[STEP],
                 arrays=NUMBERS, on_gpu=on_gpu and world == "cuda")
            for number, text in enumerate(texts) for world in ("plain", "cuda")]


def cluster(there: Loopback, *, device: str = "cpu", said: list[str] | None = None) -> driver.Cluster:
    return driver.opened(there.address, sandbox="quick", device=device, known=driver_known(), course=(),
                         note=(said if said is not None else []).append)


def driver_known() -> list[str]:
    from grader.intake.packages import COMMON

    return list(COMMON.values())


def all_of(found: Iterator[tuple[tuple[int, str], Found]]) -> dict[tuple[int, str], Found]:
    listed = list(found)
    assert len(listed) == len(dict(listed)), "each once"
    return dict(listed)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Loopback]:
    with loopback(tmp_path) as opened:
        yield opened


def test_jobs_go_out_and_answers_come_back(there: Loopback, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("1,2")
    file = Brought(name="data.csv", sha256=hashlib.sha256(b"1,2").hexdigest(), size=3)
    there.quick()
    there.quick()
    work = works(*["0.01"] * 30)
    work = [each._replace(job=Job(notebook="", world=each.job.world, files=(file,)),
                          places={file.sha256: str(data)}) if each.key[0] == 7 else each for each in work]
    with cluster(there) as opened:
        assert (opened.name, opened.layers) == ("quick", ("namespaces",))
        found = all_of(opened.observe_all(work))
    assert found.keys() == {each.key for each in work}
    for key, one in found.items():
        assert isinstance(one, wire.Parcel)
        assert one.record.run.defined == (("a", "1,2") if key[0] == 7 else ("a",))
        assert one.arrays == NUMBERS


def test_a_file_that_has_changed_withholds_one_submission(there: Loopback, tmp_path: Path) -> None:
    there.quick()
    file = Brought(name="data.csv", sha256="0" * 64, size=3)
    work = works("", "")
    work[0] = work[0]._replace(job=Job(notebook="", world=World(name="plain"), files=(file,)))
    with cluster(there) as opened:
        found = all_of(opened.observe_all(work))
    assert isinstance(found[0, "plain"], NotStarted)
    assert isinstance(found[1, "plain"], wire.Parcel)


def test_a_job_that_ends_every_worker_is_withheld_and_ends_no_batch(tmp_path: Path) -> None:
    with loopback(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1") as there:
        workers = [there.quick() for _ in range(3)]
        with cluster(there) as opened:
            found = all_of(opened.observe_all(works("die")))
            assert {type(one) for one in found.values()} == {NotStarted}
            assert "ended, one after the other" in str(found[0, "plain"])
            assert [worker.poll() for worker in workers].count(-signal.SIGKILL) == 2
            found = all_of(opened.observe_all(works("", "fail", "")))
    assert [key for key, one in found.items() if isinstance(one, NotStarted)] == [(1, "plain"), (1, "cuda")]
    assert "the worker failed: KeyError" in str(found[1, "plain"])


def test_jobs_that_want_a_gpu_go_where_one_is_and_no_more_than_there_are(there: Loopback) -> None:
    there.quick()
    with_gpus = there.quick(gpus=2)
    with cluster(there, device="cuda") as opened:
        opened.client.wait_for_workers(2)
        assert {gpu.name for gpu in opened.gpus} == {"Tesla"}
        found = all_of(opened.observe_all(works(*["0.05"] * 12, on_gpu=True)))
        plain = all_of(opened.observe_all(works(*["0.3"] * 12)))
    runs = [(one.record.run, one.record.device) for one in found.values() if isinstance(one, wire.Parcel)]
    assert len(runs) == 24
    assert {device for _, device in runs} == {str(with_gpus.pid)}
    assert {run.executed for run, _ in runs} == {"", "GPU-0", "GPU-1"}
    assert len({one.record.device for one in plain.values() if isinstance(one, wire.Parcel)}) == 2


def test_without_a_gpu_that_was_asked_for_it_is_said(there: Loopback,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    there.quick()
    with cluster(there):
        monkeypatch.setattr(driver, "PATIENCE", 0.0)
    with pytest.raises(driver.NoCluster, match=r"no worker of .* has a GPU: start one"):
        cluster(there, device="cuda")


def test_without_a_scheduler_or_workers_it_is_said(there: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "PATIENCE", 0.0)
    with pytest.raises(driver.NoCluster, match=r"no worker .* \(there is none\): start some with"):
        cluster(there)
    there.scheduler.kill()
    there.scheduler.wait()
    monkeypatch.setattr(driver, "CONNECT_SECONDS", 1.0)
    for address in (there.address, "nowhere", "http://127.0.0.1:1"):
        with pytest.raises(driver.NoCluster, match=f"no Dask scheduler answers at {address}"):
            driver.opened(address, sandbox="quick", device="cpu", known=(), course=(), note=print)


def test_when_the_scheduler_goes_what_came_before_holds(there: Loopback) -> None:
    there.quick()
    came = []
    with cluster(there) as opened:
        found = opened.observe_all(works(*["0.05"] * 20))
        came.append(next(found))
        there.scheduler.kill()
        with pytest.raises(driver.NoCluster, match=r"the scheduler at .* is gone: .* same command again"):
            came.extend(found)
    assert len(dict(came)) == len(came) < 40


def test_when_the_last_worker_goes_it_is_said(there: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    last = there.quick()
    with cluster(there) as opened:
        monkeypatch.setattr(driver, "PATIENCE", 1.0)
        found = opened.observe_all(works(*["0.05"] * 20))
        next(found)
        last.kill()
        with pytest.raises(driver.NoCluster, match=r"no worker of .* can grade this batch"):
            list(found)


def test_a_worker_that_comes_later_takes_part(there: Loopback) -> None:
    first = there.quick()
    second: subprocess.Popen[bytes] | None = None
    devices = set()
    with cluster(there) as opened:
        for _, one in opened.observe_all(works(*["0.05"] * 20)):
            assert isinstance(one, wire.Parcel)
            devices.add(one.record.device)
            if second is None:
                second = there.quick()
                first.kill()
    assert second is not None
    assert str(second.pid) in devices


def test_a_pickle_from_a_worker_is_not_read(there: Loopback, tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text(f"""
import os, sys
from grader.execute.cluster import serving
from grader.execute.cluster.station import Station
from grader.intake.packages import COMMON
from tests.cluster.quick import Quick

class Evil:
    def __reduce__(self):
        return os.mkdir, ({str(tmp_path / "unpickled")!r},)

Station.run = lambda *_: Evil()
serving.serve(sys.argv[1], Station(Quick(), jobs=1, jobs_per_gpu=1), COMMON.values())
""")
    there.start(str(tmp_path / "evil.py"), there.address)
    with cluster(there) as opened:
        found = all_of(opened.observe_all(works("")))
    assert {type(one) for one in found.values()} == {NotStarted}
    assert not (tmp_path / "unpickled").exists()


def test_a_worker_begins_whatever_another_on_its_machine_holds(there: Loopback, tmp_path: Path) -> None:
    """One that was stopped may hold the lock of the folder that Dask's workers share."""
    shared = tmp_path / "temporary" / "dask-scratch-space"
    shared.mkdir(parents=True)
    with (shared / "global.lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        there.environment["TMPDIR"] = str(shared.parent)
        there.quick()
        with cluster(there) as opened:
            assert len(all_of(opened.observe_all(works("")))) == 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_whoever_has_no_certificate_is_not_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {"key": str(tmp_path / "key.pem"), "cert": str(tmp_path / "certificate.pem")}
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=grader",
                    "-days", "2", "-keyout", paths["key"], "-out", paths["cert"]],
                   check=True, capture_output=True)
    tls = {"distributed.comm.tls.ca-file": paths["cert"],
           **{f"distributed.comm.tls.{end}.{what}": path for end in ("scheduler", "worker", "client")
              for what, path in paths.items()}}
    environment = {f"DASK_{name}".replace(".", "__").replace("-", "_").upper(): path
                   for name, path in tls.items()}
    with loopback(tmp_path, protocol="tls", DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION="true",
                  **environment) as there:
        there.quick()
        with dask.config.set(tls), cluster(there) as opened:
            assert len(all_of(opened.observe_all(works("", "")))) == 4
        monkeypatch.setattr(driver, "CONNECT_SECONDS", 2.0)
        for address in (there.address, there.address.replace("tls:", "tcp:")):
            with pytest.raises(driver.NoCluster, match=f"no Dask scheduler answers at {address}"):
                driver.opened(address, sandbox="quick", device="cpu", known=(), course=(), note=print)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_worker_that_is_asked_to_end_leaves_its_jobs_to_others(there: Loopback,
                                                                 number: signal.Signals) -> None:
    workers = [there.quick(), there.quick()]
    with cluster(there) as opened:
        opened.client.wait_for_workers(2)
        found = opened.observe_all(works(*["0.2"] * 20))
        came = [next(found)]
        workers[0].send_signal(number)
        came.extend(found)
    assert len(dict(came)) == len(came) == 40
    assert not [key for key, one in came if isinstance(one, NotStarted)]
    assert workers[0].wait() == 0, there.said()
