"""What is read of one entity: names, pictures, scopes, categories, times; and what counts as absent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emrex_gateway.domain import LangString, texts
from emrex_gateway.login.saml import _descriptor as read
from emrex_gateway.login.saml._types import Scope
from federation_files import ONE, POST, category, element, idp, sp, sso

LOGO = '<mdui:Logo height="{h}" width="{w}">{url}</mdui:Logo>'
ORGANIZATION = (
    '<md:Organization><md:OrganizationDisplayName xml:lang="fi">Yliopisto'
    "</md:OrganizationDisplayName></md:Organization>"
)


def _role(text: str) -> tuple[read.etree._Element, read.etree._Element]:
    entity = element(text)
    role = read.idp_role(entity)
    assert role is not None
    return entity, role


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-02T09:30:00Z", datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
        ("2026-11-02T09:30:00", datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
        (
            " 2026-11-02T11:30:00.1234567+02:00 ",
            datetime(2026, 11, 2, 9, 30, 0, 123456, tzinfo=UTC),
        ),
        ("2026-11-02T09:30:00.5-00:30", datetime(2026, 11, 2, 10, 0, 0, 500000, tzinfo=UTC)),
    ],
)
def test_a_time_is_read(text: str, expected: datetime) -> None:
    """xs:dateTime with and without a zone and fraction."""
    assert expected == read.instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-02",
        "20261102T093000Z",
        "2026-13-01T00:00:00Z",
        "2026-11-02T24:01:00Z",
        "soon",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-02T09:30:00Z\n2026",
    ],
)
def test_what_is_no_time_makes_an_entity_unusable(text: str) -> None:
    """Closed when in doubt: nobody guesses an end."""
    with pytest.raises(read.Unusable):
        read.instant(text)


def test_names_come_in_every_language_once() -> None:
    """mdui's names go first; the first of a language counts."""
    ui = (
        '<mdui:DisplayName xml:lang="en">One</mdui:DisplayName>'
        '<mdui:DisplayName xml:lang="fi">  Yksi\n  kaksi </mdui:DisplayName>'
        '<mdui:DisplayName xml:lang="en">Second</mdui:DisplayName>'
        '<mdui:DisplayName xml:lang="sv"/>'
        "<mdui:DisplayName>Without</mdui:DisplayName>"
    )
    entity, role = _role(idp(ui=ui, after=ORGANIZATION))
    expected = (*texts(en="One", fi="Yksi kaksi"), LangString("Without"))
    assert expected == read.names(entity, role)


@pytest.mark.parametrize(
    ("entity_id", "after", "expected"),
    [
        (ONE, ORGANIZATION, texts(fi="Yliopisto")),
        (ONE, "", (LangString("one.example"),)),
        (ONE, "<md:Organization/>", (LangString("one.example"),)),
        ("urn:mace:one", "", (LangString("urn:mace:one"),)),
        ("https://[broken", "", (LangString("https://[broken"),)),
    ],
)
def test_an_entity_without_a_name_has_its_organisations_or_its_hosts(
    entity_id: str, after: str, expected: object
) -> None:
    """Nobody stands in the list without a name."""
    entity, role = _role(idp(entity_id, ui="", after=after))
    assert expected == read.names(entity, role)


def test_names_that_deceive_or_overflow_do_not_count() -> None:
    """No overrides of direction, no controls, no novels, no markup inside."""
    ui = (
        '<mdui:DisplayName xml:lang="en">One &#x202e;ytisrevinU</mdui:DisplayName>'
        f'<mdui:DisplayName xml:lang="fi">{"x" * 257}</mdui:DisplayName>'
        f'<mdui:DisplayName xml:lang="sv">{"x" * 400}</mdui:DisplayName>'
        '<mdui:DisplayName xml:lang="de">Eins<b/></mdui:DisplayName>'
    )
    entity, role = _role(idp(ui=ui))
    assert texts(en="One ytisrevinU") == read.names(entity, role)


def test_the_number_of_languages_is_limited() -> None:
    """A row has a bounded size."""
    tags = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"]
    ui = "".join(f'<mdui:DisplayName xml:lang="{t}">{t}</mdui:DisplayName>' for t in tags)
    entity, role = _role(idp(ui=ui))
    assert read.MAX_LANGUAGES == len(read.names(entity, role))


def test_a_service_provider_is_named_as_well() -> None:
    """By its organisation or host."""
    assert (LangString("sp.example"),) == read.names(element(sp()), None)
    assert (True, False) == (
        read.has_sp_role(element(sp())),
        read.has_sp_role(element(idp())),
    )


def test_keywords_are_words() -> None:
    """A plus stands for a blank."""
    ui = '<mdui:Keywords xml:lang="en">one  two+three one</mdui:Keywords>'
    assert ("one", "two three") == read.keywords(_role(idp(ui=ui))[1])


