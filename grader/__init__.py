"""Teaches and grades PyTorch exercises on gradients and initialisation."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

__version__ = "0.2.0"


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader` in a notebook brings the magic `%grader check`."""
    graded = "grader.inside.kernel.start" in sys.modules   # the notebook is being graded as it is
    if graded or importlib.util.find_spec("grader.magic") is None:
        shell.register_magic_function(lambda _line: None, magic_name="grader")
        return
    # By name: everything imports this package, and it may lean on nothing of its own.
    importlib.import_module("grader.magic").register(shell)


def check(exercise: str = "", *functions: str) -> None:
    """`%grader check`, where magics or folders are awkward: the visible checks of the running notebook.

    Args:
        exercise: its name; its folder lies below the working directory. "": it is the working directory.
        functions: check these only.
    """
    if importlib.util.find_spec("grader.magic") is None:  # as above
        return
    importlib.import_module("grader.magic").check(exercise, functions)
