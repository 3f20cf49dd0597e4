"""Signed records for a third party, by a link that alone can open them.

    made = make(services, transfer, signed, Terms(purpose="Application", days=30), order="…")
    made.share.id, made.key              # what the link carries; the key is not kept
    opened = open_share(services, id_, key, opening)
    opened.contents.elmo                 # counted, unless it is the same opening

The key is random, is never stored or logged, and is what the contents are
sealed under: whoever has the database and the installation's keys cannot open
them. See docs/sharing.md.
"""

from emrex_gateway.sharing._link import new_opening, read_link
from emrex_gateway.sharing._make import Made, Terms, longest, make
from emrex_gateway.sharing._open import Opened, downloaded, open_share
from emrex_gateway.sharing._revoke import revoke
from emrex_gateway.sharing._sweep import sweep

__all__ = [
    "Made",
    "Opened",
    "Terms",
    "downloaded",
    "longest",
    "make",
    "new_opening",
    "open_share",
    "read_link",
    "revoke",
    "sweep",
]
