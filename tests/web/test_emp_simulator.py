"""The simulated providers: each mode's reply is right, or wrong in just the way that it says."""

from __future__ import annotations

import json
import re
from datetime import date
from html import unescape
from io import BytesIO

import pytest
from flask import Flask
from lxml import etree

from emrex_gateway import elmo, network, signing
from emrex_gateway.domain import ReturnCode
from emrex_gateway.errors import EnvelopeError, SignatureError
from examples.emp_simulator import (
    Learner,
    Mode,
    SimulatorConfig,
    entry,
    make_app,
    make_provider,
)
from examples.registry_simulator import CATALOGUE_PATH, EMREG_PATH, Listed, lists

PROVIDER = make_provider("north", "University of the North", ("NX", "Northland"), elliptic=True)
CONFIG = SimulatorConfig(
    public_url="http://127.0.0.9:8000",
    providers=(PROVIDER,),
    learner=Learner(given_names="Maija", family_name="Mallikas", birth_date=date(1998, 2, 11)),
    hang_seconds=0,
)
APP = make_app(CONFIG)
REQUEST = {"sessionId": "s" * 32, "returnUrl": "http://127.0.0.1:8000/emrex/campus/emc"}


def fields(mode: Mode, **request: str) -> dict[str, str]:
    """What the page of a mode would post."""
    page = APP.test_client().post(f"/north/emp?mode={mode}", data={**REQUEST, **request})
    assert 200 == page.status_code
    found = re.findall(r'name="(\w+)" value="([^"]*)"', page.get_data(as_text=True))
    return {name: unescape(value) for name, value in found}


def verified(mode: Mode, **request: str) -> bytes:
    """The signed document of a mode, once its signature was found good."""
    reply = network.unpack(fields(mode, **request))
    assert reply.elmo is not None
    return signing.verify(reply.elmo, (PROVIDER.certificate.encode(),)).xml


@pytest.mark.parametrize(
    "mode", [Mode.SUCCESS, Mode.SEVERAL_REPORTS, Mode.OTHER_PERSON, Mode.DIALECT], ids=str
)
def test_what_is_signed_keeps_the_grammar(mode: Mode) -> None:
    """A document that a mode calls right has no fault that our own check knows."""
    assert () == tuple(elmo.check(verified(mode)))


def test_the_modes_differ_in_what_they_say() -> None:
    """Several reports, another person, 5,000 courses; the page's name goes into the document."""

    def count(mode: Mode, path: str) -> float:
        return float(str(etree.fromstring(verified(mode)).xpath(f"count({path})")))

    assert 1 == count(Mode.SUCCESS, "*[local-name()='report']")
    assert 2 == count(Mode.SEVERAL_REPORTS, "*[local-name()='report']")
    assert 5001 == count(Mode.LARGE, "//*[local-name()='learningOpportunityInstance']")
    assert b"Mallikas" in verified(Mode.SUCCESS)
    assert b"Mallikas" not in verified(Mode.OTHER_PERSON)
    assert b"<familyName>Virtanen<" in verified(Mode.SUCCESS, family="Virtanen")


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (Mode.NO_RESULTS, ReturnCode.NO_RESULTS),
        (Mode.CANCEL, ReturnCode.CANCEL),
        (Mode.ERROR, ReturnCode.ERROR),
    ],
    ids=str,
)
def test_replies_without_records(mode: Mode, code: ReturnCode) -> None:
    """The code says which; the session id comes back as it was sent."""
    reply = network.unpack(fields(mode))

    assert (code, REQUEST["sessionId"], None) == (reply.return_code, reply.session_id, reply.elmo)


@pytest.mark.parametrize(
    ("mode", "error", "why"),
    [
        (Mode.BAD_GZIP, EnvelopeError, "end too early"),
        (Mode.BOMB, EnvelopeError, "unpacks to more than"),
        (Mode.BAD_XML, SignatureError, "not well-formed"),
        (Mode.CHANGED, SignatureError, "changed after it was signed"),
        (Mode.UNLISTED, SignatureError, "not made with a given certificate"),
    ],
    ids=["bad-gzip", "bomb", "bad-xml", "changed", "unlisted"],
)
def test_each_wrong_document_is_wrong_for_its_own_reason(
    mode: Mode, error: type[Exception], why: str
) -> None:
    """What a client must refuse, it refuses for the reason that the mode names."""
    with pytest.raises(error, match=why):
        verified(mode)


def test_the_page_offers_every_mode_and_its_choice_is_done() -> None:
    """Without a mode in the address, the provider asks; a time-out ends without a reply."""
    browser = APP.test_client()
    page = browser.get("/north/emp", query_string=REQUEST).get_data(as_text=True)

    assert {mode.value for mode in Mode} <= set(re.findall(r'name="mode" value="([^"]+)"', page))
    chosen = browser.post("/north/reply", data={**REQUEST, "mode": "cancel"})
    assert "NCP_CANCEL" in chosen.get_data(as_text=True)
    assert "form-action 'self' http://127.0.0.1:8000" in chosen.headers["Content-Security-Policy"]
    assert 504 == browser.post("/north/reply", data={**REQUEST, "mode": "time-out"}).status_code


@pytest.mark.parametrize("url", ["http://client.example/", "javascript:alert(1)", ""])
def test_a_request_from_nowhere_is_refused(url: str) -> None:
    """No form leads to an address that no client has."""
    data = {**REQUEST, "returnUrl": url}
    answer = APP.test_client().post("/north/emp?mode=cancel", data=data)

    assert 400 == answer.status_code
    assert "<form" not in answer.get_data(as_text=True)


def test_the_lists_hold_the_provider_and_tell_when_nothing_changed() -> None:
    """Both lists name address and certificate; a reader that has the tag gets 304."""
    listed = Listed(entry=entry(CONFIG, PROVIDER, "mode=success"), ewp=True, older=True)
    app = Flask(__name__)
    app.register_blueprint(lists(lambda: (listed,)))
    browser = app.test_client()

    said = json.loads(browser.get(EMREG_PATH).data)
    assert ["http://127.0.0.9:8000/north/emp?mode=success", PROVIDER.certificate] == [
        said["emps"][0][name] for name in ("url", "pubKey")
    ]
    assert said["emps"][1] is None
    read = network.read_ewp_catalogue(BytesIO(browser.get(CATALOGUE_PATH).data), loopback=True)
    assert [listed.entry.url] == [point.url for point in read.points]
    for path in (EMREG_PATH, CATALOGUE_PATH):
        tag = browser.get(path).headers["ETag"]
        assert 304 == browser.get(path, headers={"If-None-Match": tag}).status_code
