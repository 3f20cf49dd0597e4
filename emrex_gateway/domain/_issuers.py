"""Issuers that are fit to be sent: identifier, title and address, whatever the source lacked."""

from __future__ import annotations

from urllib.parse import urlsplit

from emrex_gateway.domain._cleaning import language_tag, token
from emrex_gateway.domain._institutions import Institution
from emrex_gateway.domain._records import Identifier, Issuer
from emrex_gateway.domain._texts import LangString, Texts, best_text

_SINGLE = frozenset({"schac", "pic", "erasmus"})
"""Predefined types of which one institution has one: a second value would be another institution."""

_UNKNOWN_URL = "https://unknown.invalid/"
"""RFC 2606 reserves ``.invalid``: the element is obligatory, and this address misleads nobody."""


def issuer_of(institution: Institution) -> Issuer:
    """Return an institution of ours as the issuer of its own records.

    Its domain first, then its codes by their types, then its postal address
    (type ``address``) where no code says it otherwise.
    """
    codes = {"schac": institution.domain, **institution.codes}
    codes.setdefault("address", token(institution.address.replace("\n", ", ")))
    return Issuer(
        identifiers=tuple(Identifier(type_, value) for type_, value in codes.items() if value),
        titles=institution.names,
        url=institution.url,
        country=institution.country or None,
    )


def complete_issuer(issuer: Issuer) -> Issuer:
    """Return the issuer with at least one identifier, one title and an http(s) address.

    The schema's annotation of ``issuer/identifier`` asks for a best guess of the SCHAC
    identifier when there is no other: it is made from the address's host. Without an address
    there is nothing to guess from: the title becomes an identifier of the custom type ``name``.
    Completing twice changes nothing.
    """
    identifiers = _identifiers(issuer)
    titles = _titles(issuer)
    url = web_address(issuer.url)
    if not identifiers:
        name = best_text(titles, ("en",))
        host = (urlsplit(url).hostname or "") if url else ""
        host = host.removeprefix("www.")
        if host and not host.endswith(".invalid"):
            identifiers = (Identifier("schac", host),)
        else:
            identifiers = (Identifier("name", name or "unknown"),)
    if not titles:
        titles = (LangString(identifiers[0].value),)
    if not url:
        schac = next((i.value for i in identifiers if i.type == "schac"), "")
        url = web_address(schac) or _UNKNOWN_URL
    return Issuer(identifiers=identifiers, titles=titles, url=url, country=issuer.country)


def issuer_key(issuer: Issuer) -> frozenset[tuple[str, str]]:
    """Return what tells institutions apart: their identifiers, postal address aside."""
    identifiers = complete_issuer(issuer).identifiers
    return frozenset(
        (i.type, i.value.casefold()) for i in identifiers if i.type != "address"
    ) or frozenset((i.type, i.value) for i in identifiers)


def web_address(text: str | None) -> str | None:
    """Return an absolute http(s) address, or ``None`` for anything else.

    A bare host gets ``https://``; other schemes (``javascript:``) never leave.
    """
    url = token(text or "").replace(" ", "%20")
    if "://" not in url and "." in url.partition("/")[0] and ":" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return url if usable else None


def _identifiers(issuer: Issuer) -> tuple[Identifier, ...]:
    kept: dict[Identifier, None] = {}
    single: set[str] = set()
    for identifier in issuer.identifiers:
        type_, value = token(identifier.type), token(identifier.value)
        type_ = type_.lower() if type_.lower() in _SINGLE else type_
        if type_ and value and type_ not in single:
            kept[Identifier(type_, value)] = None
            if type_ in _SINGLE:
                single.add(type_)
    return tuple(kept)


def _titles(issuer: Issuer) -> Texts:
    cleaned = (LangString(token(t.value), language_tag(t.lang)) for t in issuer.titles)
    return tuple(dict.fromkeys(t for t in cleaned if t.value))
