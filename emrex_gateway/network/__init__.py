"""The wire of EMREX: requests, replies and the packed document, with the dialects in use."""

from emrex_gateway.network._forms import (
    MAX_SESSION_ID,
    Reply,
    parse_request,
    reply_fields,
    unpack,
)
from emrex_gateway.network._packing import DEFAULT_LIMIT, open_file, pack, unpack_elmo
from emrex_gateway.network._return_url import MAX_LENGTH, check_return_url

__all__ = [
    "DEFAULT_LIMIT",
    "MAX_LENGTH",
    "MAX_SESSION_ID",
    "Reply",
    "check_return_url",
    "open_file",
    "pack",
    "parse_request",
    "reply_fields",
    "unpack",
    "unpack_elmo",
]
