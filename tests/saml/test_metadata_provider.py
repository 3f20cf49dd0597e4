"""A provider out of its descriptor: keys, addresses, scopes, the page for errors."""

from __future__ import annotations

import pytest
from lxml import etree

from emrex_gateway.domain import texts
from emrex_gateway.login.saml._provider import MAX_CERTIFICATES, read_provider
from emrex_gateway.login.saml._types import Provider, Reason, Refused, Scope
from federation_files import ONE, POST, REDIRECT, element, idp, key, sso
from saml_issuer import NOW, certificate

SLO = "md:SingleLogoutService"


def _read(text: str, **more: bool) -> Provider:
    return read_provider(etree.tostring(element(text)), NOW, **more)


def test_a_provider_is_read_whole() -> None:
    """Everything that a login and a logout need."""
    endpoints = (
        f'<{SLO} Binding="{POST}" Location="https://one.example/post"/>'
        f'<{SLO} Binding="{REDIRECT}" Location="https://one.example/slo"'
        ' ResponseLocation="https://one.example/slo-done"/>' + sso()
    )
    scopes = (
        "<shibmd:Scope>one.example</shibmd:Scope>"
        '<shibmd:Scope regexp="true">^.+\\.one\\.example$</shibmd:Scope>'
        '<shibmd:Scope regexp="true">^(a+)+$</shibmd:Scope>'
    )
    url = "https://one.example/error?code=ERRORURL_CODE"
    found = _read(idp(endpoints=endpoints, scopes=scopes, role=f'errorURL="{url}"'))

    assert found == Provider(
        entity_id=ONE,
        names=texts(en="One University"),
        certificates=(certificate("rsa2048"),),
        sso_url="https://one.example/sso",
        logout_url="https://one.example/slo",
        logout_response_url="https://one.example/slo-done",
        scopes=(Scope("one.example"), Scope("^.+\\.one\\.example$", regexp=True)),
        error_url=url,
        valid_until=NOW,
    )


def test_what_is_not_offered_is_empty() -> None:
    """Answers to logouts go where the requests go, when no other place is named."""
    slo = f'<{SLO} Binding="{REDIRECT}" Location="https://one.example/slo"/>'
    with_slo, without = _read(idp(endpoints=slo + sso())), _read(idp())
    assert ("https://one.example/slo", "https://one.example/slo") == (
        with_slo.logout_url,
        with_slo.logout_response_url,
    )
    assert ("", "", "") == (without.logout_url, without.logout_response_url, without.error_url)


@pytest.mark.parametrize("url", ["http://one.example/", "javascript:x", "https://" + "x" * 2048])
def test_an_error_page_is_an_https_address(url: str) -> None:
    """Students are sent there."""
    assert "" == _read(idp(role=f'errorURL="{url}"')).error_url


def test_signing_keys_are_those_for_signing_and_for_every_use() -> None:
    """Two during a rollover, each once, in the metadata's order; not those for encryption."""
    keys = (
        key("rsa2048") + key("p256", use=None) + key("rsa3072", use="encryption") + key("rsa2048")
    )
    assert (certificate("rsa2048"), certificate("p256")) == _read(idp(keys=keys)).certificates


def test_unfit_certificates_are_left_out() -> None:
    """Broken ones, short keys, and more than anybody rolls over at once."""
    broken = key(text="AAAA") + key(text="&#228;") + key(text="") + key(text="A" * 20_000)
    keys = broken + key("rsa1024") + key("rsa2048")
    assert (certificate("rsa2048"),) == _read(idp(keys=keys)).certificates
    many = "".join(key(f"p256:{number}") for number in range(MAX_CERTIFICATES + 1))
    assert MAX_CERTIFICATES == len(_read(idp(keys=many)).certificates)


def test_http_counts_on_loopback_when_told_so() -> None:
    """For demonstrations only."""
    local = idp(endpoints=sso("http://localhost:8080/sso"))
    assert "http://localhost:8080/sso" == _read(local, http_on_loopback=True).sso_url


@pytest.mark.parametrize(
    "text",
    [
        idp(endpoints=sso("http://localhost:8080/sso")),
        idp(keys=""),
        idp(keys=key("rsa1024")),
        idp(protocol="urn:x"),
        idp(""),
    ],
)
def test_a_provider_without_a_way_to_log_in_is_refused(text: str) -> None:
    """No address, no key that counts, another protocol, no name of its own."""
    with pytest.raises(Refused) as caught:
        _read(text)
    assert Reason.PROVIDER.value == caught.value.reason
