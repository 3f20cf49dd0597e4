"""The student finds their university: the search page, its pictures, discovery services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.cookies import Morsel, SimpleCookie
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest

from emrex_gateway.domain import (
    Entity,
    Federation,
    LangString,
    LoginMethod,
    Logo,
    MetadataKind,
    Role,
    ServiceProvider,
    Texts,
    texts,
)
from emrex_gateway.errors import LoginError
from emrex_gateway.ports import LoggedIn, LoginStart
from gateway_world import Browser, World

FOREVER = datetime.max.replace(tzinfo=UTC)
CATEGORY = "https://refeds.example/category/students"
METHOD = LoginMethod(
    id="haka",
    institution="campus",
    kind="saml",
    names=texts(en="Federation"),
    settings={"federations": ["fed"]},
    position=1,
)


class ChoosingLogin:
    """A fake federation login: wants a provider named, refuses one whose id holds ``down``."""

    def start(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        transfer_id: str,
        locale: str | None,
        provider: str | None = None,
    ) -> LoginStart:
        if provider is None:
            raise LoginError("several are possible", "choose")
        if "down" in provider:
            raise LoginError("not now", "saml-provider")
        return LoginStart(url="/emrex/health", state={"state": f"{transfer_id}.x"}, posted=True)

    def finish(self, method: LoginMethod, **_: object) -> LoggedIn:
        raise LoginError("this fake never finishes")

    def logout(self, method: LoginMethod, **_: object) -> str | None:
        return None


def entity(name: str, **changes: Any) -> Entity:
    """A provider ``https://idp.<name>.example/idp`` of the federation ``fed``."""
    values: dict[str, Any] = {
        "federation": "fed",
        "entity_id": f"https://idp.{name}.example/idp",
        "roles": frozenset({Role.IDP}),
        "names": texts(en=f"University of {name.title()}", fi=f"{name.title()}n yliopisto"),
        "digest": name,
        "valid_until": FOREVER,
        "scopes": (f"{name}.example",),
        **changes,
    }
    return Entity(**values)


def fill(world: World, entities: Iterable[Entity], *, kind: MetadataKind = MetadataKind.AGGREGATE,
         **settings: Any) -> None:  # fmt: skip
    """Put entities into the federations that they name, and a method over ``fed``."""
    given = tuple(entities)
    with world.services.store.begin() as uow:
        for slug in sorted({"fed", *(one.federation for one in given)}):
            uow.config.put_federation(
                Federation(
                    slug=slug,
                    names=texts(en=slug),
                    url=f"https://{slug}.example/md",
                    certificates=("file:/pinned.pem",),
                    kind=kind,
                )
            )
            uow.entities.replace(slug, [one for one in given if one.federation == slug])
    # the fake takes the place of what bootstrap would have put there
    cast("dict[str, object]", world.services.logins)["saml"] = ChoosingLogin()
    world.put(login_method=replace(METHOD, settings={**METHOD.settings, **settings}))


NAMES = ("aurinko", "kuu", "meri")


@pytest.fixture
def browser(world: World) -> Browser:
    """A student who has come to the login page; three universities are listed."""
    fill(world, [entity(name) for name in NAMES])
    return world.browser().enter()


def where(browser: Browser, **query: str) -> Browser:
    """Open the search page of this browser's transfer."""
    address = f"/emrex/campus/t/{browser.transfer_id}/login/haka/where"
    return browser.get(address, query_string=query)


def start(browser: Browser, entity_id: str) -> Any:
    """Press a university; the answer as it is, without following it."""
    address = f"/emrex/campus/t/{browser.transfer_id}/login/haka"
    return browser.client.get(address, query_string={"provider": entity_id})


def listed(browser: Browser, step: str = "found") -> list[str]:
    """The names in one of the page's lists."""
    return [
        " ".join(e.text_content().split())
        for e in browser.page.xpath(f"//*[@data-step='{step}']//ul//*[@class='name']")
    ]


