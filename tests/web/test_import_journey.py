"""There and back: a student is sent to a provider, and what comes back finds its import."""

from __future__ import annotations

import base64
import gzip
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from emrex_gateway import importing
from emrex_gateway.domain import ProviderRule, TransferState
from examples.emp_simulator import Mode
from gateway_world import World
from import_steps import (
    EMC,
    Importer,
    importer,
    listed,
    make_import_world,
    reply_of,
    simulated,
)
from signing_material import DS, certificate, foreign_sign


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for the module: each test has a student of its own in it."""
    return make_import_world(tmp_path_factory.mktemp("world"), max_reply_bytes=1_000_000)


@pytest.fixture
def student(world: World) -> Importer:
    """Somebody who is logged in and known, and chooses where to go."""
    return importer(world).log_in()


@pytest.fixture(scope="module")
def traveller(world: World) -> Importer:
    """One import for all visits that leave it collecting; what counts is the last one's end."""
    return importer(world).log_in()


def test_one_visit_covers_a_country_that_says_so(student: Importer) -> None:
    """A verified result of a ``singleFetch`` country leads on to looking at it."""
    assert student.transfer.state is TransferState.COLLECTING
    assert student.browser.has("countries") or student.browser.has("places")

    student.visit("north")

    assert [("verified", "")] == student.ends
    assert student.transfer.state is TransferState.REVIEWING
    at = student.transfer
    with student.world.services.store.read() as uow:
        (result,) = importing.received(uow, at)
    assert (result,) == importing.received(student.world.services, at)
    assert 5 == student.errands[0].records
    assert "NO" == result.country
    assert b"Signature" in result.xml


def test_several_results_of_a_country_become_one_import(student: Importer) -> None:
    """Where each provider has its own records the others are offered; one that is cancelled ends nothing."""
    student.visit("east")
    assert student.transfer.state is TransferState.COLLECTING
    assert student.browser.has("rest")
    assert "Western Academy" in student.browser.text

    student.visit("west", Mode.CANCEL)
    assert student.transfer.state is TransferState.COLLECTING
    assert "You cancelled there" in student.browser.text

    student.visit("isles", Mode.SEVERAL_REPORTS)

    assert [("verified", ""), ("cancelled", ""), ("verified", "")] == student.ends
    assert student.transfer.state is TransferState.REVIEWING
    assert 2 == len(importing.received(student.world.services, student.transfer))
    events = student.world.events(student.transfer.id)
    assert 3 == events.count("import.sent") == events.count("import.claimed")
    id_ = student.transfer.id
    with student.world.services.store.read() as uow:
        facts = [facts for _, name, facts in uow.audit.events(id_) if name == "import.sent"]
    assert {("elsewhere.test", "EE")} == {(one["host"], one["country"]) for one in facts}


def test_other_providers_are_offered_after_any_reply(student: Importer) -> None:
    """After one that had nothing, too; and the country of an earlier result is not forgotten."""
    student.visit("east", Mode.NO_RESULTS)
    assert ["Õpet", "West"] == _offered(student)

    student.visit("west").visit("north", Mode.CANCEL)

    assert ["Õpet"] == _offered(student)


def test_who_was_only_looked_at_is_still_offered(student: Importer) -> None:
    """A visit without a reply is none: the import does not go on as if nobody were left."""
    for slug in ("east", "isles"):
        student.set_out(slug)

    student.visit("west")

    assert student.transfer.state is TransferState.COLLECTING
    assert ["East", "Õpet"] == sorted(_offered(student))


def _offered(student: Importer) -> list[str]:
    names = student.browser.page.xpath("//*[@data-step='rest']//li//*[@class='name']")
    return [name.text_content().removeprefix("University of the ")[:4] for name in names]


def test_a_student_may_stop_fetching(student: Importer) -> None:
    """What came is enough when the student says so; before anything has come it is not."""
    student.set_out("east")
    student.browser.post(
        f"/emrex/campus/t/{student.transfer.id}/import/on",
        {"token": student.browser.page.xpath("//input[@name='token']/@value")[0]},
    )
    assert student.transfer.state is TransferState.COLLECTING

    student.visit("east").browser.submit("on")

    assert student.transfer.state is TransferState.REVIEWING


@pytest.mark.parametrize(
    ("mode", "end", "words"),
    [
        (Mode.SUCCESS, ("verified", ""), "5 records came"),
        (Mode.DIALECT, ("verified", ""), "5 records came"),
        (Mode.NO_RESULTS, ("no-results", ""), "There are no records of yours here."),
        (Mode.CANCEL, ("cancelled", ""), "You cancelled there"),
        (Mode.ERROR, ("error", ""), "The student register is closed for maintenance."),
        (Mode.BAD_GZIP, ("refused", "envelope"), "damaged or not complete"),
        (Mode.BAD_XML, ("refused", "malformed"), "damaged or not complete"),
        (Mode.CHANGED, ("refused", "digest"), "signature does not hold"),
        (Mode.UNLISTED, ("refused", "certificate"), "signature does not hold"),
        (Mode.OTHER_PERSON, ("refused", "other-person"), "another person"),
    ],
    ids=str,
)
def test_each_end_of_a_visit_is_told(
    traveller: Importer, mode: Mode, end: tuple[str, str], words: str
) -> None:
    """Whatever a provider sends, the page says it in plain words, and the student may go elsewhere."""
    traveller.visit("east", mode)

    assert end == traveller.ends[-1]
    assert traveller.transfer.state is TransferState.COLLECTING
    last = traveller.browser.page.xpath("//*[@data-step='visited']//li")[-1]
    assert words in " ".join(last.text_content().split())
    assert traveller.browser.has("choose")


