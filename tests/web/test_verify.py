"""The public page on which anybody checks a file: what it says of genuine, changed, foreign and hostile ones."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from copies import export
from emrex_gateway import elmo, exporting
from emrex_gateway.domain import KeyKind, KeyPlace, KeyState, SigningKey
from emrex_gateway.exporting._payloads import OUTCOME, Outcome
from emrex_gateway.web import _verify_upload as _verify
from gateway_world import Browser, World, make_world
from signing_material import certificate, foreign_sign

PAGE = "/emrex/campus/verify"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A gateway that signs with the test key; the clock is the exports'."""
    world = make_world(tmp_path)
    world.change_access_point(certificate=certificate("rsa2048").decode())
    return world


def check(world: World, data: bytes, code: str = "", slug: str = "campus") -> Browser:
    """Send a file as a browser does. By hand: Werkzeug's own client writes large ones to disk."""
    mark = b"----4711"
    body = b"".join(
        (
            b"--" + mark + b'\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n',
            b"Content-Type: application/pdf\r\n\r\n" + data + b"\r\n",
            b"--" + mark + b'\r\nContent-Disposition: form-data; name="code"\r\n\r\n',
            code.encode() + b"\r\n--" + mark + b"--\r\n",
        )
    )
    kind = f"multipart/form-data; boundary={mark.decode()}"
    return world.browser().post(f"/emrex/{slug}/verify", data=body, content_type=kind)


def verdict(browser: Browser) -> str:
    """``genuine`` or ``not-genuine``, with what is said of it."""
    found = browser.page.xpath("//*[@data-step='genuine' or @data-step='not-genuine']")
    assert found, browser.text[:300]
    return f"{found[0].get('data-step')}: {' '.join(found[0].text_content().split())}"


@pytest.mark.parametrize("which", ["copy", "elmo"])
def test_a_genuine_file_is_recognised(world: World, which: str) -> None:
    """Whose records, from whom, when, the code: what a reader compares with the paper."""
    made = export()
    page = check(world, getattr(made, which), made.code.lower().replace("-", " "))
    assert verdict(page).startswith("genuine: It was signed with the key of Campus University.")
    assert "The code that you typed is the code of this file." in verdict(page)
    for word in (made.code, "Virtanen", "Feb 28, 2001", "Lakeside University", "SHA-256"):
        assert word in page.text
    assert ("PAdES" in page.text) is (which == "copy")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "genuine"),
        ("0000-0000-0000-0000", "belongs to other records"),
        ("0000", "cannot be a code"),
    ],
)
def test_a_code_that_does_not_fit_is_said(world: World, typed: str, said: str) -> None:
    """The file stays genuine, and the title says at once that something is wrong."""
    page = check(world, export().copy, typed)
    assert said in verdict(page)
    wrong = ["The code does not fit"] if typed else []
    assert wrong == [t for t in wrong if t in page.page.findtext(".//title")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda: export().copy.replace(b"/Count", b"/Cound", 1), "was changed after it was signed"),
        (lambda: export().copy + b"\n", "was changed after it was signed"),
        (lambda: export().copy[:-10], "was changed after it was signed"),
        (lambda: export().transcript, "carries no signature"),
        (lambda: export("p256").copy, "was not signed by this institution"),
        (lambda: export("p256").elmo, "was not signed by this institution"),
        (lambda: export().elmo.replace(b"<title", b"<title ", 1), None),
        (lambda: export().elmo.replace(b"2026", b"2025", 1), "was changed after it was signed"),
        (lambda: b"a scan", "neither a PDF nor an ELMO file"),
        (lambda: b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "is not what it should be"),
        (lambda: b"<a>" * 1_000_000, "too large to be checked here"),
    ],
    ids=["copy changed", "copy longer", "copy cut", "bare transcript", "foreign copy",
         "foreign ELMO", "only white space in a tag", "ELMO changed", "neither", "entities",
         "many tags"],
)  # fmt: skip
def test_whatever_is_not_genuine_is_refused(world: World, data: object, said: str | None) -> None:
    """Each in words, with what to do; nothing of such a file is shown as fact."""
    page = check(world, data())
    if said is None:
        assert verdict(page).startswith("genuine")
        return
    assert verdict(page).startswith("not-genuine")
    assert said in verdict(page)
    assert "Virtanen" not in page.text


def test_a_foreign_signer_is_a_claim(world: World) -> None:
    """The certificate in a file says a name; anybody can write one."""
    page = check(world, foreign_sign(b"<elmo/>", "p256", method=_ECDSA))
    assert "CN=Test provider" in page.text
    assert "That is only what it says." in page.text


_ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


@pytest.mark.parametrize(
    "data", [b"", b"x" * (_verify.MAX_UPLOAD + 250_000)], ids=["none", "too large"]
)
def test_the_form_comes_back_for_no_file_and_one_too_large(world: World, data: bytes) -> None:
    """With the reason beside the field."""
    page = check(world, data)
    assert (413 if data else 422) == page.response.status_code
    assert page.page.xpath("//*[@role='alert'][@id='file-problem']")
    assert page.page.xpath("//input[@type='file'][@aria-describedby='file-problem']")


