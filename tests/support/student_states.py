"""Every page that a student meets, in each of its states, for browsers that look at it.

``states(world)`` leads a student to one page after the other and yields where it
is and which cookies it takes. A page must be looked at before the next one is
asked for: what a state changed is put back then. Records, people and
universities are invented.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from joserfc import jwt
from joserfc.jwk import ECKey

from elmo_case import DOCUMENT
from emrex_gateway.domain import (
    ECTS,
    Credit,
    Entity,
    Federation,
    Identifier,
    Issuer,
    KnownClient,
    LangString,
    LoginMethod,
    LosType,
    Maintenance,
    MaintenanceMode,
    Privacy,
    Recognised,
    Role,
    Status,
    StudyRecord,
    texts,
)
from emrex_gateway.errors import AdapterUnavailable, LoginError, StudentNotFound
from emrex_gateway.ports import LoggedIn, LoginStart
from gateway_world import RECORDS, Browser, World, record
from import_states import import_states
from signing_material import MORE, foreign_sign
from verify_world import delist_danes, list_danes

LISTED = "https://abroad.example/emrex/return"
KEY = ECKey.generate_key("P-256")
COURSES = (
    ("Introduction to programming", "Ohjelmoinnin perusteet", "5"),
    ("Linear algebra", "Lineaarialgebra", "4"),
    ("Data structures and algorithms", "Tietorakenteet ja algoritmit", "3"),
    ("Academic writing", "Tieteellinen kirjoittaminen", "HYV"),
    ("Databases", "Tietokannat", "5"),
    ("Physics of semiconductors", "Puolijohteiden fysiikka", "2"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one state: its address below the host, and the cookies (name, value, path).

    ``upload`` is a file to hand in there; the page is then what answers it.
    """

    name: str
    path: str
    cookies: tuple[tuple[str, str, str], ...] = ()
    upload: str = ""


STAY = "HTMLFormElement.prototype.submit = () => {};"
"""To be run in each page: the reply posts itself, here it stays to be looked at."""


def go(driver: Any, site: str, page: Page) -> None:
    """Open a page in Chromium with its cookies and no others."""
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    for name, value, path in page.cookies:
        driver.execute_cdp_cmd(
            "Network.setCookie", {"name": name, "value": value, "url": site + path, "path": path}
        )
    driver.get(site + page.path)
    if page.upload:
        driver.find_element("css selector", "input[type=file]").send_keys(page.upload)
        driver.find_element("css selector", "main form button").click()


def studies(courses: int) -> tuple[StudyRecord, ...]:
    """A degree with modules of ``courses`` courses in all, and what is beside it."""
    rows = [
        record(
            "degree",
            type=LosType.DEGREE_PROGRAMME,
            grade=None,
            titles=texts(en="Bachelor of Science", fi="Luonnontieteiden kandidaatti"),
            credits=(Credit(scheme=ECTS, value=Decimal(180)),),
        )
    ]
    for number in range(courses):
        module = f"module-{number // 6}"
        if number % 6 == 0:
            titles = texts(
                en=f"Basic studies {number // 6 + 1}", fi=f"Perusopinnot {number // 6 + 1}"
            )
            rows.append(record(module, "degree", type=LosType.MODULE, grade=None, titles=titles))
        en, fi, grade = COURSES[number % len(COURSES)]
        rows.append(
            record(
                f"course-{number}",
                module,
                titles=texts(en=en, fi=fi) if number % 4 else texts(fi=fi),
                grade=grade,
                language="en" if number % 3 else "fi",
                completed=date(2023 + number % 4, 1 + number % 12, 15),
            )
        )
    elsewhere = replace(
        record("abroad", titles=texts(en="Ethics of technology"), grade="HYV"),
        recognised=Recognised(source=texts(en="University of the North"), on=date(2025, 6, 1)),
    )
    other = Issuer(
        identifiers=(Identifier("schac", "north.example"),),
        titles=texts(en="University of the North", ar="جامعة الشمال"),
        url="https://north.example/",
        country="NO",
    )
    summer = record("summer", titles=texts(ar="اللغة العربية"), issuer=other, grade="A")
    return (
        *rows,
        elsewhere,
        record("failed", status=Status.FAILED, grade="0", credits=()),
        record("going-on", status=Status.IN_PROGRESS, grade=None, completed=None),
        summer,
    )


