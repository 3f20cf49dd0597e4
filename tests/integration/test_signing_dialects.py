"""Every provider's way to sign, as the network has it: made by programs that we did not write, with own keys.

A row is a provider's signature method, digest, canonical form and namespace; each is signed by
libxmlsec, by the JDK and by PHP's xmlseclibs (which is what Moodle's provider uses), travels the wire,
and is verified and read.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from elmo_case import DOCUMENT
from emrex_gateway import elmo
from emrex_gateway.domain import ListedCertificate, Provider, SignedElmo, texts
from emrex_gateway.errors import SignatureError
from emrex_gateway.examining import Caution, Known, Standing, Verdict, check
from emrex_gateway.network import pack, unpack
from emrex_gateway.signing import STRICT, WEAK, Policy, verify
from emrex_gateway.signing._certificates import read_certificates
from signing_material import (
    DS,
    ELMO,
    ENC,
    MORE,
    NOW,
    certificate,
    certificate_of,
    foreign_sign,
    key_pem,
    private_key,
)
from simplesamlphp import PROGRAM

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA1, SHA256 = DS + "sha1", ENC + "sha256"
RSA_SHA1, RSA_SHA256 = DS + "rsa-sha1", MORE + "rsa-sha256"
TESTS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Row:
    """A provider's way; ``old`` counts the places where it has SHA-1."""

    name: str
    method: str
    digest: str
    form: str
    old: int
    namespace: str = ELMO
    kind: str = "rsa2048"

    def document(self) -> bytes:
        """What it signs."""
        return DOCUMENT.replace(ELMO, self.namespace).encode()


ROWS = (
    Row("Finland, older Java providers", RSA_SHA1, SHA1, C14N, 2, kind="rsa1024"),
    Row("before 2016", RSA_SHA1, SHA1, C14N, 2, "http://purl.org/net/elmo"),
    Row("Denmark", RSA_SHA1, SHA256, C14N, 1),
    Row("Croatia", RSA_SHA1, SHA1, EXCLUSIVE, 2, ELMO + ".3.0"),
    Row("Moodle", RSA_SHA256, SHA256, EXCLUSIVE, 0),
    Row("Sikt, Ladok", RSA_SHA256, SHA256, C14N, 0),
    Row("Sikt, Ladok, older", RSA_SHA1, SHA1, C14N, 2),
    Row("no namespace", RSA_SHA256, SHA256, C14N, 0, ""),
)
NAMED = {row.name: row for row in ROWS}


def by_libxmlsec(row: Row) -> bytes:
    """With a prefix, and the canonical form named as a transform too."""
    transforms = (
        f'<P:Transform Algorithm="{DS}enveloped-signature"/><P:Transform Algorithm="{row.form}"/>'
    )
    return foreign_sign(
        row.document(), row.kind, method=row.method, digest=row.digest, c14n=row.form,
        transforms=transforms, prefix="ds",
    )  # fmt: skip


