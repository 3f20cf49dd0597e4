"""Headers, languages, access rules and the download of every page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from emrex_gateway import signing, web
from emrex_gateway.domain import (
    AcademicTerm,
    DiplomaSupplement,
    Extension,
    GradingScheme,
    Group,
    KnownClient,
    Level,
    ResultDistribution,
    ShortenedGrading,
    SignedElmo,
    SupplementSection,
    texts,
)
from gateway_world import World, record

WEB = Path(web.__file__).parent
KEYWORDS = DEFAULT_KEYWORDS | {"lazy_gettext": None, "_l": None, "later": None}
"""How the code calls what marks a text; CONTRIBUTING names the same to the extractor."""


def test_headers_of_a_page(world: World) -> None:
    """Closed by default: no frames, no foreign sources, no referrer, no cache; scripts by nonce only."""
    browser = world.browser().to_selection()
    headers = browser.response.headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    for script in browser.page.xpath("//script"):
        assert f"script-src 'nonce-{script.get('nonce')}';" in policy + ";"
        assert script.get("src", "").startswith("/emrex/static/")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_headers_of_the_reply(world: World) -> None:
    """The reply may go on to any https address after the client's redirect, and runs scripts by nonce only."""
    browser = world.browser().to_reply()
    policy = browser.response.headers["Content-Security-Policy"]

    assert "form-action https:" in policy
    assert "'self'" not in policy.partition("form-action")[2].partition(";")[0]
    scripts = browser.page.xpath("//script")
    assert {f"script-src 'nonce-{script.get('nonce')}'" for script in scripts} <= {
        part.strip() for part in policy.split(";")
    }
    assert 1 == sum("submit()" in (script.text or "") for script in scripts)
    assert browser.page.xpath("//form[@data-step='reply']//button")


def test_each_reply_has_its_own_nonce(world: World) -> None:
    """A nonce is used once."""
    browser = world.browser().to_reply()
    first = browser.page.xpath("//script/@nonce")

    assert first != browser.reload().page.xpath("//script/@nonce")


def test_access_rule_of_every_route(world: World) -> None:
    """Every route is either open on purpose or asks for the transfer's cookie."""
    open_ = {"entry.emp", "entry.export", "entry.launch", "health.live", "health.ready", "static"}
    open_ |= {"health.readyz", "entry.import_"}
    open_ |= {"import_reply.emc"}  # a reply is stored, and shown to whoever began its import only
    open_ |= {"recognition.tell"}  # host systems sign what they say there
    open_ |= {"finding.logo"}  # pictures hold nothing of a person and are the same for everybody
    open_ |= {"colours.sheet", "accessibility.statement"}  # the same for everybody as well
    # they tell of a file whoever holds it
    open_ |= {"verification.ask", "verification.tell", "verification.ask_all"}
    open_ |= {"verification.tell_all", "verify_api.check", "verify_api.description"}
    open_ |= {"shared.ask"}  # one button that looks nothing up; its POST needs the link's key
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint in open_ or rule.endpoint.startswith(("admin_", "own.")):
            continue  # administrators' pages and those on one's own data have tests of their own
        for method in (rule.methods or set()) & {"GET", "POST"}:
            path = "/emrex" + rule.rule.replace("<slug>", "campus").replace(
                "<transfer_id>", "unknown"
            ).replace("<method_id>", "fake").replace("<share_id>", "unknown").replace(
                "<any('elmo.xml','transcript.pdf'):name>", "elmo.xml"
            )
            response = world.app.test_client().open(path, method=method)
            assert response.status_code == 404, (method, path)


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_catalogues_are_complete(language: str) -> None:
    """Every text of the pages is translated, nothing is left over, and the compiled file fits."""
    texts = {
        message
        for folder in (WEB, WEB.parent / "administering", WEB.parent / "privacy")
        for _, _, message, _, _ in extract_from_dir(
            str(folder), [("**.py", "python"), ("**/templates/**.html", "jinja2")],
            keywords=KEYWORDS, options_map={"**/templates/**.html": {"newstyle_gettext": "true"}},
        )
    }  # fmt: skip
    folder = WEB / "translations" / language / "LC_MESSAGES"
    with (folder / "emrex.po").open("rb") as file:
        catalogue = read_po(file)
    with (folder / "emrex.mo").open("rb") as file:
        compiled = read_mo(file)

    translated = {m.id: m.string for m in catalogue if m.id}
    assert texts == set(translated)
    for string in translated.values():
        assert all(string) if isinstance(string, tuple | list) else string
    assert {_key(k): _key(v) for k, v in translated.items()} == {
        _key(m.id): _key(m.string) for m in compiled if m.id
    }


def _key(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("language", "word"), [("fi", "Valitse"), ("sv", "Välj"), ("en", "Choose")]
)
def test_pages_speak_the_readers_language(world: World, language: str, word: str) -> None:
    """By the browser's preference, and by the links on the page, which are remembered."""
    browser = world.browser()
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    browser.to_selection()
    assert word in browser.text
    assert [language] == browser.page.xpath("/html/@lang")
    assert language == browser.response.headers["Content-Language"]

    browser.get(browser.path + "?lang=sv")
    assert "Välj" in browser.text
    browser.get(browser.path.partition("?")[0])
    assert "Välj" in browser.text