def test_nothing_is_kept_and_nobody_is_asked_for(world: World) -> None:
    """No cookie of a visit, no row in the trail, no script; the answer is stored nowhere."""
    browser = world.browser().get(PAGE)
    assert 200 == browser.response.status_code
    assert not browser.page.xpath("//script")
    with world.services.store.read() as uow:
        before = uow.audit.events("")
    page = check(world, export().copy)
    assert "no-store" == page.response.headers["Cache-Control"]
    assert "Set-Cookie" not in page.response.headers
    with world.services.store.read() as uow:
        assert before == uow.audit.events("")


def test_files_never_reach_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Werkzeug would put a large upload into a temporary file."""
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", None)
    monkeypatch.setattr("werkzeug.formparser.TemporaryFile", None, raising=False)
    page = check(world, export().copy + b"\n" * 1_000_000)
    assert verdict(page).startswith("not-genuine")


def test_an_earlier_key_is_still_known(world: World) -> None:
    """After a change of keys what the former one signed is genuine still; one that never signed is not."""
    other = certificate("rsa4096").decode()
    world.change_access_point(certificate=other)
    assert verdict(check(world, export().copy)).startswith("not-genuine")
    row = SigningKey(
        id="0" * 32, access_point="campus", kind=KeyKind.RSA, place=KeyPlace.REFERENCE,
        state=KeyState.RETIRED, common_name="Test", certificate=certificate("rsa2048").decode(),
        ordered_at=world.clock(), changed_at=world.clock(),
    )  # fmt: skip
    for activated, expected in ((None, "not-genuine"), (world.clock(), "genuine")):
        with world.services.store.begin() as uow:
            uow.keys.put(replace(row, activated_at=activated))
        assert verdict(check(world, export().copy)).startswith(expected)


def test_what_is_switched_off_still_answers(world: World) -> None:
    """The files are out in the world."""
    world.change_access_point(enabled=False)
    assert verdict(check(world, export().copy)).startswith("genuine")
    assert 404 == check(world, export().copy, slug="nowhere").response.status_code


def test_an_address_has_a_limit(tmp_path: Path) -> None:
    """A flood is refused before a file is looked at."""
    world = make_world(tmp_path, entry_limit="3/minute")
    codes = [check(world, b"a").response.status_code for _ in range(4)]
    assert [200, 200, 200, 429] == codes


def test_few_files_are_looked_at_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait a little, then hear that it is busy: memory is bounded."""
    monkeypatch.setattr(_verify, "_PATIENCE", 0.01)
    monkeypatch.setattr(_verify, "_places", threading.BoundedSemaphore(1))
    assert _verify._places.acquire()
    page = check(world, export().copy)
    assert (503, "30") == (page.response.status_code, page.response.headers["Retry-After"])


def exported(world: World) -> Browser:
    """A student after an export without a client, at the files."""
    browser = world.browser().post("/emrex/campus/export").log_in()
    world.work()
    with world.services.store.begin() as uow:
        transfer = uow.transfers.get(browser.transfer_id)
    exporting.choose(world.services, transfer, ["loose"])
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    return browser.reload()


def outcome(world: World, transfer_id: str) -> Outcome:
    """What was kept of the signature."""
    with world.services.store.begin() as uow:
        found = uow.transfers.unseal(transfer_id, OUTCOME, Outcome)
    assert found is not None
    return found


@pytest.mark.parametrize("per_issuer", [False, True])
def test_what_a_student_downloads_is_genuine(tmp_path: Path, per_issuer: bool) -> None:
    """Both files, by the worker's own key, with the code that is printed; also with a transcript an issuer."""
    world = make_world(tmp_path)
    world.change_access_point(transcript_per_issuer=per_issuer)
    browser = exported(world)
    kept = outcome(world, browser.transfer_id)
    assert kept.code in browser.text
    files = [
        browser.get(f"/emrex/campus/t/{browser.transfer_id}/download/{name}").response.data
        for name in ("transcript.pdf", "elmo.xml")
    ]
    assert [kept.copy, kept.elmo] == files
    for data in files:
        page = check(world, data, kept.code)
        assert "The code that you typed is the code of this file." in verdict(page)
    text = "".join(PdfReader(io.BytesIO(kept.copy)).pages[0].extract_text().split())
    assert kept.code in text
    assert "https://gateway.example/emrex/campus/verify" in text


def test_a_client_s_transfer_has_a_code_and_no_copy(tmp_path: Path) -> None:
    """Nobody would download one; the transcript in the file carries the code, and the file is genuine."""
    world = make_world(tmp_path)
    browser = world.browser().to_reply()
    kept = outcome(world, browser.transfer_id)
    assert (b"", kept.transcript) == (kept.copy, kept.pdf)
    assert verdict(check(world, kept.elmo, kept.code)).startswith("genuine")
    assert kept.code == elmo.code(kept.elmo)
    assert verdict(check(world, kept.transcript)).startswith("not-genuine: This PDF carries no")
