"""The Jinja environments, and what every page shares: style, security policy, prose."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.report import plain
from grader.report.wording import words

_PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = (_PACKAGE / "templates", _PACKAGE.parent / "templates")  # as installed, and as in the repository

_CODE = re.compile(r"`([^`\n]+)`")
_ARXIV = re.compile(r"\b(arXiv[: ])(\d{4}\.\d{4,5})\b")
ADDRESS = re.compile(r"https://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]]")


def html(template: str, language: str, **values: object) -> str:
    """A template filled. Values are text until a filter says otherwise."""
    return environment(language).get_template(template).render(values)


@lru_cache
def environment(language: str) -> Environment:
    """Jinja2 with both of the safeguards that it leaves off, and one language's words."""
    spoken = words(language)
    made = Environment(loader=FileSystemLoader(FOLDERS), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, auto_reload=False, finalize=_fit, extensions=["jinja2.ext.i18n"])
    made.install_gettext_callables(spoken.gettext, spoken.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(prose=prose, linked=linked)
    made.globals.update(language=spoken.language, style=Markup(asset("page.css")), policy=policy())
    return made


@lru_cache
def asset(name: str) -> str:
    """A file of ours that goes into pages as it is."""
    return next(folder / name for folder in FOLDERS if (folder / name).exists()).read_text(encoding="utf-8")


def policy(*, script: str = "", images: str = "") -> str:
    """A Content-Security-Policy under which only our own style, and one script of ours if any, does anything."""
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
    return plain.fit(value) if type(value) is str else value


def prose(text: str) -> Markup:
    """A sentence: escaped, with `code` set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(plain.fit(text)))))  # escaped before


def linked(text: str) -> Markup:
    """A sentence of the exercise's, whose https addresses and arXiv numbers become links."""
    told = ADDRESS.sub(_link, str(prose(text)))
    return Markup(_ARXIV.sub(r'<a href="https://arxiv.org/abs/\2" rel="noreferrer">\1\2</a>', told))  # escaped before


def _link(match: re.Match[str]) -> str:
    address = match.group()
    return f'<a href="{address}" rel="noreferrer">{address}</a>'



def trusted(html: str) -> Markup:
    """HTML that may stand in a page as it is. Callers have sanitised it."""
    return Markup(html)
