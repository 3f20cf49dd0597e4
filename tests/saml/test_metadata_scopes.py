"""Scopes: which a provider may assert, and which patterns are let near a matcher."""

from __future__ import annotations

import pytest

from emrex_gateway.login.saml._scopes import fits, simple_pattern
from emrex_gateway.login.saml._types import Scope


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (r"^.+\.example\.edu$", "a.example.edu", True),
        (r"^.+\.example\.edu$", "example.edu", False),
        (r".*\.example\.edu", "a.b.example.edu", True),
        (r".*\.example\.edu", "a.example.edu.evil.com", False),
        (r".*\.example\.edu", "aXexample.edu", False),
        (r"^([a-zA-Z0-9-]{1,63}\.){0,2}vho\.aaf\.edu\.au$", "x.y.vho.aaf.edu.au", True),
        (r"^([a-zA-Z0-9-]{1,63}\.){0,2}vho\.aaf\.edu\.au$", "x.y.z.vho.aaf.edu.au", False),
        (r"^(.+\.)?uni\.example$", "uni.example", True),
        (r"^(.+\.)?uni\.example$", "Campus.UNI.example", True),
        (r"^(?:[a-z]+\.){2}example$", "a.b.example", True),
        (r"^(?:[a-z]+\.)example$", "a.example", True),
    ],
)
def test_a_simple_pattern_matches_whole_scopes(pattern: str, value: str, expected: bool) -> None:
    """The forms that federations really publish; dots are dots only when escaped."""
    assert expected == fits([Scope(pattern, regexp=True)], value)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "^$",
        "(a+)+",
        "(a+)*b",
        "(.*)*",
        "((a)b)",
        "a|b",
        r"\w+",
        "(?=a)b",
        "[^a]",
        "a{1,2000}",
        ".*.*.*.*.*",
        "(a+b+){3}",
        "a**",
        "[z-a]",
        "x" * 201,
        "(",
        r"(\1)",
        "(?P<a>b)",
        "a$b",
    ],
)
def test_another_pattern_matches_nothing(pattern: str) -> None:
    """What could run for ever, or is more than a domain needs, does not count."""
    assert simple_pattern(pattern) is None
    assert not fits([Scope(pattern, regexp=True)], "a")


def test_the_worst_simple_pattern_ends() -> None:
    """Work grows with a fixed power of the length; with ``(.+)+`` in it this would not come back."""
    assert not fits([Scope(r".*.*.*\.example$", regexp=True)], "a." * 126)


def test_literal_scopes_compare_without_case() -> None:
    """They are domain names; there is no scope that is empty or longer than one."""
    scopes = [Scope("One.Example"), Scope("two.example")]
    assert [True, True, False, False, False] == [
        fits(scopes, value)
        for value in ("one.example", "TWO.example", "a.one.example", "", "x" * 254)
    ]
