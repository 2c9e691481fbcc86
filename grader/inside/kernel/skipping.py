"""Passes over a statement of a cell that fails only for what this machine lacks: the rest of the cell runs.

IPython runs a cell's statements one by one. One whose error is the machine's (see `lacking`) is noted in
place of being shown, and a `Placeholder` is bound to each name that it was to bind: it raises the same error
wherever it is used. A statement within the student's own `try` is theirs; they get the error first.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import dis
import sys
from collections.abc import Collection, Sequence
from types import CodeType, FrameType, TracebackType
from typing import Any

from grader.inside.kernel.calls import Cells
from grader.inside.kernel.lacking import for_show, lacks, moved
from grader.inside.kernel.placeholder import Placeholder
from grader.wall.messages import MOST_SKIPPED, Skipped
from grader.wall.text import name_of, storable

GUARD = "__grader_passes_over__"
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
PLAIN = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Import, ast.ImportFrom, ast.Assert)

class Guards(ast.NodeTransformer):
    """Gives statements in the blocks of `if`, `for` and `while` a guard of their own, and each imported name
    a statement of its own, so that what fails is as small as it can be."""

    def __init__(self) -> None:
        # of the last cell, by the line where each begins
        self.blocks: set[int] = set()
        self.functions: dict[int, ast.FunctionDef | ast.AsyncFunctionDef] = {}

    def visit_Module(self, module: ast.Module) -> ast.Module:
        alone = not _runs_statement_by_statement()
        self.blocks = {node.lineno for node in module.body if isinstance(node, BLOCKS)}
        body = [part for node in module.body for part in _parted(node)]
        self.functions = {_first_line(node): node for node in body if isinstance(node, FUNCTIONS)}
        if alone:  # as %%time does; its last expression is shown
            last = [body.pop()] if body and isinstance(body[-1], ast.Expr) else []
            module.body = [*(_guarded(_inner(node)) for node in body), *last]
        else:
            module.body = [_inner(node) for node in body]
        return module


def _runs_statement_by_statement() -> bool:
    """Is it `run_cell` that has asked for the transformation, and no magic that runs the cell as a whole?"""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_name in ("visit", "transform_ast"):
        frame = frame.f_back
    return frame.f_code.co_name == "run_cell_async"


def _parted(node: ast.stmt) -> list[ast.stmt]:
    """`import a, b` as `import a` and `import b`."""
    if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) < 2 or (
            isinstance(node, ast.ImportFrom) and node.module == "__future__"):
        return [node]
    return [ast.copy_location(
        ast.Import(names=[name]) if isinstance(node, ast.Import)
        else ast.ImportFrom(module=node.module, names=[name], level=node.level), node) for name in node.names]


def _inner(node: ast.stmt) -> ast.stmt:
    """A statement with guards in its blocks, save where the student's own `try` is listening."""
    if isinstance(node, ast.If | ast.For | ast.While):
        node.body, node.orelse = _block(node.body), _block(node.orelse)
    elif isinstance(node, ast.Try):
        for handler in node.handlers:
            handler.body = _block(handler.body)
        node.orelse, node.finalbody = _block(node.orelse), _block(node.finalbody)
        if not node.handlers:
            node.body = _block(node.body)
    return node


