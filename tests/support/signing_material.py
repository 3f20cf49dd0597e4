"""Keys, certificates, tokens and documents for the tests of signatures. Made anew in each run."""

from __future__ import annotations

import atexit
import base64
import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree

from emrex_gateway.domain import AccessPoint
from emrex_gateway.errors import ConfigError
from emrex_needs import softhsm_module

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
ELMO = "https://github.com/emrex-eu/elmo-schemas/tree/v1"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PIN = "4711-pin"
TOKEN_KINDS = ["rsa2048", "rsa4096", "p256", "p384", "p521"]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

DOCUMENTS = {
    "plain": f"""<?xml version="1.0" encoding="UTF-8"?>
<elmo xmlns="{ELMO}">
  <generatedDate>2026-03-01T12:00:00+02:00</generatedDate>
  <learner><givenNames>Ääni 日本 &amp; &lt;Co&gt;</givenNames></learner>
  <report><issuer><title xml:lang="fi">Yliopisto</title></issuer></report>
</elmo>""",
    "nested default namespaces": f"""<elmo xmlns="{ELMO}" xmlns:x="urn:x"><report>
<extension><x:I><I xmlns="urn:s"><R><T/><U xmlns=""><V/></U></R></I></x:I></extension></report></elmo>""",
    "attributes of the root": f"""<elmo xmlns="{ELMO}" xmlns:z="urn:z" xmlns:a="urn:a"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a urn:b"
 xml:lang="fi" xml:space="preserve"><report z:n="1" a:n="2"/>
</elmo>""",
    "signature prefix in scope": f'<elmo xmlns="{ELMO}" xmlns:ds="{DS}"><report/></elmo>',
    "prefixed": f'<e:elmo xmlns:e="{ELMO}"><e:report><n xmlns="urn:n"/></e:report></e:elmo>',
    "comments, instructions, CDATA, carriage returns": f"""<?xml version="1.0"?>
<!-- before --><?before x?><elmo xmlns="{ELMO}"><report>a<!-- in -->b<?pi y?><![CDATA[<c&d>]]>
&#13;&#9;<t a="&#10;&#13; &quot;x"/></report></elmo><!-- after --><?after z?>""",
}
"""Documents that canonicalisers have trouble with."""


@cache
def private_key(kind: str) -> PrivateKey:
    """A key of ``rsa1024`` to ``rsa4096``, ``p256``, ``p384`` or ``p521``, one per run."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa").split("-")[0]))
    curve: ec.EllipticCurve = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}[
        kind.split("-", maxsplit=1)[0]
    ]()
    return ec.generate_private_key(curve)


def key_pem(key: PrivateKey) -> bytes:
    """PKCS#8 in PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_of(
    key: PrivateKey,
    *,
    not_before: datetime = NOW - timedelta(days=100),
    not_after: datetime = NOW + timedelta(days=3650),
    name: str = "Test provider",
) -> x509.Certificate:
    """A self-signed certificate."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FI"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Yliopisto Ä, kokeilu"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .sign(key, hashes.SHA256())
    )


@cache
def certificate(kind: str) -> bytes:
    """The certificate, PEM, of ``private_key(kind)``."""
    return certificate_of(private_key(kind)).public_bytes(Encoding.PEM)


def der(kind: str) -> bytes:
    """The same, DER."""
    return x509.load_pem_x509_certificate(certificate(kind)).public_bytes(Encoding.DER)


def access_point(folder: Path, kind: str, key: str | None = None) -> AccessPoint:
    """An access point whose certificate, and unless ``key`` is another reference its key, are files."""
    (folder / f"{kind}.crt").write_bytes(certificate(kind))
    (folder / f"{kind}.key").write_bytes(key_pem(private_key(kind)))
    return AccessPoint(
        slug=kind,
        institution="test",
        key=key or f"file:{folder / kind}.key",
        certificate=f"file:{folder / kind}.crt",
    )


def secrets(reference: str) -> str:
    """A stand-in for the real resolver: ``env:PIN`` and the process's own environment."""
    if reference == "env:PIN":
        return PIN
    name = reference.removeprefix("env:")
    if name not in os.environ:
        raise ConfigError(f"{reference} is not set")
    return os.environ[name]


