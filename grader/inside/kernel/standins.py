"""What a notebook finds at a desk and not here: somebody who types, and bars that a browser draws."""

from __future__ import annotations

import builtins
import getpass
import importlib
import importlib.util
from typing import Any

from grader.inside.kernel.skipping import Skipping

# Nothing is installed while notebooks run: without a network it would only cost time, and where there is
# one it would change the machine under the next notebook.
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_OFFLINE": "1",
           "CONDA_OFFLINE": "1"}
PATIENCE = 100  # empty answers to one statement; a loop that waits for another would never end


def nobody_types(kernel: Any, skipping: Skipping) -> None:
    """`input()` and `getpass()` bring the empty text."""
    def typed(prompt: object = "", *_: object, **__: object) -> str:
        skipping.asked += 1
        if skipping.asked > PATIENCE:
            raise EOFError("nobody types here")
        if prompt:
            print(prompt)
        return ""

    builtins.input = typed
    kernel.raw_input = kernel.getpass = typed  # which ipykernel puts in their place for each cell
    getpass.getpass = typed


def bars_as_text() -> None:
    """`tqdm.notebook` draws bars as `tqdm` does: without ipywidgets it would raise, and with it a call would
    speak to a browser that is not there."""
    if not importlib.util.find_spec("tqdm"):
        return
    tqdm: Any = importlib.import_module("tqdm.std").tqdm
    notebook: Any = importlib.import_module("tqdm.notebook")

    class Bar(tqdm):  # type: ignore[misc]
        """tqdm's own, which also takes what only a widget needs."""

        def __init__(self, *args: Any, **keywords: Any) -> None:
            keywords.pop("display", None)
            super().__init__(*args, **keywords)

    notebook.tqdm = notebook.tqdm_notebook = Bar
    notebook.trange = notebook.tnrange = lambda *args, **keywords: Bar(range(*args), **keywords)
