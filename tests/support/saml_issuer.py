"""A test identity provider: makes SAML 2.0 messages, right ones and, by its hooks, wrong ones.

It is not a party of its own (SimpleSAMLphp and pysaml2's provider are, in the
end-to-end tests); it exists because a test wants to say exactly what is
different in a message. Signatures are libxmlsec's; encryption is done with
``cryptography`` by hand, so that each part of it can be spoiled.

``respond(Answer(...))`` makes a response, ``expected(answer)`` what the gateway
must expect of it, ``logout_request`` and ``logout_response`` the messages of
logout, ``sign`` signs any element in place (metadata, too), and ``redirect``
makes the signed query of the HTTP-Redirect binding.
"""

from __future__ import annotations

import base64
import copy
import os
import secrets
import urllib.parse
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml import etree

from emrex_gateway.login.saml._types import Attribute, Expected

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
NS = {"p": SAMLP, "a": SAML, "ds": DS, "xenc": XENC}

ENVELOPED = DS + "enveloped-signature"
SHA1 = DS + "sha1"
SHA256 = XENC + "sha256"
SHA384 = MORE + "sha384"
SHA512 = XENC + "sha512"
RSA_SHA256 = MORE + "rsa-sha256"
ECDSA_SHA256 = MORE + "ecdsa-sha256"
AES128_GCM = XENC11 + "aes128-gcm"
AES256_GCM = XENC11 + "aes256-gcm"
AES128_CBC = XENC + "aes128-cbc"
AES256_CBC = XENC + "aes256-cbc"
OAEP = XENC + "rsa-oaep-mgf1p"
OAEP11 = XENC11 + "rsa-oaep"
MGF1_SHA256 = XENC11 + "mgf1sha256"
RSA15 = XENC + "rsa-1_5"

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
URI_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

IDP = "https://idp.university.example/saml"
SP = "https://gateway.example/sp/demo/metadata"
ACS = "https://gateway.example/sp/demo/acs"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

Element = etree._Element
Edit = Callable[[Element], Element | None]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

ATTRIBUTES = (
    Attribute("urn:oid:2.5.4.42", ("Aino",), URI_FORMAT, "givenName"),
    Attribute("urn:oid:2.5.4.4", ("Virtanen",), URI_FORMAT, "sn"),
    Attribute(
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
        ("aino@university.example",),
        URI_FORMAT,
        "eduPersonPrincipalName",
    ),
    Attribute(
        "urn:oid:1.3.6.1.4.1.25178.1.2.14",
        (
            "urn:schac:personalUniqueCode:int:esi:university.example:X1-77",
            "urn:schac:personalUniqueCode:int:studentID:university.example:77",
        ),
        URI_FORMAT,
        "schacPersonalUniqueCode",
    ),
)


# --- keys -------------------------------------------------------------------------------


@cache
def private_key(name: str) -> PrivateKey:
    """Return the key called ``<kind>`` or ``<kind>:<whose>``, made once in a run.

    Kinds are ``rsa`` and its bits, ``p256``, ``p384``, ``p521``, and the curves
    that are not to be accepted, ``k256`` (Koblitz's) and ``p192``.
    """
    kind = name.partition(":")[0]
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))
    curve = {
        "p256": ec.SECP256R1(),
        "p384": ec.SECP384R1(),
        "p521": ec.SECP521R1(),
        "k256": ec.SECP256K1(),
        "p192": ec.SECP192R1(),
    }[kind]
    return ec.generate_private_key(curve)


@cache
def private_pem(name: str) -> bytes:
    """Return a key as PKCS #8 PEM."""
    return private_key(name).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@cache
def certificate(name: str) -> bytes:
    """Return a self-signed certificate of a key, DER. It is long expired: dates do not count."""
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test identity provider")])
    builder = x509.CertificateBuilder(
        who,
        who,
        private_key(name).public_key(),
        x509.random_serial_number(),
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2021, 1, 1, tzinfo=UTC),
    )
    bits = {"p384": hashes.SHA384(), "p521": hashes.SHA512()}
    signed = builder.sign(private_key(name), bits.get(name.partition(":")[0], hashes.SHA256()))
    return signed.public_bytes(serialization.Encoding.DER)


