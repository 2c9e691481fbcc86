"""`%grader check` in a real JupyterLab: the report is there, in its frame, after the cell was run; and where
somebody else opens the notebook, whose outputs Lab does not trust, its mark."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from grader.exercise import catalog, release
from tests.conftest import CELLS, write_exercise
from tests.test_magic import shown

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
TOKEN = "lab-test"  # of a server that lives for this test, on the loopback interface


@pytest.fixture
def handout(tmp_path: Path) -> Path:
    """A released exercise whose notebook a student has worked on."""
    release.hand_out(catalog.load(write_exercise(tmp_path / "exercises" / "doubling")), tmp_path / "out")
    folder = tmp_path / "out" / "doubling"
    document = json.loads((folder / "doubling.ipynb").read_text())
    wrong = "def double(x):\n    return x * x"
    document["cells"] = [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [],
                          "execution_count": None, "source": source}
                         for i, source in enumerate([*CELLS, wrong, "%load_ext grader\n%grader check"])]
    (folder / "doubling.ipynb").write_text(json.dumps(document))
    return folder


@pytest.fixture
def lab(handout: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab in the student's folder."""
    homes = {name: str(tmp_path / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR",
                                                             "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
               "--port=0",
               f"--IdentityProvider.token={TOKEN}", "--LabApp.news_url=", "--LabApp.check_for_updates_class="
               "jupyterlab.NeverCheckForUpdate", f"--ServerApp.root_dir={handout}"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                              env={**os.environ, **homes, "OMP_NUM_THREADS": "1"})
    try:
        assert server.stderr is not None
        address = next((found.group() for line in server.stderr
                        if (found := re.search(r"http://127\.0\.0\.1:\d+/", line))), None)
        assert address, "JupyterLab did not start"
        yield address
    finally:
        server.terminate()
        try:
            server.communicate(timeout=30)
        except subprocess.TimeoutExpired:  # it waits for its kernels
            server.kill()
            server.communicate()


def test_the_report_appears_under_the_cell(lab: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{lab}lab/tree/doubling.ipynb?token={TOKEN}")
    page.get_by_text("def halve(x):").first.wait_for(timeout=90_000)
    page.get_by_text("(ipykernel) | Idle").wait_for(timeout=90_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    frame = page.frame_locator("iframe[srcdoc]")
    expect(frame.get_by_text("the square").first).to_be_visible(timeout=90_000)
    page.close()


def test_in_a_notebook_that_is_not_trusted_the_mark_is_left(lab: str, handout: Path, browser: Browser,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "grader.inside.kernel.start", raising=False)
    document = json.loads((handout / "doubling.ipynb").read_text())
    _, (shown_there,) = shown(f"check --folder {handout}", *CELLS)
    document["cells"][-1]["outputs"] = [{"output_type": "display_data", "metadata": {},
                                         "data": dict(shown_there["data"])}]
    (handout / "theirs.ipynb").write_text(json.dumps(document))
    page = browser.new_page()
    page.goto(f"{lab}lab/tree/theirs.ipynb?token={TOKEN}")
    expect(page.get_by_text("4 / 4 points. Run this cell to see the report.")).to_be_visible(timeout=90_000)
    assert page.locator("iframe[srcdoc]").count() == 0
    page.close()
