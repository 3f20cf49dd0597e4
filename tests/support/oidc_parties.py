"""The gateway and npm's ``oidc-provider``, which know each other as their strictest settings want it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

import node_oidc
from emrex_gateway.domain import LoginMethod, texts
from saml_people import ESI
from saml_student import Student
from saml_world import SamlWorld, saml_world

KEY = ECKey.generate_key("P-256", {"kid": "gateway"})
ACCOUNTS = {
    "aino": {
        "given_name": "Aino Ääni",
        "family_name": "Esimerkki",
        "birthdate": "1999-05-17",
        "schac_personal_unique_code": [ESI],
        "schac_home_organization": "campus.example",
        "eduperson_principal_name": "aino@campus.example",
    }
}
METHOD = "campus-oidc"


@dataclass
class OidcParties:
    """Both parties. ``issuer`` is the provider's."""

    world: SamlWorld
    issuer: str

    def student(self) -> OidcStudent:
        """Return a browser that nobody has used."""
        return OidcStudent(self.world)


class OidcStudent(Student):
    """Walks through the provider's pages."""

    def choose(self) -> OidcStudent:
        """Take the only way to log in; leads to the provider's page."""
        self.get(self.link("//*[@data-step='login-methods']//a"))
        return self

    def log_in(self, login: str = "aino") -> OidcStudent:
        """Give a password, and agree to what the provider asks."""
        for _ in range(3):
            if not self.url.startswith("http://localhost"):
                return self
            asked = (
                {"login": login, "password": "any"} if self.has("//input[@name='login']") else {}
            )
            self.submit("//form[.//input[@name='prompt']]", **asked)
        return self

    def to_selection(self) -> OidcStudent:
        """All the way to the records."""
        self.enter()
        self.choose().log_in().wait_for("select")
        return self


def client(world: SamlWorld) -> dict[str, Any]:
    """How the provider knows the gateway: nothing but pushed, signed requests, and keys."""
    public = {**KEY.as_dict(private=False), "use": "sig", "alg": "ES256"}
    return {
        "client_id": "gateway",
        "redirect_uris": [f"{world.home}/campus/callback", f"{world.home}/admin/login/callback"],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "request_object_signing_alg": "ES256",
        "require_signed_request_object": True,
        "require_pushed_authorization_requests": True,
        "post_logout_redirect_uris": [f"{world.home}/campus/logged-out"],
        "backchannel_logout_uri": f"{world.home}/op/{METHOD}/logout",
        "backchannel_logout_session_required": True,
        "jwks": {"keys": [public]},
    }


@contextmanager
def oidc_parties(folder: Path, cache: Path) -> Iterator[OidcParties]:
    """Run both until the context ends; ``cache`` holds the provider's packages."""
    with saml_world(folder) as world:
        (folder / "client.pem").write_bytes(KEY.as_pem(private=True))
        with node_oidc.running(
            node_oidc.install(cache), [client(world)], ACCOUNTS, host="localhost"
        ) as issuer:
            world.put(
                login_method=LoginMethod(
                    id=METHOD,
                    institution="campus",
                    kind="oidc",
                    names=texts(en="Campus account"),
                    settings={
                        "issuer": issuer,
                        "client_id": "gateway",
                        "private_key": f"file:{folder / 'client.pem'}",
                        "key_id": "gateway",
                        "request_object": True,
                    },
                )
            )
            world.disable("federation")
            yield OidcParties(world, issuer)
