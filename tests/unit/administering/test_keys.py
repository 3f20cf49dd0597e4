"""A key's way: ordered, made, certified, published, in use, retired, destroyed; and its certificate's end."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from admin_world import AdminWorld
from emrex_gateway import administering
from emrex_gateway.administering import ExpiryLevel
from emrex_gateway.domain import (
    Actor,
    AdminRole,
    Grant,
    KeyKind,
    KeyPlace,
    KeyState,
    Permission,
    SigningKey,
    UnsignedElmo,
)
from emrex_gateway.errors import ConfigError, EditConflict, NotAllowed, SigningError
from emrex_gateway.ports import MadeKey
from emrex_gateway.signing import verify
from key_authority import active, certified, certify, locksmith, make_key_world, row, work
from signing_material import DOCUMENTS

S = KeyState


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    return make_key_world(tmp_path)


def point_of(world: AdminWorld) -> object:
    with world.services.store.read() as uow:
        return uow.config.access_point("campus")


def published(world: AdminWorld) -> tuple[str, ...]:
    with world.services.store.read() as uow:
        point = uow.config.access_point("campus")
        assert point is not None
        return administering.published_certificates(uow, point)


def signs(world: AdminWorld, certificates: tuple[str, ...]) -> bool:
    """Whether what the access point signs now verifies with one of these."""
    with world.services.store.read() as uow:
        point = uow.config.access_point("campus")
    assert point is not None
    signed = world.signers.signer(point).sign(UnsignedElmo(DOCUMENTS["plain"].encode()))
    return bool(verify(signed, [one.encode() for one in certificates]).facts.subject)


def no_key(world: AdminWorld) -> None:
    """As an access point is that was just made in the browser."""
    world.change_access_point(key="", certificate="", enabled=False)


def test_the_first_key_goes_from_the_order_to_use(world: AdminWorld) -> None:
    """Order, worker, certificate, use: the row then points at the key and holds the certificate."""
    no_key(world)
    actor = world.operator()
    ordered = administering.order_key(world.services, actor, "campus", kind=KeyKind.EC)
    assert [("key", ordered.id)] == world.queue.sent
    work(world)
    made = row(world, ordered.id)
    assert (S.MADE, "gateway.example", "FI") == (made.state, made.common_name, made.country)

    data = certify(made.public_key)
    after, issued = administering.install_certificate(world.services, actor, made.id, data)
    assert (S.CERTIFIED, ("no-chain",)) == (after.state, issued.warnings)
    administering.activate_key(world.services, actor, made.id)

    assert S.ACTIVE is row(world, made.id).state
    assert (data.decode(),) == published(world)
    assert signs(world, published(world))


def test_rolling_over_publishes_two_certificates_and_switches_at_once(world: AdminWorld) -> None:
    """At every moment what is signed verifies with what is published; old before, new after."""
    no_key(world)
    first = active(world)
    services, actor = world.services, world.operator()
    second = certified(world)
    assert 1 == len(published(world))

    administering.publish_key(services, actor, second.id)
    both = published(world)
    assert 2 == len(both)
    assert signs(world, both[:1])
    with pytest.raises(ConfigError, match="clients may not know this certificate before"):
        administering.activate_key(services, actor, second.id)
    world.clock.forward(days=1)
    administering.activate_key(services, actor, second.id)

    assert both[::-1] == published(world)
    assert signs(world, both[1:])
    assert (S.CERTIFIED, S.ACTIVE) == (row(world, first.id).state, row(world, second.id).state)

    administering.retire_key(services, actor, first.id)
    assert both[1:] == published(world)
    administering.destroy_key(services, actor, first.id)
    path = Path(first.reference.removeprefix("file:"))
    assert path.exists()
    work(world)
    assert not path.exists()
    assert (S.DESTROYED, "") == (row(world, first.id).state, row(world, first.id).reference)
    assert signs(world, both[1:])


def test_one_can_switch_back_until_the_former_key_is_retired(world: AdminWorld) -> None:
    """The former key is known to everybody, so that nobody has to wait."""
    no_key(world)
    first = active(world)
    second = active(world)

    administering.activate_key(world.services, world.operator(), first.id)

    assert (S.ACTIVE, S.CERTIFIED) == (row(world, first.id).state, row(world, second.id).state)
    assert signs(world, published(world)[:1])


def test_an_expired_key_may_be_replaced_without_waiting(world: AdminWorld) -> None:
    """Nothing is lost by it: the former certificate verifies nowhere."""
    no_key(world)
    active(world, days=3)
    world.clock.forward(days=4)
    second = certified(world, since=0.5)

    administering.activate_key(world.services, world.operator(), second.id)

    assert S.ACTIVE is row(world, second.id).state


def test_a_renewed_certificate_of_the_key_that_signs_takes_effect(world: AdminWorld) -> None:
    """Same key, later end: it stands in the access point's row at once."""
    no_key(world)
    key = active(world, days=20)
    data = certify(key.public_key, days=500)

    administering.install_certificate(world.services, world.operator(), key.id, data)

    assert (data.decode(),) == published(world)
    assert signs(world, published(world))


