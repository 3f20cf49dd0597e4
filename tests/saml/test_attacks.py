"""Every attack is refused for its own reason, and its twin, the same without the manipulation, passes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

import saml_issuer
from emrex_gateway.login.saml._types import Assertion, Reason, Refused
from saml_attacks import (
    CASES,
    DEEDS,
    Case,
    Deed,
    accepted,
    document,
    field,
    judge,
    posted,
    verdict,
)
from saml_attacks_login import ANSWER, finish
from saml_harmless import ANSWERS
from saml_issuer import Answer


@cache
def _twin(answer: Answer) -> Assertion:
    return accepted(posted(document(answer)), saml_issuer.expected(answer))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_attack_is_refused_for_its_own_reason(case: Case) -> None:
    """Not only refused: refused by the check that is there for it."""
    assert case.reason == judge(field(case), case.expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_its_manipulation_it_passes(case: Case) -> None:
    """The twin is accepted and says what it was made to say: the case fails by its manipulation."""
    assertion = _twin(case.twin)
    assert (case.twin.assertion_id, case.twin.attributes) == (assertion.id, assertion.attributes)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_an_attack_on_another_entrance_is_refused_for_its_own_reason(deed: Deed) -> None:
    """Logout, another browser's login, metadata: refused for its reason; done right, it passes."""
    assert deed.reason == verdict(deed)
    deed.twin()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_what_is_harmless_passes(answer: Answer) -> None:
    """The habits of other signers are accepted, and read as what was signed."""
    assertion = accepted(posted(document(answer)), saml_issuer.expected(answer))
    name = assertion.name_id.value if assertion.name_id else ""
    assert (
        answer.assertion_id,
        answer.provider,
        answer.name_id,
        answer.attributes,
        answer.session_index,
        answer.context,
        answer.authorities,
    ) == (
        assertion.id,
        assertion.issuer,
        name,
        assertion.attributes,
        assertion.session_index,
        assertion.authn_context,
        assertion.authorities,
    )


def test_there_are_enough_of_them_and_no_two_are_the_same() -> None:
    """At least 150 attacks, each another message or held against something else."""
    made = Counter((field(case), case.expected) for case in CASES)
    assert [] == [key for key, times in made.items() if times > 1]
    assert len(made) >= 150


def test_a_replay_is_the_same_row_whatever_is_around_it() -> None:
    """An assertion counts once: what is written down names the provider and the assertion's ID."""
    moved = replace(ANSWER, response_id="_another-response", signed="assertion")
    first, second = (finish(answer).once for answer in (replace(ANSWER, signed="both"), moved))
    assert [(once.kind, once.value) for once in first] == [
        (once.kind, once.value) for once in second
    ]
    (once,) = first
    assert once.expires_at >= ANSWER.now + ANSWER.lifetime


def test_what_decrypting_ends_in_looks_the_same() -> None:
    """One text for everything that depends on what is inside: nothing to learn from it."""
    texts = set()
    for case in CASES:
        if case.reason is Reason.DECRYPTION:
            with pytest.raises(Refused) as raised:
                accepted(field(case), case.expected)
            texts.add((str(raised.value), raised.value.failure))
    assert 1 == len(texts)


def test_no_attack_is_its_own_twin() -> None:
    """The manipulation changes what is posted, or what it is held against."""
    same = [
        case.name
        for case in CASES
        if field(case) == posted(document(case.twin))
        and case.expected == saml_issuer.expected(case.twin)
    ]
    assert [] == same
