"""What `grader doctor` says is what the code does, and Python is found where it lies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from grader.execute import cgroup, doctor, pool
from grader.inside.runner import watch

ROOT = Path(__file__).resolve().parents[2]


def test_the_doctor_says_what_the_code_does() -> None:
    found = {finding.name: finding.detail for finding in doctor.findings()}
    assert round(1 / watch.PERIOD) == 10
    assert cgroup.told(cgroup.delegated()) in found["limits"]
    assert found["cores"].startswith(f"{pool.default_jobs()}: as many kernels")


@pytest.mark.parametrize(("version", "ok", "said"), [
    ("2.6.0", False, "older than 2.7.1"), ("2.7.1", True, "2.7.1"), ("2.14.1+cu130", True, "2.14.1+cu130"),
    ("2.15.0", True, "2.15.0: newer than 2.14.1, the newest that was tested"), ("3.0", True, "newer than")])
def test_a_torch_that_was_not_tested_is_named(version: str, ok: bool, said: str,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)
    found = next(finding for finding in doctor.findings() if finding.name == "torch")
    assert (found.ok, said in found.detail) == (ok, True), found


def test_the_torch_that_is_asked_for_is_the_oldest_that_is_tested() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert [name for name in asked if name.startswith("torch")] == [f"torch>={doctor.OLDEST_TORCH}"]
    for version in (doctor.OLDEST_TORCH, doctor.NEWEST_TORCH):
        assert f'torch: "{version}"' in (ROOT / ".github/workflows/test.yml").read_text()
        assert version in (ROOT / "README.md").read_text()


def test_a_python_called_through_the_folder_above_opens_the_sandbox(tmp_path: Path) -> None:
    """As with `make demo VENV=../venv`: Python keeps the `..` in its own name."""
    (tmp_path / "venv").symlink_to(Path(sys.prefix))
    (tmp_path / "clone").mkdir()
    code = ("from grader.execute.opening import open_sandbox\n"
            "with open_sandbox() as sandbox: sandbox.await_ready()")
    done = subprocess.run(["../venv/bin/python", "-c", code], cwd=tmp_path / "clone", capture_output=True,
                          text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine on which bubblewrap may not make user namespaces; the value is what /proc/sys says there."""
    settings: dict[str, str] = {}
    monkeypatch.setattr(doctor, "_tried", lambda *command: (False, "bwrap: setting up uid map: refused"))
    monkeypatch.setattr(doctor, "_setting", lambda name: settings.get(name, ""))
    return settings


def namespaces() -> str:
    return next(finding.remedy for finding in doctor.findings() if finding.name == "user namespaces")


def test_where_apparmor_forbids_namespaces_a_profile_is_the_remedy_and_sysctl_the_last(
        refused: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "UBUNTUS", tmp_path / "bwrap-userns-restrict")
    assert "AppArmor" not in namespaces()
    refused[doctor.APPARMOR_RESTRICTS] = "1"
    remedy = namespaces()
    assert [words for words in remedy.split() if words in ("--apparmor", "resort,", "sysctl")] == [
        "--apparmor", "resort,", "sysctl"]
    assert "disable" not in remedy
    (tmp_path / "bwrap-userns-restrict").write_text("")
    assert f"apparmor_parser -R {tmp_path / 'bwrap-userns-restrict'}" in namespaces()


def test_the_apparmor_profile_is_one() -> None:
    profile = doctor.apparmor_profile()
    assert "profile grader-bwrap /usr/bin/bwrap" in profile
    parser = shutil.which("apparmor_parser", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if parser is None:
        pytest.skip("apparmor_parser is not installed")
    version = subprocess.run([parser, "--version"], capture_output=True, text=True, check=False).stdout
    if (number := re.search(r"version (\d+)", version)) is None or int(number[1]) < 4:
        pytest.skip("this apparmor_parser is older than 4.0, which brought userns")
    done = subprocess.run([parser, "-Q", "-K"], input=profile, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