def furnish(world: World) -> None:
    """Give the world's institution what pages can show: privacy, known clients, universities."""
    with world.services.store.begin() as uow:
        institution = uow.config.institution("campus")
        uow.config.put_institution(
            replace(
                institution,
                address="Keskuskatu 1\n00100 Kaupunki",
                languages=("fi", "en", "sv"),
                privacy=Privacy(
                    controller=texts(en="Campus University", fi="Kampuksen yliopisto"),
                    contact="privacy@campus.example",
                    notice=texts(
                        en="We pass your records on because you ask us to, and keep nothing of them.",
                        fi="Välitämme tietosi pyynnöstäsi emmekä säilytä niitä.",
                    ),
                    url=texts(en="https://campus.example/privacy"),
                ),
            )
        )
        uow.config.put_known_clients(
            tuple(
                KnownClient(name=name, url=url, country=country)
                for name, url, country in (
                    ("University of Abroad", "https://abroad.example/", "NO"),
                    ("Register of the North", "https://register.example/emrex", "NO"),
                    ("Högskolan i Exempel", "https://exempel.example/", "SE"),
                    ("Universität Beispiel", "https://beispiel.example/", "DE"),
                    ("Hochschule Muster", "https://muster.example/", "DE"),
                    ("Université Exemple", "https://exemple.example/", "FR"),
                    ("Ülikool Näide", "https://naide.example/", "EE"),
                )
            )
        )


