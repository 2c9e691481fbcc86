"""Files that are never half written; and where the package itself lies."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def import_path() -> str:
    """The PYTHONPATH with which another Python imports this grader, and what this one was told to."""
    here = str(Path(__file__).resolve().parent.parent)
    return os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)


def replace_file(path: Path, *content: bytes | str) -> None:
    """Write to a temporary name beside `path`, then rename: readers see the old file or the new one.

    Raises:
        OSError: it cannot be written; it names the path, also where a disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(part.encode("utf-8", "replace") if isinstance(part, str) else part
                            for part in content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None and error.errno:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
