"""Foreign elements in ``extension`` containers, as far as they may travel on."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Final

from lxml import etree

from emrex_gateway.domain import Extension
from emrex_gateway.elmo._extension import extension
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._tree import NAMESPACE
from emrex_gateway.errors import ElmoError

_MAX_TOTAL: Final = 5_000_000
"""Characters of extensions in a document."""
_MOST: Final = 50
_OURS: Final = f"{{{NAMESPACE}}}"


class Extensions:
    """Reads extensions. One for a document: together they have a limit."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._left = _MAX_TOTAL

    def read(self, containers: Sequence[etree._Element]) -> tuple[Extension, ...]:
        """Return the elements in containers that our own writer would let out as well."""
        found: list[Extension] = []
        for container in containers:
            for element in container:
                kept = self._one(element) if len(found) < _MOST and self._left > 0 else None
                if kept is None:
                    self._notes.add("extension")
                else:
                    found.append(kept)
        return tuple(found)

    def _one(self, element: etree._Element) -> Extension | None:
        tag = element.tag
        if not isinstance(tag, str) or not tag.startswith("{") or tag.startswith(_OURS):
            return None
        alone = deepcopy(element)  # without the namespaces around it that it does not use
        alone.tail = None
        etree.cleanup_namespaces(alone)
        xml = etree.tostring(alone, encoding="unicode")
        self._left -= len(xml)
        if self._left < 0:
            return None
        kept = Extension(xml)
        try:
            extension((kept,))
        except ElmoError:
            return None
        return kept
