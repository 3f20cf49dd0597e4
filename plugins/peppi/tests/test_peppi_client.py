"""What each failure of the system means, and which settings cannot work."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from emrex_gateway.domain import Student, StudyRecord
from emrex_gateway.errors import AdapterError, AdapterUnavailable, ConfigError, StudentNotFound
from emrex_peppi import PeppiSettings, plugin


def _list(peppi: Any, institution: Any, **changes: Any) -> list[StudyRecord]:
    with plugin.open(institution, peppi.settings(**changes)) as adapter:
        assert adapter.source is not None
        return list(adapter.source.list_records(Student(key='["7"]')))


def _error(peppi: Any, institution: Any, answer: Any, **changes: Any) -> AdapterError:
    peppi.trouble = lambda path, query: answer
    with pytest.raises(AdapterError) as caught:
        _list(peppi, institution, **changes)
    return caught.value


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_temporary_failures(peppi: Any, institution: Any, status: int) -> None:
    """Worth another try, and when the system says when, then."""
    error = _error(peppi, institution, (status, {"Retry-After": "17"}, b"x"))
    assert isinstance(error, AdapterUnavailable)
    assert error.retry_after == 17


@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 410, 422])
def test_lasting_failures(peppi: Any, institution: Any, status: int) -> None:
    """Somebody must look at it; trying again does not help, and it is not "no results"."""
    error = _error(peppi, institution, (status, {"Retry-After": "17"}, b"x"))
    assert not isinstance(error, AdapterUnavailable | StudentNotFound)
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [201, 204, 206, 301, 302, 307])
def test_unexpected_answers(peppi: Any, institution: Any, status: int) -> None:
    """Redirects are not followed: the key goes to nobody else."""
    error = _error(peppi, institution, (status, {"Location": "http://127.0.0.1:1/"}, b""))
    assert not isinstance(error, AdapterUnavailable | StudentNotFound)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("5", 5.0), ("0", 0.0), ("9999999999", 86400.0), ("soon", None), ("-5", None), ("", None)],
)
def test_retry_after_in_seconds(peppi: Any, institution: Any, value: str, expected: Any) -> None:
    """Within reason."""
    error = _error(peppi, institution, (503, {"Retry-After": value}, b""))
    assert isinstance(error, AdapterUnavailable)
    assert expected == error.retry_after


def test_retry_after_as_a_date(peppi: Any, institution: Any) -> None:
    """HTTP allows both; a date that is over means now."""
    now = datetime.now(UTC)
    late = format_datetime(now + timedelta(seconds=300), usegmt=True)
    past = format_datetime(now - timedelta(seconds=300), usegmt=True)
    waits = []
    for value in (late, past):
        error = _error(peppi, institution, (503, {"Retry-After": value}, b""))
        assert isinstance(error, AdapterUnavailable)
        waits.append(error.retry_after)
    assert waits[0] is not None
    assert 0 < waits[0] <= 300
    assert waits[1] == 0


def test_an_answer_that_is_too_large(peppi: Any, institution: Any) -> None:
    """It is not read to its end."""
    error = _error(peppi, institution, (200, {}, b" " * 100_000), max_answer_bytes=50_000)
    assert "max_answer_bytes" in str(error)


def test_answers_that_are_too_large_together(peppi: Any, institution: Any, row: Any) -> None:
    """Many pages within the limit of one are limited as well."""
    peppi.credits = [row(n, target=str(n)) for n in range(500)]
    with pytest.raises(AdapterError, match="max_total_bytes"):
        _list(peppi, institution, page_size=10, max_total_bytes=50_000)


def test_a_compressed_answer_is_refused(peppi: Any, institution: Any) -> None:
    """Nobody asked for one, and a small one can be a huge one."""
    error = _error(peppi, institution, (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"))
    assert not isinstance(error, AdapterUnavailable)


def test_an_error_in_the_envelope(peppi: Any, institution: Any) -> None:
    """200 with ``status: error``; its message is not repeated."""
    body = b'{"status": "error", "message": "esi 1234 is broken", "completedCredits": []}'
    error = _error(peppi, institution, (200, {}, body))
    assert not isinstance(error, AdapterUnavailable | StudentNotFound)
    assert "1234" not in str(error)


def test_a_warning_in_the_envelope(peppi: Any, institution: Any, row: Any) -> None:
    """``warn`` is an answer."""
    answers = iter([[row("a")], []])

    def warn(path: str, query: Any) -> Any:
        if path.endswith("rights"):
            return None
        return 200, {}, json.dumps({"status": "warn", "completedCredits": next(answers)}).encode()

    peppi.trouble = warn
    assert [r.key for r in _list(peppi, institution)] == ["a"]


# --- ping


def test_ping_needs_an_answer_of_the_system(peppi: Any, institution: Any) -> None:
    """A 404 page means a wrong address; a 404 in the envelope that nobody was found."""
    with plugin.open(institution, peppi.settings()) as adapter:
        adapter.ping()
        peppi.trouble = lambda path, query: (404, {}, b'{"status": "success", "students": []}')
        adapter.ping()
        for answer in (
            (404, {}, b"<html>"),
            (200, {}, b"{}"),
            (200, {}, b"<html>"),
            (403, {}, b""),
        ):
            peppi.trouble = lambda path, query, answer=answer: answer
            with pytest.raises(AdapterError):
                adapter.ping()


def test_ping_with_a_path_of_its_own(peppi: Any, institution: Any) -> None:
    """For systems that have one."""
    with plugin.open(institution, peppi.settings(ping_path="/health")) as adapter:
        peppi.trouble = lambda path, query: (200, {}, b'{"up": true}')
        adapter.ping()
        peppi.trouble = lambda path, query: (404, {}, b"{}")
        with pytest.raises(AdapterError):
            adapter.ping()
    assert peppi.asked[0] == ("/health", {})


# --- settings


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "http://peppi.example"},
        {"base_url": "ftp://peppi.example"},
        {"base_url": "peppi.example"},
        {"base_url": "https://user:pass@peppi.example"},
        {"base_url": "https://peppi.example/?x=1"},
        {"base_url": "https://peppi.example:port"},
        {"base_url": "https://[::1"},
        {"api_key": ""},
        {"student_path": "r1/student"},
        {"credits_path": "/r1/credits"},
        {"searches": ("name=name",)},
        {"searches": ("esi",)},
        {"renamed": ("unknown=x",)},
        {"renamed": ("credit.unknown=x",)},
        {"renamed": ("scope",)},
        {"renamed": ("scope=",)},
        {"timezone": "Europe/Nowhere"},
        {"timezone": "../etc/passwd"},
        {"read_timeout": 0.0},
        {"max_records": 0},
        {"page_size": -1},
    ],
)
def test_settings_that_cannot_work(changes: dict[str, Any]) -> None:
    """They are refused when they are made, with the setting's name."""
    with pytest.raises(ConfigError):
        PeppiSettings(**{"base_url": "https://peppi.example", "api_key": "key", **changes})


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8080", "http://localhost/api/", "http://[::1]:1", "https://x.example/api/"]
)  # fmt: skip
def test_addresses_that_work(address: str) -> None:
    """https, and http to this machine; a slash at the end does not matter."""
    settings = PeppiSettings(base_url=address, api_key="key")
    assert address.rstrip("/") == settings.base_url


def test_certificates_that_cannot_be_read(institution: Any, tmp_path: Path) -> None:
    """Said when the adapter is opened."""
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        settings = PeppiSettings(
            base_url="https://peppi.example", api_key="key", ca_file=str(tmp_path / name)
        )
        with pytest.raises(ConfigError, match="ca_file"), plugin.open(institution, settings):
            pass