@cache
def _signing_key(name: str) -> xmlsec.Key:
    return xmlsec.Key.from_memory(private_pem(name), xmlsec.KeyFormat.PEM)


# --- signatures -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How to sign. ``transforms`` are algorithms, or whole ``ds:Transform`` elements as text.

    ``uri`` ``None`` is ``#`` and the element's ID. ``method`` empty is the one
    for the key. ``key_info`` is text put into ``ds:KeyInfo``; ``None`` puts the
    key's certificate there, an empty one leaves ``ds:KeyInfo`` out. ``secret``
    signs with HMAC instead of the key. ``more_references`` and ``objects`` are
    text put after the reference, and at the signature's end.
    """

    key: str = "rsa2048"
    method: str = ""
    digest: str = SHA256
    canonicalization: str = EXC
    transforms: tuple[str, ...] = (ENVELOPED, EXC)
    uri: str | None = None
    key_info: str | None = None
    secret: bytes | None = None
    in_method: str = ""
    in_canonicalization: str = ""
    more_references: str = ""
    objects: str = ""


def _method(signing: Signing) -> str:
    if signing.method:
        return signing.method
    kind = signing.key.partition(":")[0]
    elliptic = {
        "p256": ECDSA_SHA256,
        "p384": MORE + "ecdsa-sha384",
        "p521": MORE + "ecdsa-sha512",
    }
    return elliptic.get(kind, RSA_SHA256)


def x509_data(key: str) -> str:
    """Return ``ds:X509Data`` with a key's certificate, as text."""
    text = base64.b64encode(certificate(key)).decode()
    return f"<ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data>"


def signature_template(element: Element, signing: Signing) -> Element:
    """Return a ``ds:Signature`` for ``element`` with the two values still empty."""
    uri = f"#{element.get('ID', '')}" if signing.uri is None else signing.uri
    transforms = "".join(
        t if t.startswith("<") else f'<ds:Transform Algorithm="{t}"/>' for t in signing.transforms
    )
    inside = x509_data(signing.key) if signing.key_info is None else signing.key_info
    text = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{signing.canonicalization}">'
        f"{signing.in_canonicalization}</ds:CanonicalizationMethod>"
        f'<ds:SignatureMethod Algorithm="{_method(signing)}">{signing.in_method}'
        f'</ds:SignatureMethod><ds:Reference URI="{uri}">'
        + (f"<ds:Transforms>{transforms}</ds:Transforms>" if transforms else "")
        + f'<ds:DigestMethod Algorithm="{signing.digest}"/><ds:DigestValue/></ds:Reference>'
        f"{signing.more_references}</ds:SignedInfo><ds:SignatureValue/>"
        + (f"<ds:KeyInfo>{inside}</ds:KeyInfo>" if inside else "")
        + f"{signing.objects}</ds:Signature>"
    )
    return etree.fromstring(text)


def place(element: Element, signature: Element) -> None:
    """Put a signature where SAML's schema wants it: after the Issuer, or first (metadata)."""
    first = element.find("a:Issuer", NS)
    element.insert(0 if first is None else element.index(first) + 1, signature)


def sign(element: Element, signing: Signing | None = None) -> Element:
    """Sign an element in its place within its tree; return its ``ds:Signature``."""
    signing = signing or Signing()
    signature = signature_template(element, signing)
    place(element, signature)
    complete(signature, signing)
    return signature


def complete(signature: Element, signing: Signing) -> None:
    """Compute the values of a signature that is in its place, with libxmlsec."""
    context = xmlsec.SignatureContext()
    if signing.secret is None:
        context.key = _signing_key(signing.key)
    else:
        context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, signing.secret)
    known = set()
    for node in [
        *signature.iterancestors(),
        *signature.getroottree().getroot().iter(etree.Element),
    ]:
        # An ID that several elements have is the nearest ancestor's.
        if node.get("ID") and node.get("ID") not in known:
            known.add(node.get("ID"))
            context.register_id(node, "ID")
    context.sign(signature)


