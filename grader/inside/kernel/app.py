"""ipykernel's application, without what costs a kernel a third of its start and no notebook here has: a
command line, files of configuration, handlers for what it logs."""

from __future__ import annotations

import logging
from typing import Any

from ipykernel.kernelapp import IPKernelApp


class Application(IPKernelApp):
    """Configured by its `config` alone."""

    def parse_command_line(self, *_: Any) -> None:
        """There is none."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """None is read: what was handed in could hold one."""

    def init_heartbeat(self) -> None:
        """It has none: the runner sees whether its process lives. It would be three threads."""

    def _configure_logging(self) -> None:
        """An error inside the kernel is no output of a cell."""
        logging.getLogger(type(self).__name__).disabled = True   # a level would be told to every other logger
