"""The student logs in: an ``Identity`` is bound to the transfer and fetching begins."""

from __future__ import annotations

from collections.abc import Mapping

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import Identity, LoginMethod, Transfer, TransferState
from emrex_gateway.errors import LoginError, StaleTransfer
from emrex_gateway.exporting._payloads import IDENTITY, LOGIN, LoginState
from emrex_gateway.services import Services


def login_methods(services: Services, transfer: Transfer) -> tuple[LoginMethod, ...]:
    """The enabled login methods of the transfer's institution, in its order."""
    with services.store.read() as uow:
        point = uow.config.access_point(transfer.access_point)
        if point is None:
            return ()
        methods = uow.config.login_methods(point.institution)
    return tuple(method for method in methods if method.enabled)


def login_method(services: Services, transfer: Transfer, id_: str) -> LoginMethod:
    """Return one of ``login_methods``. Raises ``LoginError``."""
    for method in login_methods(services, transfer):
        if method.id == id_:
            return method
    raise LoginError("no such login method here", reason="method")


def start_login(
    services: Services, transfer: Transfer, method_id: str, callback_url: str, locale: str
) -> str:
    """Return the provider's address to send the browser to. Raises ``LoginError``."""
    _require(transfer, TransferState.ENTERED)
    method = login_method(services, transfer, method_id)
    login = services.logins.get(method.kind)
    if login is None:
        raise LoginError("this login method does not send the browser away", reason="method")
    start = login.start(method, callback_url=callback_url, transfer_id=transfer.id, locale=locale)
    with services.store.begin() as uow:
        uow.transfers.seal(
            transfer.id, LOGIN, LoginState(method=method.id, state=dict(start.state))
        )
    return start.url


def finish_login(
    services: Services, transfer: Transfer, callback_url: str, parameters: Mapping[str, str]
) -> Transfer:
    """Check the provider's answer and go on. The kept state is good for one answer.

    Raises ``LoginError``; the reason is then in an audit event.
    """
    _require(transfer, TransferState.ENTERED)
    with services.store.begin() as uow:
        kept = uow.transfers.unseal(transfer.id, LOGIN, LoginState)
        if kept is not None:
            uow.transfers.seal(transfer.id, LOGIN, LoginState(method=kept.method, state={}))
    if kept is None or not kept.state:
        raise _refused(services, transfer, LoginError("no login is under way", reason="state"))
    try:
        method = login_method(services, transfer, kept.method)
        identity = services.logins[method.kind].finish(
            method, callback_url=callback_url, state=kept.state, parameters=parameters
        )
    except LoginError as error:
        raise _refused(services, transfer, error) from error
    return identify(services, transfer, identity, method.id)


def identify(services: Services, transfer: Transfer, identity: Identity, method: str) -> Transfer:
    """Bind the person to the transfer, once, and have the records fetched."""
    _require(transfer, TransferState.ENTERED)
    with services.store.begin() as uow:
        moved = uow.transfers.move(
            transfer, TransferState.IDENTIFIED, login_method=method, attempts=0
        )
        uow.transfers.seal(transfer.id, IDENTITY, identity)
        audit.record(uow, Event.LOGIN_SUCCEEDED, transfer=transfer.id, method=method)
        uow.after_commit(lambda: services.queue.send("fetch", transfer.id))
    return moved


def _refused(services: Services, transfer: Transfer, error: LoginError) -> LoginError:
    with services.store.begin() as uow:
        audit.record(uow, Event.LOGIN_REFUSED, transfer=transfer.id, reason=error.reason)
    return error


def _require(transfer: Transfer, state: TransferState) -> None:
    if transfer.state is not state:
        raise StaleTransfer("the transfer has gone on meanwhile")
