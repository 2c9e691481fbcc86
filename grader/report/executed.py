"""A notebook as it was executed, as a page in which nothing is active: nbconvert's HTML through an
allow-list.

Total: whatever the notebook holds, a page comes out. Cell N of a report is #cell-N here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, groupby
from typing import Any, TypeVar, cast

import msgspec
import nbformat
import nh3
from markupsafe import Markup
from nbconvert import Exporter, HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from grader.report import formulas, page, pixels, safe_text
from grader.report.wording import Words, words

Convert = TypeVar("Convert", bound=Callable[..., str])

POLICY_IMAGES = "data:"

_CELL_MOST = 50_000           # characters of one source or one output that are shown
# The lexer takes time by the square of a line's length in places, the Markdown parser by that of a cell's:
# what is longer is shown plain. Nobody reads a line of such length.
_COLOURED_LINE = 1000         # characters
_COLOURED_GAP = 100           # lines of nothing but blanks
_MARKDOWN_MOST = 20_000
_TEXT_MOST = 1_000_000        # characters of a whole notebook: nbconvert takes a second for them
_IMAGE_MOST = 2_000_000       # base64 characters of one picture
_IMAGES_MOST = 12_000_000     # and of all
_KEPT_MOST = 4000             # characters of a cell whose HTML is remembered
_FORMULAS_MOST = 500          # formulas of a whole notebook: each takes a tenth of a millisecond
_PREPARED = ["nbconvert.preprocessors.CoalesceStreamsPreprocessor"]
_UNSTYLED = {"CSSHTMLHeaderPreprocessor": {"enabled": False}}  # the page has its own colours
_KINDS = {"code", "markdown", "raw"}
_IMAGES = ("image/png", "image/jpeg")
_TEXTS = ("text/html", "text/markdown", "text/latex", "text/plain")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
_HEADING = re.compile(r"(</?)h[1-6]\b")
_CODE = re.compile(r'(<div class="input_area">\s*<div class="[^"]*"><pre)>')
_FORMULA = re.compile(r'<code class="formula (block|inline)">([^<]*)</code>')
_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*\Z")

_TAGS = set("""a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6
               hr i img kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot
               th thead tr u ul var""".split())  # noqa: SIM905
_ATTRIBUTES = {"*": {"class", "title"}, "a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"},
               "th": {"colspan", "rowspan", "scope"}, "ol": {"start"}}


@dataclass(frozen=True)
class Shown:
    """One cell as HTML that may stand in a page."""

    number: int            # from 1, as reports count
    kind: str
    body: Markup


def render(notebook_json: str, *, student: str = "", exercise: str = "", report: str = "",
           language: str = "en", plain: bool = False) -> str:
    """The page. `exercise` is a title, `report` a link back. A notebook that cannot be shown says so on the
    page.

    Its cost has no bound but that of the process, save where it is `plain`: then it is text alone, and says
    so.
    """
    try:
        notebook = _readable(notebook_json)
        cells = (list(map(_plain, count(1), notebook.cells)) if plain
                 else list(_shown(notebook, words(language))))
    # what is read may be of any shape; the page must still come out
    except Exception:
        cells = []
    return page.html("executed.html.j2", language, cells=cells, plain=plain, student=safe_text.line(student),
                     exercise=safe_text.line(exercise), report=safe_text.href(report),
                     policy=page.policy(images=POLICY_IMAGES))


@dataclass
class _Left:
    """How much more of a notebook is shown."""

    text: int = _TEXT_MOST
    images: int = _IMAGES_MOST
    formulas: int = _FORMULAS_MOST


def _readable(text: str) -> nbformat.NotebookNode:
    """A notebook built anew from what is understood of this one: sources, streams, errors, text
    and pictures."""
    found = msgspec.json.decode(text.encode("utf-8", "replace"))
    left = _Left()
    cells = [_cell(cell if isinstance(cell, dict) else {}, left) for cell in found["cells"]]
    made: nbformat.NotebookNode = _document(cells)
    return made


def _cell(cell: dict[str, Any], left: _Left) -> dict[str, Any]:
    kind = cell.get("cell_type") if cell.get("cell_type") in _KINDS else "raw"
    made: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": _text(cell.get("source"), left)}
    if kind == "code":
        count = cell.get("execution_count")
        outputs = (_output(o, left) for o in cell.get("outputs") or () if isinstance(o, dict))
        made |= {"execution_count": count if isinstance(count, int) else None,
                 "outputs": [o for o in outputs if o]}
    return made


def _output(output: dict[str, Any], left: _Left) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(output.get("text"), left)}
    if kind == "error":
        trace = output.get("traceback")
        lines = [_text(line, left) for line in trace[:200]] if isinstance(trace, list) else []
        return {"output_type": "error", "ename": _text(output.get("ename"), left),
                "evalue": _text(output.get("evalue"), left), "traceback": lines}
    bundle = output.get("data")
    if kind in ("display_data", "execute_result") and isinstance(bundle, dict):
        return {"output_type": "display_data", "metadata": {}, "data": _bundle(bundle, left)}
    return None


def _bundle(bundle: dict[str, Any], left: _Left) -> dict[str, str]:
    for kind in _IMAGES:
        picture = bundle.get(kind)
        if isinstance(picture, str) and len(picture) <= min(_IMAGE_MOST,
                                                            left.images) and _BASE64.match(picture):
            left.images -= len(picture)
            return {kind: picture}
    return next(({kind: _text(bundle[kind], left)} for kind in _TEXTS if kind in bundle), {})


def _text(value: object, left: _Left) -> str:
    """Text of a notebook, which may be a list of lines, within what is left to show. ANSI colours stay."""
    text = "".join(map(str, value)) if isinstance(value, list) else str(value or "")
    text = text[: min(_CELL_MOST, left.text)]
    left.text -= len(text)
    return "\x1b".join(safe_text.block(part, _CELL_MOST) for part in text.split("\x1b"))


def _remembering(convert: Convert) -> Convert:
    """Most cells are the exercise's own and the same in every submission. Long ones are not kept."""
    kept = lru_cache(maxsize=500)(convert)

    def remembering(cell: Any, *more: str) -> str:
        return (kept if len(cell) < _KEPT_MOST else convert)(cell, *more)
    return cast("Convert", remembering)


