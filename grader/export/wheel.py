"""The grader itself: what it needs, and its wheel, with which students install what made their handout.

A clone builds it. Where the grader is installed there is nothing to build from: what was unpacked is packed
again, as the list says that pip left (RECORD).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from grader.export.out import ExportError, zipped
from grader.files import replace_file

NAME = "torch-grader"
_CLONE = Path(__file__).resolve().parent.parent.parent
# What pip wrote about this one installation.
_INSTALLERS = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"}


def wheel(into: Path) -> Path:
    """Write the wheel of this grader into a folder.

    Raises:
        ExportError: it cannot be built here, or is not installed whole.
    """
    name, content = _built() if _project() else _repacked()
    replace_file(into / name, content)
    return into / name


def requirements() -> list[str]:
    """What it needs, as pip calls it, without what only an extra brings.

    Raises:
        ExportError: the grader is neither a clone nor installed.
    """
    if project := _project():
        return sorted(project["dependencies"])
    return sorted(name for name in _installed().requires or () if "extra ==" not in name)


def _project() -> dict[str, list[str]] | None:
    """`[project]` of the clone that this runs from; None where it runs from an installation."""
    try:
        found = tomllib.loads((_CLONE / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return None
    return found if found.get("name") == NAME else None


def _built() -> tuple[str, bytes]:
    """With hatchling: this environment's, else one that pip fetches."""
    here = ["--no-build-isolation"] if find_spec("hatchling") else []
    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        done = subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
                               "--disable-pip-version-check", *here, "--wheel-dir", folder, str(_CLONE)],
                              capture_output=True, text=True, cwd=folder)
        found = list(Path(folder).glob("*.whl"))
        if done.returncode or len(found) != 1:
            said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise ExportError(f"the grader's wheel could not be built ({said}); `pip install hatchling`, and "
                              "try again")
        return found[0].name, found[0].read_bytes()


def _installed() -> metadata.Distribution:
    try:
        return metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        raise ExportError(f"the grader is not installed here: `pip install {NAME}` first") from None


def _repacked() -> tuple[str, bytes]:
    installed = _installed()
    files: dict[str, bytes] = {}
    for file in installed.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts and file.name not in _INSTALLERS:
            try:
                files[file.as_posix()] = Path(str(file.locate())).read_bytes()
            except OSError as error:
                raise ExportError(f"{file}: {error.strerror}; "
                                  f"`pip install --force-reinstall {NAME}`") from error
    stem = f"{NAME.replace('-', '_')}-{installed.version}"
    record = f"{stem}.dist-info/RECORD"
    rows = [*((name, _hashed(content), len(content)) for name, content in sorted(files.items())),
            (record, "", "")]
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    return f"{stem}-py3-none-any.whl", zipped({**files, record: written.getvalue().encode()})


def _hashed(content: bytes) -> str:
    """As RECORD has it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
