"""The documentation as a site: `make docs`, then open docs/_build/index.html."""

from __future__ import annotations

import sys
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from grader import __version__  # noqa: E402 - of this tree, not of an installed one

project = "grader"
author = copyright = "the grader authors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click", "from_source"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
add_module_names = False
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
smartquotes = False   # `--out` is no dash

html_theme = "furo"
html_title = f"grader {version}"
html_copy_source = html_show_sphinx = False


def setup(app: Sphinx) -> None:
    # GitHub draws it; what draws it on a page would be fetched from elsewhere.
    app.add_lexer("mermaid", TextLexer)
