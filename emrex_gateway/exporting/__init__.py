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
    LOGIN_STATES,
    LoginDone,
    Started,
    finish_login,
    identify,
    login_failure,
    login_method,
    login_methods,
    note_failure,
    posted_transfer,
    require_ticket,
    same_person,
    start_login,
)
from emrex_gateway.exporting._payloads import Listing
from emrex_gateway.exporting._sessions import (
    NEED_SESSION,
    LoggedOut,
    end_at_provider,
    end_by_provider,
    log_out,
    logged_out,
    logout_place,
    logout_returned,
    require_session,
)
from emrex_gateway.exporting._sweep import Swept, sweep
from emrex_gateway.exporting._work import fetch, sign

__all__ = [
    "CANCELLABLE",
    "LOGIN_STATES",
    "NEED_SESSION",
    "Contents",
    "Download",
    "Entered",
    "Launched",
    "Listing",
    "LoggedOut",
    "LoginDone",
    "Preview",
    "Reply",
    "Started",
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
    "end_at_provider",
    "end_by_provider",
    "enter",
    "enter_from_host",
    "fetch",
    "finish_login",
    "identify",
    "launch",
    "log_out",
    "logged_out",
    "login_failure",
    "login_method",
    "login_methods",
    "logout_place",
    "logout_returned",
    "note_failure",
    "open_again",
    "open_transfer",
    "posted_transfer",
    "preview",
    "reply",
    "require_session",
    "require_ticket",
    "retry",
    "same_person",
    "sign",
    "start_login",
    "sweep",
]
