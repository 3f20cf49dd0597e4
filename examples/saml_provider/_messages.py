"""The simulator's SAML messages: made with lxml, protected by libxmlsec (``xmlsec``).

Sources: SAML 2.0 core sections 2 and 3.4, bindings sections 3.4 and 3.5.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlencode

import xmlsec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"p": SAMLP, "a": SAML, "m": MD, "ds": DS}
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"
DENIED = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 - a URI
MAX_MESSAGE = 64 * 1024

NAMES = {
    "givenName": "urn:oid:2.5.4.42",
    "sn": "urn:oid:2.5.4.4",
    "displayName": "urn:oid:2.16.840.1.113730.3.1.241",
    "eduPersonPrincipalName": "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
    "schacHomeOrganization": "urn:oid:1.3.6.1.4.1.25178.1.2.9",
    "schacDateOfBirth": "urn:oid:1.3.6.1.4.1.25178.1.2.3",
    "schacPersonalUniqueCode": "urn:oid:1.3.6.1.4.1.25178.1.2.14",
    "funetEduPersonLearnerId": "urn:oid:1.3.6.1.4.1.16161.1.1.27",
}
"""The attributes that the simulator can send, by friendly name."""


class BadMessage(Exception):
    """A message that the simulator does not answer; the text is one line for a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A private key and its certificate, PEM."""

    key: bytes = field(repr=False)
    certificate: bytes = field(repr=False)

    @property
    def in_metadata(self) -> str:
        """The certificate as ``ds:X509Certificate`` carries it."""
        der = x509.load_pem_x509_certificate(self.certificate).public_bytes(
            serialization.Encoding.DER
        )
        return base64.b64encode(der).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """What the simulator needs of the service provider's metadata; certificates are DER."""

    entity_id: str
    acs_url: str
    logout_url: str
    certificates: tuple[bytes, ...] = field(repr=False)
    encryption: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was checked: who asks, and by which id."""

    kind: str
    id: str
    issuer: str
    relay_state: str


def read_service_provider(metadata: bytes) -> ServiceProvider:
    """Read the metadata of the one service provider. Raises ``BadMessage``."""
    root = _parse(metadata)
    role = root.find("m:SPSSODescriptor", NS)
    if role is None:
        raise BadMessage("the service provider's metadata names none")
    by_use = {
        use: [
            base64.b64decode("".join((node.text or "").split()))
            for descriptor in role.iterfind("m:KeyDescriptor", NS)
            if descriptor.get("use") in (None, use)
            for node in descriptor.iterfind(".//ds:X509Certificate", NS)
        ]
        for use in ("signing", "encryption")
    }
    acs = role.find("m:AssertionConsumerService", NS)
    logout = role.find("m:SingleLogoutService", NS)
    if acs is None or not by_use["signing"] or not by_use["encryption"]:
        raise BadMessage("the service provider's metadata are not complete")
    return ServiceProvider(
        entity_id=root.get("entityID", ""),
        acs_url=acs.get("Location", ""),
        logout_url="" if logout is None else logout.get("Location", ""),
        certificates=tuple(by_use["signing"]),
        encryption=by_use["encryption"][0],
    )


def read_request(query: str, service_provider: ServiceProvider, destination: str) -> Asked:
    """Check a signed request of the HTTP-Redirect binding. Raises ``BadMessage``.

    The signature covers the query as it was sent (bindings section 3.4.4.1).
    """
    raw = dict(part.partition("=")[::2] for part in query.split("&"))
    if unquote(raw.get("SigAlg", "")) != RSA_SHA256:
        raise BadMessage("the request is not signed as it must be")
    signed = "&".join(
        f"{name}={raw[name]}" for name in ("SAMLRequest", "RelayState", "SigAlg") if name in raw
    )
    try:
        signature = base64.b64decode(unquote(raw.get("Signature", "")), validate=True)
        packed = base64.b64decode(unquote(raw.get("SAMLRequest", "")), validate=True)
        message = zlib.decompressobj(-15).decompress(packed, MAX_MESSAGE)
    except (ValueError, zlib.error):
        raise BadMessage("the request cannot be unpacked") from None
    if not any(_signed_by(c, signature, signed.encode()) for c in service_provider.certificates):
        raise BadMessage("the request's signature does not hold")
    root = _parse(message)
    issuer = root.findtext("a:Issuer", "", NS)
    if issuer != service_provider.entity_id or root.get("Destination") != destination:
        raise BadMessage("the request is somebody else's")
    return Asked(
        kind=etree.QName(root).localname,
        id=root.get("ID", ""),
        issuer=issuer,
        relay_state=unquote(raw.get("RelayState", "").replace("+", " ")),
    )


def response(
    asked: Asked,
    service_provider: ServiceProvider,
    *,
    issuer: str,
    keys: KeyPair,
    attributes: Mapping[str, tuple[str, ...]] | None,
) -> bytes:
    """Return a signed response; without ``attributes`` it says that the person declined."""
    now = datetime.now(UTC)
    root = etree.Element(f"{{{SAMLP}}}Response", nsmap={"samlp": SAMLP, "saml": SAML})
    _header(root, now, issuer, service_provider.acs_url, asked.id)
    status = etree.SubElement(root, f"{{{SAMLP}}}Status")
    code = etree.SubElement(status, f"{{{SAMLP}}}StatusCode")
    code.set("Value", RESPONDER if attributes is None else SUCCESS)
    if attributes is None:
        etree.SubElement(code, f"{{{SAMLP}}}StatusCode").set("Value", DENIED)
    else:
        plain = _assertion(asked, service_provider, issuer, now, attributes)
        _sign(plain, keys)
        root.append(_encrypted(plain, service_provider.encryption))
    return _signed(root, keys)


def logout_redirect(
    asked: Asked, service_provider: ServiceProvider, *, issuer: str, keys: KeyPair
) -> str:
    """Return the address that answers a LogoutRequest."""
    root = etree.Element(f"{{{SAMLP}}}LogoutResponse", nsmap={"samlp": SAMLP, "saml": SAML})
    _header(root, datetime.now(UTC), issuer, service_provider.logout_url, asked.id)
    status = etree.SubElement(root, f"{{{SAMLP}}}Status")
    etree.SubElement(status, f"{{{SAMLP}}}StatusCode").set("Value", SUCCESS)
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(etree.tostring(root)) + packer.flush()
    fields = {"SAMLResponse": base64.b64encode(packed).decode()}
    if asked.relay_state:
        fields["RelayState"] = asked.relay_state
    query = urlencode({**fields, "SigAlg": RSA_SHA256})
    key = serialization.load_pem_private_key(keys.key, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    query += "&" + urlencode({"Signature": base64.b64encode(signature).decode()})
    joined = "&" if "?" in service_provider.logout_url else "?"
    return service_provider.logout_url + joined + query


def sign_metadata(root: etree._Element, keys: KeyPair) -> bytes:
    """Sign a metadata document: its signature is the first child."""
    return _signed(root, keys, first=True)


def _assertion(
    asked: Asked,
    service_provider: ServiceProvider,
    issuer: str,
    now: datetime,
    attributes: Mapping[str, tuple[str, ...]],
) -> etree._Element:
    ends = _instant(now + timedelta(minutes=5))
    root = etree.Element(f"{{{SAML}}}Assertion", nsmap={"saml": SAML})
    root.set("ID", _id())
    root.set("Version", "2.0")
    root.set("IssueInstant", _instant(now))
    _add(root, "Issuer", issuer)
    subject = _add(root, "Subject")
    _add(subject, "NameID", secrets.token_urlsafe(16), Format=_TRANSIENT)
    confirmation = _add(
        subject, "SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"
    )
    _add(
        confirmation,
        "SubjectConfirmationData",
        InResponseTo=asked.id,
        Recipient=service_provider.acs_url,
        NotOnOrAfter=ends,
    )
    conditions = _add(
        root, "Conditions", NotBefore=_instant(now - timedelta(minutes=1)), NotOnOrAfter=ends
    )
    _add(_add(conditions, "AudienceRestriction"), "Audience", service_provider.entity_id)
    statement = _add(root, "AuthnStatement", AuthnInstant=_instant(now), SessionIndex=_id())
    _add(_add(statement, "AuthnContext"), "AuthnContextClassRef", _PASSWORD)
    listed = _add(root, "AttributeStatement")
    for name, values in attributes.items():
        entry = _add(listed, "Attribute", Name=NAMES[name], NameFormat=_URI, FriendlyName=name)
        for value in values:
            _add(entry, "AttributeValue", value)
    return root


def _header(
    root: etree._Element, now: datetime, issuer: str, destination: str, request_id: str
) -> None:
    for name, value in {
        "ID": _id(),
        "Version": "2.0",
        "IssueInstant": _instant(now),
        "Destination": destination,
        "InResponseTo": request_id,
    }.items():
        root.set(name, value)
    _add(root, "Issuer", issuer)


def _add(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    made = etree.SubElement(parent, f"{{{SAML}}}{name}", attributes)
    made.text = text
    return made


def _signed(root: etree._Element, keys: KeyPair, *, first: bool = False) -> bytes:
    _sign(root, keys, first=first)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _sign(root: etree._Element, keys: KeyPair, *, first: bool = False) -> None:
    signature = xmlsec.template.create(
        root, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    root.insert(0 if first else 1, signature)
    reference = xmlsec.template.add_reference(
        signature, xmlsec.constants.TransformSha256, uri=f"#{root.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.key, xmlsec.constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(signature)


def _encrypted(assertion: etree._Element, certificate: bytes) -> etree._Element:
    """Encrypt a signed assertion: AES-128-GCM, its key by RSA-OAEP."""
    wrapper = etree.Element(f"{{{SAML}}}EncryptedAssertion", nsmap={"saml": SAML})
    # parsed anew: what the templates made is not in lxml's tree yet
    wrapper.append(etree.fromstring(etree.tostring(assertion)))
    data = xmlsec.template.encrypted_data_create(
        wrapper,
        xmlsec.constants.TransformAes128Gcm,
        type=xmlsec.constants.TypeEncElement,
        ns="xenc",
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    wrapped = xmlsec.template.add_encrypted_key(info, xmlsec.constants.TransformRsaOaep)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertDer))
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(
        xmlsec.constants.KeyDataAes, 128, xmlsec.constants.KeyDataTypeSession
    )
    context.encrypt_xml(data, wrapper[0])
    return etree.fromstring(etree.tostring(wrapper))


def _signed_by(certificate: bytes, signature: bytes, data: bytes) -> bool:
    key = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _parse(message: bytes) -> etree._Element:
    try:
        return etree.fromstring(message, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise BadMessage("the message is not XML") from None


def _id() -> str:
    return "_" + secrets.token_hex(16)


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
