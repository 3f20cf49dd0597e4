"""The pages of federations, service providers and known clients."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway import administering
from emrex_gateway.domain import (
    AdminRole,
    ContactKind,
    Federation,
    FederationState,
    KnownClient,
    LoginMethod,
    ServiceKey,
    ServiceProvider,
    texts,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.secrets import resolve_secret
from signing_material import certificate_of, key_pem, private_key

PROVIDER = "/admin/i/campus/service-provider"
HAKA = LoginMethod(
    id="haka",
    institution="campus",
    kind="saml",
    names=texts(en="Log in with Haka"),
    settings={"federations": ["haka"]},
)


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    made = make_admin_world(tmp_path, saml=resolve_secret)
    key = private_key("rsa2048")
    (tmp_path / "saml.key").write_bytes(key_pem(key))
    for name, days in (("saml", 400), ("soon", 20)):
        end = made.clock() + timedelta(days=days)
        pem = certificate_of(key, not_after=end).public_bytes(Encoding.PEM)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    return made


def federation(tmp_path: Path) -> Federation:
    return Federation(
        slug="haka",
        names=texts(en="Haka"),
        url="https://haka.example/metadata.xml",
        certificates=(f"file:{tmp_path / 'saml.pem'}",),
    )


def wrong(browser: AdminBrowser) -> list[str]:
    """The names of the fields with an error."""
    found = browser.page.xpath("//p[@class='wrong']/@id")
    return [one.removesuffix("-error") for one in found]


# --- federations ------------------------------------------------------------------------------------


def test_a_federation_is_added_and_looked_at_at_once(world: AdminWorld, tmp_path: Path) -> None:
    """The form's row, a job for its metadata, and a page that shows that somebody looks."""
    browser = world.admin()
    browser.get("/admin/federations/new").submit_form(
        "save",
        slug="haka",
        url="https://haka.example/metadata.xml",
        certificates=f"file:{tmp_path / 'saml.pem'}",
        **{"names-en": "Haka"},
    )

    with world.services.store.read() as uow:
        assert (federation(tmp_path),) == uow.config.federations()
    assert [("refresh", "haka")] == world.queue.sent
    assert ["5"] == browser.page.xpath("//meta[@http-equiv='refresh']/@content")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://haka.example/"),
        ("certificates", "-----BEGIN CERTIFICATE-----"),
        ("certificates", "file:/nowhere/haka.pem"),
        ("max_loss", "101"),
        ("slug", "Haka!"),
    ],
    ids=["not https", "pasted", "not there", "too many", "not a short name"],
)
def test_what_is_wrong_with_a_federation_is_told_at_its_field(
    world: AdminWorld, tmp_path: Path, field: str, value: str
) -> None:
    """Nothing is written; a certificate that cannot be read is found now, not at the next look."""
    browser = world.admin()
    good = {"slug": "haka", "url": "https://haka.example/m.xml", "names-en": "Haka"}
    good["certificates"] = f"file:{tmp_path / 'saml.pem'}"
    browser.get("/admin/federations/new").submit_form("save", **(good | {field: value}))

    assert 422 == browser.status
    assert [field] == wrong(browser)
    with world.services.store.read() as uow:
        assert () == uow.config.federations()


def test_an_alarm_is_shown_and_taken_back_by_somebody_named(
    world: AdminWorld, tmp_path: Path
) -> None:
    """The trail says who has looked into it."""
    world.put(federation=federation(tmp_path))
    with world.services.store.begin() as uow:
        until = world.clock() + timedelta(days=7)
        state = FederationState(next_at=until, valid_until=until, alarm="entities-lost")
        uow.entities.put_state("haka", state)
    browser = world.admin()
    browser.get("/admin/federations/haka")

    assert "Many of its entities vanished" in browser.text
    browser.submit_form("acknowledge")
    assert "Many of its entities vanished" not in browser.text
    (event,) = [one for one in world.trail("setting.changed") if one["field"] == "alarm"]
    assert browser.account.id == event["by"]


def test_what_depends_on_a_federation_is_said_and_holds_its_removal(
    world: AdminWorld, tmp_path: Path
) -> None:
    """Switching off names the login methods; removing waits until none names it; both can be undone."""
    world.put(federation=federation(tmp_path), login_method=HAKA)
    browser = world.admin()
    browser.get("/admin/federations/haka/off")
    assert "haka (campus)" in browser.text
    browser.submit_form("confirm")
    browser.get("/admin/federations/haka/remove")
    assert [] == browser.page.xpath("//form[@data-step='confirm']//button")
    with pytest.raises(ConfigError, match="name the federation"):
        administering.remove_federation(world.services, world.operator(), "haka")
    with world.services.store.begin() as uow:
        uow.logins.remove(HAKA, kind="login method", key="haka", by="x", at=world.clock())
    browser.get("/admin/federations/haka/remove").submit_form("confirm")

    with world.services.store.read() as uow:
        assert () == uow.config.federations()
    browser.submit_form("undo")
    with world.services.store.read() as uow:
        assert [False] == [one.enabled for one in uow.config.federations()]


def test_federations_and_known_clients_are_for_operators(world: AdminWorld) -> None:
    """Every institution's logins trust them."""
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")

    assert 403 == browser.get("/admin/federations").status
    assert 403 == browser.get("/admin/clients").status


# --- service providers -----------------------------------------------------------------------------


