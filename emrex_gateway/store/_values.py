"""Texts that no database holds: they become ones that every database does, on their way into a statement.

PostgreSQL refuses U+0000 in a text (its manual, "Character Types"), SQLite
keeps it and ends the text there in some functions; neither driver can send half
of a surrogate pair. Both can stand in an address, a form or a host's answer, so
they are mended where all statements pass, and not where somebody thought of it:
U+FFFD stands for each. A search asks for the mended text too, so it finds what
was written with the same one.
"""

from __future__ import annotations

from typing import Any

from emrex_gateway.store._codec import whole

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(
    _connection: object, _cursor: object, statement: str, values: Any, *_: object
) -> tuple[str, Any]:
    """Return the statement with values that the database takes (an event of SQLAlchemy's engine)."""
    return statement, values if _fits(values) else _mended(values)


def _fits(value: Any) -> bool:
    if isinstance(value, str):
        # Nearly every text is ASCII, which CPython knows without looking.
        return "\0" not in value and (value.isascii() or _encodes(value))
    if isinstance(value, dict):
        return all(map(_fits, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_fits, value))
    return True


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value).replace("\0", REPLACEMENT)
    if isinstance(value, dict):
        return {name: _mended(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_mended, value))
    return value
