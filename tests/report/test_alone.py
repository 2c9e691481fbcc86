"""`grader check` of a notebook that lies without its checks, or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader import single
from grader.cli import main
from grader.execute.process import ProcessSandbox
from grader.intake.handed import IntakeError
from grader.options import Options
from tests.conftest import CELLS
from tests.notebooks import notebook


@pytest.mark.parametrize(("there", "says"), [(True, "doubling.ipynb lies here without its checks"),
                                             (False, "There is no file doubling.ipynb in this folder")])
def test_a_student_is_told_where_to_go(there: bool, says: str, tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if there:
        Path("doubling.ipynb").write_text(notebook(*CELLS))
    done = CliRunner().invoke(main, ["check", "doubling.ipynb", "--exercises", "."])
    assert done.exit_code == 2
    assert says in done.output
    assert "--exercises" not in done.output


def test_in_german(tmp_path: Path) -> None:
    (tmp_path / "doubling.ipynb").write_text(notebook(*CELLS))
    with (ProcessSandbox() as sandbox,
          pytest.raises(IntakeError, match="liegt hier ohne seine Prüfungen")):
        single.check(tmp_path / "doubling.ipynb", Options(exercises=tmp_path, language="de"), sandbox)
