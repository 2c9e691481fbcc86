"""Executes the notebook's cells with nbconvert, against a kernel that runs already. What comes back is
sanitised."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from functools import partial
from queue import Empty
from typing import Any

import jupyter_client.session
import zmq
import zmq.asyncio
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionComplete, DeadKernelError
from nbclient.util import ensure_async, run_sync
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat.notebooknode import from_dict

from grader.inside.runner.sanitising import sanitised
from grader.inside.runner.span import Kernel, Span, Stop
from grader.inside.runner.watch import Watch
from grader.wall.messages import CellCause, CellEvent, Job, LossCause
from grader.wall.text import NO_MEMORY, storable

MAX_MESSAGE = 16 << 20    # bytes; a longer one is refused by the socket, unread
MAX_TEXT = 2000           # characters of an exception's text in an event
ALIVE_PERIOD = 0.1        # s between two looks whether the kernel lives
READY_SECONDS = 60
UNPARSED = ("SyntaxError", "IndentationError", "TabError")
ANSI = re.compile(r"\x1b\[[0-9;]*m")
KERNELS_FILE = re.compile(r" \((?:<[^>]*>|[\w./\\-]+\.py), line (\d{1,6})\)$")  # ipykernel's name for a cell
CELL_LINE = re.compile(r"Cell In ?\[(\d+)\], line (\d{1,6})\b")


node: Any = from_dict    # nbformat has no types
# Nobody asks when a message was sent; to look for dates in its header is a tenth of the client's time
setattr(jupyter_client.session, "extract_dates", lambda header: header)  # noqa: B010 - not exported


class Attached(AsyncKernelManager):
    """A kernel that runs already: there is nothing to launch, and its processes are ended by others."""

    def __init__(self, kernel: Kernel, connection_file: str, alive: Callable[[], bool]) -> None:
        super().__init__(connection_file=connection_file, session=Session())
        self.kernel, self.lives = kernel, alive
        self.load_connection_file(connection_file)
        self.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)

    @property
    def has_kernel(self) -> bool:
        return True

    async def _async_is_alive(self) -> bool:
        return self.lives()

    is_alive = _async_is_alive

    async def _async_interrupt_kernel(self) -> None:
        self.kernel.interrupt()

    interrupt_kernel = _async_interrupt_kernel

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """The kernel is still needed: the calls come next."""

    shutdown_kernel = _async_shutdown_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        """Nothing was made."""

    cleanup_resources = _async_cleanup_resources


class Execution(ExecutePreprocessor):
    """One notebook. Tags, kernelspec and metadata of a submission steer nothing here."""

    def __init__(self, job: Job, watch: Watch, started: Callable[[], None]) -> None:
        prepare: Any = super().__init__  # nbconvert has no types
        prepare(timeout=None, allow_errors=True, record_timing=False, store_widget_state=False,
                shutdown_kernel="immediate")
        self.job, self.watch, self.started = job, watch, started
        self.begun = False   # from here on all is the student's
        self.events: list[CellEvent] = []
        self.span: Span | None = None
        self.error: dict[str, Any] | None = None
        self.written = self.written_by_cell = 0
        self.dead = False
        self.on_cell_error = self._note_error

    def run(self, manager: Attached) -> tuple[str, tuple[CellEvent, ...]]:
        """The executed notebook, and what went wrong in it. Whatever the kernel sends, this returns."""
        notebook = notebook_of(self.job.notebook)
        self.preprocess(notebook, {"metadata": {}}, km=manager)
        return sanitised(notebook), tuple(self.events)

    async def async_start_new_kernel_client(self) -> Any:
        """As nbclient's, without its wait of 0.2 s for stray messages: they carry another parent."""
        assert self.km is not None
        client: Any = self.km.client()
        self.kc = client
        # nobody types, interrupts come by signal, and the watch knows whether the kernel lives
        client.start_channels(stdin=False, hb=False, control=False)
        client.stop_channels = partial(_stop, client)  # nbclient's would open the others to close them
        ends = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends and await ensure_async(self.km.is_alive()):
            client.kernel_info()
            if await _reply(client):
                return client
        raise DeadKernelError("the kernel does not answer")

    start_new_kernel_client = run_sync(async_start_new_kernel_client)  # the one that nbconvert calls

    def begin(self) -> None:
        """Say, once, that the first cell comes next."""
        if not self.begun:
            self.begun = True
            self.started()

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        self.begin()
        wanted = cell.cell_type == "code" and index not in self.job.left_out and does_something(cell.source)
        if self.dead or not wanted:
            return cell, resources
        self.error, self.written_by_cell = None, 0
        self.span = span = self.watch.begin_cell()
        trouble = ""
        try:
            execute: Any = super().preprocess_cell
            execute(cell, resources, index)
        except DeadKernelError:
            self.dead = True
        except Exception as error:  # nbclient and nbformat raise on odd messages
            trouble = f"its messages could not be read: {type(error).__name__}"
        finally:
            self.watch.end(span)
        if not (self.job.left_out or self.job.gpu or span.stop):  # CUDA asks for more than it uses
            self.watch.end_hoarding(span, short_of_memory=_starved(self.error or {}))
        self.dead = self.dead or span.killed  # its last reply may have come while it was being killed
        event = self._event(index, span, trouble)
        if event is not None:
            self.events.append(event)
        return cell, resources

    def _event(self, index: int, span: Span, trouble: str) -> CellEvent | None:
        error = self.error or {}
        name, message = storable(error.get("ename", ""), 200), storable(error.get("evalue", ""), MAX_TEXT)
        if self.dead:
            stop = span.stop or self.watch.died()
            told = bool(name) and stop.cause is LossCause.MEMORY  # by a cell whose kernel was ended behind it
            return CellEvent(cell=index, cause=CellCause(stop.cause.value), error=name if told else "",
                             message=message if told else stop.words, line=_line_of(error) if told else 0,
                             after_seconds=stop.after_seconds, waited=stop.waited,
                             killed=not self.watch.expired, busy=stop.busy)
        if span.stop is not None:
            return CellEvent(cell=index, cause=CellCause(span.stop.cause.value), message=span.stop.words,
                             error=name, line=_line_of(error), after_seconds=span.stop.after_seconds,
                             waited=span.stop.waited, busy=span.stop.busy)
        if trouble:
            return CellEvent(cell=index, cause=CellCause.OUTPUT, message=trouble)
        if not error:
            return None
        cause = (CellCause.MEMORY if _starved(error) else CellCause.OUTPUT if name == "OutputFlood"
                 else CellCause.RAISED)
        named = KERNELS_FILE.search(message) if name in UNPARSED else None
        return CellEvent(cell=index, cause=cause, error=name,
                         message=message[:named.start()] if named else message,
                         line=_line_of(error) or (int(named[1]) if named else 0))

    def _note_error(self, *, execute_reply: dict[str, Any], **_: Any) -> None:
        content = execute_reply.get("content")
        self.error = content if isinstance(content, dict) else {}

    async def _async_poll_kernel_alive(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_PERIOD)
            try:
                await self._async_check_alive()
            except DeadKernelError:
                assert self.task_poll_for_reply is not None
                self.task_poll_for_reply.cancel()
                return

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """nbclient's, with what is written counted and odd messages passed over."""
        kind = msg.get("msg_type", "")
        if not isinstance(kind, str) or kind.startswith("comm"):
            return None
        most = self.job.limits.output_bytes
        if kind not in ("status", "execute_input"):
            size = _size(msg.get("content"), most)
            self.written += size
            self.written_by_cell += size
            if self.written_by_cell > most:
                self.watch.stop(Stop(LossCause.OUTPUT, f"more than {most >> 10} KiB of output"))
            if self.written > most:  # later cells run, but what they write is not kept
                return None
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:
            return None


