"""The checklist before joining, what its entries say, and what the built-in client makes of a reply."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from admin_world import AdminWorld
from emrex_gateway import administering
from emrex_gateway.administering import CheckState, Joining
from emrex_gateway.domain import (
    KeyKind,
    Privacy,
    ReturnCode,
    SelfTestResult,
    SignedElmo,
    UnsignedElmo,
    texts,
)
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.network import reply_fields
from key_authority import active, certified, certify, make_key_world, row, work
from signing_material import DOCUMENTS


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    return make_key_world(tmp_path)


def ready(world: AdminWorld, **how: Any) -> None:
    """Put everything right that the checklist asks for."""
    active(world, **how)
    with world.services.store.begin() as uow:
        institution = uow.config.institution("campus")
        told = Privacy(controller=texts(en="Campus University"), notice=texts(en="We send it."))
        uow.config.put_institution(replace(institution, privacy=told))
    administering.save_registration(
        world.services, world.operator(), "campus", emails=("emrex@campus.example",), acronym=""
    )


def look(world: AdminWorld) -> Joining:
    with world.services.store.read() as uow:
        return administering.joining(world.services, uow, "campus")


def missing(world: AdminWorld) -> list[str]:
    return [one.code for one in look(world).checks if one.state is CheckState.PROBLEM]


def change_institution(world: AdminWorld, **changes: Any) -> None:
    with world.services.store.begin() as uow:
        uow.config.put_institution(replace(uow.config.institution("campus"), **changes))


def test_entries_are_written_when_nothing_is_missing(world: AdminWorld) -> None:
    """And not before: each missing item keeps both from being written."""
    assert {"emails", "privacy", "controller", "certificate"} == set(missing(world))
    assert (None, None) == (look(world).emreg, look(world).ewp)

    ready(world)

    found = look(world)
    assert ([], True) == (missing(world), found.ready)
    root = etree.fromstring(found.ewp or b"")
    assert ["emrex@campus.example", "https://gateway.example/emrex/campus/emp"] == [
        child.text for child in root[:2]
    ]
    assert '"acronym": "CAMPUS"' in (found.emreg or "")
    assert "Campus University" in (found.emreg or "")


def test_what_no_registry_may_list_keeps_the_entries_from_being_written(
    world: AdminWorld,
) -> None:
    """One after another, from a point that is ready; there is no way around an item."""
    ready(world)
    with world.services.store.read() as uow:
        institution = uow.config.institution("campus")
        point = uow.config.access_point("campus")
        (method,) = uow.config.login_methods("campus")
        (binding,) = uow.config.bindings("campus")
    assert point is not None
    spoilt: list[tuple[str, str, Any]] = [
        ("switched-on", "access_point", replace(point, enabled=False)),
        ("switched-on", "institution", replace(institution, enabled=False)),
        ("support", "institution", replace(institution, support="")),
        ("privacy", "institution", replace(institution, privacy=Privacy())),
        ("login", "login_method", replace(method, enabled=False)),
        ("login", "login_method", replace(method, for_administrators=True)),
        ("saml", "login_method", replace(method, kind="saml")),
        ("adapter", "binding", replace(binding, enabled=False)),
        ("certificate", "access_point", replace(point, certificate="file:/nowhere")),
        ("certificate", "access_point", replace(point, certificate="")),
    ]
    good = {
        "access_point": point,
        "institution": institution,
        "login_method": method,
        "binding": binding,
    }
    for code, kind, spoiled in spoilt:
        world.put(**{kind: spoiled})
        assert code in missing(world)
        assert (None, None) == (look(world).emreg, look(world).ewp)
        with pytest.raises(ConfigError, match="cannot be registered yet"):
            administering.publish_entry(world.services, world.operator(), "campus")
        world.put(**{kind: good[kind]})
    assert [] == missing(world)


def test_certificates_that_clients_refuse_are_not_registered(world: AdminWorld) -> None:
    """Self-signed, too short, of an authority, expired, or about to: each is named."""
    ready(world)
    made = administering.order_key(
        world.services, world.operator(), "campus", kind=KeyKind.EC, trial=True
    )
    work(world)
    trial = row(world, made.id).certificate
    public = row(world, made.id).public_key
    cases = [
        ("self-signed", trial),
        ("strength", certify(public, ca=True).decode()),
        ("lasting", certify(public, days=29).decode()),
        ("dates", certify(public, since=20, days=-1).decode()),
    ]
    for code, pem in cases:
        world.change_access_point(certificate=pem)
        assert [code] == missing(world)
    # A self-signed one beside the good one would be listed too.
    world.change_access_point(certificate=certify(public).decode())
    assert [] == missing(world)
    administering.publish_key(world.services, world.operator(), made.id)
    assert ["self-signed"] == missing(world)


def test_a_certificate_that_ends_soon_may_stand_beside_the_next_one(world: AdminWorld) -> None:
    """That is what a change of keys is: the list then lasts as long as the next certificate."""
    ready(world, days=20)
    assert ["lasting"] == missing(world)
    following = certified(world)
    administering.publish_key(world.services, world.operator(), following.id)
    assert [] == missing(world)
    assert 2 == (look(world).ewp or b"").count(b"<certificate>")
    assert 2 == (look(world).emreg or "").count("BEGIN CERTIFICATE")


def test_a_published_entry_stays_until_it_would_be_wrong(world: AdminWorld) -> None:
    """It appears when an administrator says so, and does not vanish for a renewal that is due."""
    services, actor = world.services, world.operator()
    ready(world, days=40)
    assert administering.public_entry(services, "campus") is None
    assert administering.publish_entry(services, actor, "campus")
    assert not administering.publish_entry(services, actor, "campus")
    assert look(world).ewp == administering.public_entry(services, "campus")

    world.clock.forward(days=20)
    assert ["lasting"] == missing(world)
    assert administering.public_entry(services, "campus")
    change_institution(world, enabled=False)
    assert administering.public_entry(services, "campus") is None
    change_institution(world, enabled=True)
    world.clock.forward(days=21)
    assert ["dates"] == missing(world)
    assert administering.public_entry(services, "campus") is None
    world.clock.forward(days=-41)
    assert administering.withdraw_entry(services, actor, "campus")
    assert administering.public_entry(services, "campus") is None


def test_a_demonstration_writes_an_entry_for_its_own_client_only(tmp_path: Path) -> None:
    """http on this machine: EMREG's form for the demonstration's client, nothing for EWP."""
    address = "http://127.0.0.1:8400/emrex"
    world = make_key_world(tmp_path, demo=True, http_on_loopback=True, public_url=address)
    ready(world)

    found = look(world)
    assert f"{address}/campus/emp" in (found.emreg or "")
    assert found.ewp is None
    advice = {one.code for one in found.checks if one.state is CheckState.ADVICE}
    assert {"demo", "https"} <= advice
    with pytest.raises(ConfigError):
        administering.publish_entry(world.services, world.operator(), "campus")


def test_an_address_that_others_cannot_reach_is_not_registered(tmp_path: Path) -> None:
    """https alone is not enough: a name of this machine or of a private network is none."""
    world = make_key_world(tmp_path, public_url="https://10.1.2.3/emrex")
    ready(world)
    assert ["https"] == missing(world)


def test_the_contact_is_checked_and_kept(world: AdminWorld) -> None:
    """Mail addresses and acronym name their field; a slower form is told."""
    services, actor = world.services, world.operator()
    for changes, field in (
        ({"emails": ("nobody",)}, "emails"),
        ({"emails": ("a@localhost",)}, "emails"),
        ({"emails": ("a@b.example",) * 6}, "emails"),
        ({"acronym": "A" * 33}, "acronym"),
        ({"acronym": "<b>"}, "acronym"),
    ):
        values: dict[str, Any] = {"emails": (), "acronym": "", **changes}
        with pytest.raises(ConfigError) as caught:
            administering.save_registration(services, actor, "campus", **values)
        assert field == caught.value.field
    with pytest.raises(EditConflict):
        administering.save_registration(
            services, actor, "campus", emails=(), acronym="X", version="0" * 32
        )


def replied(world: AdminWorld, xml: bytes, **changes: str) -> SelfTestResult:
    """What the built-in client says of a reply with this document."""
    test = administering.start_self_test(world.services, world.operator(), "campus")
    fields = reply_fields(session_id=test.session_id, code=ReturnCode.OK, elmo=SignedElmo(xml))
    done = administering.receive_self_test(world.services, test.id, {**fields, **changes})
    assert done is not None
    assert done.result is not None
    return done.result


def test_the_built_in_client_says_what_is_wrong_with_a_reply(world: AdminWorld) -> None:
    """Another key's signature, changed contents, no document, other codes, rubbish: each is told."""
    active(world)
    with world.services.store.read() as uow:
        point = uow.config.access_point("campus")
    assert point is not None
    unsigned = UnsignedElmo(DOCUMENTS["plain"].encode())
    good = world.signers.signer(point).sign(unsigned).xml
    own = replace(point, key=f"file:{world.key_path}", certificate=world.certificate.decode())
    foreign = world.signers.signer(own).sign(unsigned).xml

    verified = replied(world, good)
    assert (True, "", False) == (verified.verified, verified.problem, verified.passed)
    assert verified.rules  # the document is a small one that breaks rules of the format
    assert ("NCP_OK", 1, 0) == (verified.code, verified.reports, verified.records)

    told = {
        "no given certificate": replied(world, foreign),
        "changed after it was signed": replied(world, good.replace(b"Yliopisto", b"Opisto")),
        "has no signature": replied(world, unsigned.xml),
        "holds no document": replied(world, good, elmo=""),
        "there are no records": replied(world, good, returnCode="NCP_NO_RESULTS"),
        "the transfer failed": replied(world, good, returnCode="EMP_ERROR"),
        "was cancelled": replied(world, good, returnCode="NCP_CANCEL"),
        "cannot be unpacked": replied(world, good, elmo="!"),
        "no return code": replied(world, good, returnCode="?"),
    }
    for sentence, result in told.items():
        assert sentence in result.problem
        assert not result.verified
        assert not result.passed


