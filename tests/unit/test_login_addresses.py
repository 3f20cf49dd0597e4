"""Which addresses the gateway may call when an administrator typed them in."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emrex_gateway.errors import LoginError
from emrex_gateway.login import OidcLogin
from emrex_gateway.login._addresses import AddressPolicy, address_allowed, split_url
from hostile_provider import serving
from oidc_gateway import CALLBACK, TRANSFER, door, method

STRICT = AddressPolicy()
LOOPBACK = AddressPolicy(loopback=True)
PRIVATE = AddressPolicy(private=True)

PUBLIC = ["8.8.8.8", "193.166.3.2", "2001:708:10:8::2", "2a00:1450::1", "::ffff:8.8.8.8"]
PUBLIC_INSIDE = ["64:ff9b::808:808", "2002:808:808::1"]
LOOPBACKS = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
PRIVATES = [
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1"),
    *("fc00::1", "::ffff:10.0.0.1", "::ffff:c0a8:101", "64:ff9b::a00:1", "2002:a00:1::1"),
]
NEVER = [
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("192.0.2.1", "198.18.0.1", "203.0.113.7", "::", "fe80::1", "fe80::1%eth0", "ff02::1"),
    *("fec0::1", "2001:db8::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "::127.0.0.1"),
    *("2002:a9fe:a9fe::1", "64:ff9b:1::1", "2001::1", "", "localhost", "127.1", "0x7f000001"),
]


@pytest.mark.parametrize(
    ("addresses", "strict", "loopback", "private"),
    [
        (PUBLIC, True, True, True),
        (PUBLIC_INSIDE, True, True, True),
        (LOOPBACKS, False, True, True),
        (PRIVATES, False, False, True),
        (NEVER, False, False, False),
    ],
    ids=["public", "public inside IPv6", "loopback", "private", "never"],
)
def test_ranges(addresses: list[str], strict: bool, loopback: bool, private: bool) -> None:
    """Public addresses may be called; others only as set; some never; IPv4 inside IPv6 counts as IPv4."""
    expected = [(a, strict, loopback, private) for a in addresses]
    policies = (STRICT, LOOPBACK, PRIVATE)

    assert expected == [(a, *(address_allowed(a, p) for p in policies)) for a in addresses]


@pytest.mark.parametrize(
    "url",
    [
        "http://provider.example",
        "ftp://provider.example",
        "file:///etc/passwd",
        "//provider.example/",
        "provider.example",
        "https://",
        "https:///path",
        "https://user@provider.example",
        "https://user:pw@provider.example",
        "https://@provider.example",
        "https://provider.example#fragment",
        "https://provider.example/#",
        "https://provider.example\\@other.example",
        "https://provider.example/\r\nHost: other",
        "https://provider.example/ ",
        "https://provider.example:99999",
        "https://provider.example:x",
        "https://[::1",
        "https://prövider.example",
        "https://provider.example/" + "a" * 2048,
        'https://provider.example/"',
        "javascript:alert(1)",
        "",
        None,
        17,
    ],
)
@pytest.mark.parametrize("http_on_loopback", [True, False])
def test_addresses_that_are_refused(url: object, http_on_loopback: bool) -> None:
    """Only https addresses without user, fragment and unprintable characters are called."""
    assert split_url(url, http_on_loopback=http_on_loopback) is None


@pytest.mark.parametrize(
    ("url", "strict"),
    [
        ("https://provider.example", True),
        ("https://provider.example:8443/realms/a?x=1", True),
        ("https://[2001:db8::1]/", True),
        ("http://127.0.0.1:8080", False),
        ("http://127.0.0.4", False),
        ("http://[::1]:80", False),
        ("http://localhost:80/a", False),
    ],
)
def test_addresses_that_are_accepted(url: str, strict: bool) -> None:
    """http is accepted on this machine only, and only where the setting says so."""
    assert (split_url(url, http_on_loopback=False) is not None) is strict
    assert split_url(url, http_on_loopback=True) is not None


def _reason(login: OidcLogin, issuer: str, **settings: object) -> str:
    with pytest.raises(LoginError) as caught:
        login.start(
            method(issuer, **settings), callback_url=CALLBACK, transfer_id=TRANSFER, locale=None
        )
    return caught.value.reason


@pytest.mark.parametrize(
    ("found", "settings", "reason"),
    [
        (["10.0.0.1"], {}, "address"),
        (["127.0.0.1"], {}, "address"),
        (["8.8.8.8", "10.0.0.1"], {}, "address"),
        ([], {}, "address"),
        (["169.254.169.254"], {"allow_private_addresses": True}, "address"),
        (["127.0.0.1"], {"allow_private_addresses": True}, "unreachable"),
    ],
)
def test_what_a_name_resolves_to_is_checked(
    found: list[str], settings: dict[str, object], reason: str
) -> None:
    """One address that must not be called is enough to call none; a setting opens private ones.

    The last row is the control: port 1 of this machine is called, and nobody answers.
    """
    login = door(http_on_loopback=False, resolve=lambda host, port: found)

    assert _reason(login, "https://provider.example:1", **settings) == reason


def test_checked_address_is_the_called_one() -> None:
    """A name is resolved once a request: a second answer cannot lead elsewhere (DNS rebinding)."""
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with serving() as fake:
        port = int(fake.issuer.rpartition(":")[2])
        fake.issuer = f"http://localhost:{port}"
        login = door(resolve=resolve)
        begun = login.start(
            method(fake.issuer), callback_url=CALLBACK, transfer_id=TRANSFER, locale=None
        )

    assert begun.url.startswith(f"{fake.issuer}/authorize?")
    assert asked == [("localhost", port)]


def test_resolver_failure_is_unreachable() -> None:
    """A name that does not resolve is a provider that cannot be reached."""

    def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    assert _reason(door(resolve=resolve), "https://provider.example") == "unreachable"


def _certificate(folder: Path, *names: x509.GeneralName) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    return paths


@pytest.mark.parametrize(
    ("trusted", "names", "reason"),
    [
        (True, [x509.DNSName("provider.example")], None),
        (False, [x509.DNSName("provider.example")], "unreachable"),
        (True, [x509.DNSName("other.example")], "unreachable"),
        (True, [x509.IPAddress(ip_address("127.0.0.1"))], "unreachable"),
    ],
    ids=["in order", "untrusted", "another name", "the address instead of the name"],
)
def test_tls_names_the_provider(
    tmp_path: Path, trusted: bool, names: list[x509.GeneralName], reason: str | None
) -> None:
    """Calling a checked address does not weaken TLS: the certificate must bear the name."""
    certificate, key = _certificate(tmp_path, *names)

    def wrap(server: ThreadingHTTPServer) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        return f"https://provider.example:{server.server_port}"

    context = ssl.create_default_context(cafile=certificate if trusted else None)
    with serving(wrap) as fake:
        login = door(resolve=lambda host, port: ["127.0.0.1"], ssl_context=context)
        if reason:
            assert _reason(login, fake.issuer) == reason
            return
        begun = login.start(
            method(fake.issuer), callback_url=CALLBACK, transfer_id=TRANSFER, locale=None
        )
        assert begun.url.startswith(f"{fake.issuer}/authorize?")