def cookies(response: Any) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets, with their attributes."""
    found: dict[str, Morsel[str]] = {}
    for header in response.headers.getlist("Set-Cookie"):
        found.update(SimpleCookie(header))
    return found


# --- the page ------------------------------------------------------------------------------


def test_a_login_that_must_choose_leads_to_the_search_page(browser: Browser) -> None:
    """Where several universities are possible the student is asked for theirs."""
    browser.get(browser.path + "login/haka")

    assert f"/emrex/campus/t/{browser.transfer_id}/login/haka/where" == browser.path
    assert ["University of Aurinko", "University of Kuu", "University of Meri"] == listed(browser)
    assert "All universities: 3" in browser.text


def test_a_line_names_the_university_and_leads_to_its_login(browser: Browser) -> None:
    """Name in the page's language, another name, domain; the link starts the login there."""
    line = where(browser, q="kuu").page.xpath("//*[@data-step='universities']/li")[0]

    assert ["University of Kuu"] == line.xpath(".//*[@class='name']/bdi[not(@lang)]/text()")
    assert ["Kuun yliopisto"] == line.xpath(".//*[@class='other']/bdi[@lang='fi']/text()")
    assert ["kuu.example"] == line.xpath(".//*[@class='domain']/text()")
    (link,) = line.xpath(".//a/@href")
    parts = urlsplit(link)
    assert f"/emrex/campus/t/{browser.transfer_id}/login/haka" == parts.path
    assert {"provider": ["https://idp.kuu.example/idp"]} == parse_qs(parts.query)


def test_names_are_in_the_pages_language(browser: Browser) -> None:
    """A Finnish reader sees the Finnish name first."""
    where(browser, q="kuu", lang="fi")

    assert ["Kuun yliopisto"] == listed(browser)
    assert "1 / 3 korkeakoulua" in browser.text
    assert "1 korkeakoulu haulla ”kuu”" in browser.page.xpath("//title/text()")[0]


Given = tuple[Texts, tuple[str, ...], str]
"""Names, scopes, and what was searched for."""
Shown = tuple[str, str | None, str | None]
"""Name, other name, domain."""
OIL = texts(fi="Öljyn koulu")
SCOPES = ("a.example", "b.example")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((OIL, SCOPES, ""), ("Öljyn koulu", None, "a.example")),
        ((OIL, SCOPES, "b.ex"), ("Öljyn koulu", None, "b.example")),
        (
            (texts(en="Oil", fi="Öljy", de="Ölschule"), (), "olsch"),
            ("Oil", "Ölschule", "idp.x.example"),
        ),
        ((texts(en="Oil", de="OIL", fi="Öljy"), (), ""), ("Oil", "Öljy", "idp.x.example")),
        (((), ("a.example",), ""), ("a.example", None, None)),
        (((), (), ""), ("idp.x.example", None, None)),
        (((LangString("جامعة", "ar"),), ("a.example",), ""), ("جامعة", None, "a.example")),
    ],
)
def test_what_a_line_shows(world: World, given: Given, wanted: Shown) -> None:
    """The name and domain that were searched for are shown; nothing is shown twice."""
    names, scopes, words = given
    fill(world, [entity("x", names=names, scopes=scopes)])
    line = where(world.browser().enter(), q=words).page.xpath("//*[@data-step='universities']/li")

    def shown(class_: str) -> str | None:
        return next((e.text_content() for e in line[0].xpath(f".//*[@class='{class_}']")), None)

    assert wanted == (shown("name"), shown("other"), shown("domain"))
    assert line[0].xpath(".//*[@class='name']/bdi")


def test_the_form_works_without_scripts(browser: Browser) -> None:
    """A GET form with a label, a bounded field and a button; what was searched for stays in it."""
    where(browser, q="  KÜU  Yliopisto ")

    (form,) = browser.page.xpath("//form[@data-step='find']")
    assert ("get", "search") == (form.get("method"), form.get("role"))
    (field,) = form.xpath(".//input")
    assert ("q", "KÜU Yliopisto", "100") == (
        field.get("name"), field.get("value"), field.get("maxlength")
    )  # fmt: skip
    assert [field.get("id")] == form.xpath(".//label/@for")
    assert not browser.page.xpath("//script")
    assert ["University of Kuu"] == listed(browser)
    assert "1 of 3 universities" in browser.text


