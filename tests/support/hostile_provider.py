"""A fake OpenID provider of our own that answers correctly, except where a test tells it otherwise."""

from __future__ import annotations

import hmac
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import RSAKey

KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "other", "use": "sig"})
ACCESS_TOKEN = "an-access-token"

Json = dict[str, Any]


@dataclass
class Reply:
    """What goes over the wire; ``drip`` sends the body one byte at a time, waiting between."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: bool = False


def document(value: object, **more: Any) -> Reply:
    """A JSON answer."""
    return Reply(json.dumps(value).encode(), headers={"Content-Type": "application/json"}, **more)


def b64(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def half_hash(text: str) -> str:
    """``at_hash`` for SHA-256 (OpenID Connect Core 1.0, section 3.1.3.6)."""
    return b64(sha256(text.encode()).digest()[:16])


class FakeProvider:
    """Answers in order; each step can be replaced or changed by a test.

    ``nonce`` is told by the test (there is no authorization page). The
    ``change_*`` functions receive what would be sent and return what is sent.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.nonce = ""
        self.now: Callable[[], int] = lambda: int(time.time())
        self.keys: list[Json] = [KEY.as_dict(private=False)]
        self.seen: list[str] = []
        self.forms: list[str] = []
        self.authorizations: list[str] = []
        self.sign: Callable[[Json], str] = self.signed
        self.change_metadata: Callable[[Json], Json] = lambda m: m
        self.change_claims: Callable[[Json], Json] = lambda c: c
        self.change_tokens: Callable[[Json], Json] = lambda t: t
        self.change_userinfo: Callable[[Json], Json] = lambda u: u
        self.replies: dict[str, Callable[[], Reply]] = {
            "/.well-known/openid-configuration": lambda: document(self.metadata()),
            "/jwks": lambda: document({"keys": self.keys}),
            "/token": lambda: document(self.tokens()),
            "/userinfo": lambda: document(self.userinfo()),
            "/par": lambda: document(
                {"request_uri": "urn:ietf:params:oauth:request_uri:17", "expires_in": 60},
                status=201,
            ),
        }

    def metadata(self) -> Json:
        """The discovery document."""
        return self.change_metadata(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                # A provider that lists everything: the gateway has a list of its own.
                "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
            }
        )

    def claims(self) -> Json:
        """The ID token's claims."""
        now = self.now()
        claims = {
            "iss": self.issuer,
            "sub": "aino",
            "aud": "gateway",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "at_hash": half_hash(ACCESS_TOKEN),
            "given_name": "Aino",
        }
        return self.change_claims(claims)

    def logout_claims(self, **changes: Any) -> Json:
        """A good logout token's claims, changed; ``None`` takes one out."""
        now = self.now()
        claims = {
            "iss": self.issuer,
            "aud": "gateway",
            "iat": now,
            "exp": now + 120,
            "jti": f"logout-{now}",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sub": "aino",
            "sid": "session-17",
        }
        return {k: v for k, v in {**claims, **changes}.items() if v is not None}

    def tokens(self) -> Json:
        """The token endpoint's answer."""
        tokens = {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.sign(self.claims()),
        }
        return self.change_tokens(tokens)

    def userinfo(self) -> Json:
        """The userinfo endpoint's answer."""
        return self.change_userinfo({"sub": "aino", "family_name": "Esimerkki"})

    def signed(self, claims: Json, key: RSAKey = KEY, **header: Any) -> str:
        """Sign as a good provider does."""
        return jwt.encode({"alg": "RS256", "kid": key.kid, **header}, claims, key)

    def signed_by_hand(self, claims: Json, **header: Any) -> str:
        """Sign with RS256, but with any header, and no key id unless given."""
        head = b64(json.dumps({"alg": "RS256", **header}).encode())
        body = f"{head}.{b64(json.dumps(claims).encode())}"
        key = KEY.private_key
        assert key is not None
        return f"{body}.{b64(key.sign(body.encode(), PKCS1v15(), SHA256()))}"

    def unsigned(self, claims: Json) -> str:
        """``alg: none``."""
        head = b64(json.dumps({"alg": "none", "kid": "first"}).encode())
        return f"{head}.{b64(json.dumps(claims).encode())}."

    def signed_with_public_key(self, claims: Json) -> str:
        """HS256 with the public key's PEM as secret: the confusion of RFC 8725 section 2.1."""
        head = b64(json.dumps({"alg": "HS256", "kid": "first"}).encode())
        body = f"{head}.{b64(json.dumps(claims).encode())}"
        mac = hmac.digest(KEY.as_pem(private=False), body.encode(), "sha256")
        return f"{body}.{b64(mac)}"


@contextmanager
def serving(wrap: Callable[[ThreadingHTTPServer], str] | None = None) -> Iterator[FakeProvider]:
    """Run a fake provider on a loopback port; ``wrap`` may put TLS on it and name its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    address = wrap(server) if wrap else f"http://127.0.0.1:{server.server_port}"
    fake = FakeProvider(address)
    server.fake = fake  # type: ignore[attr-defined] # the handler's only way to its provider
    server.closing = threading.Event()  # type: ignore[attr-defined] # as above
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield fake
    finally:
        server.closing.set()  # type: ignore[attr-defined] # as above
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        fake: FakeProvider = self.server.fake
        path = self.path.partition("?")[0]
        fake.seen.append(path)
        reply = fake.replies.get(path, lambda: Reply(status=404))()
        try:
            self._send(reply)
        except OSError:
            self.close_connection = True

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        self.server.fake.forms.append(self.rfile.read(length).decode())
        self.server.fake.authorizations.append(self.headers.get("Authorization", ""))
        self.do_GET()

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Transfer-Encoding" not in reply.headers:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if not reply.drip:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.closing.wait(0.01):
                return

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