# --- encryption -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """How to encrypt. ``key`` is the recipient's; ``digest`` and ``mgf`` are OAEP's.

    ``session_key`` and ``wrapped`` replace what is drawn by lot and what is
    computed; ``edit`` sees the bytes of the ciphertext before base64.
    ``beside`` puts the EncryptedKey after the EncryptedData instead of into it.
    """

    key: str = "rsa2048:sp"
    method: str = AES128_GCM
    transport: str = OAEP
    digest: str = SHA1
    mgf: str = ""
    session_key: bytes | None = None
    wrapped: bytes | None = None
    edit: Callable[[bytes], bytes] = bytes
    beside: bool = False


_SIZES = {AES128_GCM: 16, AES256_GCM: 32, AES128_CBC: 16, AES256_CBC: 32}
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {
    SHA1: hashes.SHA1,
    SHA256: hashes.SHA256,
    SHA384: hashes.SHA384,
    SHA512: hashes.SHA512,
    "": hashes.SHA1,
    XENC11 + "mgf1sha1": hashes.SHA1,
    MGF1_SHA256: hashes.SHA256,
}


def _ciphertext(plain: bytes, how: Encryption, key: bytes) -> bytes:
    if "gcm" in how.method:
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, plain, None)
    fill = 16 - len(plain) % 16
    padded = plain + os.urandom(fill - 1) + bytes([fill])
    start = os.urandom(16)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return start + encryptor.update(padded) + encryptor.finalize()


def _wrapped(key: bytes, how: Encryption) -> bytes:
    public = private_key(how.key).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    if how.transport == RSA15:
        return public.encrypt(key, padding.PKCS1v15())
    mgf = padding.MGF1(_HASHES[how.mgf]())
    return public.encrypt(key, padding.OAEP(mgf, _HASHES[how.digest](), None))


def encrypt(plain: bytes, how: Encryption | None = None, wrapper: str = "Assertion") -> Element:
    """Encrypt bytes of an element into a ``saml:Encrypted<wrapper>``."""
    how = how or Encryption()
    key = how.session_key or os.urandom(_SIZES.get(how.method, 16))
    data = base64.b64encode(how.edit(_ciphertext(plain, how, key))).decode()
    wrapped = base64.b64encode(_wrapped(key, how) if how.wrapped is None else how.wrapped).decode()
    mgf = f'<xenc11:MGF xmlns:xenc11="{XENC11}" Algorithm="{how.mgf}"/>' if how.mgf else ""
    encrypted_key = (
        f'<xenc:EncryptedKey xmlns:xenc="{XENC}" xmlns:ds="{DS}">'
        f'<xenc:EncryptionMethod Algorithm="{how.transport}">'
        + (f'<ds:DigestMethod Algorithm="{how.digest}"/>{mgf}' if how.transport != RSA15 else "")
        + f"</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{wrapped}"
        "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    )
    key_info = "" if how.beside else f'<ds:KeyInfo xmlns:ds="{DS}">{encrypted_key}</ds:KeyInfo>'
    return etree.fromstring(
        f'<saml:Encrypted{wrapper} xmlns:saml="{SAML}"><xenc:EncryptedData xmlns:xenc="{XENC}"'
        f' Type="{XENC}Element"><xenc:EncryptionMethod Algorithm="{how.method}"/>{key_info}'
        f"<xenc:CipherData><xenc:CipherValue>{data}</xenc:CipherValue></xenc:CipherData>"
        f"</xenc:EncryptedData>{encrypted_key if how.beside else ''}</saml:Encrypted{wrapper}>"
    )


# --- responses --------------------------------------------------------------------------


def _new_id() -> str:
    return "_" + secrets.token_hex(16)


def _nothing(element: Element) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a response shall say, and how it is protected; the hooks make it wrong.

    ``signed`` is ``response``, ``assertion``, ``both`` or ``none``. The hooks
    run in this order, each on a tree that was parsed anew and may be edited in
    place or replaced by the return value: ``edit_assertion`` (nothing signed
    yet), ``edit_signed_assertion`` (signed, not yet encrypted or within a
    response), ``edit_response`` (the whole response, itself not yet signed),
    ``edit_signed`` (after the response's signature) and ``edit_bytes``.

    An empty string leaves an optional part out; ``name_id`` as well.
    """

    provider: str = IDP
    audience: str = SP
    acs_url: str = ACS
    request_id: str = "_request0123456789abcdef"
    now: datetime = NOW
    signed: str = "both"
    signing: Signing = field(default_factory=Signing)
    response_signing: Signing | None = None
    encryption: Encryption | None = None
    response_id: str = field(default_factory=_new_id)
    assertion_id: str = field(default_factory=_new_id)
    name_id: str = "t-5f3e9a"
    name_id_format: str = TRANSIENT
    attributes: tuple[Attribute, ...] = ATTRIBUTES
    session_index: str = "s-17"
    context: str = PASSWORD
    authorities: tuple[str, ...] = ()
    lifetime: timedelta = timedelta(minutes=5)
    session_lifetime: timedelta | None = timedelta(hours=8)
    response_issuer: str | None = None
    destination: str | None = None
    status: tuple[str, ...] = (SUCCESS,)
    status_message: str = ""
    edit_assertion: Edit = _nothing
    edit_signed_assertion: Edit = _nothing
    edit_response: Edit = _nothing
    edit_signed: Edit = _nothing
    edit_bytes: Callable[[bytes], bytes] = bytes


