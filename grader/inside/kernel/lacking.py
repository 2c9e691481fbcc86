"""Does a statement fail only because this machine lacks something, and not by a mistake of the student's?

A package, a network, a screen, somebody at the keyboard, a folder of another computer's, a name that another
version of IPython or matplotlib has. It decides no more than whether the rest of a cell runs.
"""

from __future__ import annotations

import errno
import importlib
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PureWindowsPath
from subprocess import CalledProcessError
from types import TracebackType
from typing import Any
from urllib.error import HTTPError, URLError

# Names of modules that stand for a place where notebooks run, or for another operating system.
ELSEWHERE = ("google.colab", "kaggle_secrets", "kaggle_datasets", "kaggle_web_client", "dbutils", "msvcrt",
             "winreg", "winsound", "_winapi")
# What lies in them differs from version to version, and no answer is what they show.
SHOWING = ("IPython", "ipywidgets", "matplotlib.backends", "matplotlib_inline", "mpl_toolkits")
LOGGING = ("aim", "clearml", "comet_ml", "hiddenlayer", "mlflow", "neptune", "netron", "tensorboard",
           "tensorboardX", "torchview", "torchviz", "visdom", "wandb")
FORMERLY = re.compile(r"cannot import name '(\w+)' from 'IPython\.")
STANDARD_ELSEWHERE = ("asynchat", "asyncore", "cgi", "compression", "distutils", "imp", "smtpd", "telnetlib")
NETWORK = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ECONNREFUSED)
NETWORK_LIBRARIES = ("requests", "urllib3", "httpx", "httpcore", "aiohttp", "huggingface_hub")
INSTALLERS = re.compile(r"(?:^|[\s/'\"])(?:pip3?|conda|mamba|uv|apt|apt-get|wget|curl|git|nvidia-smi)\b")
NO_GPU = ("Torch not compiled with CUDA enabled", "Found no NVIDIA driver", "No CUDA GPUs are available",
          "no NVIDIA driver")
MOVED = re.compile(r"module '(?:(?:IPython|ipywidgets)[\w.]*' has no attribute|matplotlib[\w.]*' has no "
                   r"attribute '(?:get_cmap|register_cmap|hold|ishold|spectral|finance)')")
MAGICS = re.compile(r"IPython/core/(?:magics/(?:pylab|config|extension|packaging)|extensions|pylabtools)"
                    r"\.py$")
IMPORTING = re.compile(r"<frozen importlib|/importlib/\w+\.py$")
LONGEST = 10  # links of a chain of errors


def lacks(error: BaseException, packages: Collection[str]) -> bool:
    """Is it this machine's lack that ended a statement?

    Args:
        error: what it raised; also an error that came of handling the first counts.
        packages: names of modules that are known to be packages and are not installed here.
    """
    return isinstance(error, Exception) and any(_lacks(link, packages) for link in _chain(error))


def for_show(error: BaseException) -> bool:
    """Does what was wanted only show or log? Then no answer hangs on it."""
    if isinstance(error, ImportError):
        return _within(error.name or "", (*SHOWING, *LOGGING))
    return _of_showing(error, list(_files(error.__traceback__)))


def moved(error: BaseException) -> Any:
    """What was to be imported from a place where IPython had it once, from where it is now; None where it is
    gone."""
    found = FORMERLY.match(str(error)) if isinstance(error, ImportError) else None
    return getattr(importlib.import_module("IPython.display"), found[1], None) if found else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    for _ in range(LONGEST):
        if following is None:
            return
        yield following
        following = following.__cause__ or following.__context__


def _lacks(error: BaseException, packages: Collection[str]) -> bool:
    files = list(_files(error.__traceback__))
    if isinstance(error, ImportError):
        return _not_here(error.name or "", packages) or _librarys_own(files)
    return (_of_a_magic(error, files) or _of_showing(error, files) or _of_the_network(error, files)
            or _of_another_computer(error, files))


def _not_here(module: str, packages: Collection[str]) -> bool:
    """Is it, or what it lies in, a package that is not installed, or one of other places and versions?"""
    return module == "google" or _within(module, (*packages, *ELSEWHERE, *SHOWING, *STANDARD_ELSEWHERE))


def _within(module: str, names: Iterable[str]) -> bool:
    parts = module.split(".")
    return not {".".join(parts[:count]) for count in range(1, len(parts) + 1)}.isdisjoint(names)


def _files(trace: TracebackType | None) -> Iterator[str]:
    """The files of the frames, outermost first."""
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename.replace("\\", "/")
        trace = trace.tb_next


def _librarys_own(files: list[str]) -> bool:
    """Did an installed library want what is not there? Its optional dependency, not the student's import."""
    importing = [file for file in files if not IMPORTING.search(file)]
    return bool(importing) and _installed(importing[-1])


def _installed(file: str) -> bool:
    return file.startswith((sys.prefix.replace("\\", "/"), sys.base_prefix.replace("\\", "/")))


def _of_a_magic(error: BaseException, files: list[str]) -> bool:
    """A line magic that is not there, or one that sets up what is shown and cannot here."""
    if type(error).__name__ == "UsageError":
        return not str(error).startswith("Cell magic")
    return any(MAGICS.search(file) for file in files)


def _of_showing(error: BaseException, files: list[str]) -> bool:
    if isinstance(error, AttributeError):
        shell = type(error.obj).__name__ in ("ZMQInteractiveShell", "InteractiveShell")
        return shell or bool(MOVED.match(str(error)))
    last = files[-1] if files else ""
    style = "/matplotlib/style/" in last and isinstance(error, OSError)
    setting = isinstance(error, KeyError | ValueError) and any(
        file.endswith(("/matplotlib/__init__.py", "/matplotlib/rcsetup.py")) for file in files)
    return style or setting or type(error).__name__ == "TclError"


def _of_the_network(error: BaseException, files: list[str]) -> bool:
    if isinstance(error, HTTPError):
        return False
    if isinstance(error, OSError):
        return (isinstance(error, URLError) or type(error).__name__ == "gaierror" or error.errno in NETWORK
                or type(error).__module__.partition(".")[0] in NETWORK_LIBRARIES
                or (bool(files) and files[-1].endswith(("/socket.py", "/ssl.py"))))
    return (type(error).__module__.partition(".")[0] in NETWORK_LIBRARIES
            and "Connect" in type(error).__name__)


def _of_another_computer(error: BaseException, files: list[str]) -> bool:
    """Its folders, programs, variables, languages, GPU."""
    last = files[-1] if files else ""
    if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        name = str(error.filename or "")
        elsewhere = name.startswith(("/", "~")) and not name.startswith(str(Path.cwd()))
        return elsewhere or bool(PureWindowsPath(name).drive) or last.endswith("/subprocess.py")
    if isinstance(error, CalledProcessError):
        command = error.cmd if isinstance(error.cmd, str) else " ".join(map(str, error.cmd))
        return bool(INSTALLERS.search(command))
    if isinstance(error, KeyError):
        return last == "<frozen os>" or last.endswith("/os.py")
    if type(error).__module__ == "locale":
        return True
    return isinstance(error, AssertionError | RuntimeError) and any(words in str(error) for words in NO_GPU)