def test_scopes_are_domains_or_patterns() -> None:
    """Of the role and of the entity, without case; what is neither is left out."""
    scopes = (
        "<shibmd:Scope>One.Example</shibmd:Scope>"
        '<shibmd:Scope regexp="false">one.example</shibmd:Scope>'
        '<shibmd:Scope regexp="1">^.+\\.One\\.example$</shibmd:Scope>'
        "<shibmd:Scope>not a domain</shibmd:Scope><shibmd:Scope/>"
    )
    before = "<md:Extensions><shibmd:Scope>two.example</shibmd:Scope></md:Extensions>"
    entity, role = _role(idp(scopes=scopes, before=before))
    expected = (
        Scope("one.example"),
        Scope("^.+\\.One\\.example$", regexp=True),
        Scope("two.example"),
    )
    assert expected == read.scopes(entity, role)


@pytest.mark.parametrize(
    ("protocol", "endpoints", "expected"),
    [
        ("urn:x urn:oasis:names:tc:SAML:2.0:protocol", sso(), True),
        ("urn:oasis:names:tc:SAML:1.1:protocol", sso(), False),
        ("urn:oasis:names:tc:SAML:2.0:protocol", sso(binding=POST), False),
        ("urn:oasis:names:tc:SAML:2.0:protocol", sso("http://one.example/"), False),
        ("urn:oasis:names:tc:SAML:2.0:protocol", sso("javascript:alert(1)"), False),
        ("urn:oasis:names:tc:SAML:2.0:protocol", "", False),
    ],
)
def test_a_provider_that_we_can_ask(protocol: str, endpoints: str, expected: bool) -> None:
    """SAML 2.0, the redirect binding, an https address."""
    found = read.idp_role(element(idp(protocol=protocol, endpoints=endpoints)))
    assert expected == (found is not None)


def test_http_counts_on_loopback_alone_and_when_told_so() -> None:
    """For demonstrations."""
    entity = element(idp(endpoints=sso("http://127.0.0.1:8080/sso")))
    assert read.idp_role(entity) is None
    assert read.idp_role(entity, http_on_loopback=True) is not None


@pytest.mark.parametrize(
    ("logos", "expected"),
    [
        ([(16, 16, "https://a/16"), (80, 80, "https://a/80"), (200, 200, "https://a/200")], "https://a/80"),
        ([(40, 40, "https://a/40"), (120, 120, "https://a/120")], "https://a/120"),
        ([(80, 1000, "https://a/banner"), (60, 60, "https://a/60")], "https://a/60"),
        ([(8, 8, "https://a/8"), (80, 5000, "https://a/wide")], ""),
        ([("x", 80, "https://a/x"), (64, 64, "https://a/64")], "https://a/64"),
        ([(80, 80, "http://a/plain"), (80, 80, "javascript:x")], ""),
        ([(80, 80, "https://a/" + "x" * 1024)], ""),
        ([(80, 80, "data:image/png;base64,\n  iVBO\n  Rw==\n")], "data:image/png;base64,iVBORw=="),
        ([(80, 80, "data:text/html;base64,AAAA")], ""),
        ([(80, 80, "data:image/png;base64," + "A" * 65_536)], ""),
        ([(80, 80, "")], ""),
    ],
)  # fmt: skip
def test_the_best_picture(logos: list[tuple[object, int, str]], expected: str) -> None:
    """Near 80 pixels, no banner, https or data, of a bounded size."""
    ui = "".join(LOGO.format(h=h, w=w, url=url) for h, w, url in logos)
    assert expected == read.logo(_role(idp(ui=ui))[1])


def test_a_picture_needs_its_size() -> None:
    """mdui requires height and width."""
    assert "" == read.logo(_role(idp(ui="<mdui:Logo>https://a/b</mdui:Logo>"))[1])


def test_categories_are_those_an_institution_can_ask_for() -> None:
    """What it is, what it supports, what was certified; no other entity attribute."""
    support = category("https://refeds.org/a", "http://macedir.org/entity-category-support")
    assurance = category(
        "https://refeds.org/sirtfi", "urn:oasis:names:tc:SAML:attribute:assurance-certification"
    )
    for text in (category("https://refeds.org/a"), support):
        assert frozenset({"https://refeds.org/a"}) == read.categories(element(idp(before=text)))
    assert frozenset({"https://refeds.org/sirtfi"}) == read.categories(
        element(idp(before=assurance))
    )
    assert frozenset() == read.categories(element(idp(before=category("x", "urn:other"))))


def test_the_registrar_is_told() -> None:
    """mdrpi's authority, when it is no novel."""

    def registered(authority: str) -> str:
        return idp(
            before=f'<md:Extensions><mdrpi:RegistrationInfo registrationAuthority="{authority}"/>'
            "</md:Extensions>"
        )

    assert ["https://fed.example/", "", ""] == [
        read.authority(element(text))
        for text in (registered("https://fed.example/"), registered("x" * 1025), idp())
    ]


def test_the_nearest_end_counts() -> None:
    """An entity cannot outlive what it stands in."""
    outer = datetime(2026, 11, 2, tzinfo=UTC)
    earlier = element(idp(attributes='validUntil="2026-11-01T00:00:00Z"'))
    later = element(idp(attributes='validUntil="2027-11-01T00:00:00Z"'))
    assert [outer - timedelta(days=1), outer, outer] == [
        read.valid_until(e, outer) for e in (earlier, later, element(idp()))
    ]