@pytest.fixture(scope="module")
def by_java(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """All rows, by one run of the JDK."""
    folder = tmp_path_factory.mktemp("java")
    source = TESTS / "java" / "SignElmo.java"
    subprocess.run(["javac", "-d", str(folder), str(source)], check=True, timeout=120)
    arguments: list[str] = []
    for number, row in enumerate(ROWS):
        key, crt, given, made = _files(folder, number, row)
        arguments += [key, "RSA", crt, row.method, row.digest, row.form, "", given, made, "--"]
    command = ["java", "-cp", str(folder), "SignElmo", *arguments[:-1]]
    subprocess.run(command, check=True, timeout=120)
    return {row.name: (folder / f"{n}.out").read_bytes() for n, row in enumerate(ROWS)}


@cache
def by_php(row: Row, folder: Path) -> bytes:
    """One row, by xmlseclibs."""
    key, crt, given, made = _files(folder, 0, row)
    script = str(TESTS / "php" / "sign_elmo.php")
    command = ["php", script, str(PROGRAM), key, crt, row.method, row.digest, row.form, given, made]
    subprocess.run(command, check=True, timeout=60)
    return Path(made).read_bytes()


def _files(folder: Path, number: int, row: Row) -> tuple[str, str, str, str]:
    contents = {
        "key": key_pem(private_key(row.kind)),
        "crt": certificate(row.kind),
        "in": row.document(),
        "out": b"",
    }
    for end, data in contents.items():
        (folder / f"{number}.{end}").write_bytes(data)
    key, crt, given, made = (str(folder / f"{number}.{end}") for end in contents)
    return key, crt, given, made


def received(xml: bytes) -> SignedElmo:
    """As it arrives over the wire."""
    reply = unpack({"sessionId": "x", "returnCode": "NCP_OK", "elmo": pack(SignedElmo(xml))})
    assert reply.elmo is not None
    return reply.elmo


def judged(row: Row, xml: bytes) -> None:
    """Only the policy that is made for such a provider takes it, and says what is old; it is then read."""
    document = received(xml)
    trusted = [certificate("rsa4096"), certificate(row.kind)]
    short = row.kind == "rsa1024"
    policies = {
        "": STRICT,
        "sha1": Policy(sha1=True),
        "short": Policy(short_rsa=True),
        "both": WEAK,
    }
    verdicts = {name: reason(document, trusted, policy) for name, policy in policies.items()}
    refused = "sha1" if row.old else "weak-key" if short else ""
    assert {
        "": refused,
        "sha1": "weak-key" if short else "",
        "short": "sha1" if row.old else "",
        "both": "",
    } == verdicts
    verified = verify(document, trusted, WEAK, now=NOW)
    warnings = " ".join(verified.facts.warnings)
    assert (row.old, short) == (warnings.count("SHA-1"), "1024" in warnings)
    assert b"Signature" not in verified.xml
    read = elmo.read(verified, now=NOW)
    [report] = read.document.reports
    assert ("Virtanen", "1") == (
        read.document.learner.family_name,
        report.opportunities[0].instance.grade,
    ), row.name
    assert "digest" == reason(SignedElmo(document.xml.replace(b">1<", b">5<")), trusted, WEAK)
    assert "certificate" == reason(document, [certificate("rsa4096")], WEAK)


def reason(document: SignedElmo, trusted: list[bytes], policy: Policy) -> str:
    """Why it is refused; nothing when it is not."""
    try:
        verify(document, trusted, policy, now=NOW)
    except SignatureError as error:
        return error.reason
    return ""


@pytest.mark.parametrize("name", NAMED)
def test_signed_by_libxmlsec(name: str) -> None:
    """Every row of the table, with prefixes."""
    judged(NAMED[name], by_libxmlsec(NAMED[name]))


@pytest.mark.needs("java")
@pytest.mark.parametrize("name", NAMED)
def test_signed_by_the_jdk(by_java: dict[str, bytes], name: str) -> None:
    """Every row, with ``&#13;`` in its values."""
    assert b"&#13;" in by_java[name]
    judged(NAMED[name], by_java[name])


@pytest.mark.needs("simplesamlphp")
@pytest.mark.parametrize("name", ["Moodle", "Sikt, Ladok, older"])
def test_signed_by_php(tmp_path: Path, name: str) -> None:
    """As Moodle's provider signs, and the other forms of that library."""
    judged(NAMED[name], by_php(NAMED[name], tmp_path))


def test_prefixes_that_python_makes_up() -> None:
    """``ns0:`` before every name, of ELMO's and of the signature's."""
    body = DOCUMENT.replace(f'<elmo xmlns="{ELMO}">', f'<ns0:elmo xmlns:ns0="{ELMO}">')
    body = re.sub(r"<(/?)(?!ns0:|/?ns0:)", r"<\1ns0:", body)
    xml = foreign_sign(body.encode(), prefix="ns1")
    assert b"<ns0:learner>" in xml
    judged(Row("prefixes", RSA_SHA256, SHA256, C14N, 0), xml)


def test_an_expired_certificate_is_taken_by_the_list_and_told() -> None:
    """Providers forget to renew; whoever lists them is warned in time."""
    old = certificate_of(
        private_key("rsa2048"),
        not_before=NOW - timedelta(days=2000),
        not_after=NOW - timedelta(days=900),
    )
    facts = verify(
        SignedElmo(by_libxmlsec(NAMED["Moodle"])), [old.public_bytes(Encoding.PEM)], now=NOW
    ).facts
    assert ("the certificate expired on 2023-09-13",) == facts.warnings


@pytest.mark.parametrize(
    "change",
    [
        lambda field: field,
        lambda field: "\r\n".join(field[i : i + 76] for i in range(0, len(field), 76)),
        lambda field: field.replace("+", " "),
        lambda field: field.rstrip("="),
        lambda field: b64encode(gzip.decompress(b64decode(field))).decode(),
        lambda field: gzip.decompress(b64decode(field)).decode(),
    ],
    ids=["as it is", "lines", "blanks for plus", "no padding", "no gzip", "raw XML"],
)
def test_the_signature_survives_every_way_of_packing(change: object) -> None:
    """What arrives is the signed file to the byte, however it was wrapped."""
    xml = by_libxmlsec(NAMED["Croatia"])
    field = change(pack(SignedElmo(xml)))  # type: ignore[operator]
    reply = unpack({"sessionId": "x", "returnCode": "ncp_ok", "elmo": field})
    assert reply.elmo == SignedElmo(xml)


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    ("name", "cautions"),
    [
        ("signed-dk-rsa-sha1.b64gz.txt", {Caution.SHA1, Caution.SCHEMA}),
        ("signed-fi-rsa-sha1.b64gz.txt", {Caution.SHA1, Caution.SHORT_KEY, Caution.EXPIRED}),
    ],
)
def test_recorded_files_are_to_be_careful_with(
    shared: Path, name: str, cautions: set[Caution]
) -> None:
    """Two real providers' files, whose certificates a list has: who signed, whose, and why to be careful."""
    data = (shared / "data" / "elmo" / "samples" / name).read_bytes()
    body = re.search(
        rb"<X509Certificate>(.*?)</X509Certificate>", gzip.decompress(b64decode(data)), re.S
    )
    assert body
    [its] = read_certificates(body[1].replace(b"&#13;", b""))
    listed = ListedCertificate(
        provider="p",
        fingerprint=its.fingerprint,
        pem=its.pem.decode(),
        first_seen=NOW,
        last_seen=NOW,
    )
    provider = Provider(key="p", url="https://p.example/", country="DK", names=texts(en="P"))
    known = Known(
        pems=(certificate("rsa2048"), its.pem),
        own={},
        listed=(listed,),
        provider=lambda _: provider,
    )
    found = check(data, known, now=NOW)
    assert (Verdict.CAREFUL, [Standing.LISTED]) == (
        found.verdict,
        [one.standing for one in found.signatories],
    )
    assert cautions == set(found.cautions)
    assert found.document is not None
    assert found.document.document.learner.family_name
    changed = gzip.decompress(b64decode(data)).replace(b"</learner>", b" </learner>", 1)
    refused = check(changed, known, now=NOW)
    assert (Verdict.REFUSED, "digest") == (refused.verdict, refused.examined.reason)