def test_a_present_key_is_taken_over_with_its_certificate(world: AdminWorld) -> None:
    """Then it has a row, its certificate stands in the database, and its key stays where it was."""
    before = point_of(world)
    key = administering.adopt_key(world.services, world.operator(), "campus")
    work(world)

    after = row(world, key.id)
    assert (S.ACTIVE, KeyPlace.REFERENCE, KeyKind.RSA) == (after.state, after.place, after.kind)
    assert "BEGIN CERTIFICATE REQUEST" in after.request
    assert replace(before, certificate=world.certificate.decode()) == point_of(world)
    assert signs(world, published(world))
    with pytest.raises(ConfigError, match="no key to take over"):
        administering.adopt_key(world.services, world.operator(), "campus")


def test_a_present_key_is_taken_over_before_another_one_is_used(world: AdminWorld) -> None:
    """Else its certificate would vanish from the registries while replies are on their way."""
    second = certified(world)
    with pytest.raises(ConfigError, match="take it over first"):
        administering.activate_key(world.services, world.operator(), second.id)


def test_a_key_that_cannot_be_made_says_why_and_is_tried_again(world: AdminWorld) -> None:
    """The worker's sentence stands in the row; once the folder is right, the same order is done."""
    folder = Path(world.services.settings.key_directory)
    folder.chmod(0o755)
    ordered = administering.order_key(world.services, world.operator(), "campus", kind=KeyKind.EC)
    work(world)
    failed = row(world, ordered.id)
    assert S.FAILED is failed.state
    assert "chmod 700" in failed.problem

    folder.chmod(0o700)
    administering.retry_key(world.services, world.operator(), ordered.id)
    work(world)

    assert (S.MADE, "") == (row(world, ordered.id).state, row(world, ordered.id).problem)


def test_the_key_that_signs_cannot_be_taken_away(world: AdminWorld) -> None:
    """Nothing but another key replaces it."""
    no_key(world)
    key = active(world)
    steps: list[tuple[Callable[..., SigningKey], str]] = [
        (administering.retire_key, "signs with this key"),
        (administering.destroy_key, "signs with this key"),
        (administering.activate_key, "only a key with a certificate"),
        (administering.publish_key, "only a key with a certificate"),
    ]
    for step, message in steps:
        with pytest.raises(ConfigError, match=message):
            step(world.services, world.operator(), key.id)
    assert signs(world, published(world))


def test_a_published_key_is_not_destroyed_and_a_destroyed_one_does_nothing(
    world: AdminWorld,
) -> None:
    """Each step is possible only where the key stands."""
    no_key(world)
    first, second = active(world), active(world)
    services, actor = world.services, world.operator()
    with pytest.raises(ConfigError, match="still published: retire the key first"):
        administering.destroy_key(services, actor, first.id)
    administering.retire_key(services, actor, first.id)
    with pytest.raises(ConfigError, match="only a key with a certificate"):
        administering.activate_key(services, actor, first.id)
    administering.destroy_key(services, actor, first.id)
    work(world)
    with pytest.raises(EditConflict):
        administering.retire_key(services, actor, first.id)
    assert S.ACTIVE is row(world, second.id).state


@pytest.mark.parametrize("slug", ["campus", "second"])
def test_a_key_that_an_access_point_names_is_not_destroyed(world: AdminWorld, slug: str) -> None:
    """Whatever its row says: a file may have named its reference, here or for another access point."""
    no_key(world)
    first, _ = active(world), active(world)
    reference = row(world, first.id).reference
    with world.services.store.begin() as uow:
        point = uow.config.access_point("campus")
        assert point is not None
        uow.config.put_access_point(replace(point, slug=slug, key=reference))

    for step in (administering.retire_key, administering.destroy_key):
        with pytest.raises(ConfigError, match="signs with this key"):
            step(world.services, world.operator(), first.id)


