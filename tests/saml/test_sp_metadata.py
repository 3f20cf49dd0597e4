"""Our own metadata: valid by the official schemas, signed, and with everything that a registrar asks for."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import xmlsec
from lxml import etree

import saml_issuer
from emrex_gateway.domain import Contact, ContactKind, LangString, SubjectIdRequirement, texts
from emrex_gateway.errors import ConfigError
from emrex_gateway.login.saml import our_metadata
from saml_party import INSTITUTION, PROVIDER, Party, key, party
from saml_schemas import problems

NS = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "mdui": "urn:oasis:names:tc:SAML:metadata:ui",
    "mdattr": "urn:oasis:names:tc:SAML:metadata:attribute",
    "disco": "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol",
}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def ours(tmp_path: Path) -> Party:
    return party(tmp_path)


def document(ours: Party) -> bytes:
    return our_metadata(ours.settings, ours.secrets, ours.store, "demo", saml_issuer.NOW)


def tree(ours: Party) -> etree._Element:
    return etree.fromstring(document(ours))


def values(root: etree._Element, path: str, attribute: str = "") -> list[str | None]:
    return [e.get(attribute) if attribute else e.text for e in root.findall(path, NS)]


def localized(root: etree._Element, path: str) -> dict[str | None, str | None]:
    return {e.get(LANG): e.text for e in root.findall(path, NS)}


def signature_holds(xml: bytes, key_name: str) -> None:
    """Let libxmlsec verify with the one key, not with what the document carries."""
    root = etree.fromstring(xml)
    context = xmlsec.SignatureContext()
    pem = saml_issuer.private_pem(key_name)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    signature = root.find("ds:Signature", NS)
    assert signature is not None
    context.verify(signature)
    reference = signature.find("ds:SignedInfo/ds:Reference", NS)
    assert reference is not None
    assert f"#{root.get('ID')}" == reference.get("URI")


@pytest.mark.needs("saml-schemas")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"keys": (key("rsa3072:new"), key("rsa2048:sp"))},
        {"keys": (key("p256:sp", encryption=False), key("rsa2048:sp", signing=False))},
        {"attributes": (), "required": ()},
        {"logo": "", "contacts": (), "categories": frozenset(), "assurance": frozenset()},
        {"descriptions": (), "information": (), "privacy": ()},
        {"entity_id": "https://emrex.university.example/sp"},
    ],
)
def test_the_official_schemas_accept_it(ours: Party, changes: dict[str, object]) -> None:
    """Metadata is valid whatever an institution has filled in."""
    ours.put(service_provider=replace(PROVIDER, **changes))
    assert [] == problems(document(ours))


def test_it_names_addresses_and_bindings(ours: Party) -> None:
    """Responses come by POST, logout by Redirect or POST, a discovery service to one exact address."""
    root = tree(ours)
    assert "https://gateway.example/sp/demo/metadata" == root.get("entityID")
    role = root.find("md:SPSSODescriptor", NS)
    assert role is not None
    assert ("true", "true") == (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned"))
    acs = role.findall("md:AssertionConsumerService", NS)
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:"
    assert [
        {
            "Binding": binding + "HTTP-POST",
            "Location": "https://gateway.example/sp/demo/acs",
            "index": "1",
            "isDefault": "true",
        }
    ] == [dict(e.attrib) for e in acs]
    slo = role.findall("md:SingleLogoutService", NS)
    assert [
        (binding + "HTTP-Redirect", "https://gateway.example/sp/demo/slo"),
        (binding + "HTTP-POST", "https://gateway.example/sp/demo/slo"),
    ] == [(e.get("Binding"), e.get("Location")) for e in slo]
    assert ["https://gateway.example/sp/demo/discovered"] == values(
        role, "md:Extensions/disco:DiscoveryResponse", "Location"
    )


def test_an_entity_id_of_its_own_keeps_the_addresses(ours: Party) -> None:
    """An entity id that a federation already knows stays, wherever the gateway runs."""
    ours.put(service_provider=replace(PROVIDER, entity_id="https://emrex.university.example/sp"))
    root = tree(ours)
    assert "https://emrex.university.example/sp" == root.get("entityID")
    assert ["https://gateway.example/sp/demo/acs"] == values(
        root, "md:SPSSODescriptor/md:AssertionConsumerService", "Location"
    )


def test_a_copy_has_an_end(ours: Party) -> None:
    """``validUntil`` is two weeks ahead, and caches ask again within hours."""
    root = tree(ours)
    until = saml_issuer.NOW + timedelta(days=14)
    assert until.strftime("%Y-%m-%dT%H:%M:%SZ") == root.get("validUntil")
    assert "PT6H" == root.get("cacheDuration")


@pytest.mark.parametrize("name", ["rsa2048:sp", "p256:sp", "p521:sp"])
def test_the_signature_is_over_all_of_it(ours: Party, name: str) -> None:
    """The first signing key signs the whole document, RSA or EC."""
    encryption = name.startswith("rsa")
    ours.put(service_provider=replace(PROVIDER, keys=(key(name, encryption=encryption),)))
    xml = document(ours)
    signature_holds(xml, name)
    with pytest.raises(xmlsec.Error):
        signature_holds(xml.replace(b"University of Examples", b"University of Elsewhere"), name)


def test_two_keys_stand_there_during_a_rollover(ours: Party) -> None:
    """Both keys are published for what each is for; the first for signing has signed."""
    keys = (
        key("rsa3072:next", signing=False),
        key("rsa2048:sp"),
        key("p256:sp", encryption=False),
    )
    ours.put(service_provider=replace(PROVIDER, keys=keys))
    xml = document(ours)
    signature_holds(xml, "rsa2048:sp")
    role = "md:SPSSODescriptor/md:KeyDescriptor"
    found = [
        (e.get("use"), e.findtext("ds:KeyInfo/ds:X509Data/ds:X509Certificate", None, NS))
        for e in etree.fromstring(xml).findall(role, NS)
    ]
    wanted = [
        ("signing", "rsa2048:sp"),
        ("signing", "p256:sp"),
        ("encryption", "rsa3072:next"),
        ("encryption", "rsa2048:sp"),
    ]
    assert [
        (use, base64.b64encode(saml_issuer.certificate(name)).decode()) for use, name in wanted
    ] == found


def test_encryption_is_asked_for_as_authenticated(ours: Party) -> None:
    """A provider that honours the metadata uses AES-GCM with RSA-OAEP, never CBC."""
    path = "md:SPSSODescriptor/md:KeyDescriptor[@use='encryption']/md:EncryptionMethod"
    assert [
        "http://www.w3.org/2009/xmlenc11#aes256-gcm",
        "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    ] == values(tree(ours), path, "Algorithm")


def test_people_read_it_in_their_language(ours: Party) -> None:
    """Name, purpose, privacy statement in each language that there is, and the logo with its size."""
    shown = tree(ours).find("md:SPSSODescriptor/md:Extensions/mdui:UIInfo", NS)
    assert shown is not None
    assert {
        "en": "EMREX, University of Examples",
        "fi": "EMREX, Esimerkkiyliopisto",
    } == localized(shown, "mdui:DisplayName")
    assert {"en": "Sends study records abroad", "fi": "Lähettää opintosuoritukset"} == localized(
        shown, "mdui:Description"
    )
    assert {
        "en": "https://university.example/privacy",
        "fi": "https://university.example/suoja",
    } == localized(shown, "mdui:PrivacyStatementURL")
    assert {"en": "https://university.example/emrex"} == localized(shown, "mdui:InformationURL")
    logo = shown.find("mdui:Logo", NS)
    assert logo is not None
    assert ("https://university.example/logo.png", {"height": "80", "width": "120"}) == (
        logo.text,
        dict(logo.attrib),
    )


def test_a_text_without_a_language_counts_once(ours: Party) -> None:
    """What does not say its language is in the installation's first one, and no language comes twice."""
    names = (LangString("First"), LangString("Second", "en"), LangString("Ensin", "fi"))
    ours.put(institution=replace(INSTITUTION, names=names))
    assert {"en": "First", "fi": "Ensin"} == localized(
        tree(ours), "md:Organization/md:OrganizationName"
    )


