"""Our verdicts beside those of ``pygamlastan``, another SAML library: every difference is explained.

It is given every chance: each response is judged by it twice, once requiring a
signed assertion and once a signed response, with certificates' dates ignored
and our three minutes of skew. ``ACCEPTED_BY_IT`` explains what it accepts and we
refuse, ``REFUSED_BY_IT`` the opposite; a difference that is not listed fails,
and so does an entry that differs no more.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import saml_issuer
from emrex_gateway.login.saml._message import decode_post
from emrex_gateway.login.saml._response import read_response
from emrex_gateway.login.saml._types import Expected, Refused
from saml_attacks import CASES, document, field
from saml_corpora_rows import ROWS, brought
from saml_harmless import ANSWERS

pytest.importorskip("pygamlastan", reason="its wheel is for Linux on x86-64 only")
from pygamlastan import crypto, profiles, security

ACCEPTED_BY_IT: dict[str, tuple[str, ...]] = {
    "It takes other parts in a signature than SAML's profile has (Core 5.4); a transform that "
    "leaves out what is read then makes the signature worthless: the one that we think is a hole.": (
        "transform: XPath leaves the NameID out",
        "transform: XPath Filter 2 leaves the Subject out",
        "transform: XPath leaves the NameID out, in an encrypted assertion",
    ),
    "It takes any canonicalization and any chain of harmless transforms; SAML2Int's signers "
    "make two, so a third one is refused here.": (
        "algorithm: SignedInfo's canonicalization inclusive",
        "algorithm: SignedInfo's canonicalization inclusive with comments",
        "algorithm: SignedInfo's canonicalization inclusive, 1.1",
        "algorithm: SignedInfo's canonicalization exclusive with comments",
        "algorithm: SignedInfo's canonicalization exclusive with comments, the assertion",
        "transform: enveloped twice",
        "transform: exclusive twice",
        "transform: inclusive",
        "transform: inclusive 1.1",
        "transform: exclusive with comments",
        "transform: inclusive, then exclusive",
        "transform: enveloped only",
        "transform: a child in the enveloped one",
    ),
    "It takes the first of several parts of a signature, in any place.": (
        "exclusion: SignatureValue is there twice",
        "exclusion: the response's signature: before the Issuer",
        "exclusion: the response's signature: at the end",
        "tampering: the signature's value has an element",
        "reference: a second one, to the assertion",
    ),
    "It takes RSA keys of 1024 bits.": ("key: of 1024 bits",),
    "It is handed text, and takes no notice of the encoding that a declaration names.": (
        "encoding: UTF-16 is declared, UTF-8 it is",
        "encoding: UTF-7 is declared",
        "encoding: ASCII is declared",
        "encoding: Latin-1 is declared",
        "encoding: Windows-1252 is declared",
        "encoding: an unknown one is declared",
        "encoding: XML 1.1",
    ),
    "How large a message may be, and its base64, are left to its caller.": (
        "XML: megabytes of white space",
        "field: bits are left over",
    ),
    "It reads without a schema, and takes the first of what may be there once; we use a grammar.": (
        "XML: a namespace that is no absolute address",
        "namespace: an Issuer of a foreign namespace",
        "namespace: an ID attribute with a namespace",
        "namespace: xml:id beside ID",
        "namespace: xml:base",
        "namespace: an include",
        "namespace: a foreign attribute",
        "type: a NameID says it is a string",
        "type: a Condition of an unknown type",
        "type: a Statement of an unknown type",
        "type: an assertion that is nil",
        "type: a NameID that is nil",
        "type: a value has a schema",
        "type: a schema of the attacker's",
        "grammar: an ID that is no name",
        "grammar: an empty ID",
        "grammar: two Issuers",
        "grammar: two Subjects",
        "grammar: two NameIDs",
        "grammar: two Conditions",
        "grammar: Status after the assertion",
        "grammar: an unknown element",
        "grammar: an unknown attribute",
        "grammar: an element in a NameID",
        "grammar: an element in the Audience",
        "grammar: text between elements",
        "grammar: an empty AttributeStatement",
        "grammar: Version 1.1, the response's",
        "time: one without a zone",
    ),
    "It takes AES-CBC when what is within is signed; who sees whether decrypting failed can then "
    "read it (Jager and Somorovsky, 2011), so we want a signature around it.": (
        "encryption: CBC 128 without a signature around it",
        "encryption: CBC 256 without a signature around it",
        "encryption: CBC, and the signature around it is dropped",
    ),
    "Of encryption it takes more shapes, and encrypted attributes.": (
        "encryption: five EncryptedKeys",
        "encryption: Type says content",
        "encryption: two EncryptedData",
        "encryption: an attribute is encrypted",
        "encryption: the assertion within has the response's ID",
    ),
    "It compares addresses without a slash at their end.": (
        "recipient: with a slash more",
        "destination: with a slash more",
    ),
    "It holds only the assertion's Issuer against the provider; Core 3.2.2 and Profiles 4.1.4.2 "
    "let the response's be missing, SAML2Int's signers name it.": (
        "issuer: the response's is another",
        "issuer: the response's is with a slash more",
        "issuer: the response's is in capitals",
        "issuer: the response's is empty",
        "issuer: the response has none",
        "issuer: another around a signed assertion",
        "issuer: the assertion's is a mail address by its Format",
    ),
    "It looks at fewer times.": (
        "time: the authentication was later",
        "time: Conditions end before they begin",
        "time: the response was issued later",
    ),
    "Which context is required is left to its caller.": (
        "statement: another context than the required",
        "statement: the required context's name with more",
    ),
    "It takes the first of several statements and assertions, as Profiles 4.1.4.3 allows.": (
        "statement: two authentications",
        "assertions: two signed ones",
        "assertions: two in a signed response",
    ),
}
REFUSED_BY_IT: dict[str, tuple[str, ...]] = {
    "RSA-PSS is not in its policy.": ("algorithm: rsa2048 sha256-rsa-MGF1",),
    "It looks for the EncryptedKey within the EncryptedData only (Core 6.2 allows both).": (
        "cipher: the key stands beside",
        "cipher: the key is moved beside",
    ),
    "It reads a value by its xsi:type; for us values are text.": ("value: it says it is a number",),
    "It wants a NameID (SAML2Int SP13: none may be required).": ("name: none",),
}
_TRANSFORMS = "node-saml/signatures/invalid/response.root-"
_PYTHON = "python3-saml/responses/"
CORPORA: dict[str, tuple[str, ...]] = {
    "It takes a transform that leaves out what is read: see above.": (
        f"{_TRANSFORMS}signed-transforms.assertion-unsigned.xml: accepted by it",
        f"{_TRANSFORMS}unsigned.assertion-signed-transforms.xml: accepted by it",
    ),
    "It cuts the EncryptedAssertion out as text, and misses the prefixes that are declared around.": (
        f"{_PYTHON}double_signed_encrypted_assertion2.xml.base64: refused by it",
        f"{_PYTHON}signed_encrypted_assertion.xml.base64: refused by it",
        f"{_PYTHON}signed_encrypted_assertion2.xml.base64: refused by it",
        f"{_PYTHON}signed_message_encrypted_assertion2.xml.base64: refused by it",
        f"{_PYTHON}valid_encrypted_assertion.xml.base64: refused by it",
    ),
    "It does not look at the response's Issuer: see above.": (
        f"{_PYTHON}invalids/no_issuer_response.xml.base64: accepted by it",
    ),
    "It wants a NameID: see above.": (f"{_PYTHON}invalids/no_nameid.xml.base64: refused by it",),
}


def _verifier(expected: Expected) -> crypto.SamlVerifier:
    verifier = crypto.SamlVerifier.from_certs(list(expected.certificates))
    with warnings.catch_warnings():
        # It warns that a certificate's dates are not looked at: so SAML2Int SP37 wants it.
        warnings.simplefilter("ignore")
        verifier.set_skip_time_checks(True, unsafe_allow_skip_time_checks=True)
    return verifier


def _decryptor(expected: Expected) -> crypto.SamlDecryptor | None:
    if not expected.decryption_keys:
        return None
    keys = crypto.KeysManager()
    for pem in expected.decryption_keys:
        keys.add_key_pem(pem, "encrypt")
    return crypto.SamlDecryptor(keys)


def _once(text: str, expected: Expected, *, assertions: bool) -> bool:
    config = security.SecurityConfig()
    config.clock_skew_seconds = int(expected.skew.total_seconds())
    config.require_signed_assertions = assertions
    config.require_signed_responses = not assertions
    try:
        profiles.process_response_verified(
            text,
            _verifier(expected),
            config,
            expected.entity_id,
            expected.acs_url,
            expected.provider,
            expected_request_id=expected.request_id,
            now=expected.now,
            replay_cache=security.InMemoryReplayCache(),
            decryptor=_decryptor(expected),
            unsafe_no_persistent_id_store=True,
        )
    except Exception:  # its errors have no common parent; a verdict is all that counts here
        return False
    return True


def _by_it(message: bytes, expected: Expected) -> bool:
    try:
        text = message.decode()
    except UnicodeDecodeError:
        return False
    return any(_once(text, expected, assertions=only) for only in (True, False))


def _by_us(message: bytes, expected: Expected) -> bool:
    try:
        read_response(message, expected)
    except Refused:
        return False
    return True


def _listed(table: dict[str, tuple[str, ...]]) -> list[str]:
    names = [name for group in table.values() for name in group]
    assert len(names) == len(set(names))
    return sorted(names)


def test_every_attack_that_it_accepts_is_explained() -> None:
    """All attacks; what the field's base64 already decides is judged by its decoded bytes."""
    found = []
    for case in CASES:
        message = _decoded(field(case))
        if message is not None and _by_it(message, case.expected):
            found.append(case.name)
    assert _listed(ACCEPTED_BY_IT) == sorted(found)


def _decoded(text: str) -> bytes | None:
    """The bytes of a field, by a decoder that is not strict about bits that are left over."""
    try:
        return decode_post(text)
    except Refused:
        pass
    try:
        return saml_issuer.base64.b64decode(text, validate=True)
    except ValueError:
        return None


def test_every_right_response_that_it_refuses_is_explained() -> None:
    """What is harmless, and the twins of all attacks."""
    found = [
        name
        for name, answer in ANSWERS.items()
        if not _by_it(document(answer), saml_issuer.expected(answer))
    ]
    assert _listed(REFUSED_BY_IT) == sorted(found)
    for twin in {case.twin for case in CASES}:
        assert _by_it(document(twin), saml_issuer.expected(twin)), twin


@pytest.mark.needs("shared")
def test_every_difference_about_the_corpora_is_explained(shared: Path) -> None:
    """Other projects' responses, as ``saml_corpora`` brings them to our profile."""
    found = []
    for name, row in ROWS.items():
        message, expected = brought(shared, name, row)
        ours, theirs = _by_us(message, expected), _by_it(message, expected)
        if ours != theirs:
            found.append(f"{name}: {'accepted' if theirs else 'refused'} by it")
    assert _listed(CORPORA) == sorted(found)
