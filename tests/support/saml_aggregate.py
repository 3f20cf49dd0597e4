"""A federation's operator: signs the metadata of its members, and of universities that do not exist."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from lxml import etree

import saml_issuer

FEDERATION_KEY = "rsa3072:federation"


class Aggregate:
    """A federation's operator: signs the members' metadata and serves it."""

    def __init__(self, members: Callable[[], Sequence[bytes]]) -> None:
        self._members = members
        self.url = ""
        self.served = 0

    def app(self) -> Flask:
        app = Flask("federation")

        @app.get("/metadata.xml")
        def aggregate() -> Any:
            self.served += 1
            return self.document(), 200, {"Content-Type": "application/samlmetadata+xml"}

        return app

    def document(self) -> bytes:
        """Return the signed aggregate: the members of now, and universities that do not exist."""
        namespace = "urn:oasis:names:tc:SAML:2.0:metadata"
        root = etree.Element(f"{{{namespace}}}EntitiesDescriptor", nsmap={"md": namespace})
        root.set("ID", f"_{time.time_ns()}")
        root.set("Name", "urn:example:federation")
        until = datetime.now(UTC) + timedelta(days=5)
        root.set("validUntil", until.strftime("%Y-%m-%dT%H:%M:%SZ"))
        for descriptor in (*self._members(), *(_made_up(n) for n in range(40))):
            root.append(etree.fromstring(descriptor))
        saml_issuer.sign(root, saml_issuer.Signing(key=FEDERATION_KEY))
        return etree.tostring(root)


def _made_up(number: int) -> bytes:
    """A university that nobody can log in at, to be searched among."""
    where = f"https://idp.university-{number}.example"
    return f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
      xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui" entityID="{where}/saml">
    <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="en">Made-up University {number}
      </mdui:DisplayName></mdui:UIInfo></md:Extensions>
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
      {saml_issuer.x509_data("rsa2048:made-up")}</ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
      Location="{where}/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>""".encode()
