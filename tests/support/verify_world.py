"""A gateway that knows providers of the network, and files of theirs to be checked."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from emrex_gateway.domain import ListedCertificate, Listing, RegistrySource, texts
from gateway_world import Browser, World, make_world
from signing_material import certificate, der

DANES = "d" * 32
NORTH = "e" * 32
EMREG = "https://emreg.example/list"


def make_verify_world(folder: Path, **settings: object) -> World:
    """It signs with the test key, and takes the network's list; the clock is the exports'."""
    world = make_world(folder, emreg_url=EMREG, **settings)
    world.change_access_point(certificate=certificate("rsa2048").decode())
    return world


def fingerprint(kind: str) -> str:
    """The SHA-256 of a test certificate."""
    return hashlib.sha256(der(kind)).hexdigest()


def listing(key: str, name: str, country: str, *kinds: str) -> Listing:
    """What the list says of a provider that signs with these test keys."""
    return Listing(
        source=RegistrySource.EMREG,
        key=key,
        url=f"https://{name.partition(' ')[0].lower()}.example/emp",
        country=country,
        names=texts(en=name),
        certificates=tuple(certificate(kind).decode() for kind in kinds),
    )


def take(world: World, at: datetime, before: datetime | None, *listings: Listing) -> None:
    """Let the list say just this from ``at`` on; ``before`` is when the former copy was last good."""
    certificates = [
        ListedCertificate(
            provider=one.key,
            fingerprint=fingerprint(kind),
            pem=pem,
            first_seen=at,
            last_seen=at,
        )
        for one in listings
        for pem in one.certificates
        for kind in KINDS
        if certificate(kind).decode() == pem
    ]
    with world.services.store.begin() as uow:
        uow.providers.take(RegistrySource.EMREG, listings, certificates, now=at, before=before)


KINDS = ("rsa1024", "rsa2048", "rsa2048-other", "rsa4096", "p256", "p384")


def list_danes(world: World, *kinds: str) -> None:
    """One provider is on the list, since thirty days ago."""
    take(
        world,
        world.clock() - timedelta(days=30),
        None,
        listing(DANES, "Danish University", "DK", *kinds),
    )


def delist_danes(world: World, last: datetime) -> None:
    """It leaves the list; another one stays."""
    take(world, last, last, listing(NORTH, "Northern University", "NO", "p384"))


def form(data: bytes, code: str = "") -> dict[str, object]:
    """A form with a file as a browser sends it. By hand: Werkzeug's own client writes large ones to disk."""
    mark = b"----4711"
    body = b"".join(
        (
            b"--" + mark + b'\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n',
            b"Content-Type: application/pdf\r\n\r\n" + data + b"\r\n",
            b"--" + mark + b'\r\nContent-Disposition: form-data; name="code"\r\n\r\n',
            code.encode() + b"\r\n--" + mark + b"--\r\n",
        )
    )
    return {"data": body, "content_type": f"multipart/form-data; boundary={mark.decode()}"}


def check(world: World, data: bytes, code: str = "", at: str = "/emrex/verify") -> Browser:
    """Hand a file in."""
    return world.browser().post(at, **form(data, code))


def verdict(browser: Browser) -> str:
    """``genuine``, ``careful`` or ``not-genuine``, with what is said of it."""
    steps = ("genuine", "careful", "not-genuine")
    wanted = " or ".join(f"@data-step='{step}'" for step in steps)
    found = browser.page.xpath(f"//*[{wanted}]")
    assert found, browser.text[:300]
    return f"{found[0].get('data-step')}: {' '.join(found[0].text_content().split())}"
