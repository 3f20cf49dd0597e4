"""The page for everybody's files: our own institutions', the network's, those once listed, strangers'."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from copies import export
from elmo_case import DOCUMENT, genuine
from emrex_gateway.domain import Provider, ProviderRule, RegistrySource, texts
from emrex_gateway.web import _verify
from gateway_world import World
from signing_material import DS, ENC, MORE, certificate, foreign_sign
from verify_world import check, delist_danes, list_danes, make_verify_world, verdict

ECDSA = MORE + "ecdsa-sha256"
BODY = DOCUMENT.encode()


def made_on(day: datetime) -> bytes:
    """The file, made on another day."""
    return BODY.replace(b"2026-03-01T12", f"{day.date()}T12".encode())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One institution of its own, one provider on the network's list: nothing here changes it."""
    world = make_verify_world(tmp_path_factory.mktemp("verify"), entry_limit="1000/minute")
    list_danes(world, "p256", "rsa1024", "rsa4096")
    return world


@pytest.mark.parametrize("which", ["copy", "elmo"])
def test_a_file_of_an_own_institution(world: World, which: str) -> None:
    """Who signed it, whole, whose, and the records: without saying where it comes from."""
    made = export()
    page = check(world, getattr(made, which), made.code)
    assert verdict(page).startswith("genuine: It was signed with the key of Campus University.")
    assert "The code that you typed is the code of this file." in verdict(page)
    for word in ("Virtanen", "Feb 28, 2001", "Lakeside University", made.code, "63 records"):
        assert word in page.text
    assert 60 <= len(page.page.xpath("//ul[@class='leaves']/li"))
    assert ("application/pdf" in page.text, "PAdES" in page.text) == (True, which == "copy")


def test_a_file_of_a_listed_provider(world: World) -> None:
    """Named as the list names it, with its country and since when."""
    page = check(world, foreign_sign(BODY, "p256", method=ECDSA))
    assert verdict(page).startswith(
        "genuine: It was signed with a key that the EMREX network lists for Danish University (Denmark), from "
    )
    assert "Virtanen, Aino" in page.text
    assert "Linear algebra" in page.text


@pytest.mark.parametrize(
    ("namespace", "release"),
    [
        ("https://github.com/emrex-eu/elmo-schemas/tree/v1.3.0", "1"),
        ("", "none"),
        ("http://purl.org/net/elmo", "purl"),
    ],
    ids=["v1.3.0", "no namespace", "purl"],
)
def test_dialects_are_read(world: World, namespace: str, release: str) -> None:
    """A namespace of another time or place: the records are shown all the same; such a file has no code."""
    body = BODY.replace(b"https://github.com/emrex-eu/elmo-schemas/tree/v1", namespace.encode())
    page = check(world, foreign_sign(body, "p256", method=ECDSA), "0000-0000-0000-0000")
    assert verdict(page).startswith("genuine")
    assert "belongs to other records" in verdict(page)
    assert "Linear algebra" in page.text
    assert release


def test_what_was_once_listed_is_told_with_its_days(tmp_path: Path) -> None:
    """From when to when; and whether the file is younger than that."""
    world = make_verify_world(tmp_path)
    list_danes(world, "p256")
    last = world.clock() - timedelta(days=10)
    delist_danes(world, last)
    page = check(world, foreign_sign(made_on(last - timedelta(days=5)), "p256", method=ECDSA))
    said = verdict(page)
    assert said.startswith(
        "careful: It was signed with a key that the EMREX network listed for Dan"
    )
    assert "is not on the network's list any more" in said
    assert "had left the network's list" not in said
    late = check(world, foreign_sign(made_on(last + timedelta(days=5)), "p256", method=ECDSA))
    assert "had left the network's list" in verdict(late)
    assert "Linear algebra" in late.text


@pytest.mark.parametrize(
    ("kind", "method", "digest", "said"),
    [
        ("rsa4096", DS + "rsa-sha1", DS + "sha1", "SHA-1, an old method"),
        ("rsa4096", MORE + "rsa-sha256", DS + "sha1", "SHA-1, an old method"),
        ("rsa1024", MORE + "rsa-sha256", ENC + "sha256", "key is too short"),
    ],
)
def test_old_methods_are_told_and_not_called_genuine(
    world: World, kind: str, method: str, digest: str, said: str
) -> None:
    """The network still has such providers: who signed is shown, with a warning."""
    page = check(world, foreign_sign(BODY, kind, method=method, digest=digest))
    assert verdict(page).startswith("careful")
    assert said in verdict(page)
    assert "Be careful with this file" in page.page.findtext(".//title")


