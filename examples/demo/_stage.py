"""Makes the demonstration's folder: secrets, keys, settings and the institutions' file, new at each start."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from examples.demo._elsewhere import ELSEWHERE
from examples.demo._keys import DemoAuthority, KeyFiles, payload_key, write_secret
from examples.demo._places import Places

ROOT = Path(__file__).resolve().parents[2]
EMREG_PATH, CATALOGUE_PATH = "/emreg/list", "/ewp/catalogue-v1.xml"
"""Where *abroad* serves the network's two lists."""
POINTS = {
    "campus": "Campus University",
    "virta": "VIRTA, national data (Finland)",
    "abroad": "Abroad University",
}
"""The data access points' slugs and names; each has a key of its own."""
SECRETS = (
    *("peppi-api-key", "virta-password", "campus-session", "abroad-api-key", "campus-webhook"),
    *("oidc-client", "oidc-second", "oidc-abroad", "oidc-administrators"),
)
REFERENCES = {"DEMO_VIRTA_PASSWORD": "virta-password", "DEMO_SECOND_CLIENT": "oidc-second"}
"""Secrets that the gateway's processes have in their environment: ``env:`` references for a newcomer."""
LOGIN_KEYS = ("home", "federation", "service-provider")
OIDC_CLIENT = "emrex-gateway"
SECOND = "second"
"""The slug of the institution that a newcomer sets up: the login service knows its address already."""
SECOND_CLIENT, ADMIN_CLIENT = "emrex-second", "emrex-administrators"
ABROAD_CLIENT, ABROAD_DOMAIN = "emrex-abroad", "abroad.example"
VIRTA_SYSTEM, VIRTA_CALLER = "emrex-gateway", "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything is. Secrets stand in files that only we can read."""

    folder: Path
    places: Places
    keys: dict[str, KeyFiles]
    """By access point, and those of the login: the provider's, the federation's, ours there."""

    def secret(self, name: str) -> Path:
        """The file of a secret."""
        return self.folder / "secrets" / name

    @property
    def settings_file(self) -> Path:
        """The stand-alone gateway's and the workers' settings."""
        return self.folder / "gateway.toml"

    @property
    def institutions_file(self) -> Path:
        """What ``emrex-gateway apply`` reads."""
        return self.folder / "institutions.toml"

    @property
    def parties_file(self) -> Path:
        """What the parties' processes read."""
        return self.folder / "parties.json"

    def gateway_url(self, party: str) -> str:
        """Where a gateway is mounted: at *campus* within the host, elsewhere on its own."""
        return f"{self.places.url(party)}/emrex"

    def entry_url(self, point: str) -> str:
        """The address that a registry would list for a data access point."""
        return f"{self.gateway_url('campus' if point == 'campus' else 'gateway')}/{point}/emp"


def clear(places: Places) -> Path:
    """Remove what a demonstration at this port left; returns its folder's place."""
    folder = ROOT / ".demo" / str(places.port)
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def prepare(places: Places) -> Stage:
    """Clear and fill the demonstration's folder."""
    folder = clear(places)
    folder.mkdir(parents=True, mode=0o700)
    for name in ("secrets", "signing", "heads"):
        (folder / name).mkdir(mode=0o700)
    authority = DemoAuthority(folder / "keys")
    stage = Stage(
        folder=folder,
        places=places,
        keys={name: authority.issue(name) for name in (*POINTS, *LOGIN_KEYS)},
    )
    for one in ELSEWHERE:
        authority.issue(one.slug, elliptic=True)
    write_secret(stage.secret("payload-key"), payload_key())
    for name in SECRETS:
        # In URL-safe base64 and, without those two letters, in the standard one too.
        value = secrets.token_urlsafe(24).replace("-", "A").replace("_", "B")
        write_secret(stage.secret(name), value.encode())
    return stage


def settings(stage: Stage, party: str, redis_url_file: Path) -> dict[str, object]:
    """The gateway's settings at a party, as ``emrex_gateway.settings`` names them."""
    return {
        "public_url": stage.gateway_url(party),
        # Tests run the whole demonstration on PostgreSQL too.
        "database_url": os.environ.get("GATEWAY_DEMO_DATABASE")
        or f"sqlite:///{stage.folder / 'emrex.sqlite3'}",
        "redis_url": f"file:{redis_url_file}",
        "payload_keys": [f"file:{stage.secret('payload-key')}"],
        "key_directory": str(stage.folder / "signing"),
        "audit_heads": str(stage.folder / "heads" / "audit-heads.jsonl"),
        "emreg_url": stage.places.url("abroad") + EMREG_PATH,
        "ewp_catalogue_url": stage.places.url("abroad") + CATALOGUE_PATH,
        "demo": True,
        "http_on_loopback": True,
    }


def write_toml(path: Path, values: dict[str, object]) -> None:
    """Write a flat table; JSON's strings, numbers, booleans and lists are TOML's too."""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    path.write_text("\n".join(lines) + "\n", "utf-8")
