"""A made-up federation of the size of eduGAIN, signed: what the metadata benchmark and a test read.

Everything is invented here from syllables and a fixed seed, so two runs make
the same text; keys (and so certificates and the signature) are new each time.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
_SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "nä",
    "rø",
    "sta",
    "vel",
    "tyr",
    "ön",
    "ba",
    "çe",
    "dor",
    "fi",
    "gü",
)
_LANGUAGES = ("fi", "sv", "de", "fr", "it", "pl", "es", "cs", "el", "nb")
_CATEGORIES = (
    "http://refeds.org/category/research-and-scholarship",
    "https://refeds.org/category/personalized",
    "https://refeds.org/category/code-of-conduct/v2",
    "https://myacademicid.org/entity-categories/esi",
)
_ROOT = (
    '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
    ' xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"'
    ' xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute"'
    ' xmlns:mdrpi="urn:oasis:names:tc:SAML:metadata:rpi"'
    ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
    ' xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"'
    ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' ID="{id}" Name="https://federation.example/all" validUntil="{until}">\n'
)


@dataclass(frozen=True, slots=True)
class Made:
    """A federation's file, and the PEM certificate that its signature holds against."""

    path: Path
    certificate: bytes
    providers: int
    services: int


def entity_id(number: int) -> str:
    """Return the entity id of a generated identity provider."""
    return f"https://idp.{_host(_word(random.Random(number * 2)), number)}/saml/metadata"  # noqa: S311 (words, not secrets)


def make(
    path: Path,
    providers: int = 6000,
    services: int = 3500,
    *,
    now: datetime | None = None,
    valid_for: timedelta = timedelta(days=10),
) -> Made:
    """Write a signed aggregate to ``path``; about 9 kB an entity."""
    now = now or datetime.now(UTC)
    key = _key()
    certificates = _certificates([_key() for _ in range(3)], 96, now)
    unsigned = path.with_suffix(".unsigned")
    with unsigned.open("w", encoding="utf-8") as file:
        until = (now + valid_for).strftime("%Y-%m-%dT%H:%M:%SZ")
        file.write(_ROOT.format(id="_aggregate", until=until))
        for number in range(providers):
            file.writelines(_provider(number, certificates))
        for number in range(services):
            file.writelines(_service(number, certificates))
        file.write("</md:EntitiesDescriptor>\n")
    _sign(unsigned, path, key)
    unsigned.unlink()
    return Made(path, _self_signed(key, "metadata.federation.example", now), providers, services)


