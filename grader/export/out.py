"""Where an export goes: a stream, or a file that appears all at once or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from grader.errors import Mendable
from grader.files import replace_file

Out = Path | TextIO


class ExportError(Mendable):
    """An export that cannot be made as asked. One line that says what to do."""


def put(text: str, out: Out) -> None:
    """Write to a stream, or to a temporary name beside the file and then rename."""
    if isinstance(out, Path):
        replace_file(out, text.encode("utf-8", "backslashreplace"))
    else:
        out.write(text)