def test_categories_are_the_institutions_own(ours: Party) -> None:
    """Entity categories, Sirtfi and the subject identifier are entity attributes, sorted."""
    attributes = tree(ours).findall("md:Extensions/mdattr:EntityAttributes/saml:Attribute", NS)
    assert {
        "http://macedir.org/entity-category": [
            "https://myacademicid.org/entity-categories/esi",
            "https://refeds.org/category/code-of-conduct/v2",
            "https://refeds.org/category/personalized",
        ],
        "urn:oasis:names:tc:SAML:attribute:assurance-certification": ["https://refeds.org/sirtfi"],
        "urn:oasis:names:tc:SAML:profiles:subject-id:req": ["any"],
    } == {a.get("Name"): values(a, "saml:AttributeValue") for a in attributes}


def test_the_subject_identifier_is_a_choice(ours: Party) -> None:
    """An institution that wants one subject identifier says which."""
    ours.put(service_provider=replace(PROVIDER, subject_id=SubjectIdRequirement.PAIRWISE_ID))
    path = "md:Extensions/mdattr:EntityAttributes/saml:Attribute"
    attributes = {a.get("Name"): a for a in tree(ours).findall(path, NS)}
    wanted = attributes["urn:oasis:names:tc:SAML:profiles:subject-id:req"]
    assert ["pairwise-id"] == values(wanted, "saml:AttributeValue")


