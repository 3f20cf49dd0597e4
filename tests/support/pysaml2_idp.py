"""An identity provider out of pysaml2's own classes: a second party that we did not write.

pysaml2 reads our metadata, checks our requests' signatures and makes the
messages (with Debian's ``xmlsec1``); only the pages around it are this file's.
pysaml2 encrypts with Triple DES and offers no setting: ``cipher`` replaces that
one choice, and ``None`` leaves it.
"""

from __future__ import annotations

import html
import secrets
import shutil
import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, abort, make_response, redirect, request
from flask.typing import ResponseReturnValue

import saml_issuer
from browsers import free_port, served
from simplesamlphp import PASSWORD, Sends

with warnings.catch_warnings():
    # pysaml2 names a cipher's mode, unused here, that cryptography is about to move.
    warnings.simplefilter("ignore")
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
    from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
    from saml2.config import IdPConfig
    from saml2.metadata import entity_descriptor
    from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_TRANSIENT, NameID
    from saml2.samlp import STATUS_AUTHN_FAILED
    from saml2.server import Server
    from saml2.sigver import get_pem_wrapped_unwrapped, make_temp, pre_encryption_part
    from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

CIPHERS = {
    "aes-128-gcm": "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "aes-256-gcm": "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "aes-256-cbc": "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
}
_ERROR_URL = "https://help.example/refused?code=ERRORURL_CODE&sp=ERRORURL_RP"


class _Provider(Server):  # type: ignore[misc]  # pysaml2 has no types
    """pysaml2's provider with another cipher than Triple DES."""

    cipher: str | None = "aes-256-gcm"

    def _encrypt_assertion(
        self, encrypt_cert: Any, sp_entity_id: str, response: Any, node_xpath: str | None = None
    ) -> Any:
        if self.cipher is None:
            return super()._encrypt_assertion(encrypt_cert, sp_entity_id, response, node_xpath)
        named = self.metadata.certs(sp_entity_id, "any", "encryption")[0]
        wrapped, bare = get_pem_wrapped_unwrapped(named[1])
        template = pre_encryption_part(msg_enc=CIPHERS[self.cipher], encrypt_cert=bare)
        size = self.cipher.split("-")[1]
        with make_temp(wrapped.encode("ascii"), decode=False) as certificate:
            return self.sec.encrypt_assertion(
                response, certificate.name, template, f"aes-{size}", node_xpath
            )


@dataclass(frozen=True)
class Login:
    """Somebody's login at one service provider, as logout must repeat it."""

    party: str
    name_id: NameID
    session_index: str


