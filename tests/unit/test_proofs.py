"""What a local account proves itself with: passwords, one-time codes, recovery codes."""

from __future__ import annotations

from datetime import UTC, datetime

import pyotp
import pytest
import segno

from emrex_gateway.administering._proofs import (
    code_address,
    code_step,
    digest,
    hash_password,
    needs_rehash,
    new_codes,
    new_secret,
    password_fits,
    weak,
)


def test_the_hash_is_argon2id_with_the_parameters_of_rfc_9106() -> None:
    """Its second recommendation: 64 MiB, three passes, four lanes (section 4)."""
    made = hash_password("four words beside the lake")

    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert password_fits(made, "four words beside the lake")
    assert not needs_rehash(made)


@pytest.mark.parametrize("kept", ["", "no hash at all"])
def test_no_password_fits_what_is_no_hash(kept: str) -> None:
    """An account without a password cannot be entered with any, the empty one included."""
    assert not password_fits(kept, "")
    assert not password_fits(kept, "four words beside the lake")


def test_one_spelling_of_a_letter_is_as_good_as_another() -> None:
    """Keyboards write the same letter as one sign or as two (NFKC)."""
    assert password_fits(hash_password("järvellä soutaa"), "ja\u0308rvella\u0308 soutaa")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("elevenchars", "short"),
        ("x" * 257, "long"),
        ("maija.mallikas", "name"),
        ("Maija.Mallikas2026!", "name"),
        ("aaaaaaaaaaaaaaa", "trivial"),
        ("123456789012345", "trivial"),
        ("qwertyuiop12", "trivial"),
        ("Password1234!", "trivial"),
        ("abcabcabcabcabc", "trivial"),
        ("EmrexGateway2026", "trivial"),
        ("four words beside the lake", ""),
        ("järvellä soutaa kuu", ""),
        ("xK3!vL9pQ2mn", ""),
    ],
)
def test_what_makes_a_weak_password(password: str, reason: str) -> None:
    """Length counts; what everybody tries first is refused; there are no rules about kinds of signs."""
    assert reason == weak(password, "maija.mallikas")


@pytest.mark.parametrize("drift", [-90, -30, 0, 30, 90])
def test_codes_of_a_clock_that_is_a_little_wrong(drift: int) -> None:
    """One step of thirty seconds to either side is taken, more is not (RFC 6238, section 5.2)."""
    secret, now = new_secret(), datetime(2026, 11, 23, 12, tzinfo=UTC)
    code = pyotp.TOTP(secret).at(int(now.timestamp()) + drift)

    assert (abs(drift) <= 30) == (code_step(secret, f" {code[:3]} {code[3:]}", now) is not None)


def test_recovery_codes_are_read_as_people_write_them() -> None:
    """Blanks, hyphens and capital letters do not matter; ten codes are ten."""
    codes = new_codes()

    assert 10 == len(set(codes))
    for code in codes:
        assert digest(code) == digest(f" {code.upper().replace('-', ' ')} ")


def test_the_picture_says_what_an_app_reads() -> None:
    """The address has the secret, the name and whose account it is; it fits a picture."""
    address = code_address("A" * 32, "maija@campus", "EMREX gateway.example")
    read = pyotp.parse_uri(address)

    assert ("A" * 32, "maija@campus", "EMREX gateway.example") == (
        read.secret,
        read.name,
        read.issuer,
    )
    assert segno.make(address, error="m").version <= 10
