"""A file is tried with all certificates that the network lists, and what that costs is bounded."""

from __future__ import annotations

import re
from functools import cache

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from elmo_case import DOCUMENT
from emrex_gateway.domain import SignedElmo
from emrex_gateway.errors import SignatureError
from emrex_gateway.signing import STRICT, WEAK, Policy, _verify, is_weak, verify
from signing_material import NOW, certificate, certificate_of, foreign_sign, private_key

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
BODY = DOCUMENT.encode()


@cache
def others() -> tuple[bytes, ...]:
    """Sixty listed certificates, of two other keys."""
    keys = [private_key("rsa2048-other"), private_key("rsa2048-evil")]
    return tuple(
        certificate_of(keys[n % 2], name=f"Provider {n}").public_bytes(Encoding.PEM)
        for n in range(60)
    )


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes each time that libxmlsec digests a whole document."""
    calls: list[str] = []
    real = _verify.holds

    def noting(*given: object) -> bool:
        calls.append("whole")
        return real(*given)

    monkeypatch.setattr(_verify, "holds", noting)
    return calls


def reason(xml: bytes, given: list[bytes], policy: Policy = STRICT) -> str:
    """Why it is refused; nothing when it is not."""
    try:
        verify(SignedElmo(xml), given, policy, now=NOW)
    except SignatureError as error:
        return error.reason
    return ""


def test_the_one_that_the_file_names_goes_first(whole: list[str]) -> None:
    """The sixty-first of sixty-one: one try, in the form that libxmlsec has to look at as a whole."""
    xml = foreign_sign(BODY, c14n=EXCLUSIVE)
    assert "" == reason(xml, [*others(), certificate("rsa2048")])
    assert ["whole"] == whole


def test_the_usual_form_is_tried_with_all(whole: list[str]) -> None:
    """Also without a certificate in the file: each costs one check of a signature."""
    xml = re.sub(rb"<KeyInfo>.*</KeyInfo>", b"", foreign_sign(BODY), flags=re.S)
    assert "" == reason(xml, [*others(), certificate("rsa2048")])
    assert [] == whole


def test_a_stranger_makes_no_more_than_some_tries(
    whole: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is listed: twenty at most, of a large document only some."""
    xml = foreign_sign(BODY, c14n=EXCLUSIVE)
    assert "certificate" == reason(xml, list(others()))
    assert 20 == len(whole)
    whole.clear()
    monkeypatch.setattr(_verify, "_TRIED_BYTES", 4 * len(xml) + 1)  # as if it were that large
    assert "certificate" == reason(xml, list(others()))
    assert 4 == len(whole)


def test_a_short_key_among_others_is_told_as_such() -> None:
    """A provider that lists a good key and signs with its old one is refused for that, not as a stranger."""
    xml = foreign_sign(BODY, "rsa1024")
    listed = [certificate("rsa2048"), certificate("rsa1024")]
    assert ["weak-key", ""] == [reason(xml, listed, policy) for policy in (STRICT, WEAK)]
    assert "certificate" == reason(xml, listed[:1])
    assert "digest" == reason(xml.replace(b">Aino<", b">Aina<"), listed)
    assert (False, True) == is_weak(verify(SignedElmo(xml), listed, WEAK, now=NOW).facts)
