"""The parties' WSGI applications, as gunicorn imports them: ``examples.demo._wsgi:campus()``."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from examples.demo._places import HOSTS
from examples.demo._stage import (
    ABROAD_CLIENT,
    ADMIN_CLIENT,
    OIDC_CLIENT,
    POINTS,
    SECOND,
    SECOND_CLIENT,
    VIRTA_CALLER,
    VIRTA_SYSTEM,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Each function imports its own party only: no process holds more than it serves.
# ruff: noqa: PLC0415


def _parties() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(os.environ["GATEWAY_DEMO_PARTIES"]).read_text("utf-8"))
    return found


def _secret(parties: dict[str, Any], name: str) -> str:
    return (Path(parties["folder"]) / "secrets" / name).read_text("utf-8")


def _url(parties: dict[str, Any], party: str, which: int = 0) -> str:
    return f"http://{HOSTS[party][which]}:{parties['port']}"


def campus() -> WSGIApplication:
    """The study administration system, with the gateway embedded."""
    from examples.campus import make_app

    parties = _parties()
    settings = tomllib.loads((Path(parties["folder"]) / "campus.toml").read_text("utf-8"))
    return make_app(
        {
            **{f"EMREX_{name.upper()}": value for name, value in settings.items()},
            "SECRET_KEY": _secret(parties, "campus-session"),
            "CAMPUS_API_KEY": _secret(parties, "peppi-api-key"),
            "CAMPUS_ACCESS_POINT": "campus",
            "CAMPUS_WEBHOOK_URL": f"{settings['public_url']}/campus/recognition",
            "CAMPUS_WEBHOOK_SECRET": _secret(parties, "campus-webhook"),
        }
    )


def virta() -> WSGIApplication:
    """VIRTA's simulator."""
    from examples.virta_simulator import Credentials, make_app

    parties = _parties()
    return make_app(
        credentials=Credentials(
            system=VIRTA_SYSTEM, caller=VIRTA_CALLER, secret=_secret(parties, "virta-password")
        )
    )


def provider() -> WSGIApplication:
    """The OpenID provider."""
    from examples.openid_provider import (
        ABROAD_STUDENTS,
        DEMO_STAFF,
        DEMO_STUDENTS,
        Client,
        make_app,
    )

    parties = _parties()
    gateway = f"{_url(parties, 'gateway')}/emrex"

    def client(id_: str, secret: str, place: str, *callbacks: str) -> Client:
        return Client(
            id=id_,
            secret=_secret(parties, secret),
            redirect_uris=frozenset(f"{gateway}/{place}/{callback}" for callback in callbacks),
            post_logout_redirect_uris=frozenset({f"{gateway}/{place}/logged-out"}),
        )

    clients = [
        client(OIDC_CLIENT, "oidc-client", "virta", "callback", "my-data/callback"),
        client(SECOND_CLIENT, "oidc-second", SECOND, "callback", "my-data/callback"),
        client(ABROAD_CLIENT, "oidc-abroad", "abroad", "callback", "my-data/callback"),
        client(ADMIN_CLIENT, "oidc-administrators", "admin", "login/callback"),
    ]
    people = (*DEMO_STUDENTS, *ABROAD_STUDENTS, *DEMO_STAFF)
    return make_app(clients, people, _url(parties, "provider"))


def home() -> WSGIApplication:
    """The SAML identity provider, and the made-up federation around it."""
    from examples.demo._people import saml_people
    from examples.saml_provider import KeyPair, SamlProviderConfig, make_app

    parties = _parties()
    keys = Path(parties["folder"]) / "keys"

    def pair(name: str) -> KeyPair:
        return KeyPair(
            key=(keys / f"{name}.key").read_bytes(),
            certificate=(keys / f"{name}.pem").read_bytes(),
        )

    return make_app(
        SamlProviderConfig(
            url=_url(parties, "home"),
            keys=pair("home"),
            federation_keys=pair("federation"),
            service_provider=f"{_url(parties, 'gateway')}/emrex/sp/virta/metadata",
            people=saml_people(),
        )
    )


def authority() -> WSGIApplication:
    """The certificate authority."""
    from examples.certificate_authority import Authority, make_app

    keys = Path(_parties()["folder"]) / "keys"
    return make_app(
        Authority(
            key=(keys / "authority.key").read_bytes(),
            certificate=(keys / "authority.pem").read_bytes(),
        )
    )


def abroad() -> WSGIApplication:
    """The foreign university: its client, its student register, and both registries' lists."""
    from examples.abroad import AbroadConfig, PointChoice, make_app
    from examples.demo._elsewhere import listed

    parties = _parties()
    keys = Path(parties["folder"]) / "keys"
    points = tuple(
        PointChoice(
            slug=point,
            name=name,
            url=parties["entries"][point],
            certificates=((keys / f"{point}.pem").read_bytes(),),
        )
        for point, name in POINTS.items()
        if point != "abroad"
    )
    return make_app(
        AbroadConfig(
            public_url=_url(parties, "abroad"),
            points=points,
            third_origin=_url(parties, "abroad", 1),
            register_key=_secret(parties, "abroad-api-key"),
            listed=listed(keys, _url(parties, "elsewhere"), parties["entries"]),
        )
    )


def elsewhere() -> WSGIApplication:
    """Simulated providers in other countries."""
    from examples.demo._elsewhere import simulator
    from examples.emp_simulator import make_app

    parties = _parties()
    keys = Path(parties["folder"]) / "keys"
    return make_app(simulator(keys, _url(parties, "elsewhere")))
