"""The executed notebook: everything to read, nothing that acts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from grader.report import executed, formulas, page
from tests import samples as s
from tests.report.test_student import Tags

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ATTACKS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)><circle/></svg>",
    "<svg><style>@import 'http://evil.example/x'</style></svg>", "<a href='javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>body { background: url(http://evil.example/css) }</style>",
    "<p style='background:url(http://evil.example)'>",
    "<form action='http://evil.example'><button autofocus>go</button></form>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<base href='http://evil.example/'>", "<link rel=stylesheet href='http://evil.example/x.css'>",
    "<object data='http://evil.example/x'></object>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<img src='http://evil.example/pixel.png'>", "<video src='http://evil.example/v' autoplay></video>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<img srcset='http://evil.example/x 1x' src=''>",
    "<table background='http://evil.example/x'><tr><td>cell</table>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>", "<svg><use href='http://evil.example/x#y'/></svg>",
    "<template><script>alert(1)</script></template>", "</main></body><script>alert(1)</script>")


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_can_be_compiled_ahead(language: str) -> None:
    page.environment.cache_clear()
    page.compile_templates(language)
    cache = page.environment(language).cache
    assert cache is not None
    assert {name for _, name in cache} >= {"class.html.j2", "executed.html.j2", "student.html.j2"}


def hostile_notebook() -> str:
    """Every attack as markdown, as HTML output, as text, as an error, as a stream, as an SVG and as
    JavaScript."""
    outputs: list[dict[str, Any]] = []
    for attack in ATTACKS:
        outputs += [
            {"output_type": "display_data", "metadata": {},
             "data": {"text/html": attack, "text/plain": attack}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": attack}},
            {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": "alert(1)"}},
            {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": attack}},
            {"output_type": "display_data", "metadata": {}, "data": {"text/latex": attack}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": f'"><{attack}'}},
            {"output_type": "stream", "name": attack, "text": attack},
            {"output_type": "error", "ename": attack, "evalue": attack, "traceback": [attack]}]
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": attack}
                                   for attack in ATTACKS]
    cells += [{"cell_type": "raw", "metadata": {"format": "text/html"}, "source": attack}
              for attack in ATTACKS]
    cells.append({"cell_type": "code", "metadata": {"tags": ["remove_input"]}, "source": "\n".join(ATTACKS),
                  "execution_count": 1, "outputs": outputs})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"title": ATTACKS[0]}, "cells": cells})


def test_nothing_active_is_left() -> None:
    tags = Tags(executed.render(hostile_notebook()))
    ours = {"html", "head", "meta", "title", "style", "body", "svg", "symbol", "circle", "path", "rect",
            "header", "main", "section"}
    allowed = executed._TAGS | ours | formulas._TAGS
    assert {tag for tag, _ in tags.found} <= allowed
    assert sum(tag == "style" for tag, _ in tags.found) == 1
    for tag, attributes in tags.found:
        assert not [name for name in attributes
                    if name.startswith("on") or name in ("style", "srcset", "srcdoc")], tag
        if tag == "img":
            assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/")
        if tag == "a" and attributes.get("href"):
            assert re.match("https://|#main", attributes["href"] or "")


def test_what_is_to_be_read_is_there() -> None:
    output = [{"output_type": "stream", "name": "stdout", "text": ["epoch 1\n", "epoch 2\n"]},
              {"output_type": "execute_result", "metadata": {}, "execution_count": 1,
               "data": {"text/html": "<table><tr><th>loss</th></tr></table>", "text/plain": "loss"}},
              {"output_type": "display_data", "metadata": {},
               "data": {"image/png": PIXEL, "text/plain": "<Figure>"}},
              {"output_type": "error", "ename": "ValueError", "evalue": "no",
               "traceback": ["\x1b[31mValueError\x1b[0m: no"]}]
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# A *title*"},
             {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": output,
              "execution_count": 1}]
    html = executed.render(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    for part in ("<em>title</em>", "epoch 2", "<th>loss</th>", f"data:image/png;base64,{PIXEL[:20]}",
                 "In&nbsp;[1]", '<span class="ansi-red-fg">ValueError</span>'):
        assert part in html
    assert "img-src data:" in html


def page_of(*cells: dict[str, Any], **about: Any) -> str:
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    return executed.render(json.dumps(document), **about)


def prose(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": list(outputs),
            "execution_count": 1}


def test_a_formula_is_drawn_and_one_that_cannot_be_stays_as_it_was() -> None:
    html = page_of(prose(r"So $n_\text{in}$, and\n\n$$\boxed{\tfrac12 n = 1}$$\n\nbut $\nonsense{x}$ and "
                         r"`$x$`"))
    assert "<math" in html
    assert '<menclose notation="box">' in html
    assert '<span class="formula" tabindex="0"><math display="block">' in html
    assert r"\tfrac12" not in html
    assert r'<code class="formula inline">\nonsense{x}</code>' in html
    assert "<code>$x$</code>" in html


def test_a_page_names_whose_notebook_it_is_and_leads_back() -> None:
    html = page_of(code("x = 1"), student="Ada", exercise="Weights", report="he_init.html")
    assert "<title>Notebook as executed: Weights, Ada</title>" in html
    assert '<a href="he_init.html">Back to the report</a>' in html
    assert "href=" not in page_of(code("x = 1"),
                                  report="javascript:alert(1)").split("<main")[0].split("#main")[1]


def test_cells_are_numbered_as_reports_number_them() -> None:
    html = page_of(prose("one"), {"cell_type": 7},
                   code("three = 3", {"output_type": "display_data", "metadata": {},
                                                                     "data": {"image/png": PIXEL}}))
    assert re.findall(r'id="cell-(\d)"', html) == ["1", "2", "3"]
    assert "three" in html[html.index('id="cell-3"'):]
    assert 'alt="figure of cell 3"' in html


def test_what_one_cell_leaves_open_ends_with_it() -> None:
    html = page_of(prose("</div></section></main><table><tr><td>"), prose("after"))
    assert html.count("</main>") == html.count("</section>") - 1 == 1
    assert html.index("</table>") < html.index('id="cell-2"')


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"cells": 1}',
                                  '{"cells": [1, null, {"cell_type": 7}]}',
                                  '{"cells": [{"cell_type": "code", "source": {"a": 1}, '
                                  '"outputs": [1, {"a": "x"}]}]}',
                                  '{"cells": [{"cell_type": "markdown", "source": "\\ud800 \\u0000"}]}',
                                  "[" * 100_000])
def test_a_page_comes_out_whatever_goes_in(text: str) -> None:
    executed.render(text).encode("utf-8")


def test_no_output_is_shown_without_end() -> None:
    huge = {"output_type": "stream", "name": "stdout", "text": "x" * 5_000_000}
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [huge] * 20, "execution_count": 1}
    html = executed.render(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}))
    assert len(html) < 4_000_000


def test_the_sample_is_shown() -> None:
    assert "gradient_norms" in executed.render(s.NOTEBOOK)
