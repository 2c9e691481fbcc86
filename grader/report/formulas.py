"""LaTeX -> MathML that browsers draw by themselves: no script, no font of ours.

Total: what is too long, too deep or not understood is no formula, and the caller shows its source.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from xml.etree.ElementTree import Element, tostring

import nh3
from latex2mathml.converter import Converter

from grader.report import safe_text

_LONGEST = 1500        # characters of one formula
_DEEPEST = 30          # elements in each other: readable ones have about ten
_MOST = 1500           # elements of one formula
_KEPT = 1000           # formulas remembered: an exercise's own are the same in every submission

# Definitions can grow without bounds; the others put attributes on elements that no formula needs.
_REFUSED = re.compile(r"\\(?:(?:new|renew|provide)command|(?:[egx]?def|let|href|class|style|color)(?![a-z]))")
# What the converter knows under another name or in braces only, leaves as it is, or writes down for want of a
# meaning.
_ALIGNED = re.compile(r"\\(begin|end)\{aligned\}")
_BARE = re.compile(r"(\\math[a-z]+)\s+([A-Za-z])(?![A-Za-z])")
_ESCAPED = re.compile(r"\\([_%&#$])")
_UNKNOWN = re.compile(r"\\[A-Za-z]|&\Z")

_TAGS = set("""math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace
               msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover""".split())  # noqa: SIM905
_PARTS = {"mfrac": 2, "mover": 2, "mroot": 2, "msub": 2, "msubsup": 3, "msup": 2, "munder": 2,
          "munderover": 3}
_LENGTHS = {"columnspacing", "linethickness", "lspace", "maxsize", "minsize", "rowspacing", "rspace", "width"}
_WORDS = set("""accent accentunder columnalign columnlines display displaystyle fence form linebreak
                mathvariant movablelimits notation rowalign rowlines separator stretchy symmetric""".split())  # noqa: SIM905
_WORD = re.compile(r"[a-z -]{1,60}\Z")
# below ten letters: it stays where it belongs
_LENGTH = re.compile(r"-?\d?(?:\.\d{1,5})?(?:em|ex)\Z|0(?:px)?\Z")


def mathml(latex: str, *, block: bool = False) -> str:
    """A <math> element; "" for what cannot be one."""
    if len(latex) > _LONGEST or _REFUSED.search(latex):
        return ""
    return _drawn(safe_text.fit(latex), block)


@lru_cache(maxsize=_KEPT)
def _drawn(latex: str, block: bool) -> str:
    try:
        drawn = Converter(display="block" if block else "inline").convert_to_element(_spelled(latex))
    # the converter has a dozen errors of its own, and meets unforeseen input with any other
    except Exception:
        return ""
    if not _within(drawn) or not all(map(_finished, drawn.iter())):
        return ""
    return nh3.clean(tostring(drawn, encoding="unicode"), tags=_TAGS, link_rel=None,
                     attributes={tag: _WORDS | _LENGTHS | {"scriptlevel"} for tag in _TAGS},
                     attribute_filter=_allowed)


def _spelled(latex: str) -> str:
    """The same formula in words that the converter knows."""
    return _ALIGNED.sub(r"\\\1{align*}", _BARE.sub(r"\1{\2}", latex))


def _within(drawn: Element) -> bool:
    level, count = [drawn], 0
    for _ in range(_DEEPEST):
        count += len(level)
        level = [child for element in level for child in element]
        if not level:
            return count <= _MOST
    return False


def _finished(element: Element) -> bool:
    """Put characters in the place of "&#x0003D;", as the converter writes; False where a command or a gap is
    left."""
    text = html.unescape(element.text or "")
    element.text = _ESCAPED.sub(r"\1", text) if element.tag == "mtext" else text
    return len(element) == _PARTS.get(element.tag, len(element)) and not _UNKNOWN.match(element.text)


def _allowed(_tag: str, attribute: str, value: str) -> str | None:
    if attribute == "scriptlevel":
        return value if value in ("0", "1", "2") else None
    return value if (_LENGTH if attribute in _LENGTHS else _WORD).match(value) else None
