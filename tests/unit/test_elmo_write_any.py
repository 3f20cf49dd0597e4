"""Whatever a host system holds and a student chooses: the file satisfies grammar and rules."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from elmo_strategies import documents
from emrex_gateway.domain import Document, ElmoVersion
from emrex_gateway.elmo import check, write


@pytest.mark.parametrize("version", list(ElmoVersion))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents())
def test_any_document_is_written_and_clean(version: ElmoVersion, document: Document) -> None:
    """``write`` never refuses what the export can make of rows, and ``check`` agrees with it."""
    written = write(document, version)
    assert () == check(written.xml)
    assert written == write(document, version)
    root = etree.fromstring(written.xml)
    assert {"{https://github.com/emrex-eu/elmo-schemas/tree/v1}elmo"} == {root.tag}
    assert b"ns0:" not in written.xml
    assert b"&#13;" not in written.xml
