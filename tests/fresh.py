"""An environment outside the checkout with nothing of ours in it, and what a pip line makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SHADOW = ("PYTHONPATH", "PYTHONHOME")  # by which the checkout would be found


class Fresh:
    """A virtual environment that sees the packages of this one: torch is not fetched again, and pip still
    proves that what the wheel asks for is there."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        self.bin = folder / ("Scripts" if os.name == "nt" else "bin")
        self.packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder),
                                                                    "platbase": str(folder)}))
        (self.packages / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")

    def run(self, *words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        """A program of this environment, started with arguments and without a shell."""
        environment = {name: value for name, value in os.environ.items() if name not in SHADOW}
        command = [self.bin / "python", "-m", "pip"] if words[0] == "pip" else [self.bin / str(words[0])]
        return subprocess.run([*command, *map(str, words[1:])], cwd=cwd, capture_output=True, text=True,
                              timeout=100, env={**environment, "PIP_NO_INDEX": "1", "PATH": str(self.bin),
                                                "PIP_DISABLE_PIP_VERSION_CHECK": "1"})

    def done(self, *words: object, cwd: Path) -> str:
        """The same, which must succeed: what it prints."""
        ended = self.run(*words, cwd=cwd)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout
