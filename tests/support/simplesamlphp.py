"""Starts Debian's SimpleSAMLphp as an identity provider: a party that we did not write.

It runs on PHP's own web server with a configuration in a folder of the test's,
so nothing of the machine's is used or changed. Its settings are files that are
read at each request: what a test changes holds from the next request on.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import saml_issuer
from browsers import free_port

PROGRAM = Path("/usr/share/simplesamlphp")
PATIENCE = 60.0
"""Seconds until a provider that does not answer fails its test."""

PASSWORD = "correct horse"
_URI_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_PARSE = """
require $argv[1] . '/lib/_autoload.php';
$xml = stream_get_contents(STDIN);
SimpleSAML\\Utils\\XML::checkSAMLMessage($xml, 'saml-meta');
$found = [];
foreach (SimpleSAML\\Metadata\\SAMLParser::parseDescriptorsString($xml) as $name => $entity) {
    $found[$name] = $argv[2] === 'sp' ? $entity->getMetadata20SP() : $entity->getMetadata20IdP();
    unset($found[$name]['entityDescriptor']);
}
echo json_encode($found, JSON_THROW_ON_ERROR);
"""


@dataclass(frozen=True)
class Sends:
    """How the provider protects its responses."""

    sign_response: bool = True
    sign_assertion: bool = True
    encrypt: bool = False

    def __str__(self) -> str:
        signed = {
            (True, True): "both signed",
            (True, False): "response signed",
            (False, True): "assertion signed",
            (False, False): "unsigned",
        }[self.sign_response, self.sign_assertion]
        return f"{signed}, encrypted" if self.encrypt else signed


@dataclass
class SimpleSaml:
    """A running SimpleSAMLphp. ``parties`` are service providers as it read their metadata."""

    folder: Path
    origin: str
    users: Mapping[str, Mapping[str, Sequence[str]]]
    names: Mapping[str, str]
    scopes: Sequence[str]
    parties: dict[str, dict[str, Any]] = field(default_factory=dict)
    sends: Sends = field(default_factory=Sends)

    @property
    def entity_id(self) -> str:
        """The provider's entity id, which is its metadata's address."""
        return f"{self.origin}/saml2/idp/metadata.php"

    @property
    def logout_address(self) -> str:
        """Where a person logs out at the provider itself."""
        return f"{self.origin}/saml2/idp/SingleLogoutService.php"

    def metadata(self) -> bytes:
        """Return its entity descriptor, as it publishes it."""
        answer = httpx.get(self.entity_id, trust_env=False, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer.content

    @property
    def discovery_address(self) -> str:
        """Its discovery service (Identity Provider Discovery protocol)."""
        return f"{self.origin}/module.php/saml/disco.php"

    def parse(self, metadata: bytes, role: str = "sp") -> dict[str, dict[str, Any]]:
        """Read metadata with SimpleSAMLphp's own parser and check; ``role`` is ``sp`` or ``idp``."""
        done = subprocess.run(
            ["php", "-r", _PARSE, "--", str(PROGRAM), role],
            input=metadata,
            capture_output=True,
            env=_environment(self.folder),
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return dict(json.loads(done.stdout))

    def accept(self, metadata: bytes) -> None:
        """Let service providers in as their metadata describe them."""
        self.parties |= self.parse(metadata)
        self._write_parties()

    def list_providers(self, *metadata: bytes) -> None:
        """Let its discovery service list these identity providers."""
        found: dict[str, Any] = {}
        for one in metadata:
            found |= self.parse(one, "idp")
        self._write("metadata/saml20-idp-remote", found)

    def send(self, sends: Sends) -> None:
        """Protect responses in that way from now on."""
        self.sends = sends
        self._write_parties()

    def announce_key(self) -> None:
        """Publish a second key, which does not sign yet."""
        _write_key(self.folder / "cert", "new", "rsa2048:simplesamlphp-new")
        self._write_hosted()

    def roll_over(self) -> None:
        """Sign with the second key; the first is published no more."""
        for kind in ("key", "crt"):
            (self.folder / "cert" / f"new.{kind}").rename(self.folder / "cert" / f"idp.{kind}")
        self._write_hosted()

    def start_over(self) -> None:
        """Sign with the first key again, and publish no other."""
        for kind in ("key", "crt"):
            (self.folder / "cert" / f"new.{kind}").unlink(missing_ok=True)
        _write_key(self.folder / "cert", "idp", "rsa2048:simplesamlphp")
        self._write_hosted()

    def log(self) -> str:
        """Return what it wrote down, for a failing test."""
        path = self.folder / "log" / "simplesamlphp.log"
        return path.read_text("utf-8") if path.exists() else ""

    def configure(self) -> None:
        """Write every settings file."""
        for name in ("cert", "log", "data", "temp", "metadata", "sessions"):
            (self.folder / name).mkdir()
        _write_key(self.folder / "cert", "idp", "rsa2048:simplesamlphp")
        salt = base64.b16encode(os.urandom(16)).decode()
        self._write("config", _config(self.folder, self.origin, salt), variable="config")
        people = {f"{name}:{PASSWORD}": attributes for name, attributes in self.users.items()}
        self._write(
            "authsources",
            {"campus": {"0": "exampleauth:UserPass", **people}},
            variable="config",
        )
        self._write_hosted()
        self._write_parties()

    def _write_parties(self) -> None:
        """What is set here goes before what a service provider's metadata ask for."""
        protection = {
            "saml20.sign.response": self.sends.sign_response,
            "saml20.sign.assertion": self.sends.sign_assertion,
            "assertion.encryption": self.sends.encrypt,
        }
        known = {name: {**found, **protection} for name, found in self.parties.items()}
        self._write("metadata/saml20-sp-remote", known)

    def _write_hosted(self) -> None:
        new = (self.folder / "cert" / "new.crt").exists()
        hosted = {
            "host": "__DEFAULT__",
            "privatekey": "idp.key",
            "certificate": "idp.crt",
            **({"new_privatekey": "new.key", "new_certificate": "new.crt"} if new else {}),
            "auth": "campus",
            "attributes.NameFormat": _URI_FORMAT,
            "authproc": {"100": {"class": "core:AttributeMap", "0": "name2oid"}},
            "validate.authnrequest": True,
            "validate.logout": True,
            "sign.logout": True,
            "logouttype": "traditional",
            "scope": list(self.scopes),
            "UIInfo": {"DisplayName": dict(self.names)},
        }
        self._write("metadata/saml20-idp-hosted", {self.entity_id: hosted})

    def _write(self, name: str, values: Mapping[str, Any], variable: str = "metadata") -> None:
        """Write a settings file: PHP that reads the JSON beside it, replaced in one step."""
        data = self.folder / f"{name}.json"
        fresh = data.with_suffix(".new")
        fresh.write_text(json.dumps(values), "utf-8")
        fresh.rename(data)
        code = f"<?php ${variable} = json_decode(file_get_contents('{data}'), true);\n"
        (self.folder / f"{name}.php").write_text(code, "utf-8")


@contextmanager
def running(
    folder: Path,
    users: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    names: Mapping[str, str],
    scopes: Sequence[str],
    host: str = "localhost",
) -> Iterator[SimpleSaml]:
    """Run a provider at ``host`` (a loopback name) until the context ends.

    ``users`` maps login names to attributes by their short names (or full
    ones); everybody's password is ``PASSWORD``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    made = SimpleSaml(folder, f"http://{host}:{port}", users, names, scopes)
    made.configure()
    options = {"session.save_path": folder / "sessions", "opcache.enable_cli": 0}
    command = [
        shutil.which("php") or "php",
        *(part for name, value in options.items() for part in ("-d", f"{name}={value}")),
        "-S",
        f"127.0.0.1:{port}",
        "-t",
        str(PROGRAM / "www"),
    ]
    with (folder / "php.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait(process, made, port)
            yield made
        finally:
            _end(process)


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "SIMPLESAMLPHP_CONFIG_DIR": str(folder),
        "PHP_CLI_SERVER_WORKERS": "2",
    }


def _wait(process: subprocess.Popen[bytes], made: SimpleSaml, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"php did not start: {(made.folder / 'php.log').read_text('utf-8')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and its workers, which are a process group of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


def _config(folder: Path, origin: str, salt: str) -> dict[str, Any]:
    return {
        "baseurlpath": f"{origin}/",
        "certdir": f"{folder}/cert/",
        "loggingdir": f"{folder}/log/",
        "datadir": f"{folder}/data/",
        "tempdir": f"{folder}/temp",
        "metadatadir": f"{folder}/metadata/",
        "attributenamemapdir": f"{PROGRAM}/config/attributemap/",
        "technicalcontact_email": "help@campus.example",
        "timezone": "UTC",
        "secretsalt": salt,
        "auth.adminpassword": salt,
        "trusted.url.domains": [r"(localhost|127\.0\.0\.\d+):\d+"],
        "trusted.url.regex": True,
        "logging.level": 6,
        "logging.handler": "file",
        "showerrors": True,
        "errorreporting": False,
        "enable.saml20-idp": True,
        "module.enable": {"exampleauth": True, "core": True, "saml": True},
        "session.cookie.secure": False,
        "session.cookie.samesite": None,
        "language.cookie.secure": False,
        "language.cookie.samesite": None,
        "store.type": "phpsession",
        "metadata.sources": [{"type": "flatfile"}],
        "authproc.idp": {},
        "idpdisco.layout": "dropdown",
        "production": True,
    }


def _write_key(folder: Path, name: str, key: str) -> None:
    (folder / f"{name}.key").write_bytes(saml_issuer.private_pem(key))
    certificate = ssl.DER_cert_to_PEM_cert(saml_issuer.certificate(key))
    (folder / f"{name}.crt").write_text(certificate, "ascii")
