"""Where an export goes: a stream, or a file that appears all at once or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TextIO

Out = Path | TextIO


class ExportError(Exception):
    """An export that cannot be made as asked. One line that says what to do."""


def put(text: str, out: Out) -> None:
    """Write to a stream, or to a temporary name beside the file and then rename."""
    if isinstance(out, Path):
        put_bytes(text.encode("utf-8", "backslashreplace"), out)
    else:
        out.write(text)


def put_bytes(content: bytes, out: Path) -> None:
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name[:40]}.")
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        made.chmod(0o644)
        made.replace(out)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
