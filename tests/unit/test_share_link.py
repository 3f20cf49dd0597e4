"""What a link carries, and what of a pasted text is taken for its key."""

from __future__ import annotations

import pytest

from emrex_gateway.settings import Settings
from emrex_gateway.sharing import Terms, _link, longest

ID = "0123456789abcdef0123456789abcdef"
KEY = bytes(range(32))
TEXT = _link.key_text(KEY)
LINK = f"https://gateway.example/emrex/share/{ID}#{TEXT}"


def test_keys_and_ids_are_long_and_never_twice() -> None:
    """128 bits and 256, in small letters and digits, which no mail program cuts a link at."""
    ids, keys = {_link.new_id() for _ in range(99)}, {_link.new_key() for _ in range(99)}

    assert (99, 99) == (len(ids), len(keys))
    assert {(128 // 4, True)} == {(len(one), _link.is_id(one)) for one in ids}
    assert {256 // 8} == {len(one) for one in keys}
    assert all(text.isalnum() and text == text.lower() for text in map(_link.key_text, keys))
    assert 52 == len(TEXT)


@pytest.mark.parametrize(
    "typed",
    [LINK, TEXT, f"#{TEXT}", f"  {LINK}\n", TEXT.upper(), LINK[:70] + "\r\n " + LINK[70:]],
    ids=["link", "key", "fragment", "blanks around", "capitals", "a mail's line break"],
)
def test_a_link_is_read_as_mail_brings_it(typed: str) -> None:
    assert KEY == _link.read_link(ID, typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "#",
        TEXT[:-1],
        TEXT + "a",
        LINK.replace(ID, ID[::-1]),
        "x" * 100_000,
        "\udfff" * 52,
        TEXT.replace("a", "1"),
        LINK.partition("#")[0],
    ],
    ids=[
        *("nothing", "a sign", "short", "long", "another share's link"),
        *("flood", "surrogates", "no base32", "without its key"),
    ],
)
def test_nothing_else_is_a_key(typed: str) -> None:
    assert _link.read_link(ID, typed) is None


def test_a_keys_hash_is_bound_to_its_share() -> None:
    """The same key of another share has another hash, and no hash holds the key."""
    one, other = _link.key_hash(ID, KEY), _link.key_hash(ID[::-1], KEY)

    assert one != other
    assert KEY.hex() not in one + other


def settings(**changes: int) -> Settings:
    """An installation's."""
    return Settings(public_url="https://gateway.example", **changes)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, ()),
        ({"purpose": " \u202e\x00 "}, ("purpose",)),
        ({"purpose": "x" * 101}, ("purpose",)),
        ({"days": 0}, ("days",)),
        ({"days": 91}, ("days",)),
        ({"most_views": 0}, ("openings",)),
        ({"most_views": 1000}, ("openings",)),
        ({"purpose": "", "days": -1, "most_views": -1}, ("purpose", "days", "openings")),
    ],
    ids=["good", "nothing to read", "long", "none", "late", "never", "many", "all"],
)
def test_terms_have_bounds(changes: dict[str, object], problems: tuple[str, ...]) -> None:
    terms = {"purpose": "x" * 100, "days": 90, "most_views": 999, **changes}

    assert problems == Terms(**terms).problems(settings())  # type: ignore[arg-type]  # the table's


def test_no_link_outlives_its_row() -> None:
    """The setting is the most, or the time that the transfer's row is kept, whichever is shorter."""
    assert 90 == longest(settings())
    assert 14 == longest(settings(audit_lifetime=14 * 86400))
    assert 0 == longest(settings(share_lifetime=0))
