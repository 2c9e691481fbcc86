"""Write docs/checks-language.md: every public word of grader.spec with one line of its own documentation.

    python scripts/words.py
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import grader.spec as spec  # noqa: E402 - of this tree, not of an installed one

PAPER = ROOT / "docs" / "checks-language.md"
HEAD = """# The language of checks.py

Every word of `grader.spec`, with the first sentence of its documentation. Written by `make docs`: change the
docstring, not this page. A whole `checks.py` is in the [README](../README.md#for-course-authors).
"""


def page() -> str:
    return HEAD + "".join(_section(module) for module in _modules())


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(spec.__path__):
        yield importlib.import_module(f"grader.spec.{found.name}")


def _section(module: ModuleType) -> str:
    rows = [row for name in _words(module) for row in _rows(module, name)]
    name = module.__name__.rpartition(".")[2]
    table = "".join(f"| `{word}` | {line} |\n" for word, line in rows)
    return f"\n## {name}\n\n{_sentence(module.__doc__)}\n\n| word | |\n| --- | --- |\n{table}" if rows else ""


def _words(module: ModuleType) -> list[str]:
    """The names that grader.spec exports of a module; where it exports the module itself, all of its own."""
    source = inspect.getsource(module)
    defined = re.findall(r"^(?:(?:def|class) ([A-Za-z]\w*)|([A-Z]\w*)(?:: .+?)? = )", source, re.MULTILINE)
    own = [function or constant for function, constant in defined]
    whole = module.__name__.rpartition(".")[2] in spec.__all__
    passed_on = [name for name in _imported_from(module) if name not in own]  # from the wall
    return [*passed_on, *(name for name in own if whole or name in spec.__all__)]


def _imported_from(module: ModuleType) -> list[str]:
    """What grader.spec takes from a module, its own words and others that it passes on."""
    tree = ast.parse(inspect.getsource(spec))
    return [alias.name for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module == module.__name__ for alias in node.names]


def _rows(module: ModuleType, name: str) -> Iterator[tuple[str, str]]:
    word = getattr(module, name)
    if not (inspect.isclass(word) or inspect.isfunction(word)):
        yield name, _constant(module, name)
        return
    yield name, _sentence(word.__doc__) if not _generated(word) else ""
    for member, value in vars(word).items() if inspect.isclass(word) else ():
        if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
            yield f"{name}.{member}", _sentence(value.__doc__)


def _generated(word: object) -> bool:
    """A dataclass without a docstring is given its signature for one."""
    return (word.__doc__ or "").startswith(f"{getattr(word, '__name__', '')}(")


def _sentence(text: str | None) -> str:
    first = " ".join((text or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.!?])\s", first)[0].replace("|", "\\|")


def _constant(module: ModuleType, name: str) -> str:
    """What is assigned, and what stands behind it. Numbers are short: last digits differ between machines."""
    pattern = rf"^{name}(?:: .+?)? = (.+?)[ \t]*(?:#[ \t]*([^#\n]+).*)?$"
    line = re.search(pattern, inspect.getsource(module), re.MULTILINE)
    assert line is not None, name
    value, (shown, said) = getattr(module, name), line.groups()
    if isinstance(value, spec.Diagnosis):
        return _sentence(value.meaning)
    if shown.endswith("("):   # goes on over several lines
        return _sentence(said)
    if isinstance(value, float):
        shown = f"{value:.6g}"
    elif isinstance(value, tuple) and all(isinstance(part, float) for part in value):
        shown = ", ".join(f"{part:.6g}" for part in value)
    return f"`{shown}`".replace("|", "\\|") + (f": {_sentence(said)}" if said else "")


if __name__ == "__main__":
    PAPER.write_text(page(), encoding="utf-8")
