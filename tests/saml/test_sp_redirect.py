"""The HTTP-Redirect binding: our signature holds elsewhere, and a stranger's counts over its very octets."""

from __future__ import annotations

import base64
import urllib.parse
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

import saml_issuer
from emrex_gateway.login.saml._ourselves import OwnKey
from emrex_gateway.login.saml._redirect import (
    MAX_MESSAGE,
    MAX_QUERY,
    read_redirect,
    signed_redirect,
)
from emrex_gateway.login.saml._types import Reason, Refused

MESSAGE = b"<p:LogoutRequest xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol'/>"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def own(name: str) -> OwnKey:
    return OwnKey(
        private=saml_issuer.private_key(name),
        pem=saml_issuer.private_pem(name),
        certificate=saml_issuer.certificate(name),
        signing=True,
        encryption=False,
    )


def refused(query: bytes, parameter: str = "SAMLRequest", *keys: str) -> str:
    with pytest.raises(Refused) as raised:
        read_redirect(query, parameter).verify([saml_issuer.certificate(k) for k in keys])
    return raised.value.reason


def fields(url: str) -> dict[str, str]:
    pairs = urllib.parse.parse_qsl(url.partition("?")[2], strict_parsing=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def query(**more: str) -> bytes:
    """Return a signed query of the test provider's."""
    return saml_issuer.redirect(MESSAGE, **more).encode()


@pytest.mark.needs("pysaml2")
@pytest.mark.parametrize("relay", ["t1.abc-_~XYZ", None, "a b/c+d=e&f"])
def test_pysaml2_verifies_what_we_sign(relay: str | None) -> None:
    """Another implementation takes our query apart and believes its signature, and no changed one."""
    from saml2.sigver import RSACrypto, verify_redirect_signature  # noqa: PLC0415 - only where pysaml2 is

    url = signed_redirect("https://idp.example/sso", "SAMLRequest", MESSAGE, relay, own("rsa2048"))
    sent = fields(url)
    assert MORE + "rsa-sha256" == sent["SigAlg"]
    key = saml_issuer.private_key("rsa2048").public_key()
    if relay != "a b/c+d=e&f":  # it encodes a blank as "+" again, we as "%20": see the next test
        assert verify_redirect_signature(dict(sent), RSACrypto(None), sigkey=key)
    changed = {**sent, "RelayState": "t1.other"}
    assert not verify_redirect_signature(changed, RSACrypto(None), sigkey=key)


@pytest.mark.parametrize("relay", ["t1.abc", "", None, "a b/c+d=e&f", "ääni"])
@pytest.mark.parametrize("name", ["rsa2048", "p256", "p521"])
def test_the_signature_covers_the_octets_that_travel(name: str, relay: str | None) -> None:
    """Everything before ``&Signature=`` is signed as it is written; ECDSA as r and s (RFC 6931)."""
    url = signed_redirect("https://idp.example/sso", "SAMLResponse", MESSAGE, relay, own(name))
    signed, _, value = url.partition("?")[2].rpartition("&Signature=")
    signature = base64.b64decode(urllib.parse.unquote(value))
    public = saml_issuer.private_key(name).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        half = len(signature) // 2
        assert (public.curve.key_size + 7) // 8 == half
        r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        public.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))
    sent = fields(url) if relay != "" else {}
    assert relay is None or relay == "" or relay == sent["RelayState"]
    packed = urllib.parse.parse_qs(url.partition("?")[2])["SAMLResponse"][0]
    assert MESSAGE == zlib.decompress(base64.b64decode(packed), wbits=-15)


def test_a_destination_keeps_its_own_query() -> None:
    """What a provider's address holds already stays in front, and outside of the signature."""
    url = signed_redirect(
        "https://idp.example/sso?t=1&u=2", "SAMLRequest", MESSAGE, "r", own("p256")
    )
    assert url.startswith("https://idp.example/sso?t=1&u=2&SAMLRequest=")
    received = url.partition("?")[2].encode()
    read = read_redirect(received, "SAMLRequest")
    read.verify([saml_issuer.certificate("p256")])
    assert (MESSAGE, "r") == (read.document, read.relay)