@lru_cache
def _exporter() -> HTMLExporter:
    """nbconvert's, without bleach: nh3 cleans each cell afterwards, in a fraction of the time.

    Of its preprocessors only one has work to do in a notebook that was built anew, and each validates it once
    more.
    """
    made = HTMLExporter(template_name="basic", sanitize_html=False, embed_images=False,
                        default_preprocessors=_PREPARED,
                        config=Config(_UNSTYLED))  # type: ignore[no-untyped-call]
    highlight: Any = Highlight2HTML
    colour, register = _remembering(highlight(pygments_lexer="ipython3", parent=made)), made.register_filter
    register("clean_html", lambda html: html)  # type: ignore[no-untyped-call]
    register("highlight_code",  # type: ignore[no-untyped-call]
             lambda source, **_: colour(source) if _readable_lines(source) else
             f'<div class="highlight"><pre>{html.escape(source)}</pre></div>')
    register("markdown2html", _markdown)  # type: ignore[no-untyped-call]
    return made


class _Renderer(IPythonRenderer):
    """nbconvert's, save that a formula stays recognisable until the page is clean."""

    def block_math(self, body: str) -> str:
        return f'<code class="formula block">{html.escape(body)}</code>'

    def inline_math(self, body: str) -> str:
        return f'<code class="formula inline">{html.escape(body)}</code>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")


def _readable_lines(source: str) -> bool:
    """No line, and no gap between two, of a length at which the lexer is slow."""
    lines = source.split("\n")
    gaps = (len(list(run)) for blank, run in groupby(lines, lambda line: not line.strip()) if blank)
    return max(map(len, lines)) <= _COLOURED_LINE and max(gaps, default=0) <= _COLOURED_GAP


def _markdown(text: str) -> str:
    if len(text) > _MARKDOWN_MOST:
        return f"<pre>{html.escape(text)}</pre>"
    return str(MarkdownWithMath(renderer=_Renderer(escape=False)).render(text))