def test_records_are_shown_in_the_best_language_they_have(world: World) -> None:
    """A Finnish reader sees Finnish titles where there are some."""
    browser = world.browser()
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fi"

    assert "Otsikko course-1" in browser.to_selection().text


def test_export_from_the_hosts_button(world: World) -> None:
    """The same selection, then a signed ELMO and a PDF to take away, and clients' start pages."""
    with world.services.store.begin() as uow:
        uow.config.put_known_clients(
            [KnownClient(name="Abroad", url="https://abroad.example/", country="SE")]
        )
    browser = world.browser().post("/emrex/campus/export").log_in()
    world.work()
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    browser.reload()

    pdf_link, xml_link = browser.page.xpath("//*[@data-step='download']//a/@href")
    assert browser.page.xpath("//main//a[@rel='noreferrer']/@href") == ["https://abroad.example/"]
    xml = browser.client.get(xml_link)
    pdf = browser.client.get(pdf_link)
    assert "attachment" in xml.headers["Content-Disposition"]
    assert b"Title course-1" in signing.verify(SignedElmo(xml.data), [world.certificate]).xml
    assert pdf.data.startswith(b"%PDF-")
    assert "reply.downloaded" in world.events(browser.transfer_id)


def test_every_link_and_form_stays_under_the_mount(world: World) -> None:
    """The gateway is mounted under a path: what its pages link and post to is under it as well."""
    browser = world.browser().enter()
    seen = []
    for go in (
        lambda: None,
        browser.log_in,
        lambda: (world.work(), browser.reload()),
        lambda: browser.submit("select", "all").submit("select", "preview"),
        lambda: browser.submit("preview", "confirm", consent="yes"),
    ):
        go()
        seen += browser.page.xpath("//a/@href | //form/@action | //link/@href")

    assert [] == [a for a in seen if not a.startswith(("/emrex/", "?", "#", "mailto:"))]
    assert any("/progress" in a for a in seen)


def test_health(world: World) -> None:
    """Live while the process answers; ready while the database does."""
    browser = world.browser()

    assert browser.get("/emrex/health/live").response.status_code == 200
    assert browser.get("/emrex/health/ready").response.status_code == 200


@pytest.mark.parametrize(
    ("path", "status"), [("/emrex/", 404), ("/emrex/campus/", 404), ("/emrex/campus/emp/x", 404), ("/elsewhere", 404)]
)  # fmt: skip
def test_unknown_pages(world: World, path: str, status: int) -> None:
    """Unknown addresses are answered with a page."""
    assert status == world.browser().get(path).response.status_code


def test_an_unexpected_error_shows_no_trace(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A defect of ours ends in a page with a reference; neither page nor log quotes the error."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("110298-998X")

    world.app.view_functions["student.choose"] = broken
    browser = world.browser().to_selection()

    assert browser.response.status_code == 500
    assert "Something broke on our side" in browser.text
    assert "110298-998X" not in browser.response.get_data(as_text=True) + caplog.text
    assert "Traceback" not in browser.response.get_data(as_text=True)


def test_the_preview_shows_everything_that_will_be_sent(world: World) -> None:
    """Whatever the file says of a record stands in the preview, in the reader's words."""
    world.source.records = (
        record(
            "rich",
            isced_code="0613",
            subject_area="11.3",
            url="https://campus.example/rich",
            language="fi",
            start=date(2025, 1, 7),
            term=AcademicTerm(
                titles=texts(en="Spring 2025"), start=date(2025, 1, 1), end=date(2025, 7, 31)
            ),
            levels=(Level(type="EQF", value="6", description="first cycle"),),
            engagement_hours=Decimal("133.5"),
            grading_scheme=GradingScheme(id="0-5", descriptions=texts(en="From 0 to 5")),
            shortened_grading=ShortenedGrading(
                lower=Decimal("62.5"), equal=Decimal(25), higher=Decimal("12.5")
            ),
            distribution=ResultDistribution(categories=(("five", 14), ("four", 10))),
            group=Group(
                type_id="1", type_titles=texts(en="Kind"), id="2", titles=texts(en="Optional")
            ),
            diploma_supplement=DiplomaSupplement(
                issue_date=date(2025, 6, 1),
                introduction="In general",
                sections=(
                    SupplementSection(
                        number="4",
                        title="Contents",
                        sections=(
                            SupplementSection(
                                number="4.1",
                                title="Mode",
                                content="Full-time",
                                additional_information=("on campus",),
                            ),
                        ),
                    ),
                ),
            ),
            extensions=(Extension('<x xmlns="urn:example:x">more</x>'),),
        ),
    )
    browser = world.browser().to_selection().submit("select", "all").submit("select", "preview")

    for value in (
        "0613", "11.3", "https://campus.example/rich", "Spring 2025", "first cycle", "133.5",
        "From 0 to 5", "62.5 % / 25 % / 12.5 %", "five: 14, four: 10", "Kind: Optional", ">more<",
        "Otsikko rich", "Course", "campus.example",
        "In general", "4 Contents", "4.1 Mode", "Full-time on campus",
    ):  # fmt: skip
        assert value in browser.text, value