def test_a_stranger_s_file_is_whole_and_nobody_s(world: World) -> None:
    """Its signer is a claim, and nothing of its contents is shown."""
    page = check(world, foreign_sign(BODY, "p384", method=MORE + "ecdsa-sha384"))
    assert "is whole, but nobody here knows who signed it" in verdict(page)
    assert "That is only what it says." in page.text
    assert "Virtanen" not in page.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda: genuine().replace(b">Aino<", b">Aina<"), "was changed after it was signed"),
        (lambda: BODY, "carries no signature"),
        (lambda: b"minutes", "neither a PDF nor an ELMO file"),
        (lambda: genuine().replace(b"rsa-sha256", b"rsa-md5"), "method that is not accepted"),
        (lambda: b"<!DOCTYPE elmo><elmo/>", "is not what it should be"),
        (lambda: foreign_sign(b"<elmo/>"), "holds no study records"),
    ],
    ids=["changed", "unsigned", "neither", "method", "document type", "no records"],
)
def test_whatever_is_not_genuine_is_refused(world: World, data: object, said: str) -> None:
    """In words, with what to do."""
    page = check(world, data())
    assert verdict(page).startswith("not-genuine")
    assert said in verdict(page)


def test_what_an_institution_added_for_itself_is_not_known_to_all(tmp_path: Path) -> None:
    """Its own trust is for its own students: here such a provider is nobody known."""
    world = make_verify_world(tmp_path)
    added = Provider(
        key="a" * 32,
        url="https://added.example/emp",
        country="SE",
        names=texts(en="Added University"),
        certificates=(certificate("p256").decode(),),
        sources=frozenset({RegistrySource.OWN}),
    )
    with world.services.store.begin() as uow:
        uow.providers.put_rule(ProviderRule(institution="campus", provider=added.key, added=added))
    page = check(world, foreign_sign(BODY, "p256", method=ECDSA))
    assert "nobody here knows who signed it" in verdict(page)
    assert "Added University" not in page.text


def test_an_institution_s_own_address_knows_its_own_keys_only(world: World) -> None:
    """It is what transcripts name; it leads to the page for everybody's files."""
    page = check(world, foreign_sign(BODY, "p256", method=ECDSA), at="/emrex/campus/verify")
    assert "was not signed by this institution" in verdict(page)
    assert page.page.xpath("//main//a[@href='/emrex/verify']")


def test_the_records_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand are shown; how many there are is said."""
    monkeypatch.setattr(_verify, "ROWS", 10)
    page = check(world, export().elmo)
    assert 10 == len(page.page.xpath("//ul[@class='leaves']/li"))
    assert "Here are the first 10 of 63 records." in page.text


def test_markup_in_a_file_is_text(world: World) -> None:
    """A provider may write what it likes: nothing of it acts here."""
    evil = BODY.replace(b"Linear algebra", b"&lt;script&gt;alert(1)&lt;/script&gt;")
    page = check(world, foreign_sign(evil, "p256", method=ECDSA))
    assert "<script>alert(1)</script>" in page.page.xpath("string(//ul[@class='leaves'])")
    assert not page.page.xpath("//script")


def test_nothing_is_kept(world: World) -> None:
    """No cookie, no row, not even a count of who asked; the answer is stored nowhere."""
    with world.services.store.read() as uow:
        before = uow.audit.events("")
    page = check(world, export().copy)
    assert "no-store" == page.response.headers["Cache-Control"]
    assert "Set-Cookie" not in page.response.headers
    with world.services.store.read() as uow:
        assert before == uow.audit.events("")


def test_the_page_needs_no_institution(world: World) -> None:
    """It asks for a file, says what it knows, and names the interface for programs."""
    page = world.browser().get("/emrex/verify")
    assert "Check signed study records" in page.text
    assert page.page.xpath("//form[@action='/emrex/verify']//input[@type='file']")
    assert page.page.xpath("//a[@href='/emrex/api/openapi.json']")
    assert not page.page.xpath("//script")
    empty = check(world, b"")
    assert (422, True) == (
        empty.response.status_code,
        bool(empty.page.xpath("//*[@id='file-problem']")),
    )
