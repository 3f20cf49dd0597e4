"""Times in SAML: ``xs:dateTime`` in UTC, and no other spelling (Core, section 1.3.3)."""

from __future__ import annotations

import re
from datetime import datetime

from emrex_gateway.login.saml._types import Reason, Refused

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?Z", re.ASCII)


def moment(text: str) -> datetime:
    """Return a time; what is finer than a microsecond is cut off. Raises ``Refused`` (``TIME``)."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise Refused(Reason.TIME, "a time is not xs:dateTime in UTC")
    try:
        whole = datetime.fromisoformat(match[1] + "Z")
    except ValueError:
        raise Refused(Reason.TIME, "a time is not one of the calendar and the clock") from None
    return whole.replace(microsecond=int((match[2] or "0")[:6].ljust(6, "0")))