def instant(moment: datetime) -> str:
    """Return a time as SAML writes it: UTC, with ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    made = etree.SubElement(parent, tag, {k: v for k, v in attributes.items() if v})
    made.text = text
    return made


def _a(tag: str) -> str:
    return f"{{{SAML}}}{tag}"


def _p(tag: str) -> str:
    return f"{{{SAMLP}}}{tag}"


def assertion(answer: Answer) -> Element:
    """Return the assertion of an answer, neither edited nor signed nor encrypted."""
    start = instant(answer.now - timedelta(minutes=1))
    end = instant(answer.now + answer.lifetime)
    root = etree.Element(
        _a("Assertion"),
        {"ID": answer.assertion_id, "Version": "2.0", "IssueInstant": instant(answer.now)},
        nsmap={"saml": SAML},
    )
    _add(root, _a("Issuer"), answer.provider)
    subject = _add(root, _a("Subject"))
    if answer.name_id:
        _add(
            subject,
            _a("NameID"),
            answer.name_id,
            Format=answer.name_id_format,
            NameQualifier=answer.provider,
            SPNameQualifier=answer.audience,
        )
    confirmation = _add(subject, _a("SubjectConfirmation"), Method=BEARER)
    _add(
        confirmation,
        _a("SubjectConfirmationData"),
        NotOnOrAfter=end,
        Recipient=answer.acs_url,
        InResponseTo=answer.request_id,
    )
    conditions = _add(root, _a("Conditions"), NotBefore=start, NotOnOrAfter=end)
    if answer.audience:
        _add(_add(conditions, _a("AudienceRestriction")), _a("Audience"), answer.audience)
    _authentication(root, answer)
    _statement(root, answer)
    return root


def _authentication(root: Element, answer: Answer) -> None:
    ends = answer.session_lifetime
    statement = _add(
        root,
        _a("AuthnStatement"),
        AuthnInstant=instant(answer.now),
        SessionIndex=answer.session_index,
        SessionNotOnOrAfter=instant(answer.now + ends) if ends else "",
    )
    context = _add(statement, _a("AuthnContext"))
    _add(context, _a("AuthnContextClassRef"), answer.context)
    for authority in answer.authorities:
        _add(context, _a("AuthenticatingAuthority"), authority)


def _statement(root: Element, answer: Answer) -> None:
    if not answer.attributes:
        return
    statement = _add(root, _a("AttributeStatement"))
    for attribute in answer.attributes:
        made = _add(
            statement,
            _a("Attribute"),
            Name=attribute.name,
            NameFormat=attribute.name_format,
            FriendlyName=attribute.friendly_name,
        )
        for value in attribute.values:
            _add(made, _a("AttributeValue"), value)


def response(answer: Answer) -> Element:
    """Return the response around no assertion yet."""
    root = etree.Element(
        _p("Response"),
        {
            name: value
            for name, value in {
                "ID": answer.response_id,
                "Version": "2.0",
                "IssueInstant": instant(answer.now),
                "Destination": answer.acs_url if answer.destination is None else answer.destination,
                "InResponseTo": answer.request_id,
            }.items()
            if value
        },
        nsmap={"samlp": SAMLP, "saml": SAML},
    )
    issuer = answer.provider if answer.response_issuer is None else answer.response_issuer
    if issuer:
        _add(root, _a("Issuer"), issuer)
    status = _add(root, _p("Status"))
    where = status
    for code in answer.status:
        where = _add(where, _p("StatusCode"), Value=code)
    if answer.status_message:
        _add(status, _p("StatusMessage"), answer.status_message)
    return root


def reparsed(element: Element) -> Element:
    """Return the element parsed anew: what libxmlsec's functions made becomes visible."""
    return etree.fromstring(etree.tostring(element))


