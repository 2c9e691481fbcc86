"""The report as a target: payloads in every text of a student's that some page, table, log or
terminal shows."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

import json

from tests.hostile.case import LAZY, Case

PAYLOADS = (
    "<script>alert('hostile')</script>", "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)><animate onbegin=alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>", "[x](javascript:alert(1))",
    "![x](data:text/html,<script>alert(1)</script>)",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<style>@import url(http://evil.example/x.css)</style>",
    "<div style=\"background:url(http://evil.example/y)\">", "<iframe src=http://evil.example></iframe>",
    "<meta http-equiv=refresh content=0;url=http://evil.example>",
    "</title></style></script><base href=//evil.example>",
    "{{ 7 * 7 }}{% raw %}", "\x1b[31mred\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\link",
    "\x9b31m",
    "\n::error file=x::forged\n", "##[error]forged", "::set-output name=x::y",
    "=HYPERLINK(\"http://evil.example\")", "@SUM(1)",
    "-2+3+cmd|' /C calc'!A0", "\u202egnp.exe", "\u2066hidden\u2069", "\x00\x01\x0b\ufffe\uffff",
    "]]>&#x1;&bogus;<!--",
    "[red]markup[/red][/nothing]", "| a | b |\n|---|---|", "```\n# out of the fence\n", "~~~\n<b>",
    "<details open ontoggle=alert(1)>", "\ud800 lone",
)
EVERYTHING = " ".join(PAYLOADS)

SOURCE = f"PAYLOADS = {json.dumps(PAYLOADS)}\nEVERYTHING = ' '.join(PAYLOADS)\n"


def cell(source: str, kind: str = "code") -> dict[str, object]:
    return {"cell_type": kind, "metadata": {}, "source": source, **({"outputs": [], "execution_count": None}
                                                                    if kind == "code" else {})}


def with_markdown() -> str:
    """A notebook with the payloads in markdown, in raw cells, in comments of the functions that a report
    quotes."""
    quoted = LAZY.replace("    pass", "".join(f"    # {line}\n" for p in PAYLOADS
                                              for line in p.replace("\x00", "").splitlines()) + "    pass")
    cells = [*(cell(payload, "markdown") for payload in PAYLOADS), cell(EVERYTHING, "raw"), cell(quoted),
             cell(f"# {' '.join(EVERYTHING.splitlines())}\nx = {EVERYTHING!r}", "code")]
    return json.dumps({"cells": cells, "metadata": {"title": EVERYTHING}, "nbformat": 4, "nbformat_minor": 5})


CASES = (
    Case(name="payloads-in-outputs", hides="lazy",
         does="HTML, SVG, JavaScript, LaTeX, widgets and streams as outputs.", cells=(SOURCE + '''
import sys
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display, publish_display_data
PRINTABLE = EVERYTHING.encode("utf-8", "replace").decode()
print(PRINTABLE)
print(PRINTABLE, file=sys.stderr)
for payload in PAYLOADS:
    payload = payload.encode("utf-8", "replace").decode()
    display(HTML(payload), Markdown(payload), Latex(payload))
    publish_display_data({"image/svg+xml": payload, "application/javascript": payload, "text/html": payload,
                          "application/vnd.jupyter.widget-view+json": {"model_id": payload}, "image/png": payload,
                          "text/plain": payload, "evil/<script>": payload})
display(Javascript("alert(1)"))
''', '''
class R:
    def __repr__(self): return PRINTABLE
    def _repr_html_(self): return PRINTABLE
    def _repr_mimebundle_(self, **k): return {"text/html": PRINTABLE, "text/plain": PRINTABLE}, {"x": PRINTABLE}
R()
''', "print(EVERYTHING)")),
    Case(name="payloads-in-exceptions", hides="lazy",
         does="Exception classes and texts, raised in a cell and in a call.", cells=(SOURCE + '''
Evil = type("".join(c for c in EVERYTHING if c.isprintable())[:150], (Exception,), {})
def init_weights(module):
    print(EVERYTHING)
    raise Evil(EVERYTHING)
''', "raise Evil(EVERYTHING)", "raise Evil('\\n::error::forged\\n##[error]x')"),
         events={3: "raised"}, causes={"init-weights": "raised"}),
    Case(name="payloads-in-values", hides="lazy", does="Texts and type names where numbers are wanted.",
         cells=(SOURCE + '''
kind = type("<script>alert(1)</script>", (), {})
def fan_in(weight): return PAYLOADS[len(weight.shape) % 7] + EVERYTHING
def he_normal_(weight, negative_slope=0.0): return kind()
def he_truncated_normal_(weight): return {EVERYTHING: [EVERYTHING]}
''',)),
    Case(name="payloads-on-the-terminal", hides="lazy",
         does="Escapes and commands at the beginning of every line of a message.", cells=('''
def init_weights(module):
    raise ValueError("\\n".join(["::error::forged", "##[error]forged", "\\x1b[2J", "\\r\\r::warning::x"] * 40))
''',), causes={"init-weights": "raised"}),
)

# What a student's folder or file may be called on Linux: anything but "/" and NUL, up to 255 bytes.
NAMES = (
    *(p.replace("/", "\u2215").replace("\x00", "")[:60].encode("utf-8", "replace").decode()
      for p in PAYLOADS),
    "a\nb", "a\\b", "n" * 255, "Ada", "ada", "ADA", "-rf", "--out", "~", "$HOME", "con", "nul.txt",
    "observations", "Index.html",
    "results.jsonl", "%2e%2e", "a b", "a.", "...", " ", "\u00e9", "e\u0301", "'; DROP TABLE results; --", "*",
    "a-0123abcd",
    "\u200b", "=1+1", "+1", "@x", "\tx", "[link=http:\u2215\u2215evil.example]x[\u2215link]", "[\u2215]")