@pytest.mark.parametrize(
    ("relay", "fits"), [("r" * 80, True), ("r" * 81, False), ("ä" * 41, False)]
)
def test_a_relay_state_has_eighty_bytes(relay: str, fits: bool) -> None:
    """Neither do we send a longer one, nor echo one (Bindings 3.4.3)."""
    if fits:
        assert signed_redirect("https://x.example", "SAMLRequest", MESSAGE, relay, own("p256"))
        read_redirect(query(relay_state=relay), "SAMLRequest")
        return
    with pytest.raises(Refused) as raised:
        signed_redirect("https://x.example", "SAMLRequest", MESSAGE, relay, own("p256"))
    assert Reason.RELAY_STATE == raised.value.reason
    assert Reason.RELAY_STATE == refused(query(relay_state=relay))


@pytest.mark.parametrize("name", ["rsa2048", "rsa3072", "p256", "p384", "p521"])
def test_a_providers_signature_holds(name: str) -> None:
    """RSA, and ECDSA in DER as Java writes it; any of the provider's keys may have made it."""
    method = MORE + ("rsa-sha256" if name.startswith("rsa") else "ecdsa-sha256")
    signed = saml_issuer.redirect(MESSAGE, relay_state="r", key=name, method=method)
    read = read_redirect(signed.encode(), "SAMLRequest")
    read.verify([saml_issuer.certificate("rsa2048:other"), saml_issuer.certificate(name)])
    assert (MESSAGE, "r") == (read.document, read.relay)


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
@pytest.mark.parametrize("bits", ["256", "384", "512"])
def test_the_algorithm_is_what_the_query_names(kind: str, bits: str) -> None:
    """SHA-256, SHA-384 and SHA-512 count, each as itself; ECDSA's r and s side by side too."""
    name = "rsa2048" if kind == "rsa" else "p384"
    hash_ = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[bits]
    values = {"SAMLRequest": saml_issuer.deflated(MESSAGE), "SigAlg": f"{MORE}{kind}-sha{bits}"}
    octets = urllib.parse.urlencode(values).encode()
    key: Any = saml_issuer.private_key(name)
    made = (
        key.sign(octets, padding.PKCS1v15(), hash_)
        if kind == "rsa"
        else key.sign(octets, ec.ECDSA(hash_))
    )
    query_ = octets + b"&" + urllib.parse.urlencode({"Signature": base64.b64encode(made)}).encode()
    certificates = [saml_issuer.certificate(name)]
    read_redirect(query_, "SAMLRequest").verify(certificates)
    for other in {"256", "384", "512"} - {bits}:
        moved = query_.replace(f"sha{bits}".encode(), f"sha{other}".encode())
        assert Reason.SIGNATURE == refused(moved, "SAMLRequest", name)


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        MORE + "hmac-sha256",
        MORE + "rsa-md5",
        MORE + "rsa-sha224",
        MORE + "ecdsa-sha1",
        MORE + "rsa-",
        "sha256",
        "rsa-sha256",
        "",
    ],
)
def test_other_algorithms_are_refused(algorithm: str) -> None:
    """SHA-1 above all, and every name that is not on the list, before any key is tried."""
    signed = saml_issuer.redirect(MESSAGE, method=algorithm or "x").replace("=x&", "=&")
    assert Reason.ALGORITHM == refused(signed.encode(), "SAMLRequest", "rsa2048")


def test_a_real_sha1_signature_is_refused() -> None:
    """A right signature by the provider's own key does not count when SHA-1 made it."""
    values = {
        "SAMLRequest": saml_issuer.deflated(MESSAGE),
        "SigAlg": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    }
    octets = urllib.parse.urlencode(values)
    key: Any = saml_issuer.private_key("rsa2048")
    made = key.sign(octets.encode(), padding.PKCS1v15(), hashes.SHA1())
    signature = urllib.parse.urlencode({"Signature": base64.b64encode(made)})
    assert Reason.ALGORITHM == refused(f"{octets}&{signature}".encode(), "SAMLRequest", "rsa2048")


