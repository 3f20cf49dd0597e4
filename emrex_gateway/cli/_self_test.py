"""``emrex-gateway join self-test``: a transfer from the built-in client, from the shell.

Two parts. Over HTTP, as far as it goes without logging in: the entry takes a
client's request and leads to a page where one can log in. Then, with a test
student's identifiers in the place of a login, the real jobs: the fetching
worker fetches, everything is chosen, the signing worker signs, and the reply
is examined exactly as one that came to the built-in client's address.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import click
import httpx

from emrex_gateway import administering, exporting
from emrex_gateway.cli._key import opened
from emrex_gateway.domain import (
    ClientRequest,
    Identity,
    PersonIdentifier,
    PersonIdentifierType,
    SelfTest,
    SelfTestResult,
    Transfer,
    TransferState,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import LoggedIn
from emrex_gateway.services import Services

POLL = 0.3
METHOD = "self-test"
_TYPES = ", ".join(type_.value for type_ in PersonIdentifierType)
_S = TransferState


@click.command("self-test")
@click.argument("access_point")
@click.option(
    "--identifier",
    "identifiers",
    multiple=True,
    metavar="TYPE=VALUE",
    help=f"A test student's identifier; repeatable. Types: {_TYPES}.",
)
@click.option("--no-http", is_flag=True, help="Leave the web server out; only the workers' part.")
@click.option("--timeout", default=120, help="Seconds to wait for the workers (120).")
@click.pass_context
def self_test(
    context: click.Context,
    *,
    access_point: str,
    identifiers: tuple[str, ...],
    no_http: bool,
    timeout: int,
) -> None:
    """Send a transfer through ACCESS_POINT and verify what comes back.

    Without --identifier it goes as far as the login page. With a TEST
    student's identifiers, which stand in for the login, their records are
    fetched, signed and verified with the published certificates. Nothing of
    them is printed or kept. Status 1 unless all is well.
    """
    person = _person(identifiers)
    with opened() as services:
        test = administering.start_self_test(services, administering.shell_actor(), access_point)
        if not no_http:
            _knock(services, test)
            click.echo("ok    the entry takes a request and leads to the login")
        if person is None:
            click.echo("no --identifier: fetching, signing and verifying were not tested")
            context.exit(0 if not no_http else 1)
        done = _run(services, test, person, timeout)
    result = done.result or SelfTestResult(problem="no reply came")
    for line in _lines(result):
        click.echo(line)
    context.exit(0 if result.passed else 1)


def _person(identifiers: tuple[str, ...]) -> Identity | None:
    found = []
    for text in identifiers:
        type_, _, value = text.partition("=")
        if type_ not in {one.value for one in PersonIdentifierType} or not value:
            raise click.BadParameter(f"write TYPE=VALUE; types are {_TYPES}")
        found.append(PersonIdentifier(PersonIdentifierType(type_), value))
    if not found:
        return None
    return Identity(method=METHOD, provider=METHOD, subject=METHOD, identifiers=tuple(found))


def _knock(services: Services, test: SelfTest) -> None:
    """Do what a student's browser does that comes from a client, up to the login page."""
    base = services.settings.public_url
    fields = {
        "sessionId": test.session_id,
        "returnUrl": administering.self_test_url(services.settings, test.id),
    }
    try:
        with httpx.Client(timeout=20, trust_env=False) as browser:
            entered = browser.post(f"{base}/{test.access_point}/emp", data=fields)
            if entered.status_code != httpx.codes.SEE_OTHER:
                raise ConfigError(f"the entry answers {entered.status_code}, not 303")
            address = httpx.URL(base).join(entered.headers.get("Location", ""))
            page = browser.get(address)
    except httpx.HTTPError as error:
        raise ConfigError(f"{base} cannot be reached: {type(error).__name__}") from None
    if page.status_code != httpx.codes.OK:
        raise ConfigError(f"the login page answers {page.status_code}")


def _run(services: Services, test: SelfTest, person: Identity, timeout: int) -> SelfTest:
    """The way of a student, with the shell in the place of the browser."""
    address = administering.self_test_url(services.settings, test.id)
    request = ClientRequest(session_id=test.session_id, return_url=address)
    host = urlsplit(address).hostname or ""
    entered = exporting.enter(services, test.access_point, request, host)
    done = exporting.identify(services, entered.transfer, LoggedIn(identity=person), METHOD)
    until = time.monotonic() + timeout
    at = _wait(services, done.transfer, lambda s: s is not _S.IDENTIFIED, until)
    if at.state is _S.SELECTING:
        records = exporting.contents(services, at).records
        exporting.choose(services, at, [record.key for record in records])
        shown = exporting.preview(services, at, language="en")
        kept = {one.type for one in shown.releasable}
        at = exporting.confirm(services, at, kept=kept, seen=shown.seen, language="en")
        at = _wait(services, at, lambda s: s is not _S.CONFIRMED, until)
    reply = exporting.reply(services, at, "")
    received = administering.receive_self_test(services, test.id, reply.fields)
    if received is None:
        raise ConfigError("the self-test was ended meanwhile")
    return received


def _wait(
    services: Services, at: Transfer, over: Callable[[TransferState], bool], until: float
) -> Transfer:
    while not over(at.state):
        if time.monotonic() > until:
            raise ConfigError(
                f"no worker has gone on with the transfer {at.reference}: is one running?"
            )
        time.sleep(POLL)
        at = exporting.open_again(services, at)
    return at


def _lines(result: SelfTestResult) -> list[str]:
    if not result.verified:
        return [f"FAIL  {result.problem}"]
    lines = [
        f"ok    the signature verifies: {', '.join(result.algorithms)}",
        f"      {result.subject}",
        f"      SHA-256 {result.fingerprint}",
        f"      {result.reports} reports, {result.records} records,"
        f" {result.attachments} attachments, {result.size} bytes",
    ]
    lines += [f"warning: {one}" for one in result.warnings]
    if result.rules:
        return [*lines, *(f"FAIL  the document breaks a rule: {one}" for one in result.rules)]
    return [*lines, "ok    the document keeps the format's rules"]