def test_only_one_key_is_under_way_at_a_time(world: AdminWorld) -> None:
    """Two next keys would make two ways to go on from; giving one up makes room."""
    first = administering.order_key(world.services, world.operator(), "campus", kind=KeyKind.EC)
    with pytest.raises(ConfigError, match="a key is under way already"):
        administering.order_key(world.services, world.operator(), "campus")
    administering.destroy_key(world.services, world.operator(), first.id)
    administering.order_key(world.services, world.operator(), "campus", kind=KeyKind.EC)


def test_a_key_that_is_given_up_while_it_is_made_leaves_nothing(world: AdminWorld) -> None:
    """The worker finds that nobody wants it any more, and destroys what it made."""
    key = administering.order_key(world.services, world.operator(), "campus", kind=KeyKind.EC)
    real = locksmith(world)

    class Interrupted:
        """A maker during whose work the administrator gives the key up, and that is worked off."""

        def make(self, wanted: SigningKey) -> MadeKey:
            administering.destroy_key(world.services, world.operator(), key.id)
            work(world)
            return real.make(wanted)

        read, destroy = real.read, real.destroy

    assert administering.work_on_key(world.services, Interrupted(), key.id)

    assert S.DESTROYED is row(world, key.id).state
    assert [] == list(Path(world.services.settings.key_directory).iterdir())


def test_two_workers_with_one_order_make_one_key(world: AdminWorld) -> None:
    """The slower one finds the row made, and must not destroy the key for that."""
    key = administering.order_key(world.services, world.operator(), "campus", kind=KeyKind.EC)
    real = locksmith(world)

    class Slow:
        """A maker that is overtaken by another worker with the same order."""

        def make(self, wanted: SigningKey) -> MadeKey:
            work(world)
            return real.make(wanted)

        read, destroy = real.read, real.destroy

    administering.work_on_key(world.services, Slow(), key.id)

    made = row(world, key.id)
    assert S.MADE is made.state
    assert made.public_key == real.make(made).public_key


def test_what_the_queue_lost_is_sent_again(world: AdminWorld) -> None:
    """The row is the truth: the sweep orders again what nobody began."""
    world.queue.closed = True
    key = administering.order_key(world.services, world.operator(), "campus", kind=KeyKind.EC)
    world.queue.closed = False
    administering.order_due_keys(world.services)
    assert [] == world.queue.sent

    world.clock.forward(seconds=world.services.settings.resend_after + 1)
    administering.order_due_keys(world.services)

    assert [("key", key.id)] == world.queue.sent


def test_a_key_that_cannot_be_destroyed_is_tried_again_later_not_at_once(
    world: AdminWorld,
) -> None:
    """The order stands, with the reason; and the log is not filled every half minute."""
    no_key(world)
    key = certified(world)
    administering.destroy_key(world.services, world.operator(), key.id)
    Path(world.services.settings.key_directory).chmod(0o755)
    work(world)
    assert (S.DESTROYING, True) == (row(world, key.id).state, "chmod" in row(world, key.id).problem)

    world.clock.forward(minutes=5)
    administering.order_due_keys(world.services)
    assert [] == world.queue.sent
    world.clock.forward(minutes=6)
    administering.order_due_keys(world.services)
    assert [("key", key.id)] == world.queue.sent