def test_a_bomb_is_refused_at_the_limit(traveller: Importer) -> None:
    """200 MB packed into 200 kB: nobody holds more than the limit of it."""
    sent = traveller.set_out("east")
    bomb = base64.b64encode(200 * gzip.compress(bytes(1_000_000))).decode()
    traveller.browser.post(EMC, {**sent, "returnCode": "NCP_OK", "elmo": bomb})
    tracemalloc.start()

    traveller.world.work()

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ("refused", "envelope") == traveller.ends[-1]
    assert peak < 12_000_000


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("NCP_CANCEL", ("cancelled", "")),
        ("emp_cancel", ("cancelled", "")),
        ("Ncp_No_Results", ("no-results", "")),
        ("EMP_NO_RESULTS", ("no-results", "")),
        (" ncp_error ", ("error", "")),
        ("EMP_ERROR", ("error", "")),
        ("EMP_OK", ("refused", "no-document")),
        ("ncp_ok", ("refused", "no-document")),
        ("NCP_MAYBE", ("refused", "code")),
        ("", ("refused", "code")),
    ],
)
def test_return_codes_of_both_families_in_any_case(
    traveller: Importer, code: str, end: tuple[str, str]
) -> None:
    """NCP_ and EMP_ mean the same, large or small; OK without a document is no result."""
    sent = traveller.set_out("east")

    traveller.come_back({"sessionId": sent["sessionId"], "returnCode": code})

    assert end == traveller.ends[-1]
    assert traveller.transfer.state is TransferState.COLLECTING


def _wrapped(elmo: str) -> str:
    return "\r\n".join(elmo[i : i + 76] for i in range(0, len(elmo), 76))


def _unpacked(elmo: str) -> str:
    return base64.b64encode(gzip.decompress(base64.b64decode(elmo))).decode()


@pytest.mark.parametrize(
    "spell",
    [
        _wrapped,
        _unpacked,
        lambda elmo: elmo.rstrip("="),
        lambda elmo: elmo.replace("+", " "),
        lambda elmo: gzip.decompress(base64.b64decode(elmo)).decode(),
    ],
    ids=["line breaks", "no gzip", "no padding", "blanks for plus signs", "raw XML"],
)
def test_spellings_of_the_document(traveller: Importer, spell: object) -> None:
    """A document is taken as providers in use write it, with fields that nobody asked for."""
    assert callable(spell)
    fields = reply_of("east", Mode.SUCCESS, traveller.set_out("east"))
    fields["elmo"] = spell(fields["elmo"])
    del fields["returnMessage"]

    traveller.come_back({**fields, "emrexVersion": "1"})

    assert ("verified", "") == traveller.ends[-1]


def test_a_document_that_comes_twice_counts_once(student: Importer) -> None:
    """The very same file from two visits is one result."""
    first = reply_of("east", Mode.SUCCESS, student.set_out("east"))
    student.come_back(first)
    again = student.set_out("east")

    student.come_back({**first, "sessionId": again["sessionId"]})

    assert [("verified", ""), ("refused", "duplicate")] == student.ends
    assert 1 == len(importing.received(student.world.services, student.transfer))


def test_only_the_visited_providers_certificates_count(traveller: Importer) -> None:
    """A document of one listed provider is not taken from a visit to another."""
    fields = reply_of("west", Mode.SUCCESS, traveller.set_out("east"))

    traveller.come_back(fields)

    assert ("refused", "certificate") == traveller.ends[-1]


def test_old_signatures_count_where_the_institution_says_so(tmp_path: Path) -> None:
    """SHA-1 is taken from the one provider that this institution names, and the result says so."""
    world = make_import_world(tmp_path)
    student = importer(world).log_in()
    east, west = (one for one in simulated() if one.slug in ("east", "west"))
    added = replace(listed(east), certificates=(certificate("rsa2048").decode(),))
    rule = ProviderRule(institution="campus", provider=added.key, added=added)
    allowed = ProviderRule(
        institution="campus", provider=listed(west).key, added=listed(west), weak=True
    )
    before, after = [rule, allowed], [replace(rule, weak=True)]

    for rules in (before, after):
        with world.services.store.begin() as uow:
            for one in rules:
                uow.providers.put_rule(one)
        fields = reply_of("east", Mode.SUCCESS, student.set_out("east"))
        student.come_back({**fields, "elmo": _signed_with_sha1(fields["elmo"])})
        if rules is before:
            assert "outdated way" in student.browser.text

    assert [("refused", "sha1"), ("verified", "")] == student.ends
    (result,) = importing.received(world.services, student.transfer)
    assert ("rsa-sha1", "sha1") == (result.facts.signature_method, result.facts.digest_method)
    assert 2 == sum("SHA-1" in one for one in result.facts.warnings)


def _signed_with_sha1(elmo: str) -> str:
    xml = gzip.decompress(base64.b64decode(elmo))
    bare = re.sub(rb"<Signature .*</Signature>", b"", xml, flags=re.DOTALL)
    assert len(bare) < len(xml)
    again = foreign_sign(bare, method=DS + "rsa-sha1", digest=DS + "sha1")
    return base64.b64encode(gzip.compress(again)).decode()
