"""Hundreds of files made to deceive: each is refused, and for its own reason."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from elmo_attacks import CASES, FAMILIES, Attack, genuine, ordinary
from elmo_case import DOCUMENT, FORGED_NAME, NAME
from emrex_gateway import signing
from emrex_gateway.domain import SignedElmo
from emrex_gateway.errors import SignatureError
from emrex_gateway.examining import examine
from emrex_gateway.signing import _copy
from signing_material import NOW, certificate, foreign_sign

TRUSTED = [certificate("rsa2048")]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_attack_is_refused_for_its_own_reason(family: str) -> None:
    """What is wrong is named, in words that quote nothing of the file; nothing of it is told as fact."""
    cases = [case for case in CASES if case.family == family]
    assert cases
    assert {case.name: case.reason for case in cases} == {
        case.name: refusal(case) for case in cases
    }


def refusal(case: Attack) -> str:
    """Why a file is refused, if nothing else is said of it."""
    found = case.examined()
    if found.good or (found.said, found.facts, found.code) != (None, None, ""):
        return "nothing: it is told as fact"
    quoted = [name for name in (NAME, FORGED_NAME, "Aino") if name in found.message]
    return f"the message quotes {quoted}" if quoted else found.reason


def test_the_genuine_file_is_accepted() -> None:
    """The control: what every attack was made of."""
    found = examine(genuine(), TRUSTED, now=NOW)
    assert found.said is not None
    assert f"{NAME}, Aino" == found.said.name
    assert examine(
        foreign_sign(DOCUMENT.encode(), "p256", method=_ECDSA), [certificate("p256")]
    ).good


_ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


def test_a_careless_verifier_would_be_fooled() -> None:
    """These are forgeries, not broken files: libxmlsec says yes to what it was told to look at."""
    pairs = [(case, mistake) for case in CASES for mistake in case.fools]
    assert [] == [(case.name, mistake) for case, mistake in pairs if not ordinary(case, mistake)]


def test_there_are_enough_and_every_reason_is_met() -> None:
    """A hundred at least; each reason that ``verify`` and the copy's reader give has its attack."""
    assert 100 <= len({case.make for case in CASES})
    assert 20 <= sum(bool(case.fools) for case in CASES)
    assert set(FAMILIES) == {case.family for case in CASES}
    told = (signing.verify.__doc__ or "").partition("``reason`` is one of")[2]
    told += (_copy.authenticate.__doc__ or "").partition("``reason`` is one of")[2]
    reasons = set(re.findall(r"``([a-z0-9-]+)``", told)) - {"no-pdf"}
    assert len(reasons) > 20
    assert set() == reasons - {case.reason for case in CASES}


def test_every_refusal_of_verify_is_one_of_the_documented_reasons() -> None:
    """The same files, given to ``verify`` itself: no other reason, no other exception."""
    told = (signing.verify.__doc__ or "").partition("``reason`` is one of")[2]
    reasons = set(re.findall(r"``([a-z0-9-]+)``", told))
    met = {_verdict(case) for case in CASES if case.family != "pdf"}
    assert {"accepted"} == met - reasons  # what is signed and no ELMO is found out later


def test_every_reason_is_explained_to_administrators() -> None:
    """They meet it in the trail of an import, and find there what it means."""
    told = (signing.verify.__doc__ or "").partition("``reason`` is one of")[2]
    reasons = set(re.findall(r"``([a-z0-9-]+)``", told))
    explained = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")
    assert set() == {one for one in reasons if f"`{one}`" not in explained}


def _verdict(case: Attack) -> str:
    given = [certificate(kind) for kind in case.trusted]
    try:
        signing.verify(SignedElmo(case.file()), given, case.policy, now=NOW)
    except SignatureError as error:
        return error.reason
    return "accepted"


def test_no_attack_makes_us_ask_anybody() -> None:
    """Addresses in references, document types, style sheets and KeyInfo are never called."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        port = b"127.0.0.1:%d/" % listening.getsockname()[1]
        asking = [case.file() for case in CASES if case.family != "pdf"]
        asking = [file.replace(b"127.0.0.1:1/", port) for file in asking if b"127.0.0.1:1/" in file]
        assert len(asking) >= 8
        for file in asking:
            assert not examine(file, TRUSTED, now=NOW).good
        with pytest.raises(BlockingIOError):
            listening.accept()
