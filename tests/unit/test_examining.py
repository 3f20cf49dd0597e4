"""Files made to keep a checker busy: each is refused before it costs anything.

A document here takes minutes, or gigabytes, without its bound: these tests
then do not end.
"""

from __future__ import annotations

import gzip

import pytest

from emrex_gateway.errors import SignatureError
from emrex_gateway.examining import MOST_MARKS, Kind, examine
from emrex_gateway.signing._parse import MAX_ATTRIBUTES, MAX_NAMESPACES, parse
from signing_material import ELMO, certificate, foreign_sign

SIGNED = foreign_sign(f'<elmo xmlns="{ELMO}"><report/></elmo>'.encode())
LIMIT = 20 * 1024 * 1024


def with_report(inside: bytes) -> bytes:
    """A signed document in which somebody put this in the report's place."""
    assert b"<report/>" in SIGNED
    return SIGNED.replace(b"<report/>", inside)


def declarations(number: int) -> bytes:
    """So many namespaces, each in scope of what follows."""
    return b" ".join(b'xmlns:n%d="u:%d"' % (i, i) for i in range(number))


HOSTILE = {
    "attributes": lambda: with_report(
        b"<report " + b" ".join(b'a%d=""' % i for i in range(100_000)) + b"/>"
    ),
    "a few attributes each": lambda: with_report(
        b"<report>" + b'<a b="1" c="2" d="3" e="4"/>' * 100_000 + b"</report>"
    ),
    "namespaces": lambda: with_report(
        b"<report " + declarations(3000) + b">" + b"<a/>" * 3000 + b"</report>"
    ),
    "elements": lambda: with_report(b"<report>" + b"<a/>" * 4_000_000 + b"</report>"),
    "comments": lambda: with_report(b"<!---->" * 2_000_000),
    "instructions": lambda: with_report(b"<?a?>" * 3_000_000),
    "unpacking": lambda: gzip.compress(with_report(b"<a>" + b" " * 30_000_000 + b"</a>"), 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_costs_is_refused(name: str) -> None:
    """By its size or its shape, before a canonical form is made of it."""
    found = examine(HOSTILE[name](), [certificate("rsa2048")], limit=LIMIT, most_marks=MOST_MARKS)
    assert not found.good
    assert found.reason in {"size", "envelope"}


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE elmo [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><elmo>&b;</elmo>',
        b'<!DOCTYPE elmo [<!ENTITY a SYSTEM "file:///etc/passwd">]><elmo>&a;</elmo>',
        b'<!DOCTYPE elmo SYSTEM "http://127.0.0.1:1/x.dtd"><elmo/>',
    ],
    ids=["expansion", "a file", "an address"],
)
def test_no_entity_is_ever_expanded(data: bytes) -> None:
    """A document type is refused as such."""
    found = examine(data, [certificate("rsa2048")])
    assert ("dtd", Kind.ELMO) == (found.reason, found.kind)


def test_bounds_are_where_they_are_said_to_be() -> None:
    """As many as are allowed pass, one more does not; declarations count in scope only."""
    many = b" ".join(b'a%d=""' % i for i in range(MAX_ATTRIBUTES))
    side_by_side = b"<b>" + b'<a xmlns:n="u"/>' * 500 + b"</b>"
    for fine in (
        b"<a " + many + b"/>",
        b"<a " + declarations(MAX_NAMESPACES) + b"/>",
        side_by_side,
    ):
        parse(fine)
    for much in (b"<a " + many + b' b=""/>', b"<a " + declarations(MAX_NAMESPACES + 1) + b"/>"):
        with pytest.raises(SignatureError) as refused:
            parse(much)
        assert "size" == refused.value.reason


def test_a_signed_file_that_is_no_elmo_is_not_good() -> None:
    """The key may sign other things some day: what is no ELMO has no code."""
    found = examine(foreign_sign(b"<elmo/>"), [certificate("rsa2048")])
    assert (False, "contents") == (found.good, found.reason)