def test_requested_attributes_have_the_names_of_the_wire(ours: Party) -> None:
    """What is requested stands there by its ``urn:oid:`` name, obligatory ones marked."""
    path = "md:SPSSODescriptor/md:AttributeConsumingService/md:RequestedAttribute"
    found = [
        (e.get("Name"), e.get("FriendlyName"), e.get("isRequired"))
        for e in tree(ours).findall(path, NS)
    ]
    assert [
        ("urn:oid:1.3.6.1.4.1.25178.1.2.14", "schacPersonalUniqueCode", "true"),
        ("urn:oid:2.5.4.42", "givenName", "false"),
        ("urn:oid:2.5.4.4", "sn", "false"),
    ] == found


def test_the_security_contact_is_marked(ours: Party) -> None:
    """REFEDS' security contact is "other" to SAML; every contact has a name to greet."""
    support = Contact(kind=ContactKind.SUPPORT, email="help@university.example")
    ours.put(service_provider=replace(PROVIDER, contacts=(*PROVIDER.contacts, support)))
    people = tree(ours).findall("md:ContactPerson", NS)
    kind = "{http://refeds.org/metadata}contactType"
    assert [
        ("technical", None, "IT services", "mailto:it@university.example"),
        (
            "other",
            "http://refeds.org/metadata/contactType/security",
            "Security contact",
            "mailto:cert@university.example",
        ),
        ("support", None, "Support contact", "mailto:help@university.example"),
    ] == [
        (
            p.get("contactType"),
            p.get(kind),
            p.findtext("md:GivenName", None, NS),
            p.findtext("md:EmailAddress", None, NS),
        )
        for p in people
    ]


def test_the_same_rows_give_the_same_document(ours: Party) -> None:
    """Nothing in it depends on the order of a set or on chance."""
    assert document(ours) == document(ours)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"attributes": ("shoeSize",)},
            "service provider demo: no such attributes: shoeSize",
        ),
        ({"logo_width": 0}, "service provider demo: the logo needs width and height"),
        ({"keys": ()}, "service provider demo: no key is for signing"),
        (
            {"keys": (key("rsa2048:sp", signing=False),)},
            "service provider demo: no key is for signing",
        ),
    ],
)
def test_what_cannot_be_published_is_said(
    ours: Party, changes: dict[str, object], message: str
) -> None:
    """Settings that do not make valid metadata are an administrator's error, and named."""
    ours.put(service_provider=replace(PROVIDER, **changes))
    with pytest.raises(ConfigError) as raised:
        document(ours)
    assert message == str(raised.value)


def test_an_institution_without_a_service_provider_has_no_metadata(ours: Party) -> None:
    """Only who switched SAML on is published."""
    other = replace(INSTITUTION, slug="other", names=texts(en="Other"))
    ours.put(institution=other)
    with pytest.raises(ConfigError, match="institution other has no service provider"):
        our_metadata(ours.settings, ours.secrets, ours.store, "other", saml_issuer.NOW)


@pytest.mark.needs("pysaml2")
def test_pysaml2_reads_it(ours: Party, tmp_path: Path) -> None:
    """Another implementation finds the keys, the addresses and the requested attributes."""
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT  # noqa: PLC0415 - only where it is
    from saml2.attribute_converter import ac_factory  # noqa: PLC0415 - only where pysaml2 is
    from saml2.config import Config  # noqa: PLC0415 - only where pysaml2 is
    from saml2.mdstore import MetadataStore  # noqa: PLC0415 - only where pysaml2 is

    file = tmp_path / "metadata.xml"
    now = datetime.now(UTC)  # pysaml2 has no clock to set
    file.write_bytes(our_metadata(ours.settings, ours.secrets, ours.store, "demo", now))
    config = Config()
    config.load({"xmlsec_binary": "/usr/bin/xmlsec1"})
    store = MetadataStore(ac_factory(), config, check_validity=False)
    store.load("local", str(file))
    us = "https://gateway.example/sp/demo/metadata"
    (acs,) = store.assertion_consumer_service(us)
    assert (BINDING_HTTP_POST, "https://gateway.example/sp/demo/acs") == (
        acs["binding"],
        acs["location"],
    )
    (slo,) = store.single_logout_service(us, BINDING_HTTP_REDIRECT, "spsso")
    assert "https://gateway.example/sp/demo/slo" == slo["location"]
    encoded = base64.b64encode(saml_issuer.certificate("rsa2048:sp")).decode()
    for use in ("signing", "encryption"):
        assert [encoded] == ["".join(c.split()) for _, c in store.certs(us, "spsso", use)]
    wanted = store.attribute_requirement(us)
    assert ["schacPersonalUniqueCode"] == [a["friendly_name"] for a in wanted["required"]]
    assert ["givenName", "sn"] == [a["friendly_name"] for a in wanted["optional"]]
