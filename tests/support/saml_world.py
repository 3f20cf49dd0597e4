"""A gateway on a real socket with real logins, a federation's metadata, and a client that waits.

Everything of the gateway is its own: store, SAML and OpenID Connect logins,
pages, metadata's refresh, signing. Fakes, and they say so: the study
administration system (``Directory``) and the queue (``gateway_world.FakeQueue``,
worked through by a thread). Site by site, as cookies see it: the gateway is at
``127.0.0.1``, the identity providers at ``localhost``, the client elsewhere.
"""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask, request

import databases
import saml_issuer
from browsers import free_port, served
from emrex_gateway import bootstrap, exporting, federation, network
from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Federation,
    Institution,
    LoginMethod,
    ReturnCode,
    ServiceKey,
    ServiceProvider,
    texts,
)
from emrex_gateway.factory import create_app
from emrex_gateway.login.saml import our_metadata
from emrex_gateway.ports import Adapter, Signers
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.signing import verify
from emrex_gateway.store import upgrade
from gateway_world import FakeQueue, working, write_key
from saml_aggregate import FEDERATION_KEY, Aggregate
from saml_people import AINO, Directory

GATEWAY, CLIENT = "127.0.0.1", "127.0.0.5"
PATIENCE = 60.0
"""Seconds until a page that does not come fails its test."""


