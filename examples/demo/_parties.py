"""Starts the parties in their order, and says where they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import httpx

from examples import campus, openid_provider
from examples.demo._institutions import institutions
from examples.demo._keys import write_secret
from examples.demo._people import Person, people
from examples.demo._processes import Programs, StartError
from examples.demo._redis import start_redis, waiting_workers
from examples.demo._stage import POINTS, REFERENCES, ROOT, Stage, settings, write_toml

GUNICORN = ("-m", "gunicorn", "--no-control-socket", "--worker-class", "gthread")
START_PATIENCE = 60.0
"""Seconds that everything together may take to answer."""
WORKERS = {"fetch-1": "fetch", "fetch-2": "fetch", "sign": "sign", "metadata": "metadata"}
"""Two fetch, so that a system that hangs for one student does not keep the next one waiting."""
ABOUT = {
    "campus": "Campus: a study administration system with the gateway embedded; start an import here",
    "abroad": "Abroad: a foreign university's client; start an export here",
    "gateway": "the gateway on its own: the data access points of VIRTA and of Abroad",
    "home": "a home university's SAML login, and a made-up federation",
    "provider": "another login service of VIRTA's students (OpenID Connect)",
    "virta": "VIRTA's simulator (SOAP)",
    "authority": "a made-up certificate authority: paste a signing request",
    "elsewhere": "simulated providers in other countries, to import from",
}
READY = {
    "campus": "/emrex/health/ready",
    "gateway": "/emrex/health/ready",
    "provider": "/.well-known/openid-configuration",
    "home": "/federation",
    "virta": "/luku/OpiskelijanTiedot",
    "abroad": "/",
    "authority": "/authority.pem",
    "elsewhere": "/",
}
ASKED = {"campus": "/", "abroad": "/", "virta": READY["virta"], "home": READY["home"]}


OPERATOR, OFFICER = openid_provider.DEMO_STAFF
RULES = (
    ("--value", openid_provider.OPERATORS, "--role", "operator"),
    ("--value", openid_provider.OFFICERS, "--role", "officer", "--institution", "campus"),
)
"""Which groups of the staff give which role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a person, or a test, needs to know."""

    addresses: dict[str, str]
    entries: dict[str, str]
    students: tuple[Person, ...]
    folder: str
    administration: str
    received: str
    office: str
    verify: str

    def as_json(self) -> dict[str, object]:
        """One object for programs."""
        return {
            "addresses": self.addresses,
            "access_points": self.entries,
            "students": [person.as_json() for person in self.students],
            "administration": {
                "address": self.administration,
                "user": OPERATOR.user,
                "password": OPERATOR.password,
            },
            "received": {
                "address": self.received,
                "user": OFFICER.user,
                "password": OFFICER.password,
            },
            "office": {
                "address": self.office,
                "user": campus.DEMO_OFFICER.user,
                "password": campus.DEMO_OFFICER.password,
            },
            "verify": self.verify,
            "folder": self.folder,
        }

    def lines(self) -> list[str]:
        """A line each for people."""
        found = [f"{url}/  {ABOUT[party]}" for party, url in self.addresses.items()]
        found += [f"{url}  data access point {point!r}" for point, url in self.entries.items()]
        found += [
            f"{self.administration}  the administrator's pages;"
            f" operator {OPERATOR.user}, password {OPERATOR.password}, by the example login",
            f"{self.received}  whose records are these? An officer decides in doubt:"
            f" {OFFICER.user}, password {OFFICER.password}, by the example login",
            f"{self.office}  campus decides what counts: {campus.DEMO_OFFICER.user},"
            f" password {campus.DEMO_OFFICER.password}",
            f"{self.verify}  anybody checks a signed file here",
        ]
        return found + [person.line() for person in self.students]


def announce(stage: Stage) -> Announcement:
    """Collect the addresses and the students."""
    return Announcement(
        addresses={party: stage.places.url(party) for party in ABOUT},
        entries={point: stage.entry_url(point) for point in POINTS},
        students=people(),
        folder=str(stage.folder),
        administration=f"{stage.gateway_url('gateway')}/admin/",
        received=f"{stage.gateway_url('gateway')}/admin/received",
        office=f"{stage.places.url('campus')}/office/applications",
        verify=f"{stage.gateway_url('gateway')}/verify",
    )


def start_parties(stage: Stage, programs: Programs) -> None:
    """Start everything and wait until it answers. Raises ``StartError``."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("EMREX_")}
    environ["PYTHONUNBUFFERED"] = "1"
    environ |= {name: stage.secret(file).read_text("utf-8") for name, file in REFERENCES.items()}
    server = start_redis(programs, stage.folder / "redis", environ)
    redis_url = write_secret(stage.secret("redis-url"), server.url.encode())
    write_toml(stage.settings_file, settings(stage, "gateway", redis_url))
    write_toml(stage.folder / "campus.toml", settings(stage, "campus", redis_url))
    environ["EMREX_SETTINGS"] = str(stage.settings_file)
    stage.institutions_file.write_text(institutions(stage), "utf-8")
    stage.parties_file.write_text(
        json.dumps(
            {
                "folder": str(stage.folder),
                "port": stage.places.port,
                "entries": {point: stage.entry_url(point) for point in POINTS},
            }
        ),
        "utf-8",
    )
    for party in READY:
        _serve(party, stage, programs, environ)
    _await(stage, programs, ASKED)  # apply asks the systems behind the adapters, refresh the lists
    _commands(
        environ,
        ("apply", str(stage.institutions_file)),
        *(
            ("admin", "rules", "add", "--method", "virta-administrators", "--kind", "group", *rule)
            for rule in RULES
        ),
        ("metadata", "refresh"),
        ("registry", "refresh"),
    )
    for name, queue in WORKERS.items():
        command = [sys.executable, "-m", "emrex_gateway", "worker", "--queue", queue]
        programs.start(f"worker-{name}", command, environ, folder=ROOT)
    _await(stage, programs, READY)
    _until(programs, lambda: waiting_workers(server) == len(WORKERS), "the workers do not start")


def _serve(party: str, stage: Stage, programs: Programs, environ: dict[str, str]) -> None:
    listening = [entry.fileno() for entry in stage.places.sockets[party]]
    command = [sys.executable, *GUNICORN, "--threads", "8", "--graceful-timeout", "3"]
    for number in listening:
        command += ["--bind", f"fd://{number}"]
    app = "wsgi:app" if party == "gateway" else f"examples.demo._wsgi:{party}()"
    own = dict(environ)
    if party != "gateway":
        own["GATEWAY_DEMO_PARTIES"] = str(stage.parties_file)
        del own["EMREX_SETTINGS"]
    programs.start(party, [*command, app], own, folder=ROOT, sockets=listening)


def _commands(environ: dict[str, str], *commands: Sequence[str]) -> None:
    """Run some of the gateway's own commands to their end, one after the other."""
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo._commands"],
        cwd=ROOT,
        env=environ,
        input=json.dumps(commands).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        raise StartError(said[-1] if said else "the gateway's commands failed and say nothing")


def _await(stage: Stage, programs: Programs, ready: Mapping[str, str]) -> None:
    """Wait until every party of a table answers."""
    with httpx.Client(trust_env=False, timeout=START_PATIENCE) as client:
        for party, path in ready.items():
            url = stage.places.url(party) + path
            _until(programs, partial(_answers, client, url), f"{party} does not answer")


def _until(programs: Programs, ready: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while not ready():
        if fallen := programs.fallen():
            raise StartError(fallen)
        if time.monotonic() > deadline:
            raise StartError(otherwise)
        time.sleep(0.1)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.HTTPError:
        return False