def test_the_page_asks_nobody_but_us(world: World) -> None:
    """No picture, style or script from elsewhere; the policy forbids them as well."""
    fill(world, [entity("kuu", logo="https://elsewhere.example/logo.png")])
    browser = where(world.browser().enter())

    sources = browser.page.xpath("//@src | //link/@href")
    assert any("/logo/" in source for source in sources)
    assert all(source.startswith("/emrex/") for source in sources)
    assert "default-src 'none'" in browser.response.headers["Content-Security-Policy"]
    assert "no-store" == browser.response.headers["Cache-Control"]


def test_pictures_keep_their_place_and_say_nothing(world: World) -> None:
    """Fixed width and height, loaded late, decorative; a letter where there is no picture."""
    fill(
        world,
        [
            entity("kuu", logo="https://kuu.example/l.png"),
            entity("meri"),
        ],
    )
    browser = where(world.browser().enter())
    (picture,) = browser.page.xpath("//img")

    wanted = {"width": "40", "height": "40", "alt": "", "loading": "lazy"}
    assert wanted == {name: picture.get(name) for name in wanted}
    assert f"/emrex/campus/logo/{Entity.key_of('https://idp.kuu.example/idp')}" == picture.get(
        "src"
    )
    marks = browser.page.xpath("//*[@class='logo']")
    assert ["true", "true"] == [mark.get("aria-hidden") for mark in marks]
    assert ["K", "M"] == [mark.text_content().strip() for mark in marks]


def test_headings_and_lists(browser: Browser) -> None:
    """One main heading; each list has a heading and stays a list for screen readers."""
    start(browser, "https://idp.kuu.example/idp")
    where(browser)

    assert 1 == len(browser.page.xpath("//h1"))
    for section in browser.page.xpath("//main//section"):
        assert section.xpath(f".//h2[@id='{section.get('aria-labelledby')}']")
    assert ["list", "list"] == browser.page.xpath("//ul[@class='universities']/@role")
    assert not browser.page.xpath("//@autofocus")


def test_paging(world: World) -> None:
    """Twenty on a page; the words stay; a page past the end is the last, nonsense is the first."""
    fill(world, [entity(f"koulu{n:02}") for n in range(45)])
    browser = where(world.browser().enter(), q="koulu")

    assert 20 == len(listed(browser))
    assert "45 of 45 universities" in browser.text
    assert "Page 1 of 3" in browser.text
    assert not browser.page.xpath("//a[@rel='prev']")
    (following,) = browser.page.xpath("//a[@rel='next']/@href")
    browser.get(following)
    assert "Page 2 of 3" in browser.text
    assert "University of Koulu20" == listed(browser)[0]
    (previous,) = browser.page.xpath("//a[@rel='prev']/@href")
    assert {"q": "koulu", "page": "1"} == dict(parse_qsl(urlsplit(previous).query))

    assert 5 == len(listed(where(browser, q="koulu", page="99")))
    assert "Page 3 of 3" in browser.text
    assert not browser.page.xpath("//a[@rel='next']")
    for nonsense in ("0", "-1", "x", "", "1e9", "٣", "9" * 40):
        assert "Page 1 of 3" in where(browser, q="koulu", page=nonsense).text


@pytest.mark.parametrize(
    "words", ["aurinkoo", "%", "_", "' or 1=1 --", "<b>x</b>", "\0", "x" * 5000]
)
def test_nothing_found_says_what_to_do(browser: Browser, words: str) -> None:
    """Other spellings, other names, whom to ask; what was typed is text and never markup."""
    where(browser, q=words)

    assert 200 == browser.response.status_code
    assert browser.has("nothing-found")
    assert "0 of 3 universities" in browser.text
    assert "reference number below" in browser.text
    assert not browser.page.xpath("//main//b")
    assert len(browser.page.xpath("//input[@name='q']/@value")[0]) <= 100


def test_no_university_at_all(world: World) -> None:
    """A federation whose metadata never came: the page says so and whom to ask."""
    fill(world, [])
    browser = where(world.browser().enter())

    assert "No university can be chosen here at the moment" in browser.text


