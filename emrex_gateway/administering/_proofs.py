"""What a local account proves itself with: pure functions over passwords, one-time codes, recovery codes.

Sources: RFC 9106 (Argon2, whose second recommended setting the library uses by
default), RFC 6238 (TOTP), NIST SP 800-63B section 5.1.1 (length counts,
composition rules do not help, trivial passwords are refused).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import datetime
from functools import cache
from itertools import pairwise

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD = 12
MAX_PASSWORD = 256
RECOVERY_CODES = 10

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""No 0, o, 1, l or i: codes are written down and read again."""
_ROWS = ("qwertzuiopü", "qwertyuiopå", "asdfghjklöä", "zxcvbnm", "yxcvbnm", "azertyuiop")
_WORDS = (
    *("password", "passwort", "salasana", "lösenord", "letmein", "welcome", "tervetuloa"),
    *("administrator", "admin", "emrex", "gateway", "university", "secret", "changeme"),
    *_ROWS,
    *("qwerty", "qwertz", "asdf"),
)
_hasher = PasswordHasher()


def weak(password: str, name: str) -> str:
    """Return why a password will not do: ``short``, ``long``, ``name`` or ``trivial``; empty when it does."""
    text = _normal(password)
    if len(text) < MIN_PASSWORD:
        return "short"
    if len(text) > MAX_PASSWORD:
        return "long"
    folded = text.casefold()
    called = _normal(name).casefold()
    if called and called in folded and not folded.replace(called, "").strip("0123456789 !.-_"):
        return "name"
    rest = re.sub(r"[\W\d_]+", "", folded)
    for word in sorted(_WORDS, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(set(folded)) < 5 or (not rest and re.search(r"[^\W\d_]", folded)) or _repeats(folded):
        return "trivial"
    return "trivial" if _runs(folded) else ""


def hash_password(password: str) -> str:
    """Return an Argon2id hash in its usual notation."""
    return _hasher.hash(_normal(password))


def password_fits(kept: str, password: str) -> bool:
    """Compare; takes as long for no password at all (``kept`` empty) as for a wrong one."""
    text = _normal(password[: 4 * MAX_PASSWORD])
    try:
        return _hasher.verify(kept or _nobodys(), text) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(kept: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def new_secret() -> str:
    """Return a new shared secret for one-time codes, in base32 (160 bits, as RFC 4226 recommends)."""
    return pyotp.random_base32()


def code_address(secret: str, name: str, issuer: str) -> str:
    """Return the ``otpauth:`` address that a person's app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def code_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that a one-time code belongs to, ``None`` for a wrong one.

    Clocks may differ by one step of 30 seconds. The caller lets each step pass once.
    """
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits) or not secret:
        return None
    totp = pyotp.TOTP(secret)
    found = None
    for step in (totp.timecode(now) + drift for drift in (-1, 0, 1)):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            found = step
    return found


def new_codes() -> tuple[str, ...]:
    """Return new recovery codes, to be shown once."""
    return tuple(_grouped(10) for _ in range(RECOVERY_CODES))


def new_invitation() -> str:
    """Return a one-time password for the first login (about 99 bits)."""
    return _grouped(20)


def digest(code: str) -> str:
    """Return what is kept of a recovery code or an invitation: they are random, so a plain hash does."""
    return hashlib.sha256(
        re.sub(r"[\s-]", "", code).casefold().encode(errors="replace")
    ).hexdigest()


def _grouped(length: int) -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(length))
    return "-".join(letters[at : at + 5] for at in range(0, length, 5))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _repeats(text: str) -> bool:
    """The same few characters again and again."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 6))


def _runs(text: str) -> bool:
    """Neighbours in the alphabet, among digits or on the keyboard, all the way."""
    rows = "".join(_ROWS)
    steps = list(pairwise(text))
    near = sum(abs(ord(a) - ord(b)) <= 1 or a + b in rows or b + a in rows for a, b in steps)
    return near >= len(steps) - 2


@cache
def _nobodys() -> str:
    """A hash that no password fits, to spend the same time on unknown names."""
    return _hasher.hash(secrets.token_urlsafe(32))