def test_a_reply_counts_once_in_time_and_at_its_own_address(world: AdminWorld) -> None:
    """A second reply, a late one, one at another's address: nobody waits for them."""
    services, actor = world.services, world.operator()
    active(world)
    first = administering.start_self_test(services, actor, "campus")
    second = administering.start_self_test(services, actor, "campus")
    fields = {"sessionId": first.session_id, "returnCode": "NCP_CANCEL"}

    assert administering.receive_self_test(services, second.id, fields) is None
    assert administering.receive_self_test(services, first.id, {"returnCode": "NCP_OK"}) is None
    assert administering.awaits_reply(services, first.id)
    assert administering.receive_self_test(services, first.id, fields) is not None
    assert not administering.awaits_reply(services, first.id)
    assert administering.receive_self_test(services, first.id, fields) is None
    world.clock.now += timedelta(seconds=services.settings.transfer_lifetime)
    late = {"sessionId": second.session_id, "returnCode": "NCP_CANCEL"}
    assert administering.receive_self_test(services, second.id, late) is None


def test_only_the_built_in_clients_own_addresses_are_ours(world: AdminWorld) -> None:
    """What looks like one of them, and is not, is checked as any other return address."""
    settings = world.services.settings
    good = administering.self_test_url(settings, "0" * 32)
    assert administering.is_self_test_url(settings, good)
    for other in (
        good + "/",
        good + "?x",
        good.replace("https:", "http:"),
        good.replace("gateway.example", "gateway.example.net"),
        good.replace("/emrex/", "/"),
        good.replace("0" * 32, "0" * 31),
        "/self-test/" + "0" * 32 + "/reply",
    ):
        assert not administering.is_self_test_url(settings, other)
