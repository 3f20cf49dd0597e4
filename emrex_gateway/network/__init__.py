"""The wire of EMREX: requests, replies, the packed document, registries; with the dialects in use."""

from emrex_gateway.network._emreg import EMREG_MAX_BYTES, read_emreg
from emrex_gateway.network._ewp_catalogue import CATALOGUE_MAX_BYTES, read_ewp_catalogue
from emrex_gateway.network._forms import (
    MAX_SESSION_ID,
    Reply,
    parse_request,
    reply_fields,
    unpack,
)
from emrex_gateway.network._listed import (
    MAX_LISTED_CERTIFICATES,
    ListedPoint,
    RegistryList,
    country_code,
    listed_institutions,
)
from emrex_gateway.network._packing import DEFAULT_LIMIT, open_file, pack, unpack_elmo
from emrex_gateway.network._registries import (
    EWP_COMMON,
    EWP_ENTRY,
    PointEntry,
    emreg_entry,
    entry_problems,
    ewp_manifest_entry,
    is_listed_address,
)
from emrex_gateway.network._return_url import MAX_LENGTH, check_return_url

__all__ = [
    "CATALOGUE_MAX_BYTES",
    "DEFAULT_LIMIT",
    "EMREG_MAX_BYTES",
    "EWP_COMMON",
    "EWP_ENTRY",
    "MAX_LENGTH",
    "MAX_LISTED_CERTIFICATES",
    "MAX_SESSION_ID",
    "ListedPoint",
    "PointEntry",
    "RegistryList",
    "Reply",
    "check_return_url",
    "country_code",
    "emreg_entry",
    "entry_problems",
    "ewp_manifest_entry",
    "is_listed_address",
    "listed_institutions",
    "open_file",
    "pack",
    "parse_request",
    "read_emreg",
    "read_ewp_catalogue",
    "reply_fields",
    "unpack",
    "unpack_elmo",
]