def _block(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    return [_guarded(part) if isinstance(part, PLAIN) else _inner(part)
            for node in body for part in _parted(node)]


def _guarded(node: ast.stmt) -> ast.stmt:
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return node
    names = ast.Tuple(elts=[ast.Constant(value=name) for name in sorted(_bound(node))], ctx=ast.Load())
    asks = ast.Call(func=ast.Name(id=GUARD, ctx=ast.Load()), args=[names], keywords=[])
    handler = ast.ExceptHandler(type=None, name=None, body=[
        ast.If(test=ast.UnaryOp(op=ast.Not(), operand=asks), body=[ast.Raise()], orelse=[])])
    guard = ast.Try(body=[node], handlers=[handler], orelse=[], finalbody=[])
    return ast.fix_missing_locations(ast.copy_location(guard, node))


def _bound(node: ast.stmt) -> set[str]:
    """The names that a plain statement binds."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)
             and isinstance(part.ctx, ast.Store)}
    if isinstance(node, ast.Import | ast.ImportFrom):
        names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return names - {"*"}


class Skipping:
    """What of a notebook was passed over, and the hooks by which it is."""

    def __init__(self, shell: Any, packages: Collection[str], cells: Cells) -> None:
        self.shell, self.packages, self.cells = shell, frozenset(packages), cells
        self.guards = Guards()
        self.noted: list[Skipped] = []
        self.errors: dict[int, Placeholder] = {}  # an error's id -> what raises it again
        self.asked = 0                        # how often the running statement asked for something typed
        self.code: CodeType | None = None     # the running statement
        self.passed = False
        self.starred = False                  # `from x import *` was passed over: any name may be missing

    def attach(self) -> None:
        """Take part in how the shell runs statements and shows errors."""
        shell, run, show = self.shell, self.shell.run_code, self.shell.showtraceback

        async def run_code(code: Any, result: Any = None, *, async_: bool = False) -> bool:
            before, self.code, self.passed, self.asked = self.code, code, False, 0
            try:
                stopped: bool = await run(code, result, async_=async_)
            finally:
                self.code = before
            if stopped and self.passed:
                self.passed = False
                if result is not None:
                    result.error_in_exec = None
                return False
            return stopped

        def showtraceback(*args: Any, running_compiled_code: bool = False, **keywords: Any) -> None:
            if running_compiled_code and self.code is not None and self._passes_over(self._wanted(self.code)):
                self.passed = True
                return
            show(*args, running_compiled_code=running_compiled_code, **keywords)

        shell.run_code, shell.showtraceback = run_code, showtraceback
        shell.ast_transformers.append(self.guards)
        setattr(builtins, GUARD, self._passes_over)

    def _wanted(self, code: CodeType) -> set[str]:
        """The names that a statement was to bind; of one with blocks those that nothing else has bound."""
        names = stored(code)
        return names - self.shell.user_ns.keys() if _begins(code) in self.guards.blocks else names

    def _passes_over(self, names: Collection[str]) -> bool:
        """Is the error that is being handled the machine's? Then it is noted, and placeholders are bound."""
        error = sys.exc_info()[1]
        if not isinstance(error, Exception) or not (
                self.asked or id(error) in self.errors or lacks(error, self.packages)
                or (self.starred and isinstance(error, NameError))):
            return False
        self.starred = self.starred or (self.code is not None and ("*",) in self.code.co_consts)
        there = moved(error)
        if there is not None and len(names) == 1:
            self.shell.user_ns[next(iter(names))] = there
            return True
        if id(error) in self.errors and self._defined_all_the_same():
            return True
        self._note(error)
        error.__traceback__ = error.__context__ = None
        placeholder = self.errors.setdefault(id(error), Placeholder(error, quiet=for_show(error)))
        self.shell.user_ns.update(dict.fromkeys(names, placeholder))
        return True

    def _defined_all_the_same(self) -> bool:
        """Define a function again without the annotations and decorators that want what is not here: none
        of them changes what it answers."""
        node = self.guards.functions.get(_begins(self.code)) if self.code else None
        if node is None or self.code is None:
            return False
        bare, known = copy.deepcopy(node), self.shell.user_ns
        arguments = bare.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg,
                         arguments.kwarg):
            if argument is not None:
                argument.annotation = None
        bare.returns = None
        bare.decorator_list = [each for each in bare.decorator_list if not any(
            isinstance(part, ast.Name) and isinstance(known.get(part.id), Placeholder)
            for part in ast.walk(each))]
        try:
            exec(compile(ast.Module(body=[bare], type_ignores=[]), self.code.co_filename, "exec"), known)
        except Exception:
            return False
        return True

    def _note(self, error: Exception) -> None:
        cell, line = self._place(error.__traceback__)
        said = Skipped(cell=cell, line=line, error=name_of(type(error)),
                       message=storable(_text(error), 500))
        if cell >= 0 and said not in self.noted and len(self.noted) < MOST_SKIPPED:
            self.noted.append(said)
            with contextlib.suppress(Exception):
                print(f"Line {said.line} was skipped, for want of something on this machine: "
                      f"{said.error}: {said.message}", file=sys.stderr)

    def _place(self, trace: TracebackType | None) -> tuple[int, int]:
        """The outermost cell on the way to an error, and its line; (-1, 0) where there is none.

        Within %%capture or %%time the text below is another one, with its own lines, run from the first line
        of the cell.
        """
        below = 0
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            place = self.cells.get(file)
            if place is not None:
                return place[0], trace.tb_lineno or 0
            if not below and ("ipykernel_" in file or file.startswith("<timed")):
                below = trace.tb_lineno or 0
            trace = trace.tb_next
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            place = self.cells.get(frame.f_code.co_filename)
            if place is not None:
                return place[0], frame.f_lineno + below
            frame = frame.f_back
        return -1, 0


def _begins(code: CodeType) -> int:
    """The line where a statement begins."""
    return min((line for _, _, line in code.co_lines() if line), default=0)


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def stored(code: CodeType) -> set[str]:
    """The names that a statement binds."""
    return {str(each.argval) for each in dis.get_instructions(code)
            if each.opname in ("STORE_NAME", "STORE_GLOBAL")} - {"__annotations__"}


def _text(error: Exception) -> str:
    try:
        return str(error)
    except Exception as another:  # a student's own __str__
        return f"(no text: {name_of(type(another))})"
