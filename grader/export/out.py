"""Where an export goes: a stream, or a file that appears all at once or not at all."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from grader.errors import Mendable
from grader.files import replace_file

Out = Path | TextIO
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name


class ExportError(Mendable):
    """An export that cannot be made as asked. One line that says what to do."""


def put(text: str, out: Out) -> None:
    """Write to a stream, or to a temporary name beside the file and then rename."""
    if isinstance(out, Path):
        replace_file(out, text.encode("utf-8", "backslashreplace"))
    else:
        out.write(text)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Nothing in it hangs on the clock, the machine or the library: not compressed, for compressors
    differ."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system = 3  # Unix, which alone has the bits below
            entry.external_attr = (stat.S_IFREG | (0o755 if data.startswith(b"#!") else 0o644)) << 16
            archive.writestr(entry, data)
    return content.getvalue()
