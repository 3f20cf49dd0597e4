"""The forms that values have, whoever writes them: the institutions' file, a page's form, a command.

Each check raises ``ConfigError`` with one clear line that says where, and names
the field. ``words`` says the same without the where, for the page: there it
stands beside the field, in the reader's language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from emrex_gateway.domain import Texts, texts
from emrex_gateway.errors import ConfigError

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\Z")
COUNTRY = re.compile(r"[A-Z]{2}\Z")
URI = re.compile(r"(?=.{1,1024}\Z)[A-Za-z][A-Za-z0-9+.-]*:[!-~]+\Z")
"""What an entity id or a category may be (SAML 2.0 Metadata, 2.2.1: at most 1024 characters)."""
EMAIL = re.compile(r"(?=.{3,254}\Z)[^\s@<>\"]{1,64}@[A-Za-z0-9.-]+\Z")
MAX_TEXT = 2000


def N_(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_WORDS = {
    SLUG: N_("Use 1 to 63 small letters a to z, digits and hyphens, with no hyphen at either end."),
    HOST: N_("Write a domain such as example.edu, in small letters and without https://."),
    LANGUAGE: N_("Write a language's code such as en or sv."),
    COUNTRY: N_("Write a country's code of two capital letters, such as FI."),
    URI: N_("Write an address that begins with https: or urn:."),
    EMAIL: N_("Write an e-mail address such as help@example.edu."),
}


def match(pattern: re.Pattern[str], value: str, where: str, name: str, field: str = "") -> None:
    """Raise unless the value has that form. The error's field is ``field``, else ``name``."""
    if not pattern.match(value):
        raise ConfigError(
            f"{where}: {name} {value[:80]!r} does not have the right form",
            field or name,
            words=_WORDS.get(pattern, N_("This does not have the right form.")),
        )


def once(what: str, names: Iterable[str]) -> None:
    """Raise when a name stands twice."""
    for name, count in Counter(names).items():
        if count > 1:
            raise ConfigError(f"the {what} {name!r} stands {count} times in the file")


def read_texts(
    values: Mapping[str, str], where: str, *, name: str = "names", empty: bool = False
) -> Texts:
    """Return texts by language; at least one, unless ``empty``."""
    good = all(0 < len(value) <= MAX_TEXT for value in values.values())
    if not good or not (values or empty):
        raise ConfigError(
            f"{where}: {name} must hold a text for each of its languages",
            name,
            words=N_("Fill in at least one language, with %(most)d characters at the most."),
            values={"most": MAX_TEXT},
        )
    for language in values:
        match(LANGUAGE, language, where, "language", name)
    return texts(**values)


def check_texts(values: Texts, where: str, *, name: str = "names", empty: bool = False) -> Texts:
    """As ``read_texts``, for texts that are texts already; each language once."""
    by_language = {one.lang or "": one.value for one in values}
    if len(by_language) != len(values):
        raise ConfigError(
            f"{where}: {name} has two texts in one language",
            name,
            words=N_("There are two texts in one language."),
        )
    return read_texts(by_language, where, name=name, empty=empty)


def read_hosts(values: Iterable[str], where: str, name: str = "host") -> frozenset[str]:
    """Return host names in lower case."""
    hosts = frozenset(value.lower() for value in values)
    for host in sorted(hosts):
        match(HOST, host, where, "host", name)
    return hosts


def check_url(value: str, where: str, *, http: bool, name: str = "url") -> None:
    """Raise unless the value is an https address, or an http one where that is allowed."""
    try:
        parts = urlsplit(value)
        schemes = ("https", "http") if http else ("https",)
        good = parts.scheme in schemes and parts.hostname and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or len(value) > MAX_TEXT:
        raise ConfigError(
            f"{where}: {name} is not an absolute address that people can open",
            name,
            words=N_("Write a whole address that begins with https:// and that people can open."),
        )


def check_contact(value: str, where: str, name: str) -> None:
    """Raise ``ConfigError`` unless the value is a mail address or a web address for people."""
    if EMAIL.match(value.removeprefix("mailto:")):
        return
    try:
        check_url(value, where, http=False, name=name)
    except ConfigError:
        raise ConfigError(
            f"{where}: {name} is neither a mail address nor an https address",
            name,
            words=N_("Write an e-mail address, or a web address that begins with https://."),
        ) from None


def between(value: int, least: int, most: int, where: str, name: str) -> None:
    """Raise unless the number lies within the two."""
    if not least <= value <= most:
        raise ConfigError(
            f"{where}: {name} must be between {least} and {most}",
            name,
            words=N_("Write a number between %(least)d and %(most)d."),
            values={"least": least, "most": most},
        )