def _provider(number: int, certificates: list[str]) -> Iterator[str]:
    chance = random.Random(number * 2)  # noqa: S311 (words, not secrets)
    word = _word(chance)
    host = _host(word, number)
    name, languages = word.capitalize(), chance.sample(_LANGUAGES, chance.randint(1, 2))
    yield f"<md:EntityDescriptor entityID={quoteattr(entity_id(number))}>\n  <md:Extensions>\n"
    yield _registered(chance)
    support = chance.sample(_CATEGORIES, chance.randint(1, 4))
    yield _attribute("http://macedir.org/entity-category-support", support)
    if number % 3 == 0:
        sirtfi = ["https://refeds.org/sirtfi"]
        yield _attribute("urn:oasis:names:tc:SAML:attribute:assurance-certification", sirtfi)
    if number % 50 == 49:
        hidden = ["http://refeds.org/category/hide-from-discovery"]
        yield _attribute("http://macedir.org/entity-category", hidden)
    yield "    </mdattr:EntityAttributes>\n  </md:Extensions>\n"
    yield (
        '  <md:IDPSSODescriptor errorURL="https://' + host + '/error?code=ERRORURL_CODE"'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\n'
        f'    <md:Extensions>\n      <shibmd:Scope regexp="false">{host}</shibmd:Scope>\n'
    )
    if number % 2:
        yield f'      <shibmd:Scope regexp="false">student.{host}</shibmd:Scope>\n'
    yield "      <mdui:UIInfo>\n"
    yield _names("mdui:DisplayName", f"University of {name}", f"{name}n yliopisto", languages)
    for language in ("en", *languages):
        yield f'        <mdui:Description xml:lang="{language}">{_prose(chance, 30)}</mdui:Description>\n'
    yield f'        <mdui:Keywords xml:lang="en">{word} {_word(chance)}+college</mdui:Keywords>\n'
    for language in ("en", languages[0]):
        yield f'        <mdui:InformationURL xml:lang="{language}">https://www.{host}/{language}</mdui:InformationURL>\n'
        yield f'        <mdui:PrivacyStatementURL xml:lang="{language}">https://www.{host}/{language}/privacy</mdui:PrivacyStatementURL>\n'
    for size in (16, 80):
        yield f'        <mdui:Logo height="{size}" width="{size}">https://www.{host}/logo-{size}.png</mdui:Logo>\n'
    if number % 8 == 0:
        picture = base64.b64encode(chance.randbytes(1200)).decode()
        yield f'        <mdui:Logo height="32" width="32">data:image/png;base64,{picture}</mdui:Logo>\n'
    yield "      </mdui:UIInfo>\n    </md:Extensions>\n"
    # a third of them publishes a second signing key: its new one, or its old one
    uses = ("signing", "signing", "encryption") if number % 3 == 0 else ("signing", "encryption")
    yield from _keys(chance, certificates, uses)
    yield from _endpoints("ArtifactResolutionService", host, ("SOAP",), index=True)
    yield from _endpoints("SingleLogoutService", host, ("HTTP-Redirect", "HTTP-POST"))
    for format_ in ("transient", "persistent"):
        yield f"    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:{format_}</md:NameIDFormat>\n"
    ways = ("HTTP-POST", "HTTP-Redirect", "SOAP")
    yield from _endpoints("SingleSignOnService", host, ways)
    yield "  </md:IDPSSODescriptor>\n"
    yield _tail(name, host, languages)


def _service(number: int, certificates: list[str]) -> Iterator[str]:
    chance = random.Random(number * 2 + 1)  # noqa: S311 (words, not secrets)
    word = _word(chance)
    host = "service." + _host(word, number)
    name, languages = word.capitalize(), chance.sample(_LANGUAGES, chance.randint(1, 2))
    yield f'<md:EntityDescriptor entityID="https://{host}/sp">\n  <md:Extensions>\n'
    yield _registered(chance)
    yield _attribute("http://macedir.org/entity-category", chance.sample(_CATEGORIES, 2))
    yield "    </mdattr:EntityAttributes>\n  </md:Extensions>\n"
    yield (
        '  <md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true"'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\n'
        "    <md:Extensions>\n      <mdui:UIInfo>\n"
    )
    yield _names("mdui:DisplayName", f"{name} Library", f"{name}-kirjasto", languages)
    for language in ("en", *languages):
        yield f'        <mdui:Description xml:lang="{language}">{_prose(chance, 30)}</mdui:Description>\n'
        yield f'        <mdui:PrivacyStatementURL xml:lang="{language}">https://{host}/{language}/privacy</mdui:PrivacyStatementURL>\n'
    yield "      </mdui:UIInfo>\n    </md:Extensions>\n"
    yield from _keys(chance, certificates, ("signing", "encryption"))
    yield from _endpoints("SingleLogoutService", host, ("HTTP-Redirect", "SOAP"))
    yield from _endpoints("AssertionConsumerService", host, ("HTTP-POST", "PAOS"), index=True)
    yield '    <md:AttributeConsumingService index="1">\n'
    yield f'      <md:ServiceName xml:lang="en">{name}</md:ServiceName>\n'
    for number_ in range(6):
        yield (
            f'      <md:RequestedAttribute FriendlyName="attribute{number_}"'
            f' Name="urn:oid:1.3.6.1.4.1.99999.1.1.{number_}"'
            ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" isRequired="false"/>\n'
        )
    yield "    </md:AttributeConsumingService>\n  </md:SPSSODescriptor>\n"
    yield _tail(name, host, languages)


