"""Logging out, from our side and from the providers': SimpleSAMLphp and pysaml2 end sessions with us."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from saml_parties import ELM, OAK, Parties, parties
from saml_student import SamlStudent

pytestmark = pytest.mark.needs("simplesamlphp", "pysaml2")


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    with parties(tmp_path_factory.mktemp("logout")) as made:
        yield made


def must_log_in(student: SamlStudent) -> bool:
    """Whether the page shows nothing but ways to log in."""
    offered = student.has("//*[@data-step='login-methods']")
    return offered and not student.has("//form[@data-step='select']")


def asks_for_password(student: SamlStudent) -> bool:
    return student.has("//input[@name='password']")


@pytest.mark.parametrize("name", [ELM, OAK])
def test_ours_first_then_the_providers(at: Parties, name: str) -> None:
    """Our session ends with the button; then the provider's, which says so and leads back."""
    with at.student() as student:
        student.to_selection(name)
        selection = student.url
        student.submit("//form[@data-step='logout']")
        page = student.url
        assert student.has("//*[@data-step='logged-out']")
        student.get(selection)
        assert must_log_in(student), "our session must be over first"
        student.get(page)
        student.get(student.link("//*[@data-step='logged-out']//a"))
        assert student.url.endswith("everywhere=1"), student.url

        student.enter().choose(name)
        assert asks_for_password(student), "the provider must ask again"


def test_the_login_at_the_provider_lasts_without_logout(at: Parties) -> None:
    """The control: somebody who did not log out is not asked again by SimpleSAMLphp."""
    with at.student() as student:
        student.to_selection(ELM)
        student.enter().choose(ELM)
        assert not asks_for_password(student)
        student.arrive().wait_for("select")


@pytest.mark.parametrize("name", [ELM, OAK])
def test_the_provider_ends_our_session(at: Parties, name: str) -> None:
    """Somebody logs out at the provider: it sends a signed request, our session ends, it hears so."""
    with at.student() as student, at.student() as bystander:
        bystander.to_selection(name)
        student.to_selection(name)
        selection, transfer = student.url, student.transfer_id
        if name == ELM:
            student.get(f"{at.elm.logout_address}?ReturnTo={at.world.client}/")
            assert f"{at.world.client}/" == student.url
        else:
            student.get(f"{at.oak.origin}/leave")
            assert student.has("//*[@id='out']")
            assert ["urn:oasis:names:tc:SAML:2.0:status:Success"] == at.oak.answers

        student.get(selection)
        assert must_log_in(student)
        assert "logout" in [event for event, _ in at.world.events(transfer)]
        bystander.get(bystander.url)
        assert bystander.has("//form[@data-step='select']"), "others stay"


def test_the_same_person_goes_on_after_logging_in_again(at: Parties) -> None:
    """After a logout, the transfer waits; its person may log in again and go on where it stood."""
    with at.student() as student:
        student.to_selection(OAK)
        selection = student.url
        student.submit("//form[@data-step='logout']")
        student.get(selection)
        student.choose(OAK).log_in().arrive().wait_for("select")
        events = [name for name, _ in at.world.events(student.transfer_id)]
        assert (2, 1) == (events.count("login.succeeded"), events.count("records.fetched"))


@pytest.mark.parametrize("change", ["signature", "message"])
def test_a_forged_logout_ends_nothing(at: Parties, change: str) -> None:
    """A provider's real logout request with one character changed is refused; the session lives."""
    with at.student() as student:
        student.to_selection(OAK)
        selection = student.url
        slo = f"{at.world.home}/sp/campus/slo"
        student.get(f"{at.oak.origin}/leave", stop=lambda url: url.startswith(slo))
        name = {"signature": "Signature=", "message": "SAMLRequest="}[change]
        place = student.url.index(name) + len(name) + 40
        other = "A" if student.url[place] != "A" else "B"
        student.get(student.url[:place] + other + student.url[place + 1 :])
        assert 400 <= student.response.status_code < 500

        student.get(selection)
        assert student.has("//form[@data-step='select']")
