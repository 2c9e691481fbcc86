"""Teaches and grades PyTorch exercises on gradients and initialisation."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader` in a notebook brings the magic `%grader check`."""
    from grader.magic import register

    register(shell)
