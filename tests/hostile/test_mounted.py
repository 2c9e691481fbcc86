"""What decides marks is not there: a notebook looks for it and finds nothing."""

from __future__ import annotations

import json
import shutil

import pytest

from grader.execute.opening import open_sandbox
from grader.execute.sandbox import SandboxUnavailable
from grader.wall import wire
from grader.wall.messages import Job
from tests.notebooks import notebook

LOOKS = '''
import gc, importlib, json, os, sys
found = {"files": [], "imported": [], "classes": []}
for folder, folders, files in os.walk("/"):
    if folder.endswith("/grader") or ("/site-packages/" not in folder and folder.count("/") < 12):
        known = [name for name in files if name in ("judge.py", "records.py", "gradebook.py")]
        names = [*folders, *files] if folder.endswith("/grader") else known
        found["files"] += [os.path.join(folder, name) for name in names]
for name in ("records", "judge", "pipeline", "spec", "exercise", "keep", "report", "execute", "magic"):
    try:
        found["imported"].append(importlib.import_module(f"grader.{name}").__name__)
    except ImportError:
        pass
found["classes"] = [thing.__qualname__ for thing in gc.get_objects() if isinstance(thing, type)
                    and thing.__name__ in ("Verdict", "Result", "Mark", "Check")
                    and "grader" in thing.__module__]
ours = [name.split(".") for name in sys.modules if name.startswith("grader")]
found["modules"] = sorted({".".join(parts[:2]) for parts in ours})
print(json.dumps(found))
'''


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    magic = "import math\n%load_ext grader\n%grader check f\nx = math.pi"
    job = Job(notebook=notebook(LOOKS, magic, "print(x)"))
    try:
        with open_sandbox("bubblewrap") as sandbox:
            sandbox.await_ready()
            parcel = sandbox.run(job, (), {})
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    assert isinstance(parcel, wire.Parcel), parcel
    assert parcel.record.run.events == ()
    outputs = [cell["outputs"] for cell in json.loads(parcel.record.run.executed)["cells"]]
    assert outputs[2][0]["text"].startswith("3.14"), outputs
    looked: dict[str, list[str]] = json.loads(outputs[0][0]["text"])
    return looked


def test_no_file_is_there_but_those_of_the_wall_and_of_what_runs_inside(found: dict[str, list[str]]) -> None:
    assert sorted(found["files"]) == ["/grader/grader", "/grader/grader/__init__.py", "/grader/grader/inside",
                                      "/grader/grader/wall"]


def test_verdict_and_result_can_be_neither_imported_nor_found(found: dict[str, list[str]]) -> None:
    assert found["imported"] == []
    assert found["classes"] == []
    assert found["modules"] == ["grader", "grader.inside", "grader.wall"]
