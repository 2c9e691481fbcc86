"""What docs/how-to/many-machines.md says for Kubernetes, HyperQueue and a CI matrix: its commands are run as
these would run them, for the first shard and the last."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.keep import shards
from grader.keep.gradebook import Gradebook
from tests.conftest import CELLS, write_exercise
from tests.docs.pages import ROOT, blocks
from tests.notebooks import notebook

PAGE = list(blocks(ROOT / "docs" / "how-to" / "many-machines.md"))
SHARDS = 8


def written(key: str) -> dict[str, Any]:
    """The YAML block that has this key."""
    found = [yaml.safe_load(block.text) for block in PAGE if block.language == "yaml"]
    return next(one for one in found if key in one)


def kubernetes() -> str:
    job = written("kind")["spec"]
    assert (job["completionMode"], job["completions"]) == ("Indexed", SHARDS)
    container, = job["template"]["spec"]["containers"]
    assert container["command"] == ["bash", "-c"]
    return str(container["args"][0])


def hyperqueue() -> str:
    line = next(block.text for block in PAGE if block.text.startswith("hq submit"))
    words = shlex.split(line.replace("\\\n", " "))
    assert words[words.index("--array") + 1] == f"1-{SHARDS}"
    return words[words.index("-c") + 1]


def matrix() -> str:
    job = written("jobs")["jobs"]["shard"]
    assert job["strategy"]["matrix"]["shard"] == list(range(1, SHARDS + 1))
    return str(job["steps"][0]["run"])


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = tmp_path_factory.mktemp("course")
    write_exercise(course / "exercises" / "doubling")
    (course / "submissions" / "ada").mkdir(parents=True)
    (course / "submissions" / "ada" / "doubling.ipynb").write_text(notebook(*CELLS))
    (course / "seed").write_text("7")
    (course / "bin").mkdir()
    (course / "bin" / "grader").write_text(f'#!/bin/sh\nexec {sys.executable} -m grader "$@"\n')
    (course / "bin" / "grader").chmod(0o755)
    return course


@pytest.mark.parametrize(("command", "names"), [
    (kubernetes, {"JOB_COMPLETION_INDEX": 0}), (hyperqueue, {"HQ_TASK_ID": 1}), (matrix, {"SHARD": 1})],
    ids=["kubernetes", "hyperqueue", "matrix"])
def test_the_first_and_the_last_shard(command: Any, names: Mapping[str, int], course: Path,
                                      tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for name in "exercises", "submissions", "seed":
        (here / name).symlink_to(course / name)
    for more in 0, SHARDS - 1:
        index = {name: str(first + more) for name, first in names.items()}
        done = subprocess.run(["bash", "-e", "-c", command()], cwd=here, text=True, capture_output=True, env={
            **os.environ, **index, "SEED": "7", "PYTHONPATH": str(ROOT),
            "PATH": f"{course}/bin:{os.environ['PATH']}"}, check=False)
        assert done.returncode == 0, done.stderr
    found = {}
    for number in 1, SHARDS:
        out = here / "shards" / str(number)
        with Gradebook(out / "gradebook.sqlite") as book:
            found[number] = shards.manifest(book, out)
    assert {number: (str(one), one.done, one.seed) for number, one in found.items() if one} == {
        number: (f"{number}/{SHARDS}", True, "7") for number in (1, SHARDS)}
