"""What programs by others say of a signed copy: poppler and OpenSSL. veraPDF's verdict is in ``test_transcript_readers``."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from copies import export
from signing_material import certificate, token_references


@pytest.fixture(
    params=["rsa2048", "p384", pytest.param("token", marks=pytest.mark.needs("softhsm"))]
)
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy by a key of each kind, and one whose key is in a token."""
    if request.param == "token":
        made = export("p256", token_references()["p256"])
    else:
        made = export(request.param)
    path = tmp_path / "copy.pdf"
    path.write_bytes(made.copy)
    (tmp_path / "elmo.xml").write_bytes(made.elmo)
    kind = "p256" if request.param == "token" else request.param
    (tmp_path / "certificate.pem").write_bytes(certificate(kind))
    return path


def run(*command: str | Path) -> str:
    """A program's answer; it has to succeed."""
    done = subprocess.run([*map(str, command)], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.needs("poppler")
def test_poppler_finds_the_signature_valid(copy: Path) -> None:
    """The signature holds, it covers the whole document, and it is of the kind that PAdES asks for."""
    told = run("pdfsig", copy)
    for line in (
        "Signature Validation: Signature is Valid.",
        "Total document signed",
        "Signature Type: ETSI.CAdES.detached",
        "Signer Certificate Common Name: Test provider",
    ):
        assert line in told


@pytest.mark.needs("poppler")
def test_poppler_finds_a_change(copy: Path) -> None:
    """The judge is awake."""
    copy.write_bytes(copy.read_bytes().replace(b"/Count", b"/Cound", 1))
    assert "Signature is Valid" not in run("pdfsig", copy)


@pytest.mark.needs("poppler")
def test_poppler_takes_the_elmo_file_out(copy: Path) -> None:
    """One file, under the name of the download, byte for byte."""
    out = copy.with_name("out.xml")
    assert "1 embedded files\n1: emrex-elmo.xml" == run("pdfdetach", "-list", copy).strip()
    run("pdfdetach", "-save", "1", "-o", out, copy)
    assert copy.with_name("elmo.xml").read_bytes() == out.read_bytes()


@pytest.mark.needs("openssl")
def test_openssl_verifies_the_cms(copy: Path) -> None:
    """The signature in the PDF is plain CMS over the bytes of its range."""
    pdf = copy.read_bytes()
    numbers = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)", pdf)
    assert numbers
    _, first, second, _ = map(int, numbers.groups())
    der = bytes.fromhex(pdf[first + 1 : second - 1].decode())
    length = 4 + int.from_bytes(der[2:4], "big")  # behind it is padding
    signature, content = copy.with_name("cms.der"), copy.with_name("content")
    signature.write_bytes(der[:length])
    content.write_bytes(pdf[:first] + pdf[second:])
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(signature),
         "-content", str(content), "-noverify", "-certfile", str(copy.with_name("certificate.pem")),
         "-out", "/dev/null"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (0, "CMS Verification successful") == (done.returncode, done.stderr.strip())