@cache
def token_references() -> dict[str, str]:
    """Make a SoftHSM token with a key of each kind; return the references by kind.

    Sets ``SOFTHSM2_CONF``: SoftHSM reads it when the module is first opened in
    a process, so all tests of a process share this one token.
    """
    module = softhsm_module()
    assert module is not None
    folder = Path(tempfile.mkdtemp(prefix="emrex-token-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tokens = folder / "tokens"
    tokens.mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    _softhsm("--init-token", "--free", "--label", "emrex test", "--pin", PIN, "--so-pin", "so-pin")
    references = {}
    for number, kind in enumerate(TOKEN_KINDS, 1):
        pem = folder / f"{kind}.import"
        pem.write_bytes(key_pem(private_key(kind)))
        _softhsm(
            *("--import", str(pem), "--token", "emrex test", "--label", kind),
            *("--id", f"{number:02x}", "--pin", PIN),
        )
        pem.unlink()
        references[kind] = (
            f"pkcs11:token=emrex%20test;object={kind};id=%{number:02x};type=private"
            f"?module-path={module}&pin-source=env:PIN"
        )
    return references


def foreign_sign(
    xml: bytes,
    kind: str = "rsa2048",
    *,
    method: str = MORE + "rsa-sha256",
    digest: str = ENC + "sha256",
    c14n: str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    transforms: str = f'<P:Transform Algorithm="{DS}enveloped-signature"/>',
    uri: str | None = 'URI=""',
    prefix: str = "",
    objects: str = "",
    extra_reference: str = "",
    key: xmlsec.Key | None = None,
    certificate_pem: bytes | None = None,
    where: str = ".",
) -> bytes:
    """Sign as others do, with every liberty: for dialects and for attacks. libxmlsec does the work.

    ``P:`` in the pieces stands for ``prefix``.
    """
    pem = certificate_pem or certificate(kind)
    body = base64.b64encode(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)).decode()
    declaration = f'xmlns:{prefix}="{DS}"' if prefix else f'xmlns="{DS}"'
    template = (
        f'<P:Signature {declaration}><P:SignedInfo><P:CanonicalizationMethod Algorithm="{c14n}"/>'
        f'<P:SignatureMethod Algorithm="{method}"/><P:Reference {uri or ""}>'
        f'<P:Transforms>{transforms}</P:Transforms><P:DigestMethod Algorithm="{digest}"/>'
        f"<P:DigestValue/></P:Reference>{extra_reference}</P:SignedInfo><P:SignatureValue/>"
        f"<P:KeyInfo><P:X509Data><P:X509Certificate>{body}</P:X509Certificate></P:X509Data>"
        f"</P:KeyInfo>{objects}</P:Signature>"
    ).replace("P:", f"{prefix}:" if prefix else "")
    tree = etree.fromstring(xml).getroottree()
    signature = etree.fromstring(template)
    parent = tree.getroot().find(where)
    assert parent is not None
    parent.append(signature)
    context = xmlsec.SignatureContext()
    context.key = key or xmlsec.Key.from_memory(
        key_pem(private_key(kind)), xmlsec.constants.KeyDataFormatPem
    )
    context.sign(signature)
    return etree.tostring(tree, encoding="UTF-8", xml_declaration=True)


def wrapped(xml: bytes, pattern: str) -> bytes:
    """A genuine document inside a forged one."""
    genuine = xml[xml.index(b"<elmo ") :].decode()
    signature = genuine[genuine.index("<Signature ") : genuine.index("</elmo>")]
    bare = genuine.replace(signature, "")
    forged = f'<elmo xmlns="{ELMO}"><report>forged</report>'
    return {
        "genuine inside": f"{forged}<extension>{genuine}</extension></elmo>",
        "signature beside": f"{forged}<extension>{bare}</extension>{signature}</elmo>",
        "signature deeper": f"{forged}<extension>{signature}</extension></elmo>",
        "genuine in the signature": f"{forged}{signature[:-12]}<Object>{bare}</Object></Signature>"
        "</elmo>",
        "signature is the root": signature.replace(
            "</Signature>", f"<Object>{bare}</Object></Signature>"
        ),
        "another root": f"<other>{bare}{signature}</other>",
    }[pattern].encode()


def _softhsm(*arguments: str) -> None:
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True, timeout=60)
