"""What the rooms ask of each other and of plugins: Protocols and the data that they exchange."""

from emrex_gateway.ports._adapters import (
    ADAPTER_API_VERSION,
    Adapter,
    AdapterPlugin,
    RecordSource,
    ResultSink,
)
from emrex_gateway.ports._administrator_rows import AdministratorRows
from emrex_gateway.ports._errand_rows import ErrandRows
from emrex_gateway.ports._examined import TAKEN, Examined, Examiner, Fate, Stated, Value
from emrex_gateway.ports._federation_rows import EntityRows, Hit, Replaced, SessionRows
from emrex_gateway.ports._key_rows import KeyRows
from emrex_gateway.ports._login import Launch, LoggedIn, Login, LoginStart, LogoutNotice, Once
from emrex_gateway.ports._login_rows import LoginCheck, LoginRows, Removable, Removed
from emrex_gateway.ports._operation_rows import OperationRows, Series, TransferCounts
from emrex_gateway.ports._owner_rows import (
    OwnerRows,
    Place,
    RetentionRows,
    SupportRows,
    TransferFilter,
)
from emrex_gateway.ports._provider_rows import ProviderRows, TakenList
from emrex_gateway.ports._queues import FailedOrder, Queues, QueueSeen, QueuesSeen, WorkerSeen
from emrex_gateway.ports._recognition_rows import RecognitionRows
from emrex_gateway.ports._rows import (
    AuditRows,
    Circuit,
    CircuitRows,
    ConfigRows,
    OnceRows,
    Switched,
    TransferRows,
)
from emrex_gateway.ports._share_rows import ShareRows
from emrex_gateway.ports._signing import KeyMaker, MadeKey, Signer, Signers
from emrex_gateway.ports._statistics_rows import CountedTransfer, StatisticsCell, StatisticsRows
from emrex_gateway.ports._store import Store, UnitOfWork
from emrex_gateway.ports._trail_rows import (
    ChainCheck,
    ChainedEvent,
    Head,
    Link,
    TrailEvent,
    TrailFilter,
    TrailRows,
)
from emrex_gateway.ports._try_rows import TryRows
from emrex_gateway.ports._world import Clock, Queue, Secrets

__all__ = [
    "ADAPTER_API_VERSION",
    "TAKEN",
    "Adapter",
    "AdapterPlugin",
    "AdministratorRows",
    "AuditRows",
    "ChainCheck",
    "ChainedEvent",
    "Circuit",
    "CircuitRows",
    "Clock",
    "ConfigRows",
    "CountedTransfer",
    "EntityRows",
    "ErrandRows",
    "Examined",
    "Examiner",
    "FailedOrder",
    "Fate",
    "Head",
    "Hit",
    "KeyMaker",
    "KeyRows",
    "Launch",
    "Link",
    "LoggedIn",
    "Login",
    "LoginCheck",
    "LoginRows",
    "LoginStart",
    "LogoutNotice",
    "MadeKey",
    "Once",
    "OnceRows",
    "OperationRows",
    "OwnerRows",
    "Place",
    "ProviderRows",
    "Queue",
    "QueueSeen",
    "Queues",
    "QueuesSeen",
    "RecognitionRows",
    "RecordSource",
    "Removable",
    "Removed",
    "Replaced",
    "ResultSink",
    "RetentionRows",
    "Secrets",
    "Series",
    "SessionRows",
    "ShareRows",
    "Signer",
    "Signers",
    "Stated",
    "StatisticsCell",
    "StatisticsRows",
    "Store",
    "SupportRows",
    "Switched",
    "TakenList",
    "TrailEvent",
    "TrailFilter",
    "TrailRows",
    "TransferCounts",
    "TransferFilter",
    "TransferRows",
    "TryRows",
    "UnitOfWork",
    "Value",
    "WorkerSeen",
]
