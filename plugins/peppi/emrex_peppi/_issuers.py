"""Which institution granted a completed credit. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from emrex_gateway.domain import Identifier, Institution, Issuer, LangString, issuer_of
from emrex_peppi._reading import Row

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")

NATIONAL_CODE = "oppilaitosnumero"
"""Custom identifier type: the Finnish national number of an institution (``organisationTkCode``)."""


def own_issuer(institution: Institution) -> Issuer:
    """The institution itself: what a credit that names nobody is granted by."""
    return issuer_of(institution)


class Issuers:
    """One ``Issuer`` an institution, however differently the rows describe it."""

    def __init__(
        self,
        institution: Institution,
        own_codes: Iterable[str],
        organisations: Iterable[Row],
        fallback_url: str = "",
    ) -> None:
        self._fallback_url = fallback_url or institution.url
        self._own = own_issuer(institution)
        self._own_domain = institution.domain.lower()
        self._own_codes = {*own_codes, institution.codes.get(NATIONAL_CODE, "")} - {""}
        self._known: dict[str, Issuer] = {}
        self._rich: set[str] = set()
        self._same: dict[str, Issuer] = {}
        self._spelt: dict[int, str] = {}
        self._held: list[Mapping[str, Any]] = []  # so that each identity stays one object's
        learned: set[str] = set()
        for organisation in organisations:
            spelt = self._spelling(organisation)
            if spelt not in learned:
                learned.add(spelt)
                self._learn(organisation)

    def _spelling(self, organisation: Row) -> str:
        """Return the organisation word for word, as rows repeat it; written out once an object."""
        values = organisation.values
        spelt = self._spelt.get(id(values))
        if spelt is None:
            self._held.append(values)
            spelt = self._spelt[id(values)] = repr(values)
        return spelt

    def _learn(self, organisation: Row) -> None:
        key = _key(organisation)
        named = bool(organisation.texts("organisationName"))
        if key is None or key in self._rich or (key in self._known and not named):
            return
        self._known[key] = _issuer(organisation, self._fallback_url)
        if named:
            self._rich.add(key)

    def of(self, organisation: Row) -> Issuer:
        """Return the issuer that a row's organisation means."""
        spelt = self._spelling(organisation)
        issuer = self._same.get(spelt)
        if issuer is None:
            issuer = self._same[spelt] = self._meant(organisation)
        return issuer

    def _meant(self, organisation: Row) -> Issuer:
        key = _key(organisation)
        hei = (organisation.text("hei", 200) or "").lower()
        code = organisation.text("organisationTkCode", 100) or ""
        if key is None or hei == self._own_domain or code in self._own_codes:
            return self._own
        return self._known.get(key) or _issuer(organisation, self._fallback_url)


def described(organisation: Row) -> Issuer:
    """The institution as a row describes it, whoever it is; its address may be empty."""
    return _issuer(organisation, "")


def organisation_name(organisation: Row) -> tuple[LangString, ...]:
    """The organisation's name in its languages, or whatever stands for one; may be empty."""
    if names := organisation.texts("organisationName"):
        return names
    if name := organisation.text("erasmusOrganisationName", 500):
        return (LangString(name),)
    return ()


def _key(organisation: Row) -> str | None:
    for name in ("organisationTkCode", "hei", "pic", "erasmusCode", "organisationIdentifier"):
        if value := organisation.text(name, 200):
            return f"{name} {value.lower()}"
    names = organisation_name(organisation)
    return f"name {names[0].value}" if names else None


def _issuer(organisation: Row, fallback_url: str) -> Issuer:
    """Describe a foreign institution.

    EMREX wants an identifier, a title and an address of every issuer. Where a
    title is missing the code stands in; where the address is, the institution's
    domain, and at last the setting ``fallback_url``, by default the page of
    the institution that reports the credit.
    """
    hei = (organisation.text("hei", 200) or "").lower()
    if not _DOMAIN.fullmatch(hei):
        hei = ""
    values = (
        ("schac", hei),
        ("pic", organisation.text("pic", 20)),
        ("erasmus", organisation.text("erasmusCode", 40)),
        (NATIONAL_CODE, organisation.text("organisationTkCode", 40)),
        ("local", organisation.text("organisationIdentifier", 200)),
    )
    identifiers = tuple(Identifier(type_, value) for type_, value in values if value)
    titles = organisation_name(organisation)
    if not identifiers:
        identifiers = (Identifier("local", titles[0].value if titles else "unknown"),)
    if not titles:
        titles = (LangString(f"Institution {identifiers[0].value}", "en"),)
    country = organisation.text("countryCode", 10) or ""
    if not _COUNTRY.fullmatch(country):
        # Five digits are Statistics Finland's number of a Finnish institution; letters are groups.
        code = organisation.text("organisationTkCode", 40) or ""
        country = "FI" if re.fullmatch(r"\d{5}", code) else ""
    url = web_address(organisation.text("url", 500)) or (f"https://{hei}/" if hei else fallback_url)
    return Issuer(identifiers=identifiers, titles=titles, url=url, country=country.upper() or None)


def web_address(value: str | None) -> str | None:
    """Return an absolute http(s) address, ``None`` for anything else; ``www.…`` gets a scheme."""
    if not value or re.search(r"[\s<>\"'\\]", value):
        return None
    if value.startswith("www."):
        value = f"https://{value}"
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("https", "http") and parts.hostname and not parts.username
    except ValueError:
        return None
    return value if usable else None
