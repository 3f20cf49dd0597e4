"""The contract that every adapter plugin keeps, as tests to inherit."""

from __future__ import annotations

import dataclasses
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest

from emrex_gateway.adapters import FieldKind, describe, said
from emrex_gateway.domain import Identity, Institution, StudyRecord
from emrex_gateway.errors import (
    AdapterError,
    AdapterRefused,
    AdapterUnavailable,
    StudentNotFound,
)
from emrex_gateway.ports import ADAPTER_API_VERSION, Adapter, AdapterPlugin, RecordSource
from emrex_gateway.testing._checks import (
    assert_forest,
    assert_silent,
    assert_writable,
    told,
)
from emrex_gateway.testing._personal import personal_values

_PATIENCE = 10.0  # seconds until a socket that should be closed is called a leak


class Trouble(StrEnum):
    """What can be wrong with a system."""

    DOWN = "down"
    """Nothing listens."""
    SLOW = "slow"
    """It accepts the request and never answers."""
    DRIPPING = "dripping"
    """It answers a byte at a time, for ever: no single read times out."""
    BUSY = "busy"
    """503."""
    RUBBISH = "rubbish"
    """200 with something else than an answer."""
    ENDLESS = "endless"
    """An answer larger than any limit."""
    REFUSES = "refuses"
    """Our credentials are not accepted."""


TEMPORARY = (Trouble.DOWN, Trouble.SLOW, Trouble.DRIPPING, Trouble.BUSY)
LASTING = (Trouble.RUBBISH, Trouble.ENDLESS, Trouble.REFUSES)


@dataclass(frozen=True, slots=True)
class Situation:
    """Settings (and perhaps a person) with which the trouble happens.

    ``retry_after`` is what the system said, in seconds, when it said so.
    """

    settings: Any
    identity: Identity | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterCase:
    """What a plugin's test supplies.

    ``working`` are settings for a stand-in of the system that is well, secrets
    resolved. ``known`` has records there, ``unknown`` is nobody there.
    ``troubles`` has every ``Trouble`` (settings with short time limits).
    ``connections_open`` counts the open connections to the stand-in.
    ``recorded`` is an answer that ``convert`` maps; ``recorded_empty`` one that
    knows nobody; ``unmappable`` further ones that are not answers at all.
    ``secrets`` are the secret values in ``working``.
    """

    plugin: AdapterPlugin[Any]
    institution: Institution
    working: Any
    known: Identity
    unknown: Identity
    troubles: Mapping[Trouble, Situation]
    connections_open: Callable[[], int]
    recorded: bytes
    recorded_empty: Sequence[bytes]
    unmappable: Sequence[bytes] = ()
    secrets: Sequence[str] = field(default=(), repr=False)


