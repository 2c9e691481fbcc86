"""Teaches and grades PyTorch exercises on gradients and initialisation."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.2.0"


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader` in a notebook brings the magic `%grader check`."""
    # By name: everything imports this package, and it may lean on nothing of its own.
    importlib.import_module("grader.magic").register(shell)
