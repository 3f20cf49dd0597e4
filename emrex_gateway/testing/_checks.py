"""What the contract suite asserts of records, messages and logs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from emrex_gateway.domain import LosType, StudyRecord, Texts


def told(error: BaseException) -> str:
    """Everything that a log with a traceback would print of an error and its causes."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None:
        lines += [str(current), repr(current.args)]
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)
    return "\n".join(lines)


def assert_silent(told: str, personal: Sequence[str], secrets: Sequence[str]) -> None:
    for value in personal:
        assert value not in told, "personal data in a message or a log record"
    for secret in secrets:
        assert secret not in told, "a secret in a message or a log record"


def assert_forest(records: Sequence[StudyRecord]) -> None:
    """Keys are unique, parents exist, nothing is its own ancestor."""
    by_key = {record.key: record for record in records}
    assert len(records) == len(by_key), "a key occurs twice"
    for record in records:
        seen = {record.key}
        parent = record.parent
        while parent is not None:
            assert parent in by_key, "a parent that is not there"
            assert parent not in seen, "a record is its own ancestor"
            seen.add(parent)
            parent = by_key[parent].parent


def assert_texts(values: Texts) -> None:
    assert values
    assert all(text.value.strip() for text in values)
    languages = [text.lang for text in values]
    assert len(languages) == len(set(languages)), "two values in one language"


def assert_writable(record: StudyRecord) -> None:
    """The record is what ELMO can carry: titles, issuer, credits, codes, languages."""
    issuer, specification, instance = record.issuer, record.specification, record.instance
    assert issuer.identifiers
    assert all(i.type.strip() and i.value.strip() for i in issuer.identifiers)
    assert_texts(issuer.titles)
    assert issuer.url.startswith(("https://", "http://"))
    assert issuer.country is None or len(issuer.country) == 2
    assert_texts(specification.titles)
    code = specification.isced_code
    assert code is None or (code.isdigit() and 2 <= len(code) <= 4)
    for credit in instance.credits:
        assert credit.scheme.strip()
        assert credit.value is None or (
            type(credit.value) is Decimal and credit.value.is_finite() and credit.value >= 0
        )
    assert instance.language is None or (
        len(instance.language) == 2 and instance.language.islower()
    )
    if specification.type is LosType.DEGREE_PROGRAMME:
        assert instance.term is None, "a degree programme has no academic term"
    if instance.grading_scheme is not None:
        assert instance.grading_scheme.id.strip()
