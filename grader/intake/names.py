"""What a cell's text imports and defines. Read, never run; total, whatever the text is."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

LONGEST = 100_000  # characters of a cell that is parsed
MOST = 300_000     # and of a notebook: a second; the rest is read line by line
_KEPT = 8          # notebooks: each check asks the same of one
_MAGIC = re.compile(r"^(?P<indent>[ \t]*)(?:[%!?]|[^\W\d][\w.]*\?{1,2}\s*$|.*?(?<![=!<>])=[ \t]*[%!]).*$")
_CELL_MAGIC = re.compile(r"\s*%%(?:capture|time|prun|memit)\b[^\n]*")
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([^\W\d][\w.]*)[ \t]+import\b|import[ \t]+([^#;\n]+))",
                     re.MULTILINE)
_BINDING = re.compile(r"^(?:[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|([^\W\d]\w*)[ \t]*=(?!=)"
                      r"|(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+\(?([^)#;\n]*))", re.MULTILINE)
_OWN_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def code_cells(notebook: str) -> Iterator[tuple[int, str]]:
    """Index and source of the code cells of a cleaned notebook; none where it is not readable."""
    try:
        cells = json.loads(notebook)["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for index, cell in enumerate(cells):
        if isinstance(cell, dict) and cell.get("cell_type") == "code" and isinstance(cell.get("source"), str):
            yield index, cell["source"]


def without_magics(source: str) -> str:
    """The cell as Python, line by line; "" where all of it is another language's."""
    source = _CELL_MAGIC.sub("", source, count=1) if _CELL_MAGIC.match(source) else source
    if source.lstrip().startswith("%%"):
        return ""
    return "\n".join(f"{found['indent']}pass" if (found := _MAGIC.match(line)) else line
                     for line in source.split("\n"))


def tree(source: str) -> ast.Module | None:
    """The syntax tree of a cell without its magics; None where there is none."""
    if len(source) > LONGEST:
        return None
    for text in (source, without_magics(source)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _trees(notebook: str, about: str = "") -> Iterator[tuple[str, ast.Module | None]]:
    """The code cells that hold a word, each with its syntax tree, as far as they are parsed."""
    left = MOST
    for _, source in code_cells(notebook):
        if about in source:
            left -= len(source)
            yield source, tree(source) if left >= 0 else None


@lru_cache(maxsize=_KEPT)
def imports(notebook: str) -> frozenset[str]:
    """The modules that a notebook imports anywhere, by the first part of their names."""
    return frozenset(name.partition(".")[0] for source, parsed in _trees(notebook, "import")
                     for name in _imported(source, parsed))


def _imported(source: str, parsed: ast.Module | None) -> Iterator[str]:
    if parsed is None:
        for module, modules in _IMPORT.findall(source):
            listed = [module] if module else modules.split(",")
            yield from (part.split()[0] for part in listed if part.split())
        return
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@lru_cache(maxsize=_KEPT)
def imported_as(notebook: str) -> Mapping[str, str]:
    """The names that imports bind -> the first part of the module's name."""
    found: dict[str, str] = {}
    for _, parsed in _trees(notebook, "import"):
        for node in ast.walk(parsed) if parsed else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
                found |= {alias.asname or alias.name.partition(".")[0]:
                          (module or alias.name).partition(".")[0] for alias in node.names}
    return found


def words(source: str) -> frozenset[str]:
    """Everything in a text that could be a name."""
    return frozenset(re.findall(r"[^\W\d]\w*", source))


@lru_cache(maxsize=_KEPT)
def all_bound(notebook: str) -> frozenset[str]:
    """The names that any cell binds at its top level."""
    return frozenset().union(*(_names_bound(source, parsed) for source, parsed in _trees(notebook)))


@lru_cache(maxsize=64)
def binds(source: str) -> frozenset[str]:
    """The names that a cell binds at its top level, its blocks included; as far as its lines say where it
    cannot be parsed."""
    return _names_bound(source, tree(source))


def _names_bound(source: str, parsed: ast.Module | None) -> frozenset[str]:
    return frozenset(_bound(parsed.body) if parsed else _bound_by_lines(source))


def _bound_by_lines(source: str) -> Iterator[str]:
    for defined, assigned, listed in _BINDING.findall(source[:LONGEST]):
        yield defined or assigned or ""
        for part in listed.split(","):
            if words_of := part.split():
                yield words_of[-1].partition(".")[0]


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    waiting: list[ast.AST] = [*body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield part.name
        elif isinstance(part, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in part.names)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif not isinstance(part, _OWN_SCOPE):
            waiting.extend(ast.iter_child_nodes(part))
