"""Of an exercise's modules, the statements that some names lead to: what students get of the checks they may
see."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from grader.exercise.catalog import ExerciseError

FUTURE = "from __future__ import annotations"


def reachable(sources: Mapping[str, str], names: Mapping[str, set[str]]) -> dict[str, str]:
    """The statements that define `names`, and those that these lead to, also across relative imports.

    Args:
        sources: module's name -> its text. The modules lie beside each other, and import each other by
            `from .misconceptions import A`, or by `from . import misconceptions`, whose attributes are then
            followed one by one.
        names: module's name -> the names that are wanted of it.

    Returns:
        Module's name -> the kept statements, in their order; modules of which nothing is kept are left out.

    Raises:
        ExerciseError: a module is imported in a way that cannot be followed, so that too much would go out.
    """
    modules = {name: ast.parse(text).body for name, text in sources.items()}
    wanted: dict[str, set[str]] = defaultdict(set, {name: set(found) for name, found in names.items()})
    kept: dict[str, set[int]] = defaultdict(set)
    for name, body in modules.items():
        _refuse_stars(name, body)
    before = None
    while before != (before := (sum(map(len, wanted.values())), sum(map(len, kept.values())))):
        for name, body in modules.items():
            kept[name] |= {i for i, node in enumerate(body) if defines(node) & wanted[name]}
            for module, found in _led_to(name, [body[i] for i in sorted(kept[name])], wanted[name]):
                if module not in modules:
                    raise ExerciseError(f"{name}.py: there is no module {module} beside it")
                wanted[module].add(found)
    return {name: _text(text, [modules[name][i] for i in sorted(kept[name])], wanted[name])
            for name, text in sources.items() if kept[name]}


def _led_to(module: str, statements: list[ast.stmt], wanted: set[str]) -> Iterator[tuple[str, str]]:
    """(module, name) of everything that these statements of a module use."""
    beside = _modules_beside(statements)
    for node in statements:
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) in wanted:
                    yield node.module, alias.name
        attributes = {id(n.value): n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        for n in ast.walk(node):
            # Annotations that are strings, as under `from __future__ import annotations`, are Names in the
            # tree too.
            if not isinstance(n, ast.Name):
                continue
            yield module, n.id
            if n.id in beside:
                if id(n) not in attributes:
                    raise ExerciseError(f"{module}.py:{n.lineno}: {n.id} is used as a whole: what hidden "
                                        "checks need of it would be released; name what is used")
                yield beside[n.id], attributes[id(n)]


def _modules_beside(statements: list[ast.stmt]) -> dict[str, str]:
    """Of `from . import misconceptions as known`: the name here -> the module."""
    found = {}
    for node in statements:
        if isinstance(node, ast.ImportFrom) and node.level and not node.module:
            found.update({alias.asname or alias.name: alias.name for alias in node.names})
    return found


def _refuse_stars(module: str, statements: list[ast.stmt]) -> None:
    for node in statements:
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            raise ExerciseError(f"{module}.py:{node.lineno}: import the names that are used, not *")


def defines(node: ast.stmt) -> set[str]:
    """The names that a top-level statement binds, or changes the value of."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            return set()
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    changed = {_root(n) for n in ast.walk(node) if isinstance(n, ast.Subscript | ast.Attribute)
               and isinstance(n.ctx, ast.Store)}
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):  # LIST.append(...)
        changed.add(_root(node.value.func))
    return changed - {""} | {n.id for n in ast.walk(node)
                             if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _root(node: ast.expr) -> str:
    """The name that `a` in a.b[c].d is; "" where there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _text(text: str, statements: list[ast.stmt], wanted: set[str]) -> str:
    lines = text.split("\n")
    parts = [_source(node, lines, wanted) for node in statements]
    return re.sub(r"\n{4,}", "\n\n\n", "\n\n".join([*([FUTURE] if FUTURE in text else []), *parts])) + "\n"


def _source(node: ast.stmt, lines: list[str], wanted: set[str]) -> str:
    """A statement as written; of an import only the names that are used."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [a for a in node.names if (a.asname or a.name).split(".")[0] in wanted]
        return ast.unparse(ast.ImportFrom(module=node.module, names=names, level=node.level)
                           if isinstance(node, ast.ImportFrom) else ast.Import(names=names))
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return "\n".join(lines[first - 1:node.end_lineno])
