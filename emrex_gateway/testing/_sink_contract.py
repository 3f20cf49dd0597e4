"""The contract that every adapter which takes imports keeps, as tests to inherit."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from emrex_gateway.domain import (
    ImportedResults,
    Institution,
    Receipt,
    Recognition,
    RecognitionState,
    Student,
)
from emrex_gateway.errors import AdapterError, AdapterRefused, AdapterUnavailable
from emrex_gateway.ports import Adapter, AdapterPlugin, ResultSink
from emrex_gateway.testing._adapter_contract import TEMPORARY, Situation, Trouble
from emrex_gateway.testing._checks import assert_silent, assert_texts, told
from emrex_gateway.testing._personal import personal_values
from emrex_gateway.testing._results import odd_results, sample_results

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkCase:
    """What a plugin's test supplies.

    ``working`` are settings for a stand-in of the system that is well, secrets
    resolved; ``student`` is somebody whom it knows. ``stored`` counts the
    imports that it holds; ``original`` returns the first signed original of
    one as it has it. ``decide`` makes the system decide on one: as many of its
    studies are accepted, in their order, as the number says, the rest is not.
    ``lose_answer`` makes the next import be taken and its answer be lost, for
    systems that are spoken with over a network. ``troubles`` are those that
    the system can have. ``connections_open`` counts open connections.
    """

    plugin: AdapterPlugin[Any]
    institution: Institution
    working: Any
    student: Student
    stored: Callable[[], int]
    original: Callable[[Receipt], bytes]
    decide: Callable[[Receipt, int], None]
    lose_answer: Callable[[], None] | None = None
    troubles: Mapping[Trouble, Situation] = field(default_factory=dict)
    connections_open: Callable[[], int] = lambda: 0
    secrets: Sequence[str] = field(default=(), repr=False)


class SinkContract(ABC):
    """Inherit, name the class ``Test…``, and give it a fixture ``case``."""

    @pytest.fixture
    @abstractmethod
    def case(self) -> SinkCase:
        """The plugin under test and its stand-in system."""

    def test_it_says_that_it_takes_imports(self, case: SinkCase) -> None:
        """The list of plugins shows it."""
        assert "imports" in getattr(case.plugin, "capabilities", ())

    # --- storing

    def test_an_import_is_stored_and_has_a_receipt(self, case: SinkCase) -> None:
        """The handle is not empty; the address is none, or one that a browser opens."""
        receipt = _store(case)
        assert receipt.id.strip()
        assert not receipt.url or receipt.url.startswith(("https://", "http://"))
        assert case.stored() == 1

    def test_the_signed_original_goes_along_whole(self, case: SinkCase) -> None:
        """Byte for byte: a signature over anything else would prove nothing."""
        results = sample_results()
        assert results.originals[0].xml == case.original(_store(case, results))

    def test_the_same_import_twice_is_one(self, case: SinkCase) -> None:
        """A worker may be killed after the system has taken it: the same key, the same receipt."""
        assert _store(case) == _store(case)
        assert case.stored() == 1

    def test_the_same_import_at_once_is_one(self, case: SinkCase) -> None:
        """Two workers, one after the other's time was over, may both be at it."""
        with ThreadPoolExecutor(4) as pool:
            receipts = set(pool.map(lambda _: _persistent(case), range(4)))
        assert len(receipts) == case.stored() == 1

    def test_other_imports_are_others(self, case: SinkCase) -> None:
        """Another key is another import of the same student, and has another receipt."""
        assert _store(case) != _store(case, sample_results("two"))
        assert case.stored() == 2

    def test_an_answer_that_is_lost_loses_nothing(self, case: SinkCase) -> None:
        """The next try gets the receipt, and the system has the import once."""
        if case.lose_answer is not None:
            case.lose_answer()
        with suppress(AdapterUnavailable):
            _store(case)
        assert _store(case).id
        assert case.stored() == 1

    def test_odd_records_are_stored(self, case: SinkCase) -> None:
        """Texts without language, figures that are missing, names with markup and paths in them."""
        results = odd_results()
        receipt = _store(case, results)
        assert results.originals[0].xml == case.original(receipt)
        case.decide(receipt, 1)
        assert _asked(case, receipt).state.final

    # --- recognition

    def test_nothing_is_decided_at_first(self, case: SinkCase) -> None:
        """The system has it, and no more."""
        found = _asked(case, _store(case))
        assert (found.state, found.studies) == (RecognitionState.SUBMITTED, ())

    @pytest.mark.parametrize(
        ("accepted", "state"),
        [
            (100, RecognitionState.ACCEPTED),
            (2, RecognitionState.PARTIALLY_ACCEPTED),
            (0, RecognitionState.REJECTED),
        ],
        ids=["all", "some", "none"],
    )
    def test_a_decision_comes_back(
        self, case: SinkCase, accepted: int, state: RecognitionState
    ) -> None:
        """With its date, and each study by the name under which it was brought."""
        receipt = _store(case)
        case.decide(receipt, accepted)
        found = _asked(case, receipt)
        assert state == found.state
        assert found.decided_on is not None
        assert len(found.studies) == 4
        assert min(accepted, 4) == sum(study.accepted for study in found.studies)
        for study in found.studies:
            assert_texts(study.titles)
            assert study.issuer is not None
            assert study.accepted or not study.credits

    def test_a_decision_says_whom_it_is_about(self, case: SinkCase) -> None:
        """Else it could not be written down for others: one of the student's identifiers is in it."""
        receipt = _store(case)
        case.decide(receipt, 1)
        learner = _asked(case, receipt).learner
        assert learner is not None
        assert learner.family_name
        known = {(i.type, i.value.casefold()) for i in case.student.identifiers}
        assert known & {(i.type, i.value.casefold()) for i in learner.identifiers}

    def test_an_unknown_receipt_is_an_error(self, case: SinkCase) -> None:
        """For an administrator, not for another try."""
        for id_ in ("999999", "../1", "a b", "no-such-thing"):
            with pytest.raises(AdapterError) as caught:
                _asked(case, Receipt(id=id_))
            assert not isinstance(caught.value, AdapterUnavailable)

    # --- a system that is not well

    def test_trouble_is_told_apart_and_names_nobody(
        self, case: SinkCase, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Storing and asking, for each trouble that the system can have.

        What passes is ``AdapterUnavailable``, with the system's own ``Retry-After``; rubbish and
        refused credentials are for an administrator. Neither errors nor log records say whose
        import it is.
        """
        caplog.set_level(logging.DEBUG)
        assert case.troubles
        for trouble, situation in case.troubles.items():
            for error in _errors(case, situation):
                assert isinstance(error, AdapterUnavailable) is (trouble in TEMPORARY), trouble
                asked = getattr(error, "retry_after", None)
                assert situation.retry_after in (None, asked), trouble
                assert (trouble is Trouble.REFUSES) <= isinstance(error, AdapterRefused)
                assert_silent(told(error), _personal(case), case.secrets)
        assert_silent(caplog.text, _personal(case), case.secrets)

    def test_success_names_nobody(self, case: SinkCase, caplog: pytest.LogCaptureFixture) -> None:
        """Log records of an import that went well hold no personal data and no secret either."""
        caplog.set_level(logging.DEBUG)
        receipt = _store(case)
        case.decide(receipt, 1)
        caplog.clear()
        _asked(case, receipt)
        _store(case)
        assert_silent(caplog.text, _personal(case), case.secrets)

    def test_it_closes_its_connections(self, case: SinkCase) -> None:
        """A closed adapter holds no socket."""
        _asked(case, _store(case))
        deadline = time.monotonic() + _PATIENCE
        while case.connections_open() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert case.connections_open() == 0


def _errors(case: SinkCase, situation: Situation) -> Iterator[AdapterError]:
    """Yield what storing raises, and what asking raises."""
    for action in (_sink_stores(case), lambda sink: sink.recognition(Receipt(id="1"))):
        with pytest.raises(AdapterError) as caught, _open(case, situation.settings) as sink:
            action(sink)
        yield caught.value


def _sink_stores(case: SinkCase) -> Callable[[ResultSink], object]:
    return lambda sink: sink.store_results(case.student, sample_results())


def _store(case: SinkCase, results: ImportedResults | None = None) -> Receipt:
    with _open(case, case.working) as sink:
        return sink.store_results(case.student, results or sample_results())


def _persistent(case: SinkCase) -> Receipt:
    """Store as a worker would: a temporary error is tried again."""
    for _ in range(5):
        with suppress(AdapterUnavailable):
            return _store(case)
        time.sleep(0.1)
    return _store(case)


def _asked(case: SinkCase, receipt: Receipt) -> Recognition:
    with _open(case, case.working) as sink:
        return sink.recognition(receipt)


@contextmanager
def _open(case: SinkCase, settings: Any) -> Iterator[ResultSink]:
    with case.plugin.open(case.institution, settings) as adapter:
        yield _sink(adapter)


def _sink(adapter: Adapter) -> ResultSink:
    assert adapter.sink is not None, "this suite is for adapters that take imports"
    return adapter.sink


def _personal(case: SinkCase) -> tuple[str, ...]:
    learner = sample_results().learner
    return (*personal_values(case.student), learner.given_names, learner.family_name)
