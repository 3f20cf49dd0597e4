"""``./run bench``: medians of CPU time, and their ratio to the limit of the same run.

The limit of signing is the raw RSA operation; of a whole transfer, the sum of
the limits of its parts. Absolute times say something about the machine,
ratios about us: RESULTS.md records both. What has a target says whether it kept
it: times and memory of a federation's metadata, a login's own CPU.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from benchmarks._document import document
from benchmarks._login import login_rows
from benchmarks._pages import page_rows
from benchmarks._saml import federation_rows
from emrex_gateway import elmo, network, signing, transcript
from emrex_gateway.domain import AccessPoint, AttachmentType
from emrex_gateway.secrets import resolve_secret
from examples.demo import DemoAuthority


def median(action: Callable[[], object], runs: int) -> float:
    """Milliseconds of CPU time, the median of ``runs`` after one that warms up."""
    action()
    spent = []
    for _ in range(runs):
        began = time.process_time()
        action()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def measure(courses: int, runs: int) -> list[tuple[str, float, str, float]]:
    """Return rows of name, milliseconds, the limit's name and the limit."""
    with tempfile.TemporaryDirectory() as folder:
        files = DemoAuthority(Path(folder)).issue("bench")
        point = AccessPoint(
            slug="bench",
            institution="bench",
            key=f"file:{files.key}",
            certificate=f"file:{files.certificate}",
        )
        signer = signing.KeyRing(resolve_secret, lambda: datetime.now(UTC)).signer(point)
        key = serialization.load_pem_private_key(files.key.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        plain = document(courses)

        def render() -> bytes:
            return transcript.render(plain, kind=AttachmentType.EMREX_TRANSCRIPT)

        pdf = render()
        whole = document(courses, pdf)
        unsigned = elmo.write(whole)
        signed = signer.sign(unsigned)
        fields = {
            "sessionId": "0" * 32,
            "returnCode": "NCP_OK",
            "elmo": network.pack(signed),
        }
        certificate = signer.certificate_pem
        raw = key.sign(unsigned.xml, padding.PKCS1v15(), hashes.SHA256())
        public = key.public_key()
        rsa_sign = median(lambda: key.sign(b"x", padding.PKCS1v15(), hashes.SHA256()), runs)
        rsa_verify = median(
            lambda: public.verify(raw, unsigned.xml, padding.PKCS1v15(), hashes.SHA256()), runs
        )
        rows = [
            ("transcript", median(render, runs), "raw RSA signature", rsa_sign),
            (
                "write and check",
                median(lambda: elmo.write(whole), runs),
                "raw RSA signature",
                rsa_sign,
            ),
            ("sign", median(lambda: signer.sign(unsigned), runs), "raw RSA signature", rsa_sign),
            (
                "verify",
                median(lambda: signing.verify(signed, [certificate]), runs),
                "RSA and SHA-256 of the file",
                rsa_verify,
            ),
            ("pack", median(lambda: network.pack(signed), runs), "raw RSA signature", rsa_sign),
            ("unpack", median(lambda: network.unpack(fields), runs), "raw RSA signature", rsa_sign),
        ]
    print(
        f"{courses} courses, {len(unsigned.xml) / 1000:.0f} kB of ELMO, {len(pdf) / 1000:.0f} kB of PDF"
    )
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--only", choices=("export", "login", "federation", "pages"), help="one part alone")
    parser.add_argument("--courses", type=int, default=60)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--providers", type=int, default=6000, help="of the made-up federation")
    parser.add_argument("--services", type=int, default=3500, help="of the made-up federation")
    options = parser.parse_args()
    print(f"CPython {platform.python_version()}, {platform.machine()}")
    if options.only in (None, "export"):
        for name, spent, limit_name, limit in measure(options.courses, options.runs):
            print(f"{name:<18}{spent:9.2f} ms{spent / limit:9.1f} x {limit_name} ({limit:.2f} ms)")
    if options.only in (None, "login"):
        with tempfile.TemporaryDirectory(prefix="emrex-bench-") as folder:
            for row in login_rows(Path(folder), options.runs):
                print(row, flush=True)
    if options.only in (None, "federation"):
        with tempfile.TemporaryDirectory(prefix="emrex-bench-") as folder:
            for row in federation_rows(
                Path(folder), options.providers, options.services, options.runs
            ):
                print(row, flush=True)
    if options.only in (None, "pages"):
        for row in page_rows():
            print(row, flush=True)


if __name__ == "__main__":
    main()
