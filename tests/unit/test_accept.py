"""From verified results to records to choose among, and from the choice to one import."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from emrex_gateway.domain import (
    DiplomaSupplement,
    ImportedResults,
    Match,
    Purpose,
    Received,
    Sameness,
    SupplementSection,
    accept,
    accepted_reports,
    files_of,
    import_key,
    importable,
    result_mark,
)
from gateway_world import record
from review_world import (
    DIFFERENT,
    DOUBTFUL,
    ELSEWHERE,
    NOW,
    SAME,
    TREE,
    node,
    result,
    transcript,
)


def made(received: list[Received], chosen: list[str]) -> ImportedResults:
    return accept(
        received, chosen, key="k", reference="R", purpose=Purpose.APPLICATION, confirmed_at=NOW
    )


def test_everything_chosen_is_the_document_itself() -> None:
    """Nothing is settled, reordered or reworded: the reports are the very objects that were read."""
    one = result()
    keys = [row.key for row in importable([one]).records]

    (report,) = accepted_reports([one], keys)

    assert one.read.document.reports[0] == report
    assert all(a is b for a, b in zip(TREE, report.opportunities, strict=True))


def test_a_record_moves_to_the_nearest_chosen_one_above_it() -> None:
    """What is not chosen leaves no gap; order is kept; a report without records is left out."""
    tree = (
        node(
            record("a"),
            node(record("b"), node(record("c")), node(record("d"), node(record("e")))),
            node(record("f")),
        ),
    )
    one = result(tree=tree)
    mark = result_mark(one)
    chosen = [f"{mark}:0.{at}" for at in (0, 2, 4, 5)]

    (report,) = accepted_reports([one], chosen)

    (top,) = report.opportunities
    assert ["c", "e", "f"] == [part.specification.identifiers[0].value for part in top.parts]
    assert [1, 0, 0, 0] == [
        len(accepted_reports([one], [key])) for key in (chosen[0], "x", "", "0.0")
    ]


def test_keys_stay_when_more_comes() -> None:
    """A choice that was kept means the same records after another provider's result."""
    first = result("first")
    before = importable([first]).records
    after = importable([first, result("second", issuer=ELSEWHERE)]).records

    assert before == after[: len(before)]
    assert len({row.key for row in after}) == len(after)


def test_one_attainment_of_two_providers_is_there_once() -> None:
    """The surer result's record stays, whichever came first; the same file twice counts once."""
    doubtful, sure = result("first", match=DOUBTFUL), result("second")

    found = importable([doubtful, sure, replace(sure, errand="again")])

    assert (5, 5) == (len(found.records), found.duplicates)
    assert {result_mark(sure)} == {row.key.partition(":")[0] for row in found.records}


def test_another_persons_result_is_never_offered_nor_accepted() -> None:
    """Not even when somebody names its keys."""
    stranger = result(match=DIFFERENT)
    keys = [f"{result_mark(stranger)}:0.0"]

    assert () == importable([stranger]).records
    assert () == accepted_reports([stranger], keys)
    with pytest.raises(ValueError, match="no record is chosen"):
        made([stranger], keys)


def test_an_import_has_only_the_originals_that_something_is_chosen_of() -> None:
    """Evidence of what is handed over, whole; the match is the least certain of these."""
    first, second = result("first"), result("second", issuer=ELSEWHERE, match=DOUBTFUL)
    of_first = [f"{result_mark(first)}:0.1"]
    of_both = [*of_first, f"{result_mark(second)}:0.4"]

    alone = made([first, second], of_first)
    assert [first.xml] == [one.xml for one in alone.originals]
    assert SAME == alone.match
    together = made([first, second], of_both)
    assert [first.digest, second.digest] == [one.digest for one in together.originals]
    assert DOUBTFUL == together.match


def test_the_least_certain_match_is_doubtful_before_low() -> None:
    """A doubtful one counts, even when a certain one has a lower score."""
    low = Match(sameness=Sameness.SAME, score=10)
    first, second = result("a", match=low), result("b", issuer=ELSEWHERE, match=DOUBTFUL)
    keys = [row.key for row in importable([first, second]).records]
    made_ = made([first, second], keys)
    assert DOUBTFUL == made_.match


def test_the_key_names_transfer_originals_choice_and_purpose() -> None:
    """Each of them makes another import; order and unknown results do not."""
    first, second = result("first"), result("second", issuer=ELSEWHERE)
    a, b = f"{result_mark(first)}:0.1", f"{result_mark(first)}:0.4"
    key = import_key("t", [first], [a, b], Purpose.RECOGNITION)

    assert key == import_key("t", [second, first], [b, a], Purpose.RECOGNITION)
    others = {
        import_key("u", [first], [a, b], Purpose.RECOGNITION),
        import_key("t", [first], [a], Purpose.RECOGNITION),
        import_key("t", [first], [a, b], Purpose.APPLICATION),
        import_key(
            "t", [replace(first, digest=first.digest[:16] + "0" * 48)], [a, b], Purpose.RECOGNITION
        ),
    }
    assert 4 == len(others - {key})


def test_files_come_from_documents_reports_and_chosen_records() -> None:
    """PDFs first; a file of a record that is not chosen stays out, also one of its supplement."""
    supplement = DiplomaSupplement(
        issue_date=date(2026, 1, 1),
        sections=(
            SupplementSection(
                number="1",
                title="t",
                sections=(
                    SupplementSection(number="1.1", title="u", attachments=(transcript("deep"),)),
                ),
            ),
        ),
    )
    tree = (
        node(record("a", attachments=(transcript("own"),))),
        node(record("b", diploma_supplement=supplement)),
    )
    one = result(tree=tree, attachments=(transcript("web", b"<p>", "text/html"), transcript("all")))
    mark = result_mark(one)

    assert ["all", "own", "deep", "web"] == [file.id for file in files_of(one)]
    chosen = made([one], [f"{mark}:0.1"])
    assert ["all", "deep", "web"] == [file.id for file in chosen.attachments]


def test_deep_and_wide_trees_take_no_recursion() -> None:
    """However a document nests its records, walking it needs no stack of Python's."""
    top = node(record("leaf"))
    for at in range(1500):
        top = node(record(f"n{at}"), top)
    one = result(tree=(top,))
    rows = importable([one]).records

    assert 1501 == len(rows)
    (report,) = accepted_reports([one], [rows[-1].key])
    assert "leaf" == report.opportunities[0].specification.identifiers[0].value
