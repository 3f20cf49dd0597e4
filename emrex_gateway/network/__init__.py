"""The wire of EMREX: requests, replies, the packed document, registries; with the dialects in use."""

from emrex_gateway.network._forms import (
    MAX_SESSION_ID,
    Reply,
    parse_request,
    reply_fields,
    unpack,
)
from emrex_gateway.network._packing import DEFAULT_LIMIT, open_file, pack, unpack_elmo
from emrex_gateway.network._registries import (
    EWP_COMMON,
    EWP_ENTRY,
    PointEntry,
    emreg_entry,
    entry_problems,
    ewp_manifest_entry,
)
from emrex_gateway.network._return_url import MAX_LENGTH, check_return_url

__all__ = [
    "DEFAULT_LIMIT",
    "EWP_COMMON",
    "EWP_ENTRY",
    "MAX_LENGTH",
    "MAX_SESSION_ID",
    "PointEntry",
    "Reply",
    "check_return_url",
    "emreg_entry",
    "entry_problems",
    "ewp_manifest_entry",
    "open_file",
    "pack",
    "parse_request",
    "reply_fields",
    "unpack",
    "unpack_elmo",
]