def _registered(chance: random.Random) -> str:
    authority = f"https://federation-{chance.randint(1, 75)}.example/"
    return (
        f'    <mdrpi:RegistrationInfo registrationAuthority="{authority}"'
        ' registrationInstant="2021-03-04T05:06:07Z">\n'
        f'      <mdrpi:RegistrationPolicy xml:lang="en">{authority}policy</mdrpi:RegistrationPolicy>\n'
        "    </mdrpi:RegistrationInfo>\n    <mdattr:EntityAttributes>\n"
    )


def _attribute(name: str, values: list[str]) -> str:
    inside = "".join(
        f'        <saml:AttributeValue xsi:type="xs:string">{v}</saml:AttributeValue>\n'
        for v in values
    )
    return (
        f'      <saml:Attribute Name="{name}"'
        ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">\n'
        f"{inside}      </saml:Attribute>\n"
    )


def _names(tag: str, english: str, local: str, languages: list[str]) -> str:
    lines = [f'        <{tag} xml:lang="en">{escape(english)}</{tag}>\n']
    lines += [f'        <{tag} xml:lang="{x}">{escape(local)} ({x})</{tag}>\n' for x in languages]
    return "".join(lines)


def _keys(chance: random.Random, certificates: list[str], uses: tuple[str, ...]) -> Iterator[str]:
    for use in uses:
        yield (
            f'    <md:KeyDescriptor use="{use}">\n      <ds:KeyInfo>\n        <ds:X509Data>\n'
            f"          <ds:X509Certificate>\n{chance.choice(certificates)}\n"
            "          </ds:X509Certificate>\n        </ds:X509Data>\n      </ds:KeyInfo>\n"
            "    </md:KeyDescriptor>\n"
        )


def _endpoints(
    tag: str, host: str, bindings: tuple[str, ...], *, index: bool = False
) -> Iterator[str]:
    for number, binding in enumerate(bindings, 1):
        prefix = "reverse-SOAP" if binding == "PAOS" else binding
        numbered = f' index="{number}"' if index else ""
        yield (
            f'    <md:{tag} Binding="{BINDINGS}{binding}"'
            f' Location="https://login.{host}/profile/SAML2/{prefix}/{tag}"{numbered}/>\n'
        )


def _tail(name: str, host: str, languages: list[str]) -> str:
    contacts = "".join(
        f'  <md:ContactPerson contactType="{kind}">\n    <md:GivenName>{name} {kind}</md:GivenName>\n'
        f"    <md:EmailAddress>mailto:{kind}@{host}</md:EmailAddress>\n  </md:ContactPerson>\n"
        for kind in ("technical", "support")
    )
    return (
        "  <md:Organization>\n"
        + _names("md:OrganizationName", name, name, languages)
        + _names("md:OrganizationDisplayName", f"University of {name}", name, languages)
        + f'    <md:OrganizationURL xml:lang="en">https://www.{host}/</md:OrganizationURL>\n'
        + f"  </md:Organization>\n{contacts}</md:EntityDescriptor>\n"
    )


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(3))


def _host(word: str, number: int) -> str:
    return f"{word.encode('ascii', 'ignore').decode()}{number}.example"


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(_word(chance) for _ in range(words)).capitalize() + "."


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def _certificates(keys: list[rsa.RSAPrivateKey], count: int, now: datetime) -> list[str]:
    """Return the inside of X509Certificate elements."""
    made = []
    for number in range(count):
        pem = _self_signed(keys[number % len(keys)], f"idp-{number}.example", now).decode()
        made.append("".join(line for line in pem.splitlines(True) if "-" not in line).strip())
    return made


def _self_signed(key: rsa.RSAPrivateKey, name: str, now: datetime) -> bytes:
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _sign(unsigned: Path, signed: Path, key: rsa.RSAPrivateKey) -> None:
    tree = etree.parse(unsigned, etree.XMLParser(huge_tree=True, resolve_entities=False))
    root = tree.getroot()
    signature = xmlsec.template.create(
        root, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    root.insert(0, signature)
    reference = xmlsec.template.add_reference(
        signature, xmlsec.constants.TransformSha256, uri="#_aggregate"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    xmlsec.tree.add_ids(root, ["ID"])
    context.sign(signature)
    tree.write(str(signed), encoding="UTF-8", xml_declaration=True)
