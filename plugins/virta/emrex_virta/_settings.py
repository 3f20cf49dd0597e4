"""What an institution agrees with VIRTA's operator, and how patient we are."""

from __future__ import annotations

import ipaddress
from dataclasses import MISSING, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from emrex_gateway.errors import ConfigError

_LONGEST = 100
"""The service's types of the three credentials allow this many characters."""


def _setting(
    label: tuple[str, str, str], help_: tuple[str, str, str], default: Any = MISSING, **more: Any
) -> Any:
    """A field with its label and help in English, Finnish and Swedish."""
    tags = ("en", "fi", "sv")
    metadata = {
        "label": dict(zip(tags, label, strict=True)),
        "help": dict(zip(tags, help_, strict=True)),
        **more,
    }
    return field(default=default, metadata=metadata, repr=not more.get("secret"))


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtaSettings:
    """Settings of one binding. Durations are in seconds, sizes in bytes.

    Raises ``ConfigError`` for values that cannot work, naming the setting.
    """

    url: str = _setting(
        ("Address", "Osoite", "Adress"),
        (
            "Address of VIRTA's SOAP service, https (http on loopback only).",
            "VIRTA-rajapinnan (SOAP) osoite, https (http vain loopback-osoitteissa).",
            "Adress till VIRTAs SOAP-tjänst, https (http endast för loopback).",
        ),
    )
    system: str = _setting(
        ("Calling system", "Kutsuva järjestelmä", "Anropande system"),
        (
            "Name of the calling system (jarjestelma), as agreed with VIRTA.",
            "Kutsuvan järjestelmän nimi (jarjestelma), kuten VIRTAn kanssa on sovittu.",
            "Det anropande systemets namn (jarjestelma), enligt avtal med VIRTA.",
        ),
    )
    caller: str = _setting(
        ("User name", "Käyttäjätunnus", "Användarnamn"),
        (
            "User name of the caller (tunnus).",
            "Kutsujan tunnus (tunnus).",
            "Anroparens användarnamn (tunnus).",
        ),
    )
    secret: str = _setting(
        ("Password", "Salasana", "Lösenord"),
        (
            "Password of the service (avain).",
            "Palvelun avain (avain).",
            "Tjänstens nyckel (avain).",
        ),
        secret=True,
    )
    organisations: tuple[str, ...] = _setting(
        ("Only these institutions", "Vain nämä korkeakoulut", "Endast dessa högskolor"),
        (
            "Five-digit codes: send only what these institutions granted. Empty: everything.",
            "Viisinumeroiset koodit: lähetä vain näiden myöntämät suoritukset. Tyhjä: kaikki.",
            "Femsiffriga koder: skicka endast det som dessa har beviljat. Tomt: allt.",
        ),
        (),
    )
    fallback_url: str = _setting(
        ("Web address of others", "Muiden verkko-osoite", "Andras webbadress"),
        (
            "Web address of issuers that are not in the table of institutions. "
            "Empty: the address of the institution itself.",
            "Niiden myöntäjien verkko-osoite, jotka eivät ole korkeakoulujen taulukossa. "
            "Tyhjä: korkeakoulun oma osoite.",
            "Webbadress för utfärdare som inte finns i tabellen över högskolor. "
            "Tomt: högskolans egen adress.",
        ),
        "",
        advanced=True,
    )
    ask_names: bool = _setting(
        ("Ask for names", "Kysy nimet", "Fråga efter namn"),
        (
            "Ask VIRTA for the student's names when the login brought none.",
            "Kysy opiskelijan nimet VIRTAsta, kun kirjautuminen ei tuonut niitä.",
            "Fråga VIRTA efter den studerandes namn när inloggningen inte gav några.",
        ),
        True,
    )
    connect_timeout: float = _setting(
        ("Wait for a connection", "Yhteyden odotus", "Väntan på förbindelse"),
        (
            "How long connecting may take.",
            "Kuinka kauan yhteyden avaaminen saa kestää.",
            "Hur länge uppkopplingen får ta.",
        ),
        5.0,
        unit="s",
        advanced=True,
    )
    read_timeout: float = _setting(
        ("Wait for an answer", "Vastauksen odotus", "Väntan på svar"),
        (
            "How long VIRTA may be silent.",
            "Kuinka kauan VIRTA saa olla hiljaa.",
            "Hur länge VIRTA får vara tyst.",
        ),
        20.0,
        unit="s",
        advanced=True,
    )
    total_timeout: float = _setting(
        ("Longest request", "Pisin pyyntö", "Längsta förfrågan"),
        (
            "How long one request may take in all.",
            "Kuinka kauan yksi pyyntö saa kaikkiaan kestää.",
            "Hur länge en förfrågan får ta allt som allt.",
        ),
        40.0,
        unit="s",
        advanced=True,
    )
    max_answer_bytes: int = _setting(
        ("Largest answer", "Suurin vastaus", "Största svaret"),
        ("A larger one is refused.", "Suurempi hylätään.", "Ett större avvisas."),
        30_000_000,
        unit="B",
        advanced=True,
    )

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts is None:
            raise ConfigError(
                "VIRTA's url must be an absolute https address without a user name", "url"
            )
        scheme, host = parts
        if scheme == "http" and not _is_loopback(host):
            raise ConfigError("VIRTA's url must be https (http on a loopback address only)", "url")
        for name in ("system", "caller", "secret"):
            value = getattr(self, name)
            if not value or len(value) > _LONGEST:
                raise ConfigError(f"VIRTA's {name} must have 1 to {_LONGEST} characters", name)
        if self.fallback_url and _split(self.fallback_url) is None:
            raise ConfigError(
                "VIRTA's fallback_url must be an absolute web address", "fallback_url"
            )
        for name in ("connect_timeout", "read_timeout", "total_timeout", "max_answer_bytes"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"VIRTA's {name} must be more than 0", name)


def _split(url: str) -> tuple[str, str] | None:
    """Return scheme and host of an absolute http(s) address without credentials."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password:
        return None
    return parts.scheme, host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
