"""Signatures against things that we did not write: the JDK, ``xmlsec1``, and files from providers."""

from __future__ import annotations

import base64
import gzip
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from elmo_strategies import maximal
from emrex_gateway.domain import (
    AccessPoint,
    ElmoVersion,
    KeyKind,
    KeyPlace,
    KeyState,
    ReturnCode,
    SignedElmo,
    SigningKey,
    UnsignedElmo,
)
from emrex_gateway.elmo import check, write
from emrex_gateway.errors import SignatureError
from emrex_gateway.network import unpack
from emrex_gateway.settings import Settings
from emrex_gateway.signing import WEAK, KeyRing, Locksmith, verify
from key_authority import certify
from signing_material import (
    DOCUMENTS,
    DS,
    ENC,
    MORE,
    NOW,
    access_point,
    certificate,
    key_pem,
    private_key,
    secrets,
    token_references,
)

KINDS = ["rsa2048", "rsa4096", "p256", "p384"]
JAVA = Path(__file__).resolve().parents[1] / "java"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


@dataclass(frozen=True)
class Java:
    """The compiled programs."""

    classes: Path

    def run(self, program: str, *arguments: str | Path) -> list[str]:
        command = ["java", "-cp", str(self.classes), program, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Java:
    """Compiles once a run."""
    classes = tmp_path_factory.mktemp("classes")
    sources = [str(JAVA / "VerifyElmo.java"), str(JAVA / "SignElmo.java")]
    subprocess.run(["javac", "-d", str(classes), *sources], check=True, timeout=120)
    return Java(classes)


def signed_files(folder: Path, references: dict[str, str]) -> list[tuple[Path, Path]]:
    """Each document, written ones included, signed with each kind of key; pairs of certificate and file."""
    written = [write(maximal(), version).xml for version in ElmoVersion]
    documents = [*(document.encode() for document in DOCUMENTS.values()), *written]
    ring = KeyRing(secrets, lambda: NOW)
    pairs = []
    for kind in KINDS:
        signer = ring.signer(access_point(folder, kind, references.get(kind)))
        for number, document in enumerate(documents):
            path = folder / f"{kind}-{number}.xml"
            path.write_bytes(signer.sign(UnsignedElmo(document)).xml)
            pairs.append((folder / f"{kind}.crt", path))
    ring.close()
    return pairs


@pytest.fixture(
    params=["pem", pytest.param("pkcs11", marks=pytest.mark.needs("softhsm"))],
    scope="module",
)
def files(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Path, Path]]:
    """Files signed by both signers."""
    folder = tmp_path_factory.mktemp(request.param)
    return signed_files(folder, token_references() if request.param == "pkcs11" else {})


@pytest.mark.needs("java")
def test_java_verifies_what_we_sign(java: Java, files: list[tuple[Path, Path]]) -> None:
    """The JDK's verifier, secure validation on, accepts every key, document and signer."""
    verdicts = java.run("VerifyElmo", *(path for pair in files for path in pair))
    assert {f"{path.stem}: OK" for _, path in files} == {
        f"{path.stem}: {verdict}" for (_, path), verdict in zip(files, verdicts, strict=True)
    }


@pytest.mark.needs("java")
def test_java_refuses_what_was_changed(java: Java, tmp_path: Path) -> None:
    """The control: the same program says no to a changed document and to another certificate."""
    (certificate_file, path), *_ = signed_files(tmp_path, {})
    changed = tmp_path / "changed.xml"
    changed.write_bytes(path.read_bytes().replace(b"Yliopisto</title>", b"Opisto</title>"))
    (tmp_path / "other.crt").write_bytes(certificate("rsa2048-other"))
    verdicts = java.run(
        "VerifyElmo",
        certificate_file,
        path,
        certificate_file,
        changed,
        tmp_path / "other.crt",
        path,
    )
    assert verdicts == ["OK", "FAIL value true, digest false", "FAIL value false, digest true"]


@pytest.mark.needs("java")
def test_java_verifies_what_a_key_of_the_worker_signs(java: Java, tmp_path: Path) -> None:
    """RSA of 3072 bits and P-256, made by the signing worker, certified by another's authority."""
    (tmp_path / "keys").mkdir(mode=0o700)
    settings = Settings(public_url="https://gateway.example", key_directory=str(tmp_path / "keys"))
    smith = Locksmith(settings, secrets, lambda: NOW)
    paths: list[Path] = []
    for number, kind in enumerate(KeyKind):
        order = SigningKey(
            id=f"{number:032x}",
            access_point="campus",
            kind=kind,
            place=KeyPlace.DIRECTORY,
            state=KeyState.ORDERED,
            common_name="gateway.example",
            ordered_at=NOW,
            changed_at=NOW,
        )
        made = smith.make(order)
        pem = certify(made.public_key, now=NOW).decode()
        point = AccessPoint(
            slug="campus", institution="campus", key=made.reference, certificate=pem
        )
        signed = KeyRing(secrets, lambda: NOW).signer(point).sign(write(maximal()))
        crt, xml = tmp_path / f"{kind}.crt", tmp_path / f"{kind}.xml"
        crt.write_text(pem)
        xml.write_bytes(signed.xml)
        paths += [crt, xml]
    assert java.run("VerifyElmo", *paths) == ["OK", "OK"]


