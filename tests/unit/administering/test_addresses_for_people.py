"""Addresses that an administrator types in and that pages, registries and the trail repeat."""

from __future__ import annotations

import pytest

from emrex_gateway.administering._values import check_url
from emrex_gateway.errors import ConfigError


@pytest.mark.parametrize(
    "url",
    ["https://maija@campus.example/", "https://:word@campus.example/", "https://@campus.example/"],
    ids=["name", "password", "empty"],
)
def test_an_address_holds_no_credentials(url: str) -> None:
    """Whatever stands before the host would be published with the address."""
    with pytest.raises(ConfigError):
        check_url(url, "institution 'campus'", http=True)


def test_an_address_without_them_is_fine() -> None:
    """A sign further on is no matter."""
    check_url("https://campus.example/@news", "institution 'campus'", http=False)
