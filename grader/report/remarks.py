"""What people write into pages: Markdown, made HTML, and cleaned of all that could act or fetch."""

from __future__ import annotations

import html
from functools import lru_cache

import mistune
import nh3

from grader.report import safe_text

MOST = 20_000         # characters; what is longer is shown as it was typed
_TAGS = {"p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr",
         "table", "thead", "tbody", "tr", "th", "td", "h4", "h5", "h6"}
_RAISED = {f"<{end}h{level}>": f"<{end}h{min(level + 3, 6)}>" for level in (1, 2, 3) for end in ("", "/")}


def html_of(text: str) -> str:
    """HTML that may stand in any page: no pictures, scripts, styles, forms or frames, links to the web
    only. Headings begin below those of the page."""
    plain = safe_text.block(text, MOST)
    if len(text) > MOST:
        return f"<pre>{html.escape(plain)}</pre>"
    made = str(_markdown()(plain))
    for tag, lower in _RAISED.items():
        made = made.replace(tag, lower)
    return nh3.clean(made, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "http", "mailto"},
                     link_rel="noopener noreferrer nofollow", strip_comments=True,
                     clean_content_tags={"script", "style", "template", "svg", "math", "iframe", "object"})


@lru_cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(escape=True, hard_wrap=True, plugins=["strikethrough", "table"])