def _edited(element: Element, edit: Edit) -> Element:
    element = reparsed(element)
    replaced = edit(element)
    return reparsed(element if replaced is None else replaced)


def protected_assertion(answer: Answer) -> Element:
    """Return the assertion edited, signed and encrypted as the answer says."""
    made = _edited(assertion(answer), answer.edit_assertion)
    if answer.signed in {"assertion", "both"}:
        sign(made, answer.signing)
    made = _edited(made, answer.edit_signed_assertion)
    if answer.encryption is not None:
        made = encrypt(etree.tostring(made), answer.encryption)
    return made


def respond(answer: Answer | None = None) -> bytes:
    """Return a whole response as UTF-8 bytes, not yet base64."""
    answer = answer or Answer()
    # As text: moving nodes, lxml would give them the response's prefixes, and break signatures.
    around = etree.tostring(response(answer)).removesuffix(b"</samlp:Response>")
    root = etree.fromstring(
        around + etree.tostring(protected_assertion(answer)) + b"</samlp:Response>"
    )
    root = _edited(root, answer.edit_response)
    if answer.signed in {"response", "both"}:
        sign(root, answer.response_signing or answer.signing)
    root = _edited(root, answer.edit_signed)
    return answer.edit_bytes(etree.tostring(root))


def refusal(answer: Answer) -> bytes:
    """Return a signed response without an assertion; its status is the answer's."""
    root = _edited(response(answer), answer.edit_response)
    sign(root, answer.response_signing or answer.signing)
    return answer.edit_bytes(etree.tostring(_edited(root, answer.edit_signed)))


def expected(answer: Answer) -> Expected:
    """Return what a gateway that asked for exactly this answer expects."""
    keys = () if answer.encryption is None else (private_pem(answer.encryption.key),)
    names = [answer.signing.key, *((r.key,) if (r := answer.response_signing) else ())]
    return Expected(
        entity_id=answer.audience,
        acs_url=answer.acs_url,
        provider=answer.provider,
        certificates=tuple(certificate(name) for name in dict.fromkeys(names)),
        request_id=answer.request_id,
        now=answer.now,
        decryption_keys=keys,
    )