@pytest.mark.needs("xmlsec1")
def test_xmlsec1_verifies_what_we_sign(files: list[tuple[Path, Path]], tmp_path: Path) -> None:
    """The command verifies with the given certificate's key; with another's it does not."""
    for certificate_file, path in files:
        assert _xmlsec1(certificate_file, path) == 0
    (tmp_path / "other.crt").write_bytes(certificate("rsa2048-other"))
    assert _xmlsec1(tmp_path / "other.crt", files[0][1]) != 0


def _xmlsec1(certificate_file: Path, path: Path) -> int:
    command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(certificate_file)]
    # No key data: only the given certificate counts, as with us.
    done = subprocess.run(
        [*command, "--enabled-key-data", "key-name", str(path)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_a_written_document_still_satisfies_the_grammar_when_signed(
    tmp_path: Path, version: ElmoVersion
) -> None:
    """The signature stands where the format wants it, and what comes back reads as it was written."""
    signer = KeyRing(secrets, lambda: NOW).signer(access_point(tmp_path, "rsa2048"))
    unsigned = write(maximal(), version)
    signed = signer.sign(unsigned)
    assert () == check(signed.xml, version)
    verified = verify(signed, [certificate("rsa2048")], now=NOW)
    assert verified.xml == etree.tostring(
        etree.fromstring(unsigned.xml).getroottree(), method="c14n", with_comments=False
    )


@pytest.mark.needs("java")
@pytest.mark.parametrize(
    ("kind", "method", "digest", "c14n", "twice"),
    [
        ("rsa2048", MORE + "rsa-sha256", ENC + "sha256", C14N, ""),
        ("rsa2048", MORE + "rsa-sha512", ENC + "sha512", EXCLUSIVE, "twice"),
        ("rsa2048", DS + "rsa-sha1", DS + "sha1", EXCLUSIVE, "twice"),
        ("p256", MORE + "ecdsa-sha256", ENC + "sha256", C14N, "twice"),
    ],
)
def test_we_verify_what_java_signs(
    java: Java,
    tmp_path: Path,
    *,
    kind: str,
    method: str,
    digest: str,
    c14n: str,
    twice: str,
) -> None:
    """Java's dialect, with ``&#13;`` in its values, verifies; SHA-1 only where the policy says so."""
    key, crt = tmp_path / "key.pem", tmp_path / "crt.pem"
    key.write_bytes(key_pem(private_key(kind)))
    crt.write_bytes(certificate(kind))
    algorithm = "RSA" if kind.startswith("rsa") else "EC"
    pairs = [(tmp_path / f"{n}.in", tmp_path / f"{n}.out") for n in range(len(DOCUMENTS))]
    for (source, _), document in zip(pairs, DOCUMENTS.values(), strict=True):
        source.write_text(document, "utf-8", newline="")
    paths = [path for pair in pairs for path in pair]
    java.run("SignElmo", key, algorithm, crt, method, digest, c14n, twice, *paths)
    for _, target in pairs:
        signed = SignedElmo(target.read_bytes())
        assert b"&#13;" in signed.xml
        verified = verify(signed, [certificate(kind)], WEAK, now=NOW)
        assert etree.QName(etree.fromstring(verified.xml)).localname == "elmo"
        if method.endswith("sha1"):
            with pytest.raises(SignatureError) as refused:
                verify(signed, [certificate(kind)], now=NOW)
            assert refused.value.reason == "sha1"


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    ("name", "warnings"),
    [
        ("signed-dk-rsa-sha1.b64gz.txt", ["SHA-1", "SHA-1"]),
        ("signed-fi-rsa-sha1.b64gz.txt", ["SHA-1", "SHA-1", "expired", "1024"]),
    ],
)
def test_files_from_real_providers(shared: Path, name: str, warnings: list[str]) -> None:
    """Old providers' files verify only with the weak policy, and say what is weak."""
    text = (shared / "data" / "elmo" / "samples" / name).read_text("ascii")
    reply = unpack({"sessionId": "x", "returnCode": "NCP_OK", "elmo": text})
    assert ReturnCode.OK is reply.return_code
    assert reply.elmo is not None
    assert gzip.decompress(base64.b64decode(text)) == reply.elmo.xml
    body = re.search(rb"<X509Certificate>(.*?)</X509Certificate>", reply.elmo.xml, re.S)
    assert body
    trusted = [base64.b64decode(body[1].replace(b"&#13;", b""))]
    facts = verify(reply.elmo, trusted, WEAK, now=NOW).facts
    assert len(warnings) == len(facts.warnings)
    for expected, warning in zip(warnings, facts.warnings, strict=True):
        assert expected in warning
    with pytest.raises(SignatureError) as refused:
        verify(reply.elmo, trusted, now=NOW)
    assert refused.value.reason == "sha1"
