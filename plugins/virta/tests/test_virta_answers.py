"""What each kind of answer of VIRTA's means, and which settings can work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from emrex_gateway.domain import Identity, Institution
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    ConfigError,
    StudentNotFound,
)
from emrex_gateway.testing import serve
from examples.virta_simulator import PATH, Behaviour
from virta_answers import answer, person, row
from virta_world import Virta, canned, listing, virta_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# --- what answers mean


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (Behaviour.BROKEN, AdapterUnavailable),
        (Behaviour.BUSY, AdapterUnavailable),
        (Behaviour.LATE, AdapterUnavailable),
        (Behaviour.SERVER_FAULT, AdapterUnavailable),
        (Behaviour.INVALID, AdapterError),
        (Behaviour.FAULT_WITH_200, AdapterError),
        (Behaviour.RUBBISH, AdapterError),
        (Behaviour.NOT_XML, AdapterError),
        (Behaviour.NOT_SOAP, AdapterError),
        (Behaviour.CUT_OFF, AdapterError),
        (Behaviour.DOCTYPE, AdapterError),
        (Behaviour.EMPTY, StudentNotFound),
        (Behaviour.EMPTY_DATA, StudentNotFound),
    ],
)
def test_each_kind_of_answer(
    virta: Virta,
    institution: Institution,
    aino: Identity,
    behaviour: Behaviour,
    expected: type[AdapterError],
) -> None:
    """Outages are temporary, faults and rubbish are not, and an empty answer is nobody."""
    with pytest.raises(AdapterError) as caught:
        listing(institution, virta.settings(behaviour.value), aino)
    exact = caught.value
    kinds = (StudentNotFound, AdapterUnavailable)
    assert expected is next((kind for kind in kinds if isinstance(exact, kind)), AdapterError)
    assert "1.2.246" not in str(exact)


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Error", "503 Busy"])
@pytest.mark.parametrize("code", ["SOAP-ENV:Client", "Client.Authentication", "x:Whatever"])
def test_a_fault_counts_whatever_the_status_is(
    institution: Institution, aino: Identity, status: str, code: str
) -> None:
    """A client fault under 503 is not an outage: trying again would not help."""
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        f"<faultcode>{code}</faultcode><faultstring>Aino 131052-308T</faultstring>"
        "</e:Fault></e:Body></e:Envelope>"
    )
    with serve(canned(body.encode(), status)) as served, pytest.raises(AdapterError) as caught:
        listing(institution, virta_settings(served.url), aino)
    assert not isinstance(caught.value, AdapterUnavailable)
    assert "131052" not in str(caught.value)
    assert "Whatever" not in str(caught.value)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_refused_access_is_for_the_administrator(
    institution: Institution, aino: Identity, status: str
) -> None:
    """The message says that it is about access."""
    with (
        serve(canned(b"no", status)) as served,
        pytest.raises(AdapterError, match="access") as caught,
    ):
        listing(institution, virta_settings(served.url), aino)
    assert not isinstance(caught.value, AdapterUnavailable)


def test_redirects_are_not_followed(institution: Institution, aino: Identity) -> None:
    """The request holds credentials and an identity code: it goes to the configured address."""
    elsewhere: list[str] = []

    def other(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        elsewhere.append(environ["REQUEST_METHOD"])
        start_response("200 OK", [])
        return [b""]

    with serve(other) as target:
        app = canned(b"", "307 Temporary Redirect", [("Location", target.url)])
        with serve(app) as served, pytest.raises(AdapterError, match="307"):
            listing(institution, virta_settings(served.url), aino)
    assert [] == elsewhere


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("3", 3, 3),
        ("99999999", 3600, 3600),
        ("soon", None, None),
        ("", None, None),
        ("²", None, None),
    ],
)
def test_retry_after_in_seconds(
    institution: Institution, aino: Identity, header: str, low: float | None, high: float | None
) -> None:
    """What the system asks for, within reason; nonsense is as if it had said nothing."""
    app = canned(b"", "503 Busy", [("Retry-After", header)])
    with serve(app) as served, pytest.raises(AdapterUnavailable) as caught:
        listing(institution, virta_settings(served.url), aino)
    assert (low, high) == (caught.value.retry_after, caught.value.retry_after)


def test_retry_after_as_a_date(institution: Institution, aino: Identity) -> None:
    """A date is turned into seconds from now; one in the past is now."""
    for moment, low, high in (
        (datetime.now(UTC) + timedelta(minutes=10), 500, 600),
        (datetime.now(UTC) - timedelta(minutes=10), 0, 0),
    ):
        app = canned(b"", "503 Busy", [("Retry-After", format_datetime(moment, usegmt=True))])
        with serve(app) as served, pytest.raises(AdapterUnavailable) as caught:
            listing(institution, virta_settings(served.url), aino)
        assert caught.value.retry_after is not None
        assert low <= caught.value.retry_after <= high


def test_entities_are_never_expanded(institution: Institution, aino: Identity) -> None:
    """Neither a file of ours nor a billion laughs: a document type declaration ends it."""
    laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    body = laughs.encode() + answer(person(row(names={"fi": "X"}))).replace(b">X<", b">&b;<")
    with serve(canned(body)) as served, pytest.raises(AdapterError, match="not XML"):
        listing(institution, virta_settings(served.url), aino)


def test_the_right_answer_to_another_question_is_wrong(
    institution: Institution, aino: Identity
) -> None:
    """An answer must be one to the operation that was called."""
    body = answer(person(row())).replace(b"OpiskelijanKaikkiTiedot", b"Opintosuoritukset")
    with serve(canned(body)) as served, pytest.raises(AdapterError, match="not one to"):
        listing(institution, virta_settings(served.url), aino)


# --- settings


@pytest.mark.parametrize(
    "url",
    [
        "http://virta.example/luku",
        "ftp://virta.example",
        "https://me:secret@virta.example/",
        "https://virta.example:99999/",
        "//virta.example",
        "",
    ],
)
def test_addresses_that_cannot_be_right(url: str) -> None:
    """Credentials and identity codes go over TLS, except to this machine itself."""
    with pytest.raises(ConfigError):
        virta_settings(url)


@pytest.mark.parametrize(
    "change",
    [
        {"system": ""},
        {"caller": "x" * 101},
        {"secret": ""},
        {"total_timeout": 0.0},
        {"max_answer_bytes": -1},
        {"fallback_url": "javascript:alert(1)"},
    ],
)
def test_values_that_cannot_work(change: dict[str, object]) -> None:
    """They stop a binding from being saved, not a student from fetching."""
    with pytest.raises(ConfigError):
        virta_settings(f"https://virta.example{PATH}", **change)


def test_loopback_may_be_plain() -> None:
    """For the demonstration: http to loopback addresses, in both families."""
    for host in ("127.0.0.2", "[::1]", "localhost"):
        assert f"http://{host}:1/" == virta_settings(f"http://{host}:1/").url
