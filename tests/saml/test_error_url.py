"""The provider's own error page: placeholders filled, and only a safe address offered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emrex_gateway.login.saml._error_url import error_url
from emrex_gateway.login.saml._types import Reason

PAGE = "https://idp.example/error"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Reason.MISSING, "IDENTIFICATION_FAILURE"),
        (Reason.CONTEXT, "AUTHENTICATION_FAILURE"),
        (Reason.ASSURANCE, "AUTHORIZATION_FAILURE"),
        (Reason.ORGANIZATION, "AUTHORIZATION_FAILURE"),
        (Reason.SIGNATURE, "OTHER_ERROR"),
        (Reason.STATUS, "OTHER_ERROR"),
    ],
)
def test_codes(reason: Reason, code: str) -> None:
    """Each refusal has one of the profile's four codes."""
    assert f"{PAGE}/{code}" == error_url(f"{PAGE}/ERRORURL_CODE", reason)


def test_values_are_encoded() -> None:
    """What fills a placeholder stays inside it: it adds no parameter and no part of a path."""
    filled = error_url(
        f"{PAGE}?ts=ERRORURL_TS&rp=ERRORURL_RP&tid=ERRORURL_TID&ctx=ERRORURL_CTX",
        Reason.MISSING,
        entity_id="https://gateway.example/sp/campus?a=b&c#d",
        now=datetime(2026, 5, 17, 12, tzinfo=UTC),
        reference="t/17",
        context="givenName ERRORURL_RP",
    )

    assert (
        f"{PAGE}?ts=1779019200&rp=https%3A%2F%2Fgateway.example%2Fsp%2Fcampus%3Fa%3Db%26c%23d"
        "&tid=t%2F17&ctx=givenName%20ERRORURL_RP"
    ) == filled


def test_unknown_values_become_empty() -> None:
    """A placeholder that we have nothing for is left empty; an address without any stays as it is."""
    assert f"{PAGE}?ts=&rp=&tid=&ctx=" == error_url(
        f"{PAGE}?ts=ERRORURL_TS&rp=ERRORURL_RP&tid=ERRORURL_TID&ctx=ERRORURL_CTX", Reason.MISSING
    )
    assert PAGE == error_url(PAGE, Reason.MISSING)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "http://idp.example/error",
        "http://127.0.0.1/error",
        "javascript:alert(1)",
        "mailto:help@idp.example",
        "//idp.example/error",
        "https://user@idp.example/error",
        "https://ERRORURL_CTX.idp.example/error",
        "https://idp.example/" + "a" * 3000,
        'https://idp.example/"><script>',
        "https://idp.example/\r\nx",
    ],
)
def test_unfit_addresses_are_not_offered(template: str) -> None:
    """Only a plain https address of a fixed host is shown to a student."""
    assert "" == error_url(template, Reason.MISSING, context="x")


def test_long_values_are_cut() -> None:
    """A long list of attributes does not make the address unusable."""
    filled = error_url(f"{PAGE}?ERRORURL_CTX", Reason.MISSING, context="a" * 5000)

    assert f"{PAGE}?{'a' * 256}" == filled
