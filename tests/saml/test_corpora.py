"""Two other projects' test responses, re-signed and re-timed: valid controls pass, the others fail for their own reason.

``saml_corpora`` says how a document is brought to our profile, and
``saml_corpora_rows`` lists every file, what comes out, and what was changed
besides; a file that is not listed fails, so does one that does not exist any more.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from emrex_gateway.login.saml._response import read_response
from emrex_gateway.login.saml._types import Refused
from saml_corpora_rows import AS_THEY_ARE, NODE_FOLDER, OK, ROWS, Row, brought

pytestmark = pytest.mark.needs("shared")


def _outcome(shared: Path, name: str, row: Row) -> str:
    document, expected = brought(shared, name, row)
    try:
        read_response(document, expected)
    except Refused as refused:
        return refused.reason
    return OK


@pytest.mark.parametrize("name", ROWS)
def test_a_response_of_another_project_comes_out_as_listed(shared: Path, name: str) -> None:
    """Valid controls pass; each other one is refused for its own reason, not for SHA-1."""
    assert ROWS[name].outcome == _outcome(shared, name, ROWS[name])


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_an_advice_is_refused_whatever_it_holds(shared: Path, name: str) -> None:
    """node-saml's files with their Advice left in."""
    assert AS_THEY_ARE[name].outcome == _outcome(shared, NODE_FOLDER + name, AS_THEY_ARE[name])


def test_every_file_is_listed(shared: Path) -> None:
    """No file is left out, and none is listed that is not there."""
    folder = shared / "data" / "saml"
    files = {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".json"
    }
    assert files == set(ROWS)
