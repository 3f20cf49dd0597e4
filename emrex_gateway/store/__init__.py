"""The database: one unit of work at a time, sealed contents, versions of the schema.

    store = open_store(settings, secrets, clock)
    with store.begin() as uow:
        transfer = uow.transfers.move(transfer, TransferState.CONFIRMED)
        uow.audit.record("consent.given", transfer=transfer.id)
        uow.after_commit(lambda: queue.send("sign", transfer.id))

SQLite by default, PostgreSQL in production. ``store.begin`` raises
``StoreUnavailable`` when the database stays locked or away for some seconds.
"""

from emrex_gateway.ports import Clock, Secrets
from emrex_gateway.settings import Settings
from emrex_gateway.store._engine import make_engine, make_url
from emrex_gateway.store._schema import current, head, upgrade
from emrex_gateway.store._seal import DEMO_KEY, KeyChain, load_keys, new_key
from emrex_gateway.store._unit import SqlStore

__all__ = [
    "DEMO_KEY",
    "SqlStore",
    "check_payload_keys",
    "current",
    "head",
    "open_store",
    "open_without_keys",
    "upgrade",
]


def open_store(settings: Settings, secrets: Secrets, clock: Clock) -> SqlStore:
    """Return the store; connects with the first unit of work.

    Raises ``ConfigError`` for an address or payload keys that cannot work, the
    demonstration's key outside of it included.
    """
    keys = load_keys(settings.payload_keys, secrets, demo=settings.demo)
    return SqlStore(make_engine(make_url(settings.database_url, secrets)), clock, keys)


def open_without_keys(settings: Settings, secrets: Secrets, clock: Clock) -> SqlStore:
    """Return the store for somebody who has no payload keys: what is sealed stays so.

    For reading the audit trail; raises ``ConfigError`` for an address that cannot work.
    """
    engine = make_engine(make_url(settings.database_url, secrets))
    return SqlStore(engine, clock, KeyChain([new_key()]))


def check_payload_keys(settings: Settings, secrets: Secrets) -> None:
    """Raise ``ConfigError`` naming the first payload key that is missing, unfit or the demo's."""
    load_keys(settings.payload_keys, secrets, demo=settings.demo)