def test_only_who_may_change_the_institution_changes_its_keys(world: AdminWorld) -> None:
    """Each use case asks, whoever calls; and nothing is written."""
    key = certified(world)
    others = {
        Grant(AdminRole.ADMINISTRATOR, "elsewhere"),
        Grant(AdminRole.AUDITOR),
        Grant(AdminRole.SUPPORT, "campus"),
    }
    stranger = Actor(account="a-stranger", grants=frozenset(others))
    assert not stranger.may(Permission.CHANGE_SETTINGS, "campus")
    calls: list[Callable[[], object]] = [
        lambda: administering.order_key(world.services, stranger, "campus"),
        lambda: administering.adopt_key(world.services, stranger, "campus"),
        lambda: administering.install_certificate(world.services, stranger, key.id, b""),
        lambda: administering.publish_key(world.services, stranger, key.id),
        lambda: administering.activate_key(world.services, stranger, key.id, early=True),
        lambda: administering.retire_key(world.services, stranger, key.id),
        lambda: administering.retry_key(world.services, stranger, key.id),
        lambda: administering.destroy_key(world.services, stranger, key.id),
        lambda: administering.start_self_test(world.services, stranger, "campus"),
        lambda: administering.publish_entry(world.services, stranger, "campus"),
        lambda: administering.withdraw_entry(world.services, stranger, "campus"),
        lambda: administering.save_registration(
            world.services, stranger, "campus", emails=(), acronym=""
        ),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call()
    assert key == row(world, key.id)


def test_each_step_stands_in_the_trail_without_the_certificates_text(world: AdminWorld) -> None:
    """Who ordered, what the worker did, which certificate by its fingerprint."""
    no_key(world)
    key = active(world)
    events = [one for one in world.trail() if one.get("key") == key.id]

    states = [one["after"] for one in events if one.get("field") == "state"]
    assert ["ordered", "made", "certified", "active"] == states
    assert {"a-test", "worker"} == {one["by"] for one in events}
    assert {"campus"} == {one["institution"] for one in events}
    assert not [one for one in events if "BEGIN" in str(one)]


def test_without_a_place_for_keys_none_is_ordered(tmp_path: Path) -> None:
    """The setting is missing: said at once, to whoever orders."""
    world = make_key_world(tmp_path, key_directory="")
    with pytest.raises(ConfigError, match="set key_directory"):
        administering.order_key(world.services, world.operator(), "campus")
    with pytest.raises(ConfigError, match="there is no place for keys"):
        administering.order_key(world.services, world.operator(), "campus", place=KeyPlace.TOKEN)


def test_the_end_of_a_certificate_is_told_60_30_and_7_days_ahead(world: AdminWorld) -> None:
    """One function tells page, log and metric."""
    no_key(world)
    key = active(world, days=61)
    world.change_access_point(enabled=True)
    expected = [
        (60.5, ExpiryLevel.FINE),
        (59.5, ExpiryLevel.SOON),
        (30.5, ExpiryLevel.SOON),
        (29.5, ExpiryLevel.NEAR),
        (7.5, ExpiryLevel.NEAR),
        (6.5, ExpiryLevel.URGENT),
        (0.5, ExpiryLevel.URGENT),
        (-0.5, ExpiryLevel.EXPIRED),
    ]
    for days, level in expected:
        with world.services.store.read() as uow:
            now = world.clock() + timedelta(days=61 - days)
            (one,) = administering.certificate_expiries(uow, now)
        assert (key.id, True, math.floor(days), level) == (one.key, one.signs, one.days, one.level)


def test_the_log_names_an_expiring_certificate_once_a_day(
    world: AdminWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """However many workers sweep, and again the next day; louder when it is near."""
    no_key(world)
    active(world, days=8.5)
    world.change_access_point(enabled=True)
    for _ in range(3):
        administering.warn_of_expiries(world.services)
    world.clock.forward(days=2)
    for _ in range(3):
        administering.warn_of_expiries(world.services)

    ours = [one for one in caplog.records if "certificate of access point" in one.getMessage()]
    assert [logging.WARNING, logging.ERROR] == [one.levelno for one in ours]
    assert ["expires in 8 days", "expires in 6 days"] == [
        " ".join(one.getMessage().removesuffix(",").split()[6:10]).rstrip(",") for one in ours
    ]


def test_a_certificate_that_is_a_reference_is_read_where_it_can_be(world: AdminWorld) -> None:
    """Without secrets it is unknown, and nothing of it is published from here."""
    with world.services.store.read() as uow:
        (known,) = administering.certificate_expiries(uow, world.clock(), world.services.secrets)
        (unknown,) = administering.certificate_expiries(uow, world.clock())
    assert ("", ExpiryLevel.FINE) == (known.key, known.level)
    assert (None, ExpiryLevel.UNKNOWN) == (unknown.days, unknown.level)
    assert () == published(world)


def test_a_key_without_an_access_points_file_is_told(world: AdminWorld) -> None:
    """A key that cannot be taken over says why, and the access point is as it was."""
    before = point_of(world)
    world.key_path.unlink()
    key = administering.adopt_key(world.services, world.operator(), "campus")
    work(world)

    assert (S.FAILED, before) == (row(world, key.id).state, point_of(world))
    assert "the key is missing: there is no file" in row(world, key.id).problem
    administering.retire_key(world.services, world.operator(), key.id)
    with pytest.raises(SigningError, match="not made here"):
        locksmith(world).destroy(row(world, key.id))