def test_a_service_provider_is_made_in_the_form(world: AdminWorld, tmp_path: Path) -> None:
    """Keys, contacts and texts become the row; its metadata's address answers from then on."""
    browser = world.admin()
    browser.get(PROVIDER).submit_form(
        "save",
        **{
            "keys-0-key": f"file:{tmp_path / 'saml.key'}",
            "keys-0-certificate": f"file:{tmp_path / 'saml.pem'}",
            "contacts-0-kind": "security",
            "contacts-0-email": "cert@campus.example",
            "descriptions-en": "Sends study records",
            "assurance": "https://refeds.org/sirtfi",
        },
    )

    with world.services.store.read() as uow:
        made = uow.config.service_provider("campus")
    assert made is not None
    assert [(True, True)] == [(key.signing, key.encryption) for key in made.keys]
    assert [ContactKind.SECURITY] == [one.kind for one in made.contacts]
    assert ("schacPersonalUniqueCode",) == made.required
    (address,) = browser.page.xpath("//a[@download]/@href")
    assert b"EntityDescriptor" in browser.client.get(address).data
    browser.get(PROVIDER).submit_form("save")
    assert "Nothing was changed" in browser.text


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("keys", {"keys-0-key": "file:/nowhere"}),
        ("keys", {"keys-0-key": "-----BEGIN PRIVATE KEY-----"}),
        ("keys", {"keys-0-signing": None}),
        ("contacts", {"assurance": "https://refeds.org/sirtfi"}),
        ("privacy", {"categories": "https://refeds.org/category/code-of-conduct/v2"}),
        ("logo", {"logo_width": "40"}),
        ("information", {"information-en": "http://campus.example"}),
    ],
    ids=["no file", "a key itself", "none signs", "no contact", "no notice", "no logo", "http"],
)
def test_what_is_wrong_with_a_service_provider_is_told_at_its_field(
    world: AdminWorld, tmp_path: Path, field: str, values: dict[str, str | None]
) -> None:
    """What the institution declares must be backed; keys are read as a login would."""
    good: dict[str, str | None] = {
        "keys-0-key": f"file:{tmp_path / 'saml.key'}",
        "keys-0-certificate": f"file:{tmp_path / 'saml.pem'}",
    }
    browser = world.admin()
    browser.get(PROVIDER).submit_form("save", **(good | values))

    assert 422 == browser.status
    assert [field] == wrong(browser)
    assert "PRIVATE" not in browser.text
    with world.services.store.read() as uow:
        assert None is uow.config.service_provider("campus")


def test_a_certificate_that_ends_soon_is_told(world: AdminWorld, tmp_path: Path) -> None:
    """On the page with what to do, and as a level for log and metric; once a day in the log."""
    put_provider(world, tmp_path, "soon")
    browser = world.admin()
    browser.get(PROVIDER)

    assert "ends within 30 days: publish the next key now" in browser.text
    (state,) = administering.service_key_states(world.services)
    assert ("30-days", 19) == (state.level.value, state.days)
    world.clock.forward(days=30)
    (state,) = administering.service_key_states(world.services)
    assert "expired" == state.level.value


def test_the_log_warns_once_a_day(
    world: AdminWorld, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever sweeps, and however often."""
    put_provider(world, tmp_path, "soon")
    for _ in range(3):
        administering.warn_of_service_keys(world.services)
    world.clock.forward(days=1)
    administering.warn_of_service_keys(world.services)

    told = [one for one in caplog.messages if "service provider campus" in one]
    assert 2 == len(told)


def test_a_service_provider_is_removed_when_nothing_needs_it(
    world: AdminWorld, tmp_path: Path
) -> None:
    """A login method that is on holds it; then it goes, and comes back as it was."""
    made = put_provider(world, tmp_path, "saml")
    world.put(login_method=HAKA)
    browser = world.admin()
    browser.get(f"{PROVIDER}/remove")
    assert [] == browser.page.xpath("//form[@data-step='confirm']//button")
    world.put(login_method=replace(HAKA, enabled=False))
    browser.get(f"{PROVIDER}/remove").submit_form("confirm")

    assert 404 == browser.client.get("/emrex/sp/campus/metadata").status_code
    browser.submit_form("undo")
    with world.services.store.read() as uow:
        assert made == uow.config.service_provider("campus")


def put_provider(world: AdminWorld, tmp_path: Path, name: str) -> ServiceProvider:
    key = ServiceKey(key=f"file:{tmp_path / 'saml.key'}", certificate=f"file:{tmp_path / name}.pem")
    made = ServiceProvider(institution="campus", keys=(key,))
    world.put(service_provider=made)
    return made


# --- known clients ------------------------------------------------------------------------------------


def test_known_clients_are_added_ordered_changed_and_removed(world: AdminWorld) -> None:
    """In the order in which students see them; the slower of two editors is told."""
    with world.services.store.begin() as uow:
        uow.config.put_known_clients(())
    browser = world.admin()
    for name in ("A", "B"):
        url = f"https://{name.lower()}.example/"
        browser.get("/admin/clients/new").submit_form("save", name=name, url=url, country="no")
    first, second = (
        KnownClient(name=name, url=f"https://{name.lower()}.example/", country="NO")
        for name in ("A", "B")
    )
    assert (first, second) == clients(world)
    key = administering.client_key(second)
    browser.get("/admin/clients").submit_form(f"move-up-{key}")
    assert (second, first) == clients(world)
    other = world.admin()
    other.get(f"/admin/clients/{key}")
    browser.get(f"/admin/clients/{key}").submit_form("save", country="SE")
    assert 409 == other.submit_form("save", name="C").status
    assert "SE" == clients(world)[0].country
    browser.get(f"/admin/clients/{key}/remove").submit_form("confirm")
    assert (first,) == clients(world)
    browser.submit_form("undo")
    assert ["A", "B"] == [one.name for one in clients(world)]


def clients(world: AdminWorld) -> tuple[KnownClient, ...]:
    with world.services.store.read() as uow:
        return uow.config.known_clients()