def _shown(notebook: nbformat.NotebookNode, w: Words) -> Iterator[Shown]:
    """Each cell by itself, so that nothing in one reaches into the next."""
    left, room = _Left(), pixels.Room()
    for number, cell in enumerate(notebook.cells, 1):
        try:
            clean = _inert(msgspec.json.encode(cell))
        # nbconvert and its lexers raise anything on hostile input
        except Exception:
            yield _plain(number, cell)
            continue
        alt = w.gettext("figure of cell %(cell)s") % {"cell": number}
        body = pixels.within(room, _with_formulas(clean, left), alt, w)
        yield Shown(number, cell.cell_type, page.trusted(safe_text.fit(body)))


def _plain(number: int, cell: nbformat.NotebookNode) -> Shown:
    """A cell as nothing but its text."""
    texts = [part for output in cell.get("outputs", ()) for part in _texts(output)]
    shown = "".join(f"<pre>{html.escape(safe_text.block(text, _CELL_MOST))}</pre>" for text in texts)
    source = html.escape(safe_text.fit(cell.source))
    body = (f'<div class="input_area"><pre tabindex="0">{source}</pre></div>'
            f'<div class="output_text">{shown}</div>')
    return Shown(number, cell.cell_type, page.trusted(body))


def _texts(output: nbformat.NotebookNode) -> list[str]:
    """What an output holds that can be read as it is."""
    if output.output_type == "error":
        return ["\n".join(output.traceback) or f"{output.ename}: {output.evalue}"]
    if output.output_type == "stream":
        return [output.text]
    return [text for kind, text in output.data.items() if kind not in _IMAGES]


@_remembering
def _inert(cell: bytes) -> str:
    """A cell's HTML without anything active."""
    made = _exporter()
    alone = _document([msgspec.json.decode(cell)])
    ready, _ = Exporter.from_notebook_node(made, alone)
    return _clean(str(made.template.render(nb=ready, resources=_resources())))


def _document(cells: list[Any]) -> Any:
    """A notebook of these cells, as nbconvert takes it."""
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    return nbformat.from_dict(document)  # type: ignore[no-untyped-call]


@lru_cache
def _resources() -> dict[str, Any]:
    """What the template asks for, from HTMLExporter's base: it would parse the page once more with
    BeautifulSoup."""
    made = _exporter()
    empty = _document([])
    resources = made._init_resources(None)  # type: ignore[no-untyped-call]
    return dict(TemplateExporter.from_notebook_node(made, empty, resources)[1])


def _clean(dirty: str) -> str:
    """What is on the list of what may stay. Styles, scripts, forms, frames, SVG and every event attribute are
    not."""
    clean = nh3.clean(dirty, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_allowed,
                      url_schemes={"https", "data"}, strip_comments=True,
                      link_rel="noopener noreferrer nofollow",
                      # wide ones scroll, by keyboard too
                      set_tag_attribute_values={"table": {"tabindex": "0"}},
                      clean_content_tags={"script", "style", "svg", "math", "template", "iframe", "object"})
    clean = _HEADING.sub(r"\1h2", clean)  # the page's heading is ours; a student's may skip levels
    return _CODE.sub(r'\1 tabindex="0">', clean)  # long lines scroll, by keyboard too


def _with_formulas(clean: str, left: _Left) -> str:
    """LaTeX set in MathML; what is none stays as it was written."""
    def drawn(match: re.Match[str]) -> str:
        left.formulas -= 1
        block, latex = match[1] == "block", html.unescape(match[2])
        found = formulas.mathml(latex.strip(), block=block) if left.formulas >= 0 else ""
        wide = f'<span class="formula" tabindex="0">{found}</span>' if block else found
        return wide if found else match[0]
    return _FORMULA.sub(drawn, clean)


def _allowed(_tag: str, attribute: str, value: str) -> str | None:
    """Pictures are embedded, never fetched; links go to the web, never to data."""
    if attribute == "src":
        return value if _PICTURE.match(value) else None
    if attribute == "href":
        return value if value.startswith("https://") and "<" not in value else None
    return value.replace("<", "‹").replace(">", "›")  # so that what looks like a tag below is one
