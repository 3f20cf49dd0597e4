"""Calls of a plugin's sink are guarded as those of its source are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emrex_gateway.adapters import DEFAULT_POLICY
from emrex_gateway.adapters._guard import Once, guarded
from emrex_gateway.domain import ImportedResults, Receipt, Recognition, RecognitionState, Student
from emrex_gateway.errors import AdapterError, AdapterUnavailable
from emrex_gateway.ports import Adapter
from review_world import result


class Sink:
    """A fake sink: does what the test says."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.does = does

    def store_results(self, student: Student, results: ImportedResults) -> Any:
        return self.does()

    def recognition(self, receipt: Receipt) -> Any:
        return self.does()


def through(does: Callable[[], Any]) -> Adapter:
    return guarded(Adapter(ping=lambda: None, sink=Sink(does)), Once("fake", DEFAULT_POLICY))


def crash() -> None:
    raise ValueError("Maija Mallikas")


def busy() -> None:
    raise AdapterUnavailable("busy", retry_after=9)


def store(does: Callable[[], Any]) -> Receipt:
    adapter = through(does)
    assert adapter.sink is not None
    results: Any = result()  # whatever it is, it goes through
    return adapter.sink.store_results(Student(key="p"), results)


def test_answers_pass_through() -> None:
    """A system without a sink stays one; what a sink says arrives as it is."""
    said = Recognition(state=RecognitionState.ACCEPTED)
    adapter = through(lambda: said)

    assert guarded(Adapter(ping=lambda: None), Once("fake", DEFAULT_POLICY)).sink is None
    assert Receipt("a", "https://host.example/a") == store(
        lambda: Receipt("a", "https://host.example/a")
    )
    assert adapter.sink is not None
    assert said is adapter.sink.recognition(Receipt("a"))


@pytest.mark.parametrize(
    "does", [crash, lambda: None, lambda: Receipt("")], ids=["crash", "nothing", "empty"]
)
def test_surprises_end_as_adapter_errors(does: Callable[[], Any]) -> None:
    """A crash, an answer of another type, a receipt that names nothing: errors without a person in them."""
    with pytest.raises(AdapterError) as caught:
        store(does)
    assert "Maija" not in str(caught.value)


def test_what_a_sink_raises_on_purpose_stays() -> None:
    """Its patience too."""
    with pytest.raises(AdapterUnavailable) as caught:
        store(busy)
    assert 9 == caught.value.retry_after