class Pysaml2Idp:
    """A running provider. What a test sets on it holds from the next request on."""

    def __init__(
        self,
        folder: Path,
        origin: str,
        users: Mapping[str, Mapping[str, Sequence[str]]],
        *,
        names: Mapping[str, str],
        scopes: Sequence[str],
    ) -> None:
        self.origin = origin
        self.entity_id = f"{origin}/metadata"
        self.sends = Sends()
        self.cipher: str | None = "aes-256-gcm"
        self.key = "rsa2048:pysaml2"
        self.withheld: frozenset[str] = frozenset()
        self.logins: dict[str, list[Login]] = {}
        """By the browser's cookie."""
        self.logged_out: list[str] = []
        """Service providers that ended a session here."""
        self.answers: list[str] = []
        """Status codes of what service providers answered to our logout requests."""
        self._folder = folder
        self._users = users
        self._names = names
        self._scopes = scopes
        self._parties: list[str] = []

    def accept(self, metadata: bytes) -> None:
        """Let a service provider in as its metadata describe it, in place of any before."""
        self._parties = [metadata.decode()]

    def metadata(self) -> bytes:
        """Return its entity descriptor, as pysaml2 writes it."""
        return str(entity_descriptor(self._config())).encode()

    def server(self) -> _Provider:
        """Return pysaml2's provider with the settings of now."""
        made = _Provider(config=self._config())
        made.cipher = self.cipher
        return made

    def app(self) -> Flask:
        """Make the pages."""
        app = Flask("pysaml2-idp")
        app.add_url_rule("/sso", view_func=self._sso)
        app.add_url_rule("/login", view_func=self._login, methods=["POST"])
        app.add_url_rule("/slo", view_func=self._slo)
        app.add_url_rule("/leave", view_func=self._leave)
        return app

    def _config(self) -> IdPConfig:
        self._folder.mkdir(exist_ok=True)
        key, certificate = (self._folder / f"idp.{kind}" for kind in ("key", "crt"))
        key.write_bytes(saml_issuer.private_pem(self.key))
        certificate.write_text(ssl.DER_cert_to_PEM_cert(saml_issuer.certificate(self.key)))
        single = {
            "single_sign_on_service": [(f"{self.origin}/sso", BINDING_HTTP_REDIRECT)],
            "single_logout_service": [(f"{self.origin}/slo", BINDING_HTTP_REDIRECT)],
        }
        names = [{"text": text, "lang": language} for language, text in self._names.items()]
        release = {
            "lifetime": {"minutes": 5},
            "attribute_restrictions": None,
            "name_form": NAME_FORMAT_URI,
            "fail_on_missing_requested": False,
            "nameid_format": NAMEID_FORMAT_TRANSIENT,
        }
        return IdPConfig().load(
            {
                "entityid": self.entity_id,
                "key_file": str(key),
                "cert_file": str(certificate),
                "xmlsec_binary": shutil.which("xmlsec1"),
                "metadata": {"inline": self._parties},
                "service": {
                    "idp": {
                        "endpoints": single,
                        "policy": {"default": release},
                        "name_id_format": [NAMEID_FORMAT_TRANSIENT],
                        "want_authn_requests_signed": True,
                        "scope": list(self._scopes),
                        "ui_info": {"display_name": names},
                        "error_url": _ERROR_URL,
                    }
                },
            }
        )

    def _sso(self) -> ResponseReturnValue:
        """Check the request as pysaml2 does, and ask for a password."""
        _parsed(self.server().parse_authn_request)
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in request.args.items()
        )
        return (
            f'<form method="post" action="/login">{fields}<input name="username">'
            '<input name="password" type="password"><button>Log in</button>'
            '<button name="refuse" value="yes">I do not want to</button></form>'
        )

    def _login(self) -> ResponseReturnValue:
        """Answer the request."""
        server, name = self.server(), request.form["username"]
        asked = _parsed(server.parse_authn_request).message
        if request.form["password"] != PASSWORD or name not in self._users:
            abort(403)
        where = server.response_args(asked, bindings=[BINDING_HTTP_POST])
        if "refuse" in request.form:
            return self._refuse(server, where)
        name_id = NameID(
            text=secrets.token_hex(16),
            format=NAMEID_FORMAT_TRANSIENT,
            name_qualifier=self.entity_id,
            sp_name_qualifier=where["sp_entity_id"],
        )
        person = {k: list(v) for k, v in self._users[name].items() if k not in self.withheld}
        message = server.create_authn_response(
            person,
            where["in_response_to"],
            where["destination"],
            where["sp_entity_id"],
            name_id=name_id,
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": self.entity_id},
            sign_response=self.sends.sign_response,
            sign_assertion=self.sends.sign_assertion,
            encrypt_assertion=self.sends.encrypt,
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
        )
        index = _session_index(server, message, name_id)
        answer = make_response(_posted(server, message, where["destination"]))
        browser = request.cookies.get("idp") or secrets.token_hex(16)
        self.logins.setdefault(browser, []).append(Login(where["sp_entity_id"], name_id, index))
        answer.set_cookie("idp", browser, httponly=True, samesite="Lax")
        return answer

    def _refuse(self, server: _Provider, where: Mapping[str, Any]) -> ResponseReturnValue:
        """Say, signed, that the person did not log in."""
        message = server.create_error_response(
            where["in_response_to"],
            where["destination"],
            (STATUS_AUTHN_FAILED, "The person did not want to"),
            sign=True,
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
        )
        return _posted(server, message, where["destination"])

    def _slo(self) -> ResponseReturnValue:
        """A service provider's logout request, or its answer to ours."""
        server = self.server()
        if "SAMLResponse" in request.args:
            found = server.parse_logout_request_response(
                request.args["SAMLResponse"], BINDING_HTTP_REDIRECT
            )
            self.answers.append(found.response.status.status_code.value)
            return '<p id="out">Logged out</p>'
        asked = _parsed(server.parse_logout_request).message
        mine = self.logins.pop(request.cookies.get("idp", ""), [])
        assert asked.name_id.text in {login.name_id.text for login in mine}
        self.logged_out.append(asked.issuer.text)
        where = server.response_args(asked, bindings=[BINDING_HTTP_REDIRECT])
        message = server.create_logout_response(asked, [BINDING_HTTP_REDIRECT], sign=False)
        return self._send(server, message, where["destination"], response=True)

    def _leave(self) -> ResponseReturnValue:
        """The person logs out here: tell the service provider."""
        server = self.server()
        login = self.logins.pop(request.cookies.get("idp", ""))[-1]
        services = server.metadata.single_logout_service(
            login.party, BINDING_HTTP_REDIRECT, "spsso"
        )
        address = services[0]["location"]
        _, message = server.create_logout_request(
            address,
            login.party,
            name_id=login.name_id,
            session_indexes=[login.session_index],
            sign=False,
        )
        return self._send(server, message, address, response=False)

    def _send(
        self, server: _Provider, message: Any, address: str, *, response: bool
    ) -> ResponseReturnValue:
        made = server.apply_binding(
            BINDING_HTTP_REDIRECT,
            str(message),
            address,
            request.args.get("RelayState", ""),
            response=response,
            sign=True,
            sigalg=SIG_RSA_SHA256,
        )
        return redirect(dict(made["headers"])["Location"], 303)


@contextmanager
def running(
    folder: Path,
    users: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    names: Mapping[str, str],
    scopes: Sequence[str],
    host: str = "localhost",
) -> Iterator[Pysaml2Idp]:
    """Run a provider at ``host`` (a loopback name) until the context ends."""
    port = free_port()
    made = Pysaml2Idp(folder, f"http://{host}:{port}", users, names=names, scopes=scopes)
    with served(made.app(), "127.0.0.1", port):
        yield made


def _parsed(parse: Any) -> Any:
    """Read the redirect's message, of which pysaml2 requires and checks the signature."""
    given = request.values
    found = parse(
        given["SAMLRequest"],
        BINDING_HTTP_REDIRECT,
        relay_state=given.get("RelayState"),
        sigalg=given.get("SigAlg"),
        signature=given.get("Signature"),
    )
    assert found is not None
    return found


def _posted(server: _Provider, message: Any, address: str) -> str:
    """Return the page that posts a response."""
    relay = request.form.get("RelayState", "")
    made = server.apply_binding(BINDING_HTTP_POST, str(message), address, relay, response=True)
    return str(made["data"])


def _session_index(server: _Provider, message: Any, name_id: NameID) -> str:
    """Return the session index that pysaml2 gave to this login."""
    statements = server.session_db.get_authn_statements(name_id)
    return str(statements[0][0].session_index)