def test_only_those_that_the_institution_lets_in(world: World) -> None:
    """Other federations, excluded, hidden and uncategorised ones are neither listed nor counted."""
    good = frozenset({CATEGORY})
    fill(
        world,
        [
            entity("kuu", categories=good),
            entity("meri"),
            entity("piilo", categories=good, hidden=True),
            entity("poissa", categories=good),
            entity("muu", categories=good, federation="other"),
        ],
        categories=[CATEGORY],
        excluded=["https://idp.poissa.example/idp"],
    )
    browser = where(world.browser().enter())

    assert ["University of Kuu"] == listed(browser)
    assert "All universities: 1" in browser.text
    assert "0 of 1 universities" in where(browser, q="piilo").text


def test_the_number_of_all_follows_the_metadata(browser: Browser) -> None:
    """It is counted anew after a minute."""
    assert "1 of 3 universities" in where(browser, q="kuu").text
    world = browser.world
    fill(world, [entity(name) for name in (*NAMES, "vuori")])
    world.clock.forward(seconds=61)

    assert "1 of 4 universities" in where(browser, q="kuu").text


def test_the_page_belongs_to_the_transfers_browser(browser: Browser) -> None:
    """Another browser sees nothing; a method of another kind has nothing to choose from."""
    path = where(browser).path
    assert 404 == browser.world.browser().get(path).response.status_code
    assert 403 == browser.get(path.replace("/haka/", "/fake/")).response.status_code
    assert 403 == browser.get(path.replace("/haka/", "/none/")).response.status_code


def test_the_page_is_left_when_nobody_has_to_log_in(browser: Browser) -> None:
    """While somebody is logged in it leads on; after the session is over it opens again."""
    path = where(browser).path
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/").log_in()
    assert browser.get(path).path.endswith("/progress")

    browser.world.clock.forward(minutes=31)
    assert ["University of Aurinko", "University of Kuu", "University of Meri"] == listed(
        browser.get(path)
    )


# --- the remembered choice -----------------------------------------------------------------


def test_the_choice_is_remembered(browser: Browser) -> None:
    """For a year, in a cookie that only our pages get; it stands first, one click away."""
    response = start(browser, "https://idp.kuu.example/idp")
    kept = cookies(response)["emrex-universities"]

    assert ("31536000", "/emrex/", True, True, "Lax") == (
        kept["max-age"], kept["path"], kept["secure"], kept["httponly"], kept["samesite"]
    )  # fmt: skip
    assert ["University of Kuu"] == listed(where(browser), "last-choices")
    (link,) = browser.page.xpath("//*[@data-step='last-choices']//a/@href")
    assert {"provider": ["https://idp.kuu.example/idp"]} == parse_qs(urlsplit(link).query)
    assert [] == listed(where(browser, q="meri"), "last-choices")


def test_the_last_three_choices(world: World) -> None:
    """The latest first, nobody twice, and no more than three are kept."""
    fill(world, [entity(name) for name in (*NAMES, "vuori")])
    browser = world.browser().enter()
    for name in ("vuori", "meri", "kuu", "aurinko", "kuu"):
        kept = cookies(start(browser, f"https://idp.{name}.example/idp"))["emrex-universities"]
        assert len(kept.value.split(".")) <= 3

    assert ["University of Kuu", "University of Aurinko", "University of Meri"] == listed(
        where(browser), "last-choices"
    )


def test_a_choice_that_did_not_begin_is_not_remembered(browser: Browser) -> None:
    """Only where the login could begin."""
    response = start(browser, "https://down.example/idp")

    assert "emrex-universities" not in cookies(response)


def test_choices_can_be_forgotten(browser: Browser) -> None:
    """One button, with the form's token; the cookie goes."""
    start(browser, "https://idp.kuu.example/idp")
    where(browser)
    (form,) = browser.page.xpath("//form[@data-step='forget']")
    address = form.get("action")
    assert 400 == browser.client.post(address, data={"token": "x"}).status_code
    assert 405 == browser.client.get(address).status_code
    assert ["University of Kuu"] == listed(browser.reload(), "last-choices")

    browser.submit("forget")
    assert not browser.has("last-choices")
    assert browser.path.endswith("/where")
    assert not browser.reload().has("last-choices")


