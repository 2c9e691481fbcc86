"""The wall, where this machine can put one up."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

import pytest

from grader.execute.bubblewrap import BubblewrapSandbox
from grader.execute.sandbox import SandboxUnavailable


@contextlib.contextmanager
def walled() -> Iterator[BubblewrapSandbox]:
    """A sandbox that is ready; the test is skipped, with the reason, where there can be none."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with BubblewrapSandbox() as opened:
        try:
            opened.await_ready()
        except SandboxUnavailable as error:
            pytest.skip(str(error))
        yield opened
