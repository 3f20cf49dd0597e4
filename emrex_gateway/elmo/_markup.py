"""HTML from strangers, made harmless."""

from __future__ import annotations

from typing import Final

import nh3

from emrex_gateway.domain import plain

_TAGS: Final = (
    "a abbr b blockquote br caption cite code dd del dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i ins kbd"
    " li ol p pre q s samp small span strong sub sup table tbody td tfoot th thead tr u ul var"
)
_ATTRIBUTES: Final = {
    "*": {"lang", "dir", "title"},
    "a": {"href"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS.split()),
    clean_content_tags={"script", "style", "title", "template", "noscript", "iframe", "object"},
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)

MAX_TAGS: Final = 1_000
"""Most tags of one text: what a parser does with elements in elements grows faster than they do."""
_MAX_TOTAL: Final = 4_000_000
"""Most characters of markup in one document, for the same reason."""


def clean_html(markup: str) -> str:
    """Return markup that a page may show: text, lists, tables, links to other sites; nothing that
    runs, loads, styles or names an element.

    What has more than ``MAX_TAGS`` tags comes back empty: it is no description of a course.
    """
    if markup.count("<") > MAX_TAGS:
        return ""
    # Again plain: a character that reorders its line may have come as a reference.
    return plain(_CLEANER.clean(plain(markup)))


class Markup:
    """Cleans the markup of one document, which together may take only so much work."""

    def __init__(self) -> None:
        self._left = _MAX_TOTAL

    def clean(self, markup: str) -> str:
        """Return harmless markup, or nothing when there was too much."""
        self._left -= len(markup)
        return clean_html(markup) if self._left >= 0 else ""