@dataclass
class SamlWorld:
    """The gateway under test, and what stands around it."""

    folder: Path
    origin: str
    client: str
    services: Services
    signers: Signers
    app: Flask
    directory: Directory
    queue: FakeQueue
    certificate: bytes
    replies: list[dict[str, str]] = field(default_factory=list)

    @property
    def home(self) -> str:
        """The gateway's address with its mount path."""
        return f"{self.origin}/emrex"

    def put(self, **rows: Any) -> None:
        """Put configuration rows: ``login_method``, ``federation``, ``service_provider``..."""
        with self.services.store.begin() as uow:
            for name, row in rows.items():
                getattr(uow.config, f"put_{name}")(row)

    def disable(self, method: str) -> None:
        """Switch a login method off."""
        with self.services.store.begin() as uow:
            row = uow.config.login_method(method)
            assert row is not None
            uow.config.put_login_method(replace(row, enabled=False))

    def join(self, aggregate: Aggregate) -> None:
        """Trust a federation: its address and its operator's key; then read its metadata."""
        pinned = self.folder / "federation.pem"
        pinned.write_text(ssl.DER_cert_to_PEM_cert(saml_issuer.certificate(FEDERATION_KEY)))
        self.put(
            federation=Federation(
                slug="test",
                names=texts(en="Test federation"),
                url=aggregate.url,
                certificates=(f"file:{pinned}",),
                allow_private_addresses=True,
            )
        )
        self.refresh()

    def refresh(self) -> None:
        """Read the federation's metadata, as the job does."""
        state = federation.refresh(self.services, "test").state
        assert ("", "") == (state.problem, state.alarm), state

    def metadata(self) -> bytes:
        """Return our published metadata."""
        made = self.services
        return our_metadata(made.settings, made.secrets, made.store, "campus", made.clock())

    def change_keys(self, *keys: ServiceKey) -> None:
        """Replace the service provider's keys."""
        with self.services.store.begin() as uow:
            ours = uow.config.service_provider("campus")
            assert ours is not None
            uow.config.put_service_provider(replace(ours, keys=keys))

    def service_key(self, name: str, **options: bool) -> ServiceKey:
        """Write a key of our service provider's and refer to it."""
        folder = self.folder / f"sp-{name}"
        folder.mkdir(exist_ok=True)
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        key.write_bytes(saml_issuer.private_pem(f"rsa2048:sp-{name}"))
        der = saml_issuer.certificate(f"rsa2048:sp-{name}")
        certificate.write_text(ssl.DER_cert_to_PEM_cert(der), "ascii")
        return ServiceKey(key=f"file:{key}", certificate=f"file:{certificate}", **options)

    def run(self, *arguments: str) -> bytes:
        """Run ``emrex-gateway`` in a process of its own; return what it wrote."""
        settings = self.services.settings
        done = subprocess.run(
            [sys.executable, "-m", "emrex_gateway", *arguments],
            env={
                **{name: value for name, value in os.environ.items() if name[:6] != "EMREX_"},
                "PYTHONPATH": os.pathsep.join(sys.path),
                "EMREX_PUBLIC_URL": settings.public_url,
                "EMREX_DATABASE_URL": settings.database_url,
                "EMREX_PAYLOAD_KEYS": ",".join(settings.payload_keys),
                "EMREX_HTTP_ON_LOOPBACK": "true",
            },
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout

    def work(self) -> None:
        """Do what is queued, as the workers would."""
        while self.queue.sent:
            task, id_ = self.queue.sent.pop(0)
            if task == "fetch":
                exporting.fetch(self.services, id_)
            elif task == "sign":
                exporting.sign(self.services, self.signers, id_)

    def events(self, transfer_id: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return a transfer's trail."""
        with self.services.store.read() as uow:
            return [(name, facts) for _, name, facts in uow.audit.events(transfer_id)]

    def reasons(self, transfer_id: str) -> list[str]:
        """Return the reasons of a transfer's refused logins."""
        found = (facts for name, facts in self.events(transfer_id) if "refused" in name)
        return [str(facts["reason"]) for facts in found]

    def received(self) -> bytes:
        """Return the ELMO of the one reply that the client got, verified with our certificate."""
        (reply,) = self.replies
        unpacked = network.unpack(reply)
        assert ReturnCode.OK == unpacked.return_code, reply.get("returnMessage")
        assert unpacked.elmo is not None
        return verify(unpacked.elmo, [self.certificate]).xml


@contextmanager
def saml_world(folder: Path, **parts: Any) -> Iterator[SamlWorld]:
    """Run a gateway with one institution ``campus`` until the context ends; ``parts`` replace services."""
    port = free_port()
    origin = f"http://{GATEWAY}:{port}"
    (folder / "payload").write_text(base64.b64encode(b"p" * 32).decode())
    settings = Settings(
        public_url=f"{origin}/emrex",
        database_url=databases.new_database(folder),
        payload_keys=(f"file:{folder / 'payload'}",),
        http_on_loopback=True,
        entry_limit="10000/minute",
        **parts.pop("settings", {}),
    )
    directory, queue = Directory(), FakeQueue()

    @contextmanager
    def open_adapter(institution: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
        yield Adapter(ping=lambda: None, source=directory)

    made = bootstrap.services(settings, **{"queue": queue, "open_adapter": open_adapter, **parts})
    upgrade(settings, made.secrets)
    _, certificate = write_key(folder)
    world = SamlWorld(
        folder=folder,
        origin=origin,
        client="",
        services=made,
        signers=bootstrap.signers(made),
        app=create_app(made),
        directory=directory,
        queue=queue,
        certificate=certificate,
    )
    _configure(world)
    with (
        served(world.app, GATEWAY, port),
        served(_client(world), CLIENT) as world.client,
        working(world.work),
    ):
        yield world


def _configure(world: SamlWorld) -> None:
    world.put(
        institution=Institution(
            slug="campus",
            names=texts(en="Campus University", fi="Kampuksen yliopisto"),
            country="FI",
            domain="campus.example",
            url="https://campus.example/",
            support="help@campus.example",
        ),
        access_point=AccessPoint(
            slug="campus",
            institution="campus",
            key=f"file:{world.folder / 'key.pem'}",
            certificate=f"file:{world.folder / 'certificate.pem'}",
        ),
        binding=AdapterBinding(id="fake", institution="campus", adapter="fake", settings={}),
        service_provider=ServiceProvider(
            institution="campus",
            keys=(world.service_key("first"),),
            descriptions=texts(en="Sends study records abroad", fi="Lähettää opintotietoja"),
            privacy=texts(en="https://campus.example/privacy"),
            attributes=tuple(name for name in AINO if name != "displayName"),
        ),
        login_method=LoginMethod(
            id="federation",
            institution="campus",
            kind="saml",
            names=texts(en="University login"),
            settings={"federations": ["test"], "home_organizations": ["campus.example"]},
        ),
    )


def _client(world: SamlWorld) -> Flask:
    """A client (EMC) on a site of its own."""
    app = Flask("client")

    @app.get("/")
    def start() -> str:
        return (
            f'<form method="post" action="{world.home}/campus/emp">'
            '<input name="sessionId" value="saml-session">'
            f'<input name="returnUrl" value="{world.client}/return"><button>go</button></form>'
        )

    @app.post("/return")
    def back() -> str:
        world.replies.append(request.form.to_dict())
        return '<p id="landed">landed</p>'

    return app
