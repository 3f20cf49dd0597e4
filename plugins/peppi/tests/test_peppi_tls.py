"""https for real: whom the adapter believes to be the system."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from werkzeug.serving import make_server

from emrex_gateway.errors import AdapterError, AdapterUnavailable
from emrex_peppi import PeppiSettings, plugin


def _certificate(folder: Path, name: str) -> tuple[str, str]:
    """Write a self-signed certificate for an address or host; return both files' names."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peppi test")])
    now = datetime.now(UTC)
    alternative: x509.GeneralName
    try:
        alternative = x509.IPAddress(ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(files[0]), str(files[1])


@pytest.fixture(params=["127.0.0.1", "other.example"])
def system(request: Any, tmp_path: Path, peppi: Any) -> Iterator[tuple[str, str, str]]:
    """The fake behind TLS: whom its certificate names, its address, and the certificate."""
    files = _certificate(tmp_path, request.param)
    server = make_server("127.0.0.1", 0, peppi, ssl_context=files)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield request.param, f"https://127.0.0.1:{server.server_port}", files[0]
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_certificates(system: tuple[str, str, str], institution: Any) -> None:
    """A listed authority and the right name; everything else is lasting, and says where to look."""
    named, address, certificate = system
    stranger = PeppiSettings(base_url=address, api_key="key")
    listed = PeppiSettings(base_url=address, api_key="key", ca_file=certificate)
    refused = [stranger] if named == "127.0.0.1" else [stranger, listed]
    for settings in refused:
        with plugin.open(institution, settings) as adapter, pytest.raises(AdapterError) as caught:
            adapter.ping()
        assert not isinstance(caught.value, AdapterUnavailable)
        assert "ca_file" in str(caught.value)
    if named == "127.0.0.1":
        with plugin.open(institution, listed) as adapter:
            adapter.ping()