def notebook_of(text: str) -> Any:
    """The cells, with nothing but their sources.

    Raises:
        Unreadable: intake should have refused it; all the same it is not our fault.
    """
    try:
        cells = [node({**_source(cell), "id": f"cell-{index}", "metadata": {}})
                 for index, cell in enumerate(json.loads(text)["cells"])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    return node({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def does_something(source: str) -> bool:
    """Not of comments alone: such cells are common, nbgrader leaves one for each of its tests, and each costs
    5 ms."""
    return any(line and not line.startswith("#") for line in map(str.strip, source.splitlines()))


def _source(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell.get("source", "")
    made = {"source": source if isinstance(source, str) else "".join(source), "cell_type": "markdown"}
    return {**made, "cell_type": "code", "outputs": [], "execution_count": None} \
        if cell.get("cell_type") == "code" else made


class Unreadable(Exception):  # noqa: N818 - the name is the statement
    """A notebook that is none."""


def _stop(client: Any) -> None:
    client.shell_channel.stop()
    client.iopub_channel.stop()


async def _reply(client: Any) -> bool:
    """Has the kernel answered, and do its outputs reach us?"""
    try:
        while (await client.shell_channel.get_msg(timeout=1))["msg_type"] != "kernel_info_reply":
            continue
        await client.iopub_channel.get_msg(timeout=0.2)
    except Empty:
        return False
    return True


def _starved(error: dict[str, Any]) -> bool:
    """Did the cell fail for want of memory, as the kernel has it?"""
    message = storable(error.get("evalue", ""), MAX_TEXT)
    return error.get("ename") == "MemoryError" or any(words in message for words in NO_MEMORY)


def _size(thing: object, enough: int) -> int:
    """About how many bytes a message's content holds; stops counting when it is enough."""
    total, waiting = 0, [thing]
    while waiting and total <= enough:
        item = waiting.pop()
        total += len(item) if isinstance(item, (str, bytes)) else 8
        if isinstance(item, dict):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)
    return total


def _line_of(error: dict[str, Any]) -> int:
    """The line of the cell that raised, read from the traceback's text; 0 where it does not say."""
    trace = error.get("traceback")
    text = "\n".join(line for line in trace if isinstance(line, str)) if isinstance(trace, list) else ""
    places = CELL_LINE.findall(ANSI.sub("", text[:100_000]))
    own = [int(line) for count, line in places if count == str(error.get("execution_count", count))]
    return own[0] if own else 0
