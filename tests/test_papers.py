"""What the papers name is there, and what is there is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from grader import __version__

ROOT = Path(__file__).resolve().parent.parent
PAPERS = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")})
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FILE = re.compile(r"`((?:grader|tests|scripts|benchmarks|templates|docs)/[\w./-]*)`")
every_paper = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))


@every_paper
def test_links_lead_somewhere(paper: Path) -> None:
    links = [link for link in LINK.findall(paper.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (paper.parent / link).exists()] == []


@every_paper
def test_files_that_are_named_are_there(paper: Path) -> None:
    names = FILE.findall(paper.read_text(encoding="utf-8"))
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_architecture_names_every_folder_of_the_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = [path.parent.name for path in (ROOT / "grader").glob("*/__init__.py")]
    assert len(folders) > 5
    assert [folder for folder in folders if f"\n| `grader/{folder}/" not in text] == []


def test_the_version_is_the_same_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_workflow_tries_every_python_from_the_least_that_is_declared() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    versions = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={versions[0]}"


def test_only_a_tag_of_the_version_is_published_and_only_after_every_test() -> None:
    workflow = ROOT / ".github" / "workflows" / "release.yml"
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert (jobs["publish"]["needs"], jobs["wheel"]["needs"]) == ("wheel", "test")
    tests = yaml.safe_load((ROOT / jobs["test"]["uses"].removeprefix("$/")).read_text(encoding="utf-8"))
    assert "workflow_call" in tests[True]  # YAML 1.1 reads `on` as a truth
    (check,) = [step["run"] for step in jobs["wheel"]["steps"] if "the tag" in step.get("name", "")]
    for tag, status in ((f"v{__version__}", 0), (__version__, 1), (f"v{__version__}.1", 1)):
        assert subprocess.run(["bash", "-ec", check], cwd=ROOT, env={"GITHUB_REF_NAME": tag,
                                                                    "PATH": os.defpath}).returncode == status


# --- make, setup.sh ------------------------------------------------------------------------------------


def test_an_environment_that_is_reached_through_dots_is_used_without_them() -> None:
    done = subprocess.run(["make", "--dry-run", "demo", "VENV=../venv"], cwd=ROOT, capture_output=True,
                          text=True, check=True, env={"PATH": "/usr/bin:/bin"})
    assert f"{ROOT.parent}/venv/bin/grader batch" in done.stdout


def test_what_setup_installs_knows_its_python_without_dots(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "scripts").mkdir(parents=True)
    for name in "pyproject.toml", "constraints.txt", "scripts/setup.sh":
        (repository / name).write_bytes((ROOT / name).read_bytes())
    said, python = tmp_path / "said", tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$0" "$@" >> {said}\n')  # pip would fetch gigabytes
    python.chmod(0o755)
    subprocess.run(["sh", "scripts/setup.sh", "demo"], cwd=repository, check=True,
                   env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "VENV": "../venv"})
    assert [line.split()[0] for line in said.read_text().splitlines()] == [str(python)] * 3


@pytest.fixture
def no_bubblewrap(tmp_path: Path) -> dict[str, str]:
    """An environment with what setup.sh needs, and no way to bubblewrap."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in "sh", "dirname", "sed", "id", "cat", "cksum", "cut", "env", "make", "rm", "touch":
        (programs / name).symlink_to(str(shutil.which(name)))
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    for name in "python", "grader":
        (tmp_path / "venv" / "bin" / name).write_text('#!/bin/sh\necho ran "$(basename $0)" "$@"\n')
        (tmp_path / "venv" / "bin" / name).chmod(0o755)
    return {"PATH": str(programs), "PYTHON": sys.executable, "VENV": str(tmp_path / "venv")}


def test_without_bubblewrap_the_demo_says_how_it_goes_all_the_same(no_bubblewrap: dict[str, str]) -> None:
    done = subprocess.run([str(shutil.which("make")), "demo"], cwd=ROOT, capture_output=True, text=True,
                          env=no_bubblewrap)
    assert done.returncode
    assert "make demo SANDBOX=process" in done.stderr
    assert "ran" not in done.stdout
    done = subprocess.run([str(shutil.which("make")), "demo", "SANDBOX=process"], cwd=ROOT,
                          capture_output=True, text=True, env=no_bubblewrap)
    assert done.returncode == 0, done.stderr
    assert "batch examples/submissions --out demo --sandbox process" in done.stdout


def test_notebooks_lose_their_outputs_and_nothing_else(tmp_path: Path) -> None:
    notebook = ROOT / "exercises" / "cuda_check" / "notebook.ipynb"
    before = notebook.read_text(encoding="utf-8")
    used = tmp_path / "used.ipynb"
    used.write_text(before.replace('"outputs": []', '"outputs": [{"output_type": "error", "ename": "E"}]', 1)
                    .replace('"execution_count": null', '"execution_count": 7', 1), encoding="utf-8")
    assert used.read_text(encoding="utf-8") != before
    command = [sys.executable, str(ROOT / "scripts" / "strip_outputs.py"), str(used)]
    assert [subprocess.run(command, check=False).returncode for _ in range(2)] == [1, 0]
    assert used.read_text(encoding="utf-8") == before