@pytest.mark.parametrize(
    "kept",
    ["", ".", "...", "%%%", "é", "aHR0cHM6", "x" * 4000, "_w", "AAAA." * 500, "aHR0cHM6Ly9ub2JvZHk"],
)  # fmt: skip
def test_any_cookie_may_come(browser: Browser, kept: str) -> None:
    """What is no choice of ours is passed over."""
    browser.client.set_cookie("emrex-universities", kept, path="/emrex/")
    where(browser)

    assert 200 == browser.response.status_code
    assert not browser.has("last-choices")
    assert 303 == start(browser, "https://idp.kuu.example/idp").status_code
    assert ["University of Kuu"] == listed(where(browser), "last-choices")


def test_long_entity_ids_fit_the_cookie(world: World) -> None:
    """Browsers drop a cookie of more than 4,096 bytes: rather fewer choices are kept."""
    long = [f"https://idp.example/{letter * 1000}" for letter in "abc"]
    fill(world, [entity(f"u{n}", entity_id=one) for n, one in enumerate(long)])
    browser = world.browser().enter()
    for one in long:
        response = start(browser, one)
        (header,) = [
            h for h in response.headers.getlist("Set-Cookie") if h.startswith("emrex-universities")
        ]
        assert len(header) < 4096

    assert ["University of U2", "University of U1"] == listed(where(browser), "last-choices")


def test_a_choice_that_may_not_be_chosen_any_more_is_not_offered(browser: Browser) -> None:
    """Gone from the metadata, hidden, or excluded by the institution meanwhile."""
    world = browser.world
    for name in NAMES:
        start(browser, f"https://idp.{name}.example/idp")
    fill(
        world,
        [entity("aurinko", hidden=True), entity("kuu")],
        excluded=["https://idp.kuu.example/idp"],
    )

    assert not where(browser).has("last-choices")


# --- pictures ------------------------------------------------------------------------------

KUU = Entity.key_of("https://idp.kuu.example/idp")


def picture(world: World, media_type: str = "image/png", content: bytes = b"\x89PNG...") -> None:
    with world.services.store.begin() as uow:
        until = world.clock() + timedelta(days=30)
        uow.entities.put_logo(KUU, Logo(media_type, content), until)


@pytest.fixture
def pictured(world: World) -> World:
    """A world whose university Kuu names a picture; Meri has none."""
    fill(
        world,
        [
            entity("kuu", logo="https://kuu.example/l.png"),
            entity("meri"),
        ],
    )
    return world


def test_a_picture_that_is_not_here_is_ordered(pictured: World) -> None:
    """404 with a drawing instead, kept for a minute only; the job gets the key."""
    response = pictured.app.test_client().get(f"/emrex/campus/logo/{KUU}")

    assert 404 == response.status_code
    assert "image/svg+xml" == response.mimetype
    assert "public, max-age=60" == response.headers["Cache-Control"]
    assert [("logo", KUU)] == pictured.queue.sent


def test_a_picture_that_nobody_has_is_not_ordered(pictured: World) -> None:
    """Unknown keys, providers without a picture, and pictures asked for in vain cost no job."""
    client = pictured.app.test_client()
    with pictured.services.store.begin() as uow:
        uow.entities.put_logo(KUU, None, pictured.clock() + timedelta(days=1))
    meri = Entity.key_of("https://idp.meri.example/idp")
    for key in (KUU, meri, "0" * 32):
        assert 404 == client.get(f"/emrex/campus/logo/{key}").status_code

    assert [] == pictured.queue.sent


@pytest.mark.parametrize("path", ["campus/logo/x", f"campus/logo/{KUU.upper()}", f"none/logo/{KUU}",
                                  f"campus/logo/{KUU}0", f"campus/logo/{KUU}?lang=fi"])  # fmt: skip
def test_only_a_pictures_own_address_answers(pictured: World, path: str) -> None:
    """One address a picture: nothing else fills caches or sets cookies in them."""
    picture(pictured)
    response = pictured.app.test_client().get(f"/emrex/{path}")

    assert 404 == response.status_code
    assert "no-store" == response.headers["Cache-Control"]
    assert [] == pictured.queue.sent


