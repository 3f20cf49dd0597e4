"""The export, as use cases: identity -> records -> choice -> ELMO -> signature -> reply.

Views call the first five groups, workers ``fetch``, ``sign`` and ``sweep``.
Every step reads the transfer's row, changes it in one transaction with its
audit event, and leaves the row to whoever was faster.
"""

from emrex_gateway.exporting._choose import (
    Contents,
    Preview,
    choose,
    confirm,
    contents,
    preview,
)
from emrex_gateway.exporting._enter import (
    Entered,
    access_point,
    enter,
    enter_from_host,
    open_again,
    open_transfer,
)
from emrex_gateway.exporting._finish import (
    CANCELLABLE,
    Download,
    Reply,
    cancel,
    code_of,
    download,
    reply,
    retry,
)
from emrex_gateway.exporting._launch import Launched, claimed, confirm_claim, launch
from emrex_gateway.exporting._login import (
    finish_login,
    identify,
    login_method,
    login_methods,
    start_login,
)
from emrex_gateway.exporting._payloads import Listing
from emrex_gateway.exporting._sweep import Swept, sweep
from emrex_gateway.exporting._work import fetch, sign

__all__ = [
    "CANCELLABLE",
    "Contents",
    "Download",
    "Entered",
    "Launched",
    "Listing",
    "Preview",
    "Reply",
    "Swept",
    "access_point",
    "cancel",
    "choose",
    "claimed",
    "code_of",
    "confirm",
    "confirm_claim",
    "contents",
    "download",
    "enter",
    "enter_from_host",
    "fetch",
    "finish_login",
    "identify",
    "launch",
    "login_method",
    "login_methods",
    "open_again",
    "open_transfer",
    "preview",
    "reply",
    "retry",
    "sign",
    "start_login",
    "sweep",
]