class Scene:
    """One student's browser after the other in one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def page(self, name: str, browser: Browser) -> Page:
        """Where a browser stands, with its cookies."""
        jar = browser.client._cookies.values()  # the test client has no other list of them
        return Page(name, browser.path, tuple((one.key, one.value, one.path) for one in jar))

    def selecting(self, **fields: str) -> Browser:
        """A student before the records."""
        return self.world.browser().to_selection(**fields)

    def looking(self, **fields: str) -> Browser:
        """A student before the preview of everything."""
        return self.selecting(**fields).submit("select", "all").submit("select", "preview")

    @contextmanager
    def records(self, rows: Any) -> Iterator[None]:
        """The study administration system answers this meanwhile."""
        before = self.world.source.records
        self.world.source.records = rows
        try:
            yield
        finally:
            self.world.source.records = before


def states(world: World) -> Iterator[Page]:
    """Every page for students in each of its states."""
    scene = Scene(world)
    furnish(world)
    world.source.records = studies(24)
    for part in (_before, _choosing, _ending, _afterwards, _failing, _own, import_states):
        yield from part(scene)


def _before(scene: Scene) -> Iterator[Page]:
    world = scene.world
    yield Page("entry-refused", "/emrex/campus/emp?sessionId=s&returnUrl=javascript:alert(1)")
    yield Page("not-found", "/emrex/campus/nothing-here")
    yield Page("accessibility", "/emrex/campus/accessibility")
    yield scene.page("login", world.browser().enter())
    world.login.error = LoginError("denied", reason="denied")
    yield scene.page("login-failed", world.browser().enter().log_in())
    world.login.error = None
    launched = world.browser()
    _open_launch(world)
    yield scene.page("person", launched.post("/emrex/campus/launch", {"token": _token(world)}))
    _open_federation(world)
    chosen = world.browser().enter()
    address = f"/emrex/campus/t/{chosen.transfer_id}/login/haka/where"
    yield scene.page("where", chosen.get(address))
    yield scene.page("where-found", chosen.get(address, query_string={"q": "university"}))
    yield scene.page("where-nothing", chosen.get(address, query_string={"q": "zzzz"}))
    _close_ways(world)


def _choosing(scene: Scene) -> Iterator[Page]:
    yield scene.page("fetching", scene.world.browser().enter().log_in())
    scene.world.queue.sent.clear()
    browser = scene.selecting()
    yield scene.page("select", browser)
    yield scene.page("select-none", browser.submit("select", "none").submit("select", "preview"))
    yield scene.page("select-everything-asked", scene.selecting(allowNotPassedCourses="true"))
    yield scene.page("select-fixed", scene.selecting(allowToPickCourses="false"))
    browser = scene.selecting()
    yield scene.page("select-found", browser.get(f"{browser.path}?q=algebra&since=2024-01-01"))
    yield scene.page("select-nothing-found", browser.get(f"{browser.path.partition('?')[0]}?q=zz"))
    with scene.records(RECORDS[4:5]):
        yield scene.page("select-one", scene.selecting())
    with scene.records(studies(600)):
        yield scene.page("select-600", scene.selecting())
    with scene.records(studies(5000)):
        yield scene.page("select-5000", scene.selecting())
    unknown = scene.looking()
    yield scene.page("preview-unknown-receiver", unknown)
    yield scene.page("preview-no-consent", unknown.submit("preview", "confirm"))
    scene.world.change_access_point(allowed_hosts=frozenset({"abroad.example"}))
    yield scene.page("preview", scene.looking(returnUrl=LISTED))
    scene.world.change_access_point(allowed_hosts=frozenset())
    draft = scene.looking().submit("preview", "draft")
    yield scene.page("draft-waiting", draft)
    scene.world.work()
    yield scene.page("draft", draft.get(draft.path.partition("?")[0]))
    signing = scene.looking().submit("preview", "confirm", consent="yes")
    yield scene.page("signing", signing)
    scene.world.work()


def _ending(scene: Scene) -> Iterator[Page]:
    yield scene.page("reply", scene.world.browser().to_reply())
    yield scene.page("cancelled", scene.selecting().submit("cancel"))
    for name, error in (("no-results", StudentNotFound("x")), ("failed", AdapterUnavailable("x"))):
        scene.world.source.student, before = error, scene.world.source.student
        yield scene.page(name, scene.selecting())
        scene.world.source.student = before
    _open_launch(scene.world)
    browser = scene.world.browser().post("/emrex/campus/launch", {"token": _token(scene.world)})
    browser.submit("confirm-person", "yes")
    scene.world.work()
    yield scene.page("select-to-take-along", browser.reload())
    browser.submit("select", "all").submit("select", "preview")
    yield scene.page("preview-to-take-along", browser)
    browser.submit("preview", "confirm", consent="yes")
    scene.world.work()
    yield scene.page("download", browser.reload())
    yield from _verifying(scene, browser.client.get(browser.path + "/elmo.xml").data)
    _close_ways(scene.world)


def _verifying(scene: Scene, elmo: bytes) -> Iterator[Page]:
    address = "/emrex/campus/verify"
    yield Page("verify", address)
    for name, data in (
        ("verify-genuine", elmo),
        ("verify-changed", elmo.replace(b"Mallikas", b"Mallinen")),
        ("verify-something-else", b"minutes of a meeting"),
    ):
        file = scene.world.key_path.parent / f"{name}.xml"
        file.write_bytes(data)
        yield Page(name, address, upload=str(file))
    yield from _verifying_anybodys(scene)


def _verifying_anybodys(scene: Scene) -> Iterator[Page]:
    """Files of a provider that the network once listed, and of nobody known."""
    world, address = scene.world, "/emrex/verify"
    yield Page("verify-all", address)
    list_danes(world, "p256")
    delist_danes(world, world.clock() - timedelta(days=7))
    for name, kind, method in (
        ("verify-all-careful", "p256", "ecdsa-sha256"),
        ("verify-all-unknown", "rsa4096", "rsa-sha256"),
    ):
        file = world.key_path.parent / f"{name}.xml"
        file.write_bytes(foreign_sign(DOCUMENT.encode(), kind, method=MORE + method))
        yield Page(name, address, upload=str(file))


def _afterwards(scene: Scene) -> Iterator[Page]:
    browser = scene.selecting()
    yield scene.page("logged-out", browser.submit("logout"))
    browser = scene.selecting()
    scene.world.clock.forward(minutes=31)
    yield scene.page("session-over", browser.reload())
    scene.world.clock.forward(hours=24)
    yield scene.page("expired", browser.reload())


def _failing(scene: Scene) -> Iterator[Page]:
    put = _maintenance(scene.world)
    put(Maintenance(mode=MaintenanceMode.CLOSED, texts=(LangString("New disks.", "en"),)))
    yield Page("maintenance", "/emrex/campus/emp?sessionId=s&returnUrl=https://abroad.example/")
    put(Maintenance())


def _own(scene: Scene) -> Iterator[Page]:
    own = "/emrex/campus/my-data"
    student = scene.world.browser().to_reply()
    browser = scene.world.browser().get(own)
    yield scene.page("my-data-login", browser)
    browser.response = browser.client.get(browser.link("choices"))
    state = browser.response.headers["Location"].partition("state=")[2]
    yield scene.page("my-data", browser.get(f"{own}/callback?code=c&state={state}"))
    yield scene.page("my-data-contents", browser.get(f"{own}/t/{student.transfer_id}"))
    yield scene.page("my-data-delete", browser.get(f"{own}/delete"))
    yield scene.page("my-data-deleted", browser.submit("delete"))


def _maintenance(world: World) -> Callable[[Maintenance], None]:
    def put(wanted: Maintenance) -> None:
        with world.services.store.begin() as uow:
            uow.operations.put_maintenance(wanted)

    return put


def _method(
    id_: str, kind: str, settings: Mapping[str, Any], *, enabled: bool = True
) -> LoginMethod:
    names = texts(en="Log in with your university", fi="Kirjaudu oman yliopistosi kautta")
    return LoginMethod(
        id=id_, institution="campus", kind=kind, names=names, settings=settings, enabled=enabled
    )


def _open_launch(world: World) -> None:
    settings = {
        "issuer": "https://peppi.example",
        "keys": [{"kid": "k1", "public_key": KEY.as_pem(private=False).decode()}],
        "return_origins": ["https://peppi.example"],
        "launch_url": "https://peppi.example/emrex",
    }
    world.put(login_method=_method("peppi", "launch", settings))


def _open_federation(world: World) -> None:
    with world.services.store.begin() as uow:
        uow.config.put_federation(
            Federation(
                slug="fed",
                names=texts(en="A made-up federation"),
                url="https://fed.example/md",
                certificates=("file:/pinned.pem",),
            )
        )
        uow.entities.replace(
            "fed",
            [
                Entity(
                    federation="fed",
                    entity_id=f"https://idp.{name}.example/idp",
                    roles=frozenset({Role.IDP}),
                    names=texts(
                        en=f"University of {name.title()}", fi=f"{name.title()}n yliopisto"
                    ),
                    digest=name,
                    valid_until=datetime.max.replace(tzinfo=UTC),
                    scopes=(f"{name}.example",),
                )
                for name in ("aurinko", "kuu", "meri")
            ],
        )
    # the fake takes the place of what bootstrap would have put there
    cast("dict[str, object]", world.services.logins)["saml"] = _SeveralProviders()
    world.put(login_method=_method("haka", "saml", {"federations": ["fed"]}))


def _close_ways(world: World) -> None:
    for id_, kind in (("peppi", "launch"), ("haka", "saml")):
        world.put(login_method=_method(id_, kind, {}, enabled=False))


class _SeveralProviders:
    """A fake federation login that wants a provider named, and goes nowhere."""

    def start(self, method: LoginMethod, **_: object) -> LoginStart:
        raise LoginError("several are possible", "choose")

    def finish(self, method: LoginMethod, **_: object) -> LoggedIn:
        raise LoginError("this fake never finishes")

    def logout(self, method: LoginMethod, **_: object) -> str | None:
        return None


def _token(world: World) -> str:
    now = int(world.clock().timestamp())
    claims = {
        "iss": "https://peppi.example",
        "aud": f"{world.services.settings.public_url}/campus/launch",
        "sub": "p-17",
        "iat": now,
        "exp": now + 60,
        "jti": f"j{time.time_ns()}",
        "institution": "campus",
        "identifiers": [{"type": "local", "value": "1234567"}],
        "given_name": "Maija",
        "family_name": "Mallikas",
        "birthdate": "1998-02-11",
        "return_to": "https://peppi.example/home",
    }
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY)
