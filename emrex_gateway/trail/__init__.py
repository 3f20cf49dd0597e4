"""The audit trail as evidence: events are numbered, chained, and their head is signed outside.

    trail.chain(services)                      # in every sweep, in any process
    trail.sign_head(services)                  # the signing worker, every hour
    trail.verify(store, path, keys)         # anybody with the file and the public key

See ``docs/audit.md`` for the forms, and ``docs/decisions/0016-audit-chain.md``.
"""

from emrex_gateway.ports import TrailEvent, TrailFilter
from emrex_gateway.trail._canonical import NOTHING, canonical, digest, members, moment
from emrex_gateway.trail._chain import chain
from emrex_gateway.trail._check import ChainState, check, state
from emrex_gateway.trail._key import key_id, private_key, public_pem, read_public
from emrex_gateway.trail._search import PAGE, export, may_see, search
from emrex_gateway.trail._sign import SUBJECT, Signed, check_signing, order_due, sign_head
from emrex_gateway.trail._verify import Report, verify
from emrex_gateway.trail._walk import Finding, Trouble

__all__ = [
    "NOTHING",
    "PAGE",
    "SUBJECT",
    "ChainState",
    "Finding",
    "Report",
    "Signed",
    "TrailEvent",
    "TrailFilter",
    "Trouble",
    "canonical",
    "chain",
    "check",
    "check_signing",
    "digest",
    "export",
    "key_id",
    "may_see",
    "members",
    "moment",
    "order_due",
    "private_key",
    "public_pem",
    "read_public",
    "search",
    "sign_head",
    "state",
    "verify",
]
