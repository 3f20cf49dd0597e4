"""Signing the chain's head every hour, and letting old events go behind a signed checkpoint.

Only the signing worker does this. The line is on the disk before the database
says so: a kill in between leaves a line that the next run takes as it is.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import Head, UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.trail._file import (
    CHECKPOINT,
    HEAD,
    append,
    appending,
    last_line,
    line_digest,
    read_line,
    sign_line,
    signed_by,
)
from emrex_gateway.trail._key import key_id, private_key

log = logging.getLogger(__name__)

EVERY: Final = timedelta(hours=1)
AGAIN: Final = timedelta(minutes=10)
"""The pause after a head that could not be signed."""

CUT: Final = 5000
"""The most events that go with one checkpoint."""

SUBJECT: Final = "trail"
"""What the queue's task ``head`` is for; there is one trail."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What one run did: the last head, whether it is new, and how many old events went."""

    head: Head | None
    new: bool
    gone: int


def order_due(services: Services) -> None:
    """Order a head from the signing worker when an hour has passed and there is something new."""
    if services.settings.audit_heads and _is_due(services):
        services.queue.send("head", SUBJECT)


def _is_due(services: Services) -> bool:
    now = services.clock()
    with services.store.read() as uow:
        last, check = uow.trail.last_head(HEAD), uow.trail.check()
        number, _ = uow.trail.tip()
        old = uow.trail.last_before(now - _lifetime(services) - EVERY, 1)
    if check.trouble and check.tried_at is not None and now - check.tried_at < AGAIN:
        return False
    if old:
        return True
    return number > (last.number if last else 0) and (last is None or now - last.at >= EVERY)


def sign_head(services: Services) -> Signed:
    """Sign what is new since the last head, at once; then let go what is too old.

    Done twice, it does nothing the second time. Raises ``ConfigError`` when
    key or file cannot be used; that is noted for the page.
    """
    try:
        path = _path(services)
        key = private_key(services.settings, services.secrets)
        return _sign(services, key, path)
    except ConfigError as error:
        log.error("the trail's head could not be signed: %s", error)  # noqa: TRY400 (the text says it)
        with services.store.begin() as uow:
            uow.trail.hold()
            tried = replace(uow.trail.check(), tried_at=services.clock(), trouble=str(error))
            uow.trail.put_check(tried)
        raise


def check_signing(services: Services) -> str:
    """Say whether this process could sign a head, and with which key.

    Raises ``ConfigError`` for a key or a file that cannot be used; makes neither.
    """
    if not services.settings.audit_heads:
        return "heads are not signed (audit_heads is not set)"
    path = _path(services)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError("the file of heads cannot be written by this user")
    try:
        key = private_key(services.settings, services.secrets, make=False)
    except ConfigError:
        if services.settings.audit_key or not os.access(services.settings.key_directory, os.W_OK):
            raise
        return "heads will be signed with a key that the worker makes"
    return f"heads are signed with the key {key_id(key.public_key())}"


def _path(services: Services) -> Path:
    if not services.settings.audit_heads:
        raise ConfigError("audit_heads names no file for the heads")
    return Path(services.settings.audit_heads)


def _sign(services: Services, key: Ed25519PrivateKey, path: Path) -> Signed:
    now, new = services.clock(), False
    # A transaction for each line: a kill leaves one line at the most that the database misses.
    with appending(path) as handle:
        with services.store.begin() as uow:
            uow.trail.hold()
            problem = _adopt(uow, key, path)
            last = uow.trail.last_head(HEAD)
            number, digest = uow.trail.tip()
            if number > (last.number if last else 0):
                last = sign_line(
                    key, uow.trail.last_head(), kind=HEAD, number=number, digest=digest, at=now
                )
                append(handle, last)
                uow.trail.add_head(last)
                new = True
            uow.trail.put_check(
                replace(uow.trail.check(), tried_at=now, trouble="", file_problem=problem)
            )
        with services.store.begin() as uow:
            uow.trail.hold()
            gone = _let_go(uow, key, handle, now, _lifetime(services))
            uow.retention.mark({"trail": gone}, now)  # the page about retention shows it
    if gone:
        log.info("%d old events of the trail went behind a signed checkpoint", gone)
    return Signed(last, new, gone)


def _adopt(uow: UnitOfWork, key: Ed25519PrivateKey, path: Path) -> str:
    """Take a line that a killed run left into the database; say what is wrong with the file's end."""
    former, line = uow.trail.last_head(), last_line(path)
    if line is None or line.head is None:
        return "the file of heads holds none of those that were signed" if former else ""
    found = line.head
    if former is not None and found.line == former.line:
        return ""
    follows = line_digest(former.line) if former else "0" * 64
    number, _ = uow.trail.tip()
    link = uow.trail.link(found.number)
    if (
        found.head == (former.head + 1 if former else 1)
        and line.previous == follows
        and found.number <= number
        and link is not None
        and link.digest == found.digest
        and signed_by(found.line, (key.public_key(),))
    ):
        uow.trail.add_head(found)
        return ""
    problem = (
        f"the file of heads ends with head {found.head}, which is not the last that was signed"
    )
    log.error("%s", problem)
    return problem


def _let_go(
    uow: UnitOfWork,
    key: Ed25519PrivateKey,
    handle: int,
    now: datetime,
    lifetime: timedelta,
) -> int:
    checkpoint = uow.trail.last_head(CHECKPOINT)
    # What a killed run signed and did not get to. The row alone is no proof: whoever can write to
    # the database could have us delete what nobody signed for.
    gone = uow.trail.prune(checkpoint.number) if checkpoint and _is_ours(checkpoint, key) else 0
    through = uow.trail.last_before(now - lifetime, CUT)
    link = uow.trail.link(through) if through else None
    if link is None:
        return gone
    cut = sign_line(
        key,
        uow.trail.last_head(),
        kind=CHECKPOINT,
        number=link.number,
        digest=link.digest,
        at=now,
    )
    append(handle, cut)
    uow.trail.add_head(cut)
    return gone + uow.trail.prune(link.number)


def _is_ours(row: Head, key: Ed25519PrivateKey) -> bool:
    """Whether a row is what its own line says, and we signed that."""
    said = read_line(0, f"{row.line}\n".encode()).head
    return (
        said is not None
        and (said.kind, said.number) == (row.kind, row.number)
        and signed_by(row.line, (key.public_key(),))
    )


def _lifetime(services: Services) -> timedelta:
    return timedelta(seconds=services.settings.trail_lifetime)
