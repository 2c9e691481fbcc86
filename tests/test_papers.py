"""What the papers name is there, and what is there is named."""

from __future__ import annotations

import re
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
    assert [line.split()[0] for line in said.read_text().splitlines()] == [str(python)] * 2


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
