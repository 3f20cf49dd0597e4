"""The component library's style sheet, as our pages take it: Bootstrap, out of its locked wheel.

The wheel of ``bootstrap-flask`` carries Bootstrap's compiled style sheet; its
scripts and its Flask extension are not used. Three things change on the way
out: the whole stands in a cascade layer, so that every rule of ours wins
whatever its specificity; its dark colours follow the reader's system without a
script; and pictures that it carries as ``data:`` addresses are left out,
because the pages' policy refuses them (our controls are the browser's own).
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_SHEET = "static/bootstrap5/css/bootstrap.min.css"
_DARK = re.compile(r"\[data-bs-theme=dark\]\{([^{}]*)\}")
_PICTURE = re.compile(r'url\("data:[^"]*"\)')
_CHARSET = re.compile(r'\A@charset "[^"]*";')
_MAP = re.compile(r"/\*# sourceMappingURL=[^*]*\*/\s*\Z")


@cache
def sheet() -> bytes:
    """Return the style sheet in UTF-8. Raises ``FileNotFoundError`` for a wheel without it."""
    text = (resources.files("flask_bootstrap") / _SHEET).read_text("utf-8")
    text = _MAP.sub("", _CHARSET.sub("", text))
    text = _DARK.sub(r"@media (prefers-color-scheme:dark){:root{\1}}", text)
    text = _PICTURE.sub("none", text)
    return f"@layer library{{{text}}}\n".encode()
