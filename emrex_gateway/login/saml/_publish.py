"""Our own metadata: what a federation's registrar fetches and lists.

Sources: SAML 2.0 Metadata, its extensions for entity attributes, login and
discovery UI, identity provider discovery and subject identifiers (OASIS);
REFEDS' security contact and Sirtfi; the schemas' order of elements.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

import xmlsec
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from emrex_gateway.domain import (
    Contact,
    ContactKind,
    Institution,
    LangString,
    ServiceProvider,
    Texts,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.login.saml._attribute_map import ATTRIBUTES
from emrex_gateway.login.saml._names import POST, REDIRECT, SAML, SAMLP, add, instant
from emrex_gateway.login.saml._ourselves import Ourselves, OwnKey, ourselves, read_keys, signing_key
from emrex_gateway.ports import Secrets, Store
from emrex_gateway.settings import Settings

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
MDATTR = "urn:oasis:names:tc:SAML:metadata:attribute"
MDUI = "urn:oasis:names:tc:SAML:metadata:ui"
IDPDISC = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"
REMD = "http://refeds.org/metadata"
XML = "http://www.w3.org/XML/1998/namespace"

VALIDITY = timedelta(days=14)
"""How long a copy may be used; a federation fetches far oftener."""

_CACHE = "PT6H"
_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_CATEGORY = "http://macedir.org/entity-category"
_ASSURANCE = "urn:oasis:names:tc:SAML:attribute:assurance-certification"
_SUBJECT_ID = "urn:oasis:names:tc:SAML:profiles:subject-id:req"
_SECURITY = "http://refeds.org/metadata/contactType/security"
_ENCRYPTION = (
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
)
"""What we ask to be encrypted with: the content's algorithms in our order, then the key's."""

_NAMESPACES = {
    "md": MD, "ds": DS, "saml": SAML, "mdattr": MDATTR, "mdui": MDUI, "idpdisc": IDPDISC,
    "remd": REMD,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Facts:
    """What goes into the document; ``language`` counts for texts that do not say theirs."""

    us: Ourselves
    owner: Institution
    provider: ServiceProvider
    keys: tuple[OwnKey, ...]
    language: str


def our_metadata(
    settings: Settings, secrets: Secrets, store: Store, institution: str, now: datetime
) -> bytes:
    """Write an institution's EntityDescriptor, signed by the key that signs requests.

    The same rows give the same document but for times and signature. Raises
    ``ConfigError`` for an unknown institution, one without a service provider,
    or keys that cannot be used.
    """
    with store.read() as uow:
        owner = uow.config.institution(institution)
        provider = uow.config.service_provider(institution)
    if provider is None:
        raise ConfigError(f"institution {institution} has no service provider")
    keys = read_keys(provider, secrets)
    us = ourselves(settings, provider)
    facts = _Facts(us, owner, provider, keys, settings.languages[0])
    root = etree.Element(f"{{{MD}}}EntityDescriptor", nsmap=_NAMESPACES)
    root.set("ID", f"m{int(now.timestamp()):x}")
    root.set("entityID", us.entity_id)
    root.set("validUntil", instant(now + VALIDITY))
    root.set("cacheDuration", _CACHE)
    _entity_attributes(root, provider)
    _role(root, facts)
    _organization(root, facts)
    for contact in provider.contacts:
        _contact(root, contact)
    return _signed(root, signing_key(keys))


def _entity_attributes(root: etree._Element, provider: ServiceProvider) -> None:
    """Say which categories we fall into, what we vouch for, and which subject identifier we want."""
    attributes = etree.SubElement(_child(root, "Extensions"), f"{{{MDATTR}}}EntityAttributes")
    for name, values in (
        (_CATEGORY, sorted(provider.categories)),
        (_ASSURANCE, sorted(provider.assurance)),
        (_SUBJECT_ID, [provider.subject_id.value]),
    ):
        if values:
            attribute = add(attributes, SAML, "Attribute", None, {"Name": name, "NameFormat": _URI})
            for value in values:
                add(attribute, SAML, "AttributeValue", value)


def _role(root: etree._Element, facts: _Facts) -> None:
    role = _child(
        root,
        "SPSSODescriptor",
        protocolSupportEnumeration=SAMLP,
        AuthnRequestsSigned="true",
        WantAssertionsSigned="true",
    )
    extensions = _child(role, "Extensions")
    where = {"Binding": IDPDISC, "Location": facts.us.discovered_url, "index": "1"}
    add(extensions, IDPDISC, "DiscoveryResponse", None, where)
    _user_interface(extensions, facts)
    for key in facts.keys:
        if key.signing:
            _key(role, key, "signing")
    for key in facts.keys:
        if key.encryption:
            descriptor = _key(role, key, "encryption")
            for algorithm in _ENCRYPTION:
                _child(descriptor, "EncryptionMethod", Algorithm=algorithm)
    for binding in (REDIRECT, POST):
        _child(role, "SingleLogoutService", Binding=binding, Location=facts.us.slo_url)
    _child(
        role,
        "AssertionConsumerService",
        Binding=POST,
        Location=facts.us.acs_url,
        index="1",
        isDefault="true",
    )
    _requested(role, facts)


def _user_interface(extensions: etree._Element, facts: _Facts) -> None:
    """Write what providers show: who asks, why, and with which privacy statement."""
    provider = facts.provider
    shown = etree.SubElement(extensions, f"{{{MDUI}}}UIInfo")
    for name, texts in (
        ("DisplayName", _titles(facts.owner)),
        ("Description", provider.descriptions),
        ("InformationURL", provider.information),
        ("PrivacyStatementURL", provider.privacy),
    ):
        _localized(shown, MDUI, name, texts, facts.language)
    if provider.logo:
        if min(provider.logo_width, provider.logo_height) <= 0:
            raise ConfigError(
                f"service provider {provider.institution}: the logo needs width and height"
            )
        size = {"height": str(provider.logo_height), "width": str(provider.logo_width)}
        add(shown, MDUI, "Logo", provider.logo, size)


def _key(role: etree._Element, key: OwnKey, use: str) -> etree._Element:
    descriptor = _child(role, "KeyDescriptor", use=use)
    data = add(add(descriptor, DS, "KeyInfo"), DS, "X509Data")
    add(data, DS, "X509Certificate", base64.b64encode(key.certificate).decode())
    return descriptor


def _requested(role: etree._Element, facts: _Facts) -> None:
    provider = facts.provider
    names = tuple(dict.fromkeys((*provider.attributes, *provider.required)))
    if not names:
        return
    if unknown := sorted(set(names) - set(ATTRIBUTES)):
        raise ConfigError(
            f"service provider {provider.institution}: no such attributes: {', '.join(unknown)}"
        )
    service = _child(role, "AttributeConsumingService", index="1", isDefault="true")
    _localized(service, MD, "ServiceName", _titles(facts.owner), facts.language)
    _localized(service, MD, "ServiceDescription", provider.descriptions, facts.language)
    for name in names:
        needed = "true" if name in provider.required else "false"
        _child(
            service,
            "RequestedAttribute",
            FriendlyName=name,
            Name=ATTRIBUTES[name].name,
            NameFormat=ATTRIBUTES[name].name_format,
            isRequired=needed,
        )


def _organization(root: etree._Element, facts: _Facts) -> None:
    owner, language = facts.owner, facts.language
    organization = _child(root, "Organization")
    _localized(organization, MD, "OrganizationName", owner.names, language)
    _localized(organization, MD, "OrganizationDisplayName", owner.names, language)
    _localized(organization, MD, "OrganizationURL", (LangString(owner.url),), language)


def _contact(root: etree._Element, contact: Contact) -> None:
    """Write a contact; the security contact is "other" by SAML's types, marked as REFEDS wants."""
    security = contact.kind is ContactKind.SECURITY
    person = _child(root, "ContactPerson", contactType="other" if security else contact.kind.value)
    if security:
        person.set(f"{{{REMD}}}contactType", _SECURITY)
    name = contact.name or f"{contact.kind.value.capitalize()} contact"
    add(person, MD, "GivenName", name)
    add(person, MD, "EmailAddress", f"mailto:{contact.email}")