class AdapterContract(ABC):
    """Inherit, name the class ``Test…``, and give it a fixture ``case``."""

    @pytest.fixture
    @abstractmethod
    def case(self) -> AdapterCase:
        """The plugin under test and its stand-in systems."""

    # --- what the plugin says of itself

    def test_it_states_its_name_and_the_contract_it_was_written_for(
        self, case: AdapterCase
    ) -> None:
        """The registry shows the name and refuses a foreign ``api_version``."""
        assert case.plugin.name.isidentifier()
        assert case.plugin.api_version == ADAPTER_API_VERSION

    def test_settings_are_a_frozen_dataclass(self, case: AdapterCase) -> None:
        """The administrator's form is generated from the type; an open adapter's settings rest."""
        type_ = case.plugin.settings_type
        assert dataclasses.is_dataclass(type_)
        assert type_.__dataclass_params__.frozen  # type: ignore[attr-defined]  # not in typeshed

    def test_each_setting_is_explained(self, case: AdapterCase) -> None:
        """The form shows a label and a help: a text, or texts by language with English among them."""
        for info in describe(case.plugin):
            assert "_" not in said(info.label, "en"), info.name
            for texts in (info.label, info.help):
                assert said(texts, "en").strip(), info.name
                assert all(text.strip() for text in texts.values()), info.name
                assert "en" in texts or set(texts) == {""}, info.name

    def test_its_settings_can_be_asked_for(self, case: AdapterCase) -> None:
        """Each setting has a kind that a form knows; a secret has no default."""
        for info in describe(case.plugin):
            assert info.kind is not FieldKind.JSON, info.name
            if info.kind is FieldKind.SECRET:
                assert not info.default, info.name

    def test_secrets_do_not_show(self, case: AdapterCase) -> None:
        """A secret setting is marked and left out of the representation, which ends up in logs."""
        for setting in dataclasses.fields(case.plugin.settings_type):
            if setting.metadata.get("secret"):
                assert not setting.repr, setting.name
        for secret in case.secrets:
            assert secret not in repr(case.working)

    # --- a system that is well

    def test_ping_is_quiet_when_all_is_well(self, case: AdapterCase) -> None:
        """An administrator may enable a binding whose ping passes."""
        with case.plugin.open(case.institution, case.working) as adapter:
            adapter.ping()

    def test_it_finds_the_student_that_the_identity_means(self, case: AdapterCase) -> None:
        """The handle is not empty: it goes back into ``list_records``."""
        with case.plugin.open(case.institution, case.working) as adapter:
            assert _source(adapter).find_student(case.known).key

    def test_the_listing_is_a_forest(self, case: AdapterCase) -> None:
        """Keys are unique, parents exist, nothing is its own ancestor."""
        assert_forest(_listing(case))

    def test_the_listing_can_be_written(self, case: AdapterCase) -> None:
        """Titles, issuers, credits, languages and codes are what ELMO can carry."""
        records = _listing(case)
        assert records
        for record in records:
            assert_writable(record)

    def test_the_same_listing_twice(self, case: AdapterCase) -> None:
        """Keys and order are stable: a retried job changes nothing."""
        assert [r.key for r in _listing(case)] == [r.key for r in _listing(case)]

    def test_somebody_unknown_has_no_results(self, case: AdapterCase) -> None:
        """Not an error of the system: the client hears NCP_NO_RESULTS."""
        with case.plugin.open(case.institution, case.working) as adapter:
            source = _source(adapter)
            with pytest.raises(StudentNotFound):
                source.find_student(case.unknown)

    def test_it_closes_its_connections(self, case: AdapterCase) -> None:
        """A closed adapter holds no socket, and neither does one that failed."""
        _listing(case)
        with (
            case.plugin.open(case.institution, case.working) as adapter,
            pytest.raises(StudentNotFound),
        ):
            _source(adapter).find_student(case.unknown)
        deadline = time.monotonic() + _PATIENCE
        while case.connections_open() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert case.connections_open() == 0

    # --- a system that is not

    @pytest.mark.parametrize("trouble", TEMPORARY)
    def test_temporary_trouble_is_worth_a_retry(self, case: AdapterCase, trouble: Trouble) -> None:
        """Down, slow and busy are ``AdapterUnavailable``, with the system's own ``Retry-After``."""
        error = _error(case, trouble)
        assert isinstance(error, AdapterUnavailable)
        if case.troubles[trouble].retry_after is not None:
            assert case.troubles[trouble].retry_after == error.retry_after

    @pytest.mark.parametrize("trouble", LASTING)
    def test_lasting_trouble_is_for_an_administrator(
        self, case: AdapterCase, trouble: Trouble
    ) -> None:
        """Rubbish and refused credentials are neither temporary nor "no such student"."""
        error = _error(case, trouble)
        assert not isinstance(error, AdapterUnavailable | StudentNotFound)

    def test_refused_credentials_are_told_from_other_errors(self, case: AdapterCase) -> None:
        """The administrator is told to mend the secret, not to look at the mapping."""
        assert isinstance(_error(case, Trouble.REFUSES), AdapterRefused)

    @pytest.mark.parametrize("trouble", [Trouble.DOWN, Trouble.REFUSES, Trouble.RUBBISH])
    def test_ping_notices(self, case: AdapterCase, trouble: Trouble) -> None:
        """Enabling a binding needs a ping that would have failed."""
        situation = case.troubles[trouble]
        assert situation.identity is None, "this trouble must not depend on who is asked for"
        with pytest.raises(AdapterError):
            _ping(case, situation.settings)

    @pytest.mark.parametrize("trouble", tuple(Trouble))
    def test_trouble_names_nobody(
        self, case: AdapterCase, trouble: Trouble, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither the error, nor what caused it, nor a log record says whose records were asked."""
        caplog.set_level(logging.DEBUG)
        error = _error(case, trouble)
        person = case.troubles[trouble].identity or case.known
        assert_silent(told(error) + caplog.text, personal_values(person), case.secrets)

    def test_success_names_nobody(
        self, case: AdapterCase, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Log records of a listing that went well hold no personal data and no secret either."""
        caplog.set_level(logging.DEBUG)
        _listing(case)
        assert_silent(caplog.text, personal_values(case.known), case.secrets)

    def test_not_finding_names_nobody(
        self, case: AdapterCase, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The same for somebody whom the system does not know."""
        caplog.set_level(logging.DEBUG)
        with (
            case.plugin.open(case.institution, case.working) as adapter,
            pytest.raises(StudentNotFound) as caught,
        ):
            _source(adapter).find_student(case.unknown)
        assert_silent(told(caught.value) + caplog.text, personal_values(case.unknown), case.secrets)

    # --- recorded answers

    def test_convert_maps_a_recorded_answer(self, case: AdapterCase) -> None:
        """For support: the same rules hold for an answer that is read from a file."""
        student, records = case.plugin.convert(case.institution, case.working, case.recorded)
        assert student.key
        assert records
        assert_forest(records)
        for record in records:
            assert_writable(record)

    def test_convert_says_when_there_is_nobody(self, case: AdapterCase) -> None:
        """An answer without a person is ``StudentNotFound``, as it is live."""
        assert case.recorded_empty
        for answer in case.recorded_empty:
            with pytest.raises(StudentNotFound):
                case.plugin.convert(case.institution, case.working, answer)

    def test_convert_refuses_what_is_no_answer(self, case: AdapterCase) -> None:
        """One clear line, and nothing of the contents in it."""
        for answer in (b"", b"\x00\xff\xfe", b"Siiri 010190-4473", b"<a>", b"[", *case.unmappable):
            with pytest.raises(AdapterError) as caught:
                case.plugin.convert(case.institution, case.working, answer)
            assert not isinstance(caught.value, StudentNotFound | AdapterUnavailable)
            assert len(str(caught.value).splitlines()) == 1
            assert "010190-4473" not in told(caught.value)


def _source(adapter: Adapter) -> RecordSource:
    assert adapter.source is not None, "this suite is for adapters that read records"
    return adapter.source


def _read(case: AdapterCase, settings: Any, identity: Identity) -> list[StudyRecord]:
    with case.plugin.open(case.institution, settings) as adapter:
        source = _source(adapter)
        return list(source.list_records(source.find_student(identity)))


def _listing(case: AdapterCase) -> list[StudyRecord]:
    return _read(case, case.working, case.known)


def _ping(case: AdapterCase, settings: Any) -> None:
    with case.plugin.open(case.institution, settings) as adapter:
        adapter.ping()


def _error(case: AdapterCase, trouble: Trouble) -> AdapterError:
    situation = case.troubles[trouble]
    with pytest.raises(AdapterError) as caught:
        _read(case, situation.settings, situation.identity or case.known)
    return caught.value
