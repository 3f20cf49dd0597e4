"""The ``institutions`` of the Erasmus Without Paper catalogue (EWP Registry API 1).

Each ``hei`` has the SCHAC identifier as ``id``, further identifiers by type and
names by language; several of one type or language may occur. Read piece by
piece: no document type, no entities, nothing from elsewhere, and limits.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from lxml import etree

from emrex_gateway.administering._candidates import MAX_ROWS, Candidate, Note, plain_tag
from emrex_gateway.administering._codes import ERASMUS, PIC, SCHAC, check_codes
from emrex_gateway.administering._values import N_
from emrex_gateway.domain import LangString, Texts, token
from emrex_gateway.errors import ConfigError

MAX_BYTES = 64 * 1024 * 1024
"""The most that a catalogue may weigh; today's has some megabytes."""
MAX_ENTRIES = 100
"""The most names and identifiers of one institution that are looked at."""

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_FORMER = "previous-schac"
_ALIASES = {"euc": "erasmus-charter"}
"""The catalogue's schema calls ``euc`` the older name of the same number."""


def read_catalogue(data: bytes, *, default_language: str = "en") -> tuple[Candidate, ...]:
    """Return the institutions of a catalogue. A name of no language counts as ``default_language``.

    Raises ``ConfigError`` for what is no catalogue, or breaks a limit.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(
            f"the catalogue is larger than {MAX_BYTES} bytes",
            "file",
            words=N_("The file is too large."),
        )
    found: list[Candidate] = []
    try:
        for element in _institutions(data):
            found.append(_candidate(len(found) + 1, element, default_language))
            if len(found) > MAX_ROWS:
                raise ConfigError(
                    f"the catalogue has more than {MAX_ROWS} institutions",
                    "file",
                    words=N_("The file has too many institutions."),
                )
    except etree.XMLSyntaxError as error:
        raise ConfigError(
            f"the catalogue is not well-formed XML: line {error.lineno}",
            "file",
            words=N_("The file is not well-formed XML; see line %(line)d."),
            values={"line": error.lineno or 0},
        ) from None
    if not found:
        raise ConfigError(
            "the catalogue lists no institutions",
            "file",
            words=N_("The file lists no institutions."),
        )
    return tuple(found)


def _institutions(data: bytes) -> Iterator[etree._Element]:
    """Yield each ``hei`` once it is complete; what was read is let go of."""
    context = etree.iterparse(
        io.BytesIO(data),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    path: list[str] = []
    for event, element in context:
        name = etree.QName(element).localname
        if event == "start":
            if not path:
                _check_root(element, name)
            path.append(name)
            continue
        path.pop()
        if path == ["catalogue", "institutions"] and name == "hei":
            yield element
        if len(path) <= 2:
            element.clear()
            while element.getprevious() is not None:
                parent = element.getparent()
                assert parent is not None  # only the root has none, and it has nobody beside it
                del parent[0]


def _check_root(root: etree._Element, name: str) -> None:
    if root.getroottree().docinfo.doctype:
        raise ConfigError(
            "the catalogue has a document type declaration",
            "file",
            words=N_("The file has a document type declaration, which is not taken."),
        )
    if name != "catalogue":
        raise ConfigError(
            f"the document is not the EWP catalogue but {name[:80]!r}",
            "file",
            words=N_("The file is neither the EWP catalogue nor a table (CSV)."),
        )


def _candidate(number: int, hei: etree._Element, default_language: str) -> Candidate:
    notes: list[Note] = []
    codes, former = _codes(hei, notes)
    return Candidate(
        line=number,
        domain=(hei.get("id") or "").strip().lower()[:300],
        former=former,
        names=_names(hei, default_language, notes),
        codes=codes,
        notes=tuple(notes),
    )


def _names(hei: etree._Element, default_language: str, notes: list[Note]) -> Texts:
    names: dict[str, str] = {}
    unnamed: list[str] = []
    for element in hei.findall("{*}name")[:MAX_ENTRIES]:
        value, tag = token(element.text or ""), plain_tag(element.get(_LANG))
        if not value:
            continue
        if not tag:
            unnamed.append(value)
        elif names.setdefault(tag, value) != value:
            notes.append(
                Note(
                    N_("There are several names in the language %(language)s; the first counts."),
                    {"language": tag},
                )
            )
    for value in unnamed:
        if names.setdefault(default_language, value) == value:
            notes.append(
                Note(
                    N_("A name of no language counts as %(language)s."),
                    {"language": default_language},
                )
            )
    return tuple(LangString(value, tag) for tag, value in names.items())


def _codes(hei: etree._Element, notes: list[Note]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the codes that can be kept, and former domains."""
    codes: dict[str, str] = {}
    former: list[str] = []
    for element in hei.findall("{*}other-id")[:MAX_ENTRIES]:
        type_, value = token(element.get("type") or ""), (element.text or "").strip()
        type_ = type_.lower() if type_.lower() in (ERASMUS, PIC, _FORMER) else type_
        type_ = _ALIASES.get(type_, type_)
        if type_ == _FORMER:
            former.append(value.lower()[:300])
        elif value and type_ != SCHAC:
            _keep(codes, type_, value, notes)
    return codes, tuple(former)


def _keep(codes: dict[str, str], type_: str, value: str, notes: list[Note]) -> None:
    try:
        (kept,) = check_codes({type_: value}, "").values()
    except ConfigError:
        values = {"type": type_[:80], "value": value[:80]}
        notes.append(
            Note(N_("%(type)s %(value)s does not have the right form and is left out."), values)
        )
        return
    if codes.setdefault(type_, kept) != kept:
        notes.append(Note(N_("There are several %(type)s; the first counts."), {"type": type_}))
