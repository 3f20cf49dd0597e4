"""The provider's own page for a person whose login was not good enough here.

Source: SAML V2.0 Metadata Deployment Profile for errorURL Version 1.0 (REFEDS).
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote, urlsplit

from emrex_gateway.login._addresses import split_url
from emrex_gateway.login.saml._types import Reason

_MAX_VALUE = 256
_PLACEHOLDER = re.compile("ERRORURL_(?:CODE|TS|RP|TID|CTX)")


class ErrorCode(StrEnum):
    """What went wrong, in the profile's words."""

    IDENTIFICATION = "IDENTIFICATION_FAILURE"
    """Attributes are missing that say who the person is."""
    AUTHENTICATION = "AUTHENTICATION_FAILURE"
    """The person was not authenticated as strongly as required."""
    AUTHORIZATION = "AUTHORIZATION_FAILURE"
    """The person, well known, may not use the service."""
    OTHER = "OTHER_ERROR"


_CODES = {
    Reason.MISSING: ErrorCode.IDENTIFICATION,
    Reason.CONTEXT: ErrorCode.AUTHENTICATION,
    Reason.ASSURANCE: ErrorCode.AUTHORIZATION,
    Reason.ORGANIZATION: ErrorCode.AUTHORIZATION,
}


def error_url(
    template: str,
    reason: Reason,
    *,
    entity_id: str = "",
    now: datetime | None = None,
    reference: str = "",
    context: str = "",
) -> str:
    """Fill the placeholders of a provider's errorURL; empty when it is not fit to be offered.

    ``entity_id`` is ours, ``reference`` what an administrator finds the event
    by, ``context`` what is missing; none of it personal. What is not known
    becomes empty. Only an https address counts, and a placeholder may not
    choose its host.
    """
    values = {
        "ERRORURL_CODE": _CODES.get(reason, ErrorCode.OTHER).value,
        "ERRORURL_TS": str(int(now.timestamp())) if now else "",
        "ERRORURL_RP": entity_id,
        "ERRORURL_TID": reference,
        "ERRORURL_CTX": context,
    }
    filled = _PLACEHOLDER.sub(lambda m: quote(values[m[0]][:_MAX_VALUE], safe=""), template)
    if split_url(filled, http_on_loopback=False) is None:
        return ""
    return "" if _PLACEHOLDER.search(urlsplit(template).netloc) else filled
