"""Changes to a source, as pieces of text that replace what a node of its syntax tree spans."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = TypeVar("Node", bound=ast.AST)
TIGHT = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Dict, ast.Set,
         ast.ListComp, ast.DictComp, ast.SetComp)
MODULES = ("torch", "math", "np", "numpy", "F", "copy", "cmath", "torch.linalg",
           "torch.nn.functional", "np.linalg")


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Bytes `start` to `end` of a source become `text`."""

    start: int
    end: int
    text: str


class Source:
    """A text of Python with its tree, whose nodes know what they lie in.

    Raises:
        SyntaxError: it is no Python.
    """

    def __init__(self, text: str) -> None:
        self.text, self.data = text, text.encode()
        self.tree = ast.parse(text)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self._starts = [0]
        for line in self.data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    @functools.cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node that is code: no docstring or annotation, nothing in a print, a raise or an f-string."""
        return [node for node in ast.walk(self.tree) if hasattr(node, "lineno") and not self._is_prose(node)]

    def all(self, kind: type[Node]) -> Iterator[Node]:
        return (node for node in self.nodes if isinstance(node, kind))

    def methods(self, *names: str) -> Iterator[tuple[ast.Call, ast.Attribute]]:
        """Calls `something.name(...)`, whatever something is, and what is called in each."""
        for node in self.all(ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in names:
                yield node, node.func

    def without(self, *names: str) -> Iterator[Edit]:
        """`x` for `x.name()`, and for `module.name(x)`."""
        for call, function in self.methods(*names):
            if self.of(function.value) not in MODULES:
                yield self.replaced(call, self.of(function.value))
            elif call.args:
                yield self.replaced(call, self.operand(call.args[0]))

    def renamed(self, names: Mapping[str, str]) -> Iterator[Edit]:
        """Attributes with another name, and functions that are called by their name alone."""
        for node in self.all(ast.Attribute):
            if node.attr in names:
                yield self.replaced(node, f"{self.of(node.value)}.{names[node.attr]}")
        for call in self.all(ast.Call):
            if isinstance(call.func, ast.Name) and call.func.id in names:
                yield self.replaced(call.func, names[call.func.id])

    def functions(self) -> list[Function]:
        """Those that a notebook's other cells can call."""
        return [node for node in self.tree.body if isinstance(node, Function)]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where its text begins and ends, in bytes."""
        first = min([node, *getattr(node, "decorator_list", [])], key=lambda n: n.lineno)
        at = first.col_offset - (1 if first is not node else 0)
        return (self._starts[first.lineno - 1] + at, self._starts[node.end_lineno - 1] + node.end_col_offset)  # type: ignore[attr-defined]

    def line(self, node: ast.AST) -> int:
        """The number of its first line."""
        return self.data.count(b"\n", 0, self.span(node)[0]) + 1

    def of(self, node: ast.AST) -> str:
        """Its text."""
        start, end = self.span(node)
        return self.data[start:end].decode()

    def operand(self, node: ast.AST) -> str:
        """Its text, in parentheses unless it binds as tightly as a name does."""
        return self.of(node) if isinstance(node, TIGHT) else f"({self.of(node)})"

    def replaced(self, node: ast.AST, text: str) -> Edit:
        start, end = self.span(node)
        return Edit(start=start, end=end, text=text)

    def gone(self, statement: ast.stmt) -> Edit:
        return self.replaced(statement, "pass")

    def before(self, statement: ast.stmt, line: str) -> Edit:
        start, _ = self.span(statement)
        return Edit(start=start, end=start, text=f"{line}\n{self._indent(statement)}")

    def after(self, statement: ast.stmt, line: str) -> Edit:
        _, end = self.span(statement)
        return Edit(start=end, end=end, text=f"\n{self._indent(statement)}{line}")

    def given(self, call: ast.Call, argument: str) -> Edit:
        """One argument more, the last."""
        _, end = self.span(call)
        inner = self.data[self.span(call.func)[1]:end - 1].decode().strip()
        comma = ", " if (call.args or call.keywords) and not inner.endswith(",") else ""
        return Edit(start=end - 1, end=end - 1, text=f"{comma}{argument}")

    def begun(self, function: Function, line: str) -> Edit:
        """A line at the beginning of a function, behind its docstring."""
        first, *rest = function.body
        if ast.get_docstring(function) is not None:
            return self.before(rest[0], line) if rest else self.after(first, line)
        return self.before(first, line)

    def decorated(self, function: Function, decorator: str) -> Edit:
        start, _ = self.span(function)
        return Edit(start=start, end=start, text=f"@{decorator}\n{' ' * function.col_offset}")

    def function_of(self, node: ast.AST) -> Function | None:
        """The function it lies in, the outermost."""
        found = None
        while (node := self.parents.get(node)) is not None:  # type: ignore[assignment]
            found = node if isinstance(node, Function) else found
        return found

    def made(self, edit: Edit) -> str:
        """The text with the change made."""
        return (self.data[: edit.start] + edit.text.encode() + self.data[edit.end :]).decode()

    def _indent(self, statement: ast.stmt) -> str:
        return " " * statement.col_offset

    def _is_prose(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Expr) and _prints(node.value):
            return True
        while (parent := self.parents.get(node)) is not None:
            if isinstance(parent, ast.Raise | ast.JoinedStr | ast.arg) or _prints(parent):
                return True
            if isinstance(parent, Function) and node is parent.returns:
                return True
            if isinstance(parent, ast.AnnAssign) and node is parent.annotation:
                return True
            if isinstance(node, ast.Constant) and isinstance(parent, ast.Expr):
                return True
            node = parent
        return False


def _prints(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def last_name(node: ast.AST | None) -> str:
    """`c` of `a.b.c`, and of `c`; else nothing."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def called_in(node: ast.AST) -> set[str]:
    """The last names of all that is called in a node."""
    return {last_name(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)} - {""}


Operator = Callable[[Source], Iterator[Edit]]