@pytest.mark.parametrize("media_type", ["image/png", "image/svg+xml", "image/webp", "image/jpeg"])
def test_a_picture_is_served(pictured: World, media_type: str) -> None:
    """With its type and no other, to be kept by anybody, sandboxed, without any cookie."""
    picture(pictured, media_type, b"<svg/>")
    client = pictured.app.test_client()
    response = client.get(f"/emrex/campus/logo/{KUU}", headers={"Cookie": "emrex-lang=fi"})

    assert (200, b"<svg/>", media_type) == (response.status_code, response.data, response.mimetype)
    headers = response.headers
    assert "public, max-age=86400" == headers["Cache-Control"]
    assert "nosniff" == headers["X-Content-Type-Options"]
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert policy.endswith("; sandbox")
    assert "Set-Cookie" not in headers
    assert "Vary" not in headers
    assert [] == pictured.queue.sent
    again = client.get(f"/emrex/campus/logo/{KUU}", headers={"If-None-Match": headers["ETag"]})
    assert 304 == again.status_code


@pytest.mark.parametrize("media_type", ["text/html", "application/javascript", "image/tiff", ""])
def test_only_pictures_are_served(pictured: World, media_type: str) -> None:
    """Whatever the job stored: a page of ours never comes out of it."""
    picture(pictured, media_type, b"<script>1</script>")
    response = pictured.app.test_client().get(f"/emrex/campus/logo/{KUU}")

    assert 404 == response.status_code
    assert b"script" not in response.data


def test_an_old_picture_is_served_while_a_new_one_is_fetched(pictured: World) -> None:
    """Its time is over: it is ordered again, and shown until then."""
    with pictured.services.store.begin() as uow:
        uow.entities.put_logo(KUU, Logo("image/png", b"old"), pictured.clock() + timedelta(hours=1))
    pictured.clock.forward(hours=2)
    response = pictured.app.test_client().get(f"/emrex/campus/logo/{KUU}")

    assert b"old" == response.data
    assert [("logo", KUU)] == pictured.queue.sent


# --- an external discovery service ---------------------------------------------------------

SERVICE = "https://service.seamless.example/ds/"
RETURN = "https://gateway.example/emrex/sp/campus/discovered"


@pytest.fixture
def sent(world: World) -> Browser:
    """A student who was sent to an external discovery service; ``response`` is how."""
    return _sent(world, SERVICE)


def _sent(world: World, discovery: str, **settings: Any) -> Browser:
    hidden = entity("piilo", hidden=True)
    excluded = entity("poissa")
    fill(
        world,
        [*(entity(name) for name in NAMES), hidden, excluded],
        discovery=discovery,
        excluded=["https://idp.poissa.example/idp"],
        **settings,
    )
    browser = world.browser().enter()
    browser.response = browser.client.get(browser.path + "login/haka")
    return browser


def back(browser: Browser, query: Mapping[str, str], institution: str = "campus") -> Any:
    """Come back from the service."""
    return browser.client.get(f"/emrex/sp/{institution}/discovered", query_string=query)


@pytest.mark.parametrize(
    ("discovery", "before"), [(SERVICE, {}), (SERVICE + "?trustProfile=students", {"trustProfile": "students"})]
)  # fmt: skip
def test_the_question_to_the_service(
    world: World, discovery: str, before: Mapping[str, str]
) -> None:
    """Who asks, where to answer (exactly, without a query), and under which name."""
    location = _sent(world, discovery).response.headers["Location"]

    assert location.startswith(SERVICE)
    assert {
        **before,
        "entityID": "https://gateway.example/emrex/sp/campus/metadata",
        "return": RETURN,
        "returnIDParam": "entityID",
    } == dict(parse_qsl(urlsplit(location).query))


def test_our_own_entity_id_is_told(world: World) -> None:
    """An institution that had a service provider before keeps its name."""
    provider = ServiceProvider(institution="campus", keys=(), entity_id="https://sp.old.example/x")
    world.put(service_provider=provider)
    location = _sent(world, SERVICE).response.headers["Location"]

    assert ["https://sp.old.example/x"] == parse_qs(urlsplit(location).query)["entityID"]


