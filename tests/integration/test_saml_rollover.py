"""Keys change while people log in: a provider's, then ours, with nobody turned away in the middle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from saml_parties import ELM, OAK, Parties, parties
from simplesamlphp import Sends

pytestmark = pytest.mark.needs("simplesamlphp", "pysaml2")


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    with parties(tmp_path_factory.mktemp("rollover")) as made:
        made.send(Sends(True, True, True))
        yield made


@pytest.fixture
def at(everybody: Parties) -> Parties:
    """Everybody with the first keys."""
    everybody.elm.start_over()
    everybody.world.change_keys(everybody.world.service_key("first"))
    everybody.publish()
    everybody.world.refresh()
    everybody.world.replies.clear()
    return everybody


def test_the_provider_rolls_over(at: Parties) -> None:
    """Announce, wait for the metadata to spread, sign with the new key, drop the old one.

    A response that the old key signed counts as long as the metadata list it,
    and not a moment longer.
    """
    at.elm.announce_key()
    at.world.refresh()
    with at.student() as before, at.student() as late, at.student() as after:
        before.enter().choose(ELM).log_in()
        late.enter().choose(ELM).log_in()
        at.elm.roll_over()
        after.to_selection(ELM)
        before.arrive().wait_for("select")

        at.world.refresh()
        late.arrive()
        assert late.has("//*[@data-step='login-failed']"), late.text
        assert ["saml-signature"] == at.world.reasons(late.transfer_id)
        late.choose(ELM).arrive().wait_for("select")


def test_an_unannounced_key(at: Parties) -> None:
    """The control: a provider that signs with a key that its metadata did not list is refused."""
    at.elm.announce_key()
    at.elm.roll_over()

    with at.student() as student:
        student.enter().choose(ELM).log_in().arrive()
        assert ["saml-signature"] == at.world.reasons(student.transfer_id)


def test_we_roll_over(at: Parties) -> None:
    """Ours, then both, then the new one alone: requests verify and responses decrypt all along.

    Both providers check every request's signature, and encrypt for what our
    metadata say when they read them.
    """
    first, second = at.world.service_key("first"), at.world.service_key("second")
    at.world.change_keys(first, second)
    with at.student() as student:
        student.to_selection(ELM)  # the providers know only the first key
    at.publish()
    with at.student() as under_way:
        under_way.enter().choose(OAK).log_in()
        at.world.change_keys(second, first)
        under_way.arrive().wait_for("select")
    for name in (ELM, OAK):
        with at.student() as student:
            student.to_selection(name)
    at.world.change_keys(second)
    at.publish()
    with at.student() as student:
        student.to_selection(OAK)
    with at.student() as student:
        student.to_selection(ELM).to_reply()
    at.world.received()


def test_a_request_that_the_provider_cannot_verify(at: Parties) -> None:
    """The control: a key that we did not publish signs nothing that SimpleSAMLphp takes."""
    at.world.change_keys(at.world.service_key("second"))

    with at.student() as student:
        student.enter().choose(ELM)
        assert student.url.startswith(at.elm.origin)
        assert "Unable to validate signature" in student.text


def test_a_response_that_we_cannot_decrypt(at: Parties) -> None:
    """The control: what was encrypted for a key that we have no more lets nobody in."""
    signs = at.world.service_key("first", encryption=False)
    at.world.change_keys(signs, at.world.service_key("second", signing=False))
    at.publish()
    with at.student() as student:
        student.enter().choose(ELM).log_in()
        at.world.change_keys(signs)
        student.arrive()
        assert ["saml-decryption"] == at.world.reasons(student.transfer_id)