@pytest.mark.parametrize(
    ("name", "certificate"),
    [
        ("rsa2048", "rsa2048:other"),
        ("rsa2048", "p256"),
        ("p256", "rsa2048"),
        ("p256", "p256:other"),
    ],
)
def test_another_key_is_refused(name: str, certificate: str) -> None:
    """Only the provider's keys count, whatever their kind."""
    assert Reason.SIGNATURE == refused(query(key=name, relay_state="r"), "SAMLRequest", certificate)


def test_no_key_is_no_signature() -> None:
    """A provider without a key signs nothing."""
    assert Reason.SIGNATURE == refused(query())


def test_a_short_key_does_not_count() -> None:
    """RSA of 1024 bits is refused, though its signature is right."""
    assert Reason.SIGNATURE == refused(query(key="rsa1024"), "SAMLRequest", "rsa1024")


def test_a_signature_of_no_form_is_refused() -> None:
    """Neither r and s nor DER: refused, not raised."""
    spoilt = query(key="p256").rpartition(b"&Signature=")[0] + b"&Signature=AAAA"
    assert Reason.SIGNATURE == refused(spoilt, "SAMLRequest", "p256")
    wrong = base64.b64encode(b"\0" * 64).replace(b"=", b"%3D")
    spoilt = query(key="p256").rpartition(b"&Signature=")[0] + b"&Signature=" + wrong
    assert Reason.SIGNATURE == refused(spoilt, "SAMLRequest", "p256")


def test_a_query_that_was_encoded_again_is_refused() -> None:
    """The same values in other octets are not what was signed (Bindings 3.4.4.1)."""
    signed = query(relay_state="r")
    for changed in (
        signed.replace(b"%3A", b"%3a"),
        signed.replace(b"RelayState=r", b"RelayState=%72"),
        signed.replace(b"rsa-sha256", b"rsa%2Dsha256"),
    ):
        assert signed != changed
        assert Reason.SIGNATURE == refused(changed, "SAMLRequest", "rsa2048")


def test_the_order_of_the_query_is_not_the_order_of_the_signature() -> None:
    """The signature is over message, RelayState, SigAlg in this order, wherever they stand."""
    signed = query(relay_state="r")
    turned = b"&".join([b"utm=1", *reversed(signed.split(b"&"))])
    read_redirect(turned, "SAMLRequest").verify([saml_issuer.certificate("rsa2048")])


def test_a_relay_state_cannot_be_taken_or_given() -> None:
    """The signature covers the RelayState, and that there is none."""
    signed = query(relay_state="r")
    assert Reason.SIGNATURE == refused(
        signed.replace(b"&RelayState=r", b""), "SAMLRequest", "rsa2048"
    )
    bare = query()
    assert Reason.SIGNATURE == refused(bare + b"&RelayState=r", "SAMLRequest", "rsa2048")
    assert Reason.SIGNATURE == refused(bare + b"&RelayState=", "SAMLRequest", "rsa2048")


@pytest.mark.parametrize(
    "more",
    [
        b"&SAMLRequest=x",
        b"&SAML%52equest=x",
        b"&RelayState=r",
        b"&SigAlg=x",
        b"&Signature=x",
        b"&%53ignature=x",
        b"&RelayStat%65=x",
    ],
)
def test_a_parameter_twice_is_refused(more: bytes) -> None:
    """Two readers might read different ones, also when one is spelled with percent signs."""
    signed = query(relay_state="r")
    for changed in (signed + more, more[1:] + b"&" + signed):
        assert Reason.MALFORMED == refused(changed, "SAMLRequest", "rsa2048")


def test_an_odd_spelling_is_refused_when_it_is_the_only_one() -> None:
    """A name that another reader might not recognise does not count."""
    assert Reason.MALFORMED == refused(query().replace(b"SigAlg", b"Sig%41lg"))


