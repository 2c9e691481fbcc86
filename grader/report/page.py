"""The Jinja environments, and what every page shares: style, security policy, prose."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.report import safe_text, written
from grader.report.remarks import html_of
from grader.report.wording import words

_PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = (_PACKAGE / "templates", _PACKAGE.parent / "templates")  # as installed, and as in the repository

_CODE = re.compile(r"`([^`\n]+)`")
_PYTORCH = "https://docs.pytorch.org/docs/stable/"
# What has a known address: the pattern, and the address made of what it found. The first that fits counts.
_KNOWN = (
    (r"https://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]]", r"\g<0>"),
    (r"\barXiv[: ](\d{4}\.\d{4,5})\b", r"https://arxiv.org/abs/\1"),
    (r"\btorch\.nn\.init\.\w+", _PYTORCH + r"nn.init.html#\g<0>"),
    (r"\btorch\.device\b", _PYTORCH + r"tensor_attributes.html#\g<0>"),
    (r"\b(torch\.nn\.Module)\.\w+", _PYTORCH + r"generated/\1.html#\g<0>"),
    (r"\btorch(?:\.(?:Tensor|nn|nn\.utils|nn\.functional|optim|optim\.Optimizer|cuda|linalg|autograd))?"
     r"\.(?!(?:Tensor|nn|optim|cuda|linalg|autograd|functional|utils)\b)\w+\b(?!\.\w)",
     _PYTORCH + r"generated/\g<0>.html"),
    (r"\bkeras\.initializers\.\w+", r"https://keras.io/api/layers/initializers/"),
    (r"\b(tensorflow|pytorch)#(\d+)\b", r"https://github.com/\1/\1/issues/\2"),
)
_REFERENCE = re.compile("|".join(pattern for pattern, _ in _KNOWN))


def html(template: str, language: str, **values: object) -> str:
    """A template filled. Values are text until a filter says otherwise."""
    return environment(language).get_template(template).render(values)


@lru_cache
def environment(language: str) -> Environment:
    """Jinja2 with both of the safeguards that it leaves off, and one language's words."""
    spoken = words(language)
    made = Environment(loader=FileSystemLoader(FOLDERS), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True,
                       lstrip_blocks=True, auto_reload=False, finalize=_fit, extensions=["jinja2.ext.i18n"])
    translated: Any = made
    translated.install_gettext_callables(spoken.gettext, spoken.ngettext, newstyle=True)
    made.filters.update(prose=prose, linked=linked, written=written.as_html, remark=remark)
    # exercises speak English, whatever we speak
    foreign = Markup("" if spoken.language == "en" else ' lang="en"')
    native = Markup(f' lang="{spoken.language}"' if foreign else "")  # one of our own languages
    made.globals.update(language=spoken.language, foreign=foreign, native=native,
                        style=Markup(asset("page.css")), policy=policy())
    return made


def compile_templates(language: str) -> None:
    """All pages that a batch writes, now: otherwise each when it is first filled."""
    made = environment(language)
    for name in made.list_templates(filter_func=lambda name: name.endswith(".html.j2") and "/" not in name):
        made.get_template(name)


@lru_cache
def asset(name: str) -> str:
    """A file of ours that goes into pages as it is."""
    return next(folder / name for folder in FOLDERS if (folder / name).exists()).read_text(encoding="utf-8")


def policy(*, script: str = "", images: str = "") -> str:
    """A Content-Security-Policy under which only our own style, and one script of ours if any,
    does anything."""
    parts = {"default-src": "'none'", "style-src": _hash(asset("page.css")), "base-uri": "'none'",
             "form-action": "'none'"}
    if script:
        parts["script-src"] = _hash(script)
    if images:
        parts["img-src"] = images
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _fit(value: object) -> object:
    """Every text a template prints, unless it is HTML of ours."""
    return safe_text.fit(value) if type(value) is str else value


def prose(text: str) -> Markup:
    """A sentence: escaped, with `code` set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(safe_text.fit(text)))))  # escaped before


def references(text: str) -> Iterator[tuple[str, str]]:
    """A reference of the exercise's in pieces, each with the address it is known to have: "" for none."""
    at = 0
    for match in _REFERENCE.finditer(text):
        yield text[at:match.start()], ""
        yield match.group(), _address(match.group())
        at = match.end()
    yield text[at:], ""


def _address(name: str) -> str:
    return next(match.expand(address) for pattern,
                address in _KNOWN if (match := re.fullmatch(pattern, name)))


def linked(text: str) -> Markup:
    """A reference with links to what has a known address."""
    return Markup("").join(Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, piece) if address
                           else prose(piece) for piece, address in references(text))


def remark(text: str) -> Markup:
    """Markdown that a person wrote, without anything active."""
    return Markup(html_of(text))  # sanitised there


def trusted(html: str) -> Markup:
    """HTML that may stand in a page as it is. Callers have sanitised it."""
    return Markup(html)
