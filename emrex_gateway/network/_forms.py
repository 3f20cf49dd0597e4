"""The forms that travel through the browser: the request that comes, the reply that goes or comes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from emrex_gateway.domain import ClientRequest, ReturnCode, SignedElmo
from emrex_gateway.errors import BadReturnAddress, EnvelopeError, PeerError
from emrex_gateway.network._packing import DEFAULT_LIMIT, pack, unpack_elmo
from emrex_gateway.network._return_url import MAX_LENGTH

MAX_SESSION_ID: Final = 255
"""The longest session id, in characters. The specification says 32; a client in use sends 36."""

MAX_MESSAGE: Final = 2000
"""The longest return message that is kept, in characters."""

_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A provider's reply, unpacked and not yet trusted. ``elmo`` is kept only with ``OK``."""

    session_id: str = field(repr=False)
    return_code: ReturnCode
    message: str = field(default="", repr=False)
    elmo: SignedElmo | None = None


def parse_request(form: Mapping[str, str]) -> ClientRequest:
    """Read a client's request: ``sessionId``, ``returnUrl`` and the two flags of the USOS extension.

    Unknown fields are ignored, flags are read in any case, and a flag that is
    neither true nor false has its default. A field that comes twice must say
    the same twice (``form`` may be a Werkzeug ``MultiDict``).

    Raises ``PeerError`` for a session id that is missing, longer than
    ``MAX_SESSION_ID`` or holds control characters, and ``BadReturnAddress``
    for a return address that is missing or too long; what else it must be,
    ``check_return_url`` says.
    """
    session_id = _single(form, "sessionId")
    return_url = _single(form, "returnUrl")
    if not return_url:
        raise BadReturnAddress("the request has no return address (returnUrl)")
    if len(return_url) > MAX_LENGTH:
        raise BadReturnAddress(f"the return address is longer than {MAX_LENGTH} characters")
    _check_session_id(session_id, PeerError)
    return ClientRequest(
        session_id=session_id,
        return_url=return_url,
        pick_courses=_flag(form, "allowToPickCourses", default=True),
        not_passed_courses=_flag(form, "allowNotPassedCourses", default=False),
    )


def reply_fields(
    *,
    session_id: str,
    code: ReturnCode,
    message: str = "",
    elmo: SignedElmo | None = None,
    newer_codes: bool = False,
) -> dict[str, str]:
    """Return the four fields of a reply; ``session_id`` as received. ``newer_codes``: ``EMP_OK`` in place of ``NCP_OK``.

    Raises ``ValueError`` for ``OK`` without a document, or a document with another code.
    """
    if (code is ReturnCode.OK) != (elmo is not None):
        raise ValueError("a document goes with the return code OK, and only with it")
    return {
        "sessionId": session_id,
        "returnCode": code.newer if newer_codes else code.value,
        "returnMessage": message,
        "elmo": pack(elmo) if elmo is not None else "",
    }


def unpack(fields: Mapping[str, str], limit: int = DEFAULT_LIMIT) -> Reply:
    """Read a provider's reply. ``limit``: the largest unpacked document, in bytes.

    Tolerates a missing message or document, both families of return codes in
    any case, extra fields, and the spellings that ``unpack_elmo`` lists. A
    document that comes with another code than OK is not looked at.

    Raises ``EnvelopeError``.
    """
    session_id = fields.get("sessionId", "")
    _check_session_id(session_id, EnvelopeError)
    code = _return_code(fields.get("returnCode", ""))
    packed = fields.get("elmo") or ""
    has_document = code is ReturnCode.OK and packed.strip() != ""
    return Reply(
        session_id=session_id,
        return_code=code,
        message=_message(fields.get("returnMessage") or ""),
        elmo=unpack_elmo(packed, limit) if has_document else None,
    )


def _return_code(text: str) -> ReturnCode:
    family, _, name = text.strip().upper().partition("_")
    if family not in ("NCP", "EMP") or name not in ReturnCode.__members__:
        raise EnvelopeError("the reply has no return code that is known")
    return ReturnCode[name]


def _check_session_id(session_id: str, error: type[PeerError]) -> None:
    if not session_id.strip():
        raise error("the session id (sessionId) is missing")
    if len(session_id) > MAX_SESSION_ID:
        raise error(f"the session id is longer than {MAX_SESSION_ID} characters")
    if any(unicodedata.category(c) in _FORBIDDEN for c in session_id):
        # A form could not send it back unchanged.
        raise error("the session id holds control characters")


def _message(text: str) -> str:
    """Text for a person, in one paragraph, without characters that act."""
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in text[:MAX_MESSAGE])
    return " ".join("".join(kept).split())


def _flag(form: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = _single(form, name).strip().lower()
    return {"true": True, "false": False}.get(text, default)


def _single(form: Mapping[str, str], name: str) -> str:
    """The one value of a field, or nothing; two different values are refused, not chosen from."""
    getlist = getattr(form, "getlist", None)
    values = set(getlist(name)) if getlist is not None else {form.get(name, "")}
    if len(values) > 1:
        raise PeerError(f"the request says {name} twice and differently")
    value = values.pop() if values else ""
    return value if isinstance(value, str) else ""