@pytest.mark.parametrize("changed", [b"SAMLResponse=x&", b""])
def test_one_message_of_the_right_kind(changed: bytes) -> None:
    """A request and a response together, or neither, is no message."""
    signed = query()
    wrong = changed + signed if changed else signed.replace(b"SAMLRequest", b"Other")
    assert Reason.MALFORMED == refused(wrong)
    assert Reason.MALFORMED == refused(signed, "SAMLResponse")


def test_unsigned_is_refused() -> None:
    """A message without a signature, or without its algorithm, is nobody's."""
    signed = query()
    assert Reason.UNSIGNED == refused(signed.rpartition(b"&Signature=")[0])
    without = b"&".join(p for p in signed.split(b"&") if not p.startswith(b"SigAlg"))
    assert Reason.UNSIGNED == refused(without)


def test_only_deflate_is_an_encoding() -> None:
    """The one encoding may be named; another one is refused."""
    deflate = urllib.parse.quote("urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE", "")
    named = query() + b"&SAMLEncoding=" + deflate.encode()
    read_redirect(named, "SAMLRequest").verify([saml_issuer.certificate("rsa2048")])
    assert Reason.ENCODING == refused(query() + b"&SAMLEncoding=urn:other")


def _packed(data: bytes) -> bytes:
    value = urllib.parse.quote(base64.b64encode(data), "")
    return f"SAMLRequest={value}&SigAlg=x&Signature=AAAA".encode()


@pytest.mark.parametrize(
    "message",
    [
        b"SAMLRequest=%%%&SigAlg=x&Signature=AAAA",
        b"SAMLRequest=A&SigAlg=x&Signature=AAAA",
        b"SAMLRequest=%C3%A4&SigAlg=x&Signature=AAAA",
        _packed(b"not deflated at all"),
        _packed(base64.b64decode(saml_issuer.deflated(MESSAGE))[:-4]),
        _packed(base64.b64decode(saml_issuer.deflated(MESSAGE)) + b"more"),
        query().replace(b"SigAlg=", b"RelayState=%ff&SigAlg="),
        query().replace(b"SigAlg=", b"SigAlg=%ff"),
        query().rpartition(b"=")[0] + b"=%21",
    ],
)
def test_what_cannot_be_decoded_is_refused(message: bytes) -> None:
    """Base64, DEFLATE and UTF-8 hold exactly, with nothing cut off and nothing behind."""
    assert Reason.ENCODING == refused(message)


def test_a_bomb_does_not_go_off() -> None:
    """A small query that becomes a huge message is refused; nothing larger than the limit is made."""
    assert Reason.SIZE == refused(_packed(_deflate(b"<a>" + b"a" * MAX_MESSAGE)))
    assert Reason.SIZE == refused(b"SAMLRequest=" + b"A" * MAX_QUERY)
    fits = b"a" * MAX_MESSAGE
    assert fits == read_redirect(_packed(_deflate(fits)), "SAMLRequest").document


def _deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@given(st.binary(max_size=300))
def test_any_query_is_read_or_refused(data: bytes) -> None:
    """Whatever a stranger writes into an address, the answer is a refusal of ours and no other error."""
    for start in (b"", query() + b"&", b"SAMLRequest="):
        try:
            read_redirect(start + data, "SAMLRequest").verify([saml_issuer.certificate("p256")])
        except Refused:
            continue


@given(st.integers(min_value=0), st.sampled_from(["rsa2048", "p256"]))
def test_no_changed_octet_is_accepted(position: int, name: str) -> None:
    """Any single changed octet of what was signed breaks the signature or the reading."""
    signed = bytearray(query(key=name, relay_state="r"))
    end = bytes(signed).rindex(b"&Signature=")
    signed[position % end] ^= 1
    with pytest.raises(Refused):
        read_redirect(bytes(signed), "SAMLRequest").verify([saml_issuer.certificate(name)])