# --- logout, and the redirect binding ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """What a LogoutRequest or LogoutResponse shall say. An empty string leaves a part out."""

    issuer: str = IDP
    destination: str = "https://gateway.example/sp/demo/slo"
    id: str = field(default_factory=_new_id)
    now: datetime = NOW
    lifetime: timedelta | None = timedelta(minutes=5)
    name_id: str = "t-5f3e9a"
    name_id_format: str = TRANSIENT
    name_qualifier: str = IDP
    sp_name_qualifier: str = SP
    session_indexes: tuple[str, ...] = ("s-17",)
    in_response_to: str = ""
    status: tuple[str, ...] = (SUCCESS,)
    signing: Signing | None = field(default_factory=Signing)
    edit: Edit = _nothing
    edit_signed: Edit = _nothing


def _logout(tag: str, logout: Logout, **more: str) -> Element:
    fields = {
        "ID": logout.id,
        "Version": "2.0",
        "IssueInstant": instant(logout.now),
        "Destination": logout.destination,
        **more,
    }
    root = etree.Element(
        _p(tag), {k: v for k, v in fields.items() if v}, nsmap={"samlp": SAMLP, "saml": SAML}
    )
    _add(root, _a("Issuer"), logout.issuer)
    return root


def _finished(root: Element, logout: Logout) -> bytes:
    root = _edited(root, logout.edit)
    if logout.signing is not None:
        sign(root, logout.signing)
    return etree.tostring(_edited(root, logout.edit_signed))


def logout_request(logout: Logout | None = None) -> bytes:
    """Return a LogoutRequest; ``signing`` ``None`` leaves it unsigned, for ``redirect``."""
    logout = logout or Logout()
    ends = instant(logout.now + logout.lifetime) if logout.lifetime else ""
    root = _logout("LogoutRequest", logout, NotOnOrAfter=ends)
    _add(
        root,
        _a("NameID"),
        logout.name_id,
        Format=logout.name_id_format,
        NameQualifier=logout.name_qualifier,
        SPNameQualifier=logout.sp_name_qualifier,
    )
    for index in logout.session_indexes:
        _add(root, _p("SessionIndex"), index)
    return _finished(root, logout)


def logout_response(logout: Logout | None = None) -> bytes:
    """Return a LogoutResponse; ``signing`` ``None`` leaves it unsigned, for ``redirect``."""
    logout = logout or Logout()
    root = _logout("LogoutResponse", logout, InResponseTo=logout.in_response_to)
    where = _add(root, _p("Status"))
    for code in logout.status:
        where = _add(where, _p("StatusCode"), Value=code)
    return _finished(root, logout)


def deflated(message: bytes) -> str:
    """Return a message as the HTTP-Redirect binding's parameter: raw deflate, base64."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(message) + packer.flush()).decode()


def redirect(
    message: bytes,
    *,
    kind: str = "SAMLRequest",
    relay_state: str = "",
    key: str = "rsa2048",
    method: str = "",
) -> str:
    """Return the signed query string of the HTTP-Redirect binding (bindings 3.4.4.1)."""
    fields = {kind: deflated(message)}
    if relay_state:
        fields["RelayState"] = relay_state
    fields["SigAlg"] = method or _method(Signing(key=key))
    query = urllib.parse.urlencode(fields)
    signer = private_key(key)
    if isinstance(signer, rsa.RSAPrivateKey):
        value = signer.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        value = signer.sign(query.encode(), ec.ECDSA(hashes.SHA256()))
    return query + "&" + urllib.parse.urlencode({"Signature": base64.b64encode(value).decode()})


def posted(message: bytes) -> str:
    """Return a message as the HTTP-POST binding's form field."""
    return base64.b64encode(message).decode()


def clone(element: Element) -> Element:
    """Return a deep copy without the text after it."""
    copied = copy.deepcopy(element)
    copied.tail = None
    return copied


def put_authn_instant(moment: datetime) -> Edit:
    """Return an edit of the assertion: when the person proved who they are."""

    def edit(root: Element) -> None:
        statement = root.find("a:AuthnStatement", NS)
        assert statement is not None
        statement.set("AuthnInstant", instant(moment))

    return edit