def test_what_is_kept_meanwhile(sent: Browser) -> None:
    """A cookie for the answer's address alone, for half an hour; it holds no secret."""
    kept = cookies(sent.response)["emrex-discovery"]

    assert ("1800", "/emrex/sp/campus/discovered", True, True, "Lax") == (
        kept["max-age"], kept["path"], kept["secure"], kept["httponly"], kept["samesite"]
    )  # fmt: skip


def test_the_services_answer_begins_the_login(sent: Browser) -> None:
    """A known provider: to the start of the login there, and then away."""
    response = back(sent, {"entityID": "https://idp.kuu.example/idp"})

    assert 303 == response.status_code
    path = f"/emrex/campus/t/{sent.transfer_id}/login/haka"
    assert (
        f"{path}?provider={quote('https://idp.kuu.example/idp', safe=':/')}"
        == (response.headers["Location"])
    )
    assert "/emrex/health" == sent.client.get(response.headers["Location"]).headers["Location"]


@pytest.mark.parametrize(
    "entity_id",
    [
        "https://idp.nobody.example/idp",
        "https://idp.piilo.example/idp",
        "https://idp.poissa.example/idp",
        "https://idp.kuu.example/idp ",
        "//evil.example/",
        "javascript:alert(1)",
        "https://idp.example/" + "x" * 2000,
    ],
)
def test_an_answer_that_cannot_be_used_leads_to_our_page(sent: Browser, entity_id: str) -> None:
    """Unknown, hidden, not let in: the student looks for theirs on our page, told why."""
    response = back(sent, {"entityID": entity_id})

    assert (
        f"/emrex/campus/t/{sent.transfer_id}/login/haka/where?unknown=1"
        == (response.headers["Location"])
    )
    sent.get(response.headers["Location"])
    assert "You cannot log in here with the university that you chose" in sent.text
    assert 3 == len(listed(sent))


@pytest.mark.parametrize(
    "query", [{}, {"entityID": ""}, {"entityid": "https://idp.kuu.example/idp"}]
)
def test_cancelled_at_the_service(sent: Browser, query: Mapping[str, str]) -> None:
    """Back to the ways to log in, which say what happened."""
    sent.get(back(sent, query).headers["Location"])

    assert sent.has("login-methods")
    assert "You have not chosen a university yet" in sent.text


def test_an_answer_that_nobody_asked_for(sent: Browser) -> None:
    """Without this browser's cookie, or at another institution's address, nothing goes on."""
    query = {"entityID": "https://idp.kuu.example/idp"}
    other = sent.world.browser()

    assert 404 == back(other, query).status_code
    kept = cookies(sent.response)["emrex-discovery"].value
    for value in ("", "x", kept[:-4], kept + ".x", "....", "é"):
        other.client.set_cookie("emrex-discovery", value, path="/emrex/sp/")
        assert 404 == back(other, query).status_code, value
    other.client.set_cookie("emrex-discovery", kept, path="/emrex/sp/")
    assert 404 == back(other, query, "elsewhere").status_code


def test_a_stolen_cookie_opens_nothing(sent: Browser) -> None:
    """It names the transfer only; the start asks for the transfer's own cookie."""
    kept = cookies(sent.response)["emrex-discovery"].value
    other = sent.world.browser()
    other.client.set_cookie("emrex-discovery", kept, path="/emrex/sp/")
    response = back(other, {"entityID": "https://idp.kuu.example/idp"})

    assert 404 == other.get(response.headers["Location"]).response.status_code


def test_a_method_that_was_switched_off_meanwhile(sent: Browser) -> None:
    """The answer comes too late: nothing begins."""
    sent.world.put(login_method=replace(METHOD, enabled=False))

    assert 404 == back(sent, {"entityID": "https://idp.kuu.example/idp"}).status_code


def test_a_query_server_knows_more_than_the_index(world: World) -> None:
    """A provider that is not in the index yet goes on: the login itself asks the server."""
    browser = _sent(world, SERVICE, kind=MetadataKind.MDQ)
    known = back(browser, {"entityID": "https://idp.new.example/idp"})
    hidden = back(browser, {"entityID": "https://idp.piilo.example/idp"})

    assert known.headers["Location"].endswith("?provider=https://idp.new.example/idp")
    assert hidden.headers["Location"].endswith("/where?unknown=1")