def _titles(owner: Institution) -> Texts:
    """Name the service in each of the institution's languages: what it is and whose."""
    return tuple(LangString(f"EMREX, {name.value}", name.lang) for name in owner.names)


def _localized(
    parent: etree._Element, namespace: str, name: str, texts: Texts, language: str
) -> None:
    """Write a text in each language, one a language; what has none counts as in ``language``."""
    by_language: dict[str, str] = {}
    for text in texts:
        by_language.setdefault(text.lang or language, text.value)
    for lang, value in by_language.items():
        add(parent, namespace, name, value, {f"{{{XML}}}lang": lang})


def _child(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return add(parent, MD, name, None, attributes)


def _signed(root: etree._Element, key: OwnKey) -> bytes:
    """Sign as a federation's tools verify it: enveloped, exclusive C14N, by reference to the ID."""
    ecdsa = not isinstance(key.private, rsa.RSAPrivateKey)
    template = xmlsec.template.create(
        root,
        xmlsec.constants.TransformExclC14N,
        xmlsec.constants.TransformEcdsaSha256 if ecdsa else xmlsec.constants.TransformRsaSha256,
        ns="ds",
    )
    root.insert(0, template)
    reference = xmlsec.template.add_reference(
        template, xmlsec.constants.TransformSha256, uri=f"#{root.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    info = xmlsec.template.ensure_key_info(template)
    data = xmlsec.template.add_x509_data(info)
    certificate = etree.SubElement(data, f"{{{DS}}}X509Certificate")
    certificate.text = base64.b64encode(key.certificate).decode()
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.pem, xmlsec.constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(template)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
