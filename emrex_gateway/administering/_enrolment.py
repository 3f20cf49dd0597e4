"""A local account's first login: a password, an app for one-time codes, recovery codes.

Nothing of the account changes until a code of the new app was shown: somebody
who stops half way begins again with the same one-time password.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta

from emrex_gateway import audit
from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._entry import count_failure, enter, forget_failures
from emrex_gateway.administering._proofs import (
    code_address,
    code_step,
    digest,
    hash_password,
    new_codes,
    new_secret,
    password_fits,
    weak,
)
from emrex_gateway.administering._visits import LOCAL_METHOD, Visitor
from emrex_gateway.audit import Event
from emrex_gateway.domain import AccountKind, Credentials
from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

ENROLMENT_LIFETIME = timedelta(minutes=30)
_CODE_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Enrolment:
    """What waits for the first code; sealed, and found by what the cookie carries."""

    account: str
    name: str
    network: str
    invitation: str
    password: str
    secret: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Enrolling:
    """What the page shows for the app: the shared secret, and the address behind its picture."""

    name: str = field(repr=False)
    secret: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A finished account: its first session's secret, and the recovery codes, to be shown once."""

    secret: str = field(repr=False)
    codes: tuple[str, ...] = field(repr=False)


def begin_enrolment(
    services: Services, *, name: str, invitation: str, password: str, network: str
) -> str:
    """Take the one-time password and the person's own; return what the enrolment's cookie carries.

    Raises ``LoginError`` (``credentials``, ``throttled``) and ``ConfigError``
    with the field ``password`` and one of ``weak``'s reasons as its message.
    """
    called = name.strip()[:64].casefold()
    if reason := weak(password, called):
        raise ConfigError(reason, "password")
    count_failure(services, called, network)
    with services.store.read() as uow:
        account = uow.administrators.find_account(AccountKind.LOCAL, called)
        kept = uow.administrators.credentials(account.id) if account else None
    hashed = hash_password(password)  # before the answer is known: the same time for any name
    fits = kept is not None and _invited(services, kept, digest(invitation))
    if account is None or not account.enabled or not fits:
        with services.store.begin() as uow:
            audit.record(uow, Event.ADMIN_REFUSED, method=LOCAL_METHOD, reason="invitation")
        raise LoginError("name or one-time password do not fit", reason="credentials")
    secret = secrets.token_urlsafe(32)
    waiting = _Enrolment(
        account=account.id,
        name=account.name,
        network=network,
        invitation=digest(invitation),
        password=hashed,
        secret=new_secret(),
    )
    with services.store.begin() as uow:
        _keep(services, uow, secret, waiting)
    return secret


def enrolling(services: Services, secret: str) -> Enrolling:
    """What the page shows meanwhile. Raises ``LoginError`` (``enrolment``) when it is over."""
    with services.store.read() as uow:
        waiting = _waiting(services, uow, secret)
    return Enrolling(waiting.name, waiting.secret, _address(services, waiting.name, waiting.secret))


def finish_enrolment(services: Services, secret: str, code: str) -> Enrolled:
    """Take the first code of the app: the account is complete and its person logged in.

    Raises ``LoginError``: ``code`` for a wrong one (try again), ``enrolment``
    when it is over.
    """
    with services.store.begin() as uow:
        uow.config.hold()  # the account is written again: nobody may switch it off in between
        waiting = _waiting(services, uow, secret)
        account = uow.administrators.account(waiting.account)
        kept = uow.administrators.credentials(waiting.account, hold=True)
        fits = kept is not None and _invited(services, kept, waiting.invitation)
        if account is None or not account.enabled or not fits or waiting.tries >= 10:
            raise LoginError("the enrolment is over", reason="enrolment")
        uow.administrators.drop_pending(_id(secret))
        step = code_step(waiting.secret, code, services.clock())
        if step is None:
            _keep(services, uow, secret, replace(waiting, tries=waiting.tries + 1))
        else:
            codes = new_codes()
            made = Credentials(
                password=waiting.password,
                secret=waiting.secret,
                confirmed=True,
                codes=tuple(map(digest, codes)),
            )
            uow.administrators.put_credentials(account.id, made)
            uow.once.use("one-time code", f"{account.id} {step}", services.clock() + _CODE_LIFETIME)
            forget_failures(services, uow, account.name.casefold(), waiting.network)
            return Enrolled(enter(services, uow, account), codes)
    raise LoginError("the code does not fit", reason="code")


def change_password(services: Services, visitor: Visitor, *, old: str, new: str) -> None:
    """Let a local account's person choose another password; their other sessions end.

    Raises ``ConfigError`` with the field ``old`` or ``new``.
    """
    id_ = visitor.actor.account
    if reason := weak(new, visitor.actor.name):
        raise ConfigError(reason, "new")
    count_failure(services, id_, f"own {id_}")
    with services.store.read() as uow:
        kept = uow.administrators.credentials(id_)
    if kept is None or not password_fits(kept.password, old):
        raise ConfigError("wrong", "old")
    hashed = hash_password(new)
    with services.store.begin() as uow:
        if uow.administrators.credentials(id_, hold=True) != kept:
            raise ConfigError("wrong", "old")
        uow.administrators.put_credentials(id_, replace(kept, password=hashed))
        _note(uow, visitor, "password")
        uow.administrators.end_visits_of(id_, "password", but=visitor.visit.key)
        forget_failures(services, uow, id_, f"own {id_}")


def renew_codes(services: Services, visitor: Visitor) -> tuple[str, ...]:
    """Replace the recovery codes of a local account; return the new ones, to be shown once."""
    id_ = visitor.actor.account
    codes = new_codes()
    with services.store.begin() as uow:
        kept = uow.administrators.credentials(id_, hold=True)
        if kept is None:
            raise ConfigError("this account has no codes here: its login provider keeps them")
        changed = replace(kept, codes=tuple(map(digest, codes)))
        uow.administrators.put_credentials(id_, changed)
        _note(uow, visitor, "recovery codes")
    return codes


def codes_left(services: Services, visitor: Visitor) -> int | None:
    """How many recovery codes a local account has left, ``None`` for an account elsewhere."""
    with services.store.read() as uow:
        kept = uow.administrators.credentials(visitor.actor.account)
    return None if kept is None else len(kept.codes)


@dataclass(frozen=True, slots=True)
class _Own:
    changed: str = ""


def _note(uow: UnitOfWork, visitor: Visitor, what: str) -> None:
    thing = Thing("account", visitor.actor.account)
    put(uow, visitor.actor, thing, _Own(), _Own(what))


def _invited(services: Services, kept: Credentials, invitation: str) -> bool:
    until = kept.invited_until
    open_ = until is not None and services.clock() < until
    return open_ and bool(kept.invitation) and secrets.compare_digest(kept.invitation, invitation)


def _waiting(services: Services, uow: UnitOfWork, secret: str) -> _Enrolment:
    found = (
        uow.administrators.pending(_id(secret), _Enrolment, services.clock()) if secret else None
    )
    if found is None:
        raise LoginError("no enrolment waits in this browser", reason="enrolment")
    return found


def _keep(services: Services, uow: UnitOfWork, secret: str, waiting: _Enrolment) -> None:
    until = services.clock() + ENROLMENT_LIFETIME
    uow.administrators.keep_pending(_id(secret), waiting, until)


def _id(secret: str) -> str:
    return hashlib.sha256(b"enrolment " + secret.encode(errors="replace")).hexdigest()


def _address(services: Services, name: str, secret: str) -> str:
    host = services.settings.public_url.partition("//")[2].partition("/")[0]
    return code_address(secret, name, f"EMREX {host}")
