"""What the site says straight from the source: the keys of exercise.toml and course.toml from their records,
and the words of grader.spec from their docstrings, which are plain text and no reStructuredText.
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import posixpath
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from docutils import nodes
from msgspec import NODEFAULT, structs
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import grader.spec as spec

KINDS = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false",
         "tuple[str, ...]": "list of texts", "messages.Limits": "table `[limits]`",
         "tuple[Place, ...]": "tables `[[exercise]]`", "Rules": "table `rules`",
         "Due": "date and time", "Groups": "table of dates and times", "Steps": "list of pairs",
         "Attempts": '`"last"` or `"best"`', "Hidden": '`"always"` or `"after due"`',
         "tuple[Written, ...]": "tables `[[written]]`",
         "tuple[RubricItem, ...]": "list of tables `{text = \"...\", points = 1}`",
         "dict[str, float]": "table of numbers"}
REQUIRED = object()


def keys(record: type) -> str:
    """A table of a record's fields: name, kind, default, and the comment that stands at it in the source.

    Raises:
        ValueError: a field has no comment, or is of a kind that has no name here.
    """
    source = textwrap.dedent(inspect.getsource(record))
    lines, (definition,) = source.splitlines(), ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)
    rows = ["| key | what it is | meaning |", "| --- | --- | --- |"]
    for field in definition.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            name, kind = field.target.id, KINDS.get(ast.unparse(field.annotation))
            meaning = _comment(lines, field)
            if not (kind and meaning):
                raise ValueError(f"{record.__name__}.{name}: say in a comment what it means, "
                                 "and in docs/from_source.py what kind it is")
            default = "needed" if field.value is None else f"else {_default(name, _value(record, name))}"
            rows.append(f"| `{name}` | {kind}; {default} | {meaning} |")
    return "\n".join(rows)


def _comment(lines: list[str], field: ast.AnnAssign) -> str:
    """What stands behind a field, else in the lines above it."""
    behind = re.search(r"\s#\s*(.+)$", lines[(field.end_lineno or field.lineno) - 1])
    if behind:
        return behind[1]
    above: list[str] = []
    for line in reversed(lines[:field.lineno - 1]):
        if not line.strip().startswith("#"):
            break
        above.insert(0, line.strip(" #"))
    return " ".join(above)


def _value(record: type, name: str) -> Any:
    """The default of a field that has one."""
    field = next(field for field in structs.fields(record) if field.name == name)
    return field.default if field.default_factory is NODEFAULT else field.default_factory()


def _default(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if name.endswith("_bytes"):
        return f"{value} ({value >> 30} GiB)" if value >= 1 << 30 else f"{value} ({value >> 20} MiB)"
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, str):
        return f'`"{value}"`'
    if value in ((), {}):
        return "nothing"
    return f"`{value:g}`" if isinstance(value, int | float) else "as below"


class Keys(SphinxDirective):
    """`{keys} module.Record`: the table of `keys`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module, _, name = self.arguments[0].rpartition(".")
        record = getattr(importlib.import_module(module), name)
        self.env.note_dependency(inspect.getfile(record))
        return self.parse_text_to_nodes(keys(record))


class Words(SphinxDirective):
    """`{words} module`: what grader.spec passes on of one of its modules, functions and classes first."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = importlib.import_module(f"grader.spec.{self.arguments[0]}")
        text = f"```{{eval-rst}}\n.. automodule:: {module.__name__}\n   :members:\n```\n"
        for name, said in constants(module):
            text += f"\n```{{py:data}} {module.__name__}.{name}\n\n{said}\n```\n"
        self.env.note_dependency(inspect.getfile(module))
        return self.parse_text_to_nodes(text)


def constants(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Each constant of a module that is a word of the language, and what it stands for."""
    for name in re.findall(r"^([A-Z]\w*)(?:: .+?)? = ", inspect.getsource(module), re.MULTILINE):
        if _is_word(module.__name__, name):
            yield name, _constant(module, name)


def _is_word(module: str, name: str) -> bool:
    """Of a module that grader.spec passes on whole, as it does `statistics`, every name is one."""
    return name in spec.__all__ or module.rpartition(".")[2] in spec.__all__


def _constant(module: ModuleType, name: str) -> str:
    """What a misconception means, else what is assigned, after the comment behind it."""
    value = getattr(module, name)
    if isinstance(value, spec.Diagnosis):
        return value.meaning
    line = re.search(rf"^{name}(?:: .+?)? = (.+?)[ \t]*(?:#[ \t]*([^#\n]+).*)?$", inspect.getsource(module),
                     re.MULTILINE)
    assert line is not None, name
    shown, said = line.groups()
    return ": ".join(filter(None, (said, "" if shown.endswith("(") else f"`{shown}`"))) or name


def unmarked(app: Sphinx, what: str, name: str, word: object, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with `code`: nothing in them is markup but that."""
    parts = [re.split(r"(`[^`]+`)", line) for line in lines]
    lines[:] = ["".join(f"`{part}`" if part[:1] == "`" else re.sub(r"[\\*|]|_(?=\W|$)", _escaped, part)
                        for part in line) for line in parts]


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]


def options(app: Sphinx, context: Any, lines: list[str]) -> None:
    """The help of options is plain text, too; a default is shown as it is typed."""
    for at, line in enumerate(lines):
        if ":default:" in line:
            lines[at] = re.sub(r"``(?:PosixPath\()?'(.+?)'\)?``", r"``\1``", line)
        elif ".. option::" not in line:
            lines[at] = re.sub(r"(?<!\*)\*(?!\*)", r"\\*", line)


def skipped(app: Sphinx, what: str, name: str, word: object, skip: bool, options: Any) -> bool | None:
    module = app.env.current_document.autodoc_module or ""
    return True if what == "module" and not _is_word(module, name) else None


def beside_the_site(app: Sphinx, document: str, text: list[str]) -> None:
    """Of a file of the clone that is no page, such as ../SECURITY.md, the name is left and no link."""
    def shown(found: re.Match[str]) -> str:
        to = posixpath.normpath(posixpath.join(posixpath.dirname(document), found[2])).removesuffix(".md")
        return found[0] if to in app.env.found_docs else found[1]

    text[0] = re.sub(r"(?<!!)\[([^]]+)\]\(([^):#]+\.md)(?:#[^)]*)?\)", shown, text[0])


def colons(app: Sphinx, page: nodes.document) -> None:
    """Between an argument and what it is, Sphinx puts two hyphens for a dash; conf.py leaves them."""
    for text in list(page.findall(nodes.Text)):
        if text == " -- ":
            text.parent.replace(text, nodes.Text(": "))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("keys", Keys)
    app.add_directive("words", Words)
    app.connect("source-read", beside_the_site)
    app.connect("sphinx-click-process-options", options)
    app.connect("autodoc-process-docstring", unmarked, priority=100)  # before napoleon
    app.connect("autodoc-skip-member", skipped)
    app.connect("doctree-read", colons)
    return {"parallel_read_safe": True}
