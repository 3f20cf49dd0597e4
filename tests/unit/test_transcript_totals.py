"""Sums of credits on a transcript."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.domain import Credit, LearningOpportunity, Status, totals
from sample_documents import course, ects


def _of(*nodes: LearningOpportunity) -> dict[str, Decimal | None]:
    return {credit.scheme: credit.value for credit in totals(nodes)}


def test_parts_of_a_whole_with_credits_are_not_added_again() -> None:
    """Credits are never added up across levels: the whole's figure stands for its parts."""
    minor = course("minor", credit=ects("25"), parts=(course("a", credit=ects("5")),) * 9)

    assert {"ects": Decimal("25")} == _of(minor)


def test_parts_of_a_whole_without_credits_are_added() -> None:
    """A whole that states no credits is looked into, at any depth."""
    inner = course("module", parts=(course("a", credit=ects("5")), course("b", credit=ects("2.5"))))

    assert {"ects": Decimal("7.5")} == _of(course("degree", parts=(inner,)))


def test_only_passed_studies_count() -> None:
    """Failed and unfinished studies do not count, but passed parts of an unfinished whole do."""
    degree = course(
        "degree",
        status=Status.IN_PROGRESS,
        credit=ects("180"),
        parts=(
            course("passed", credit=ects("5")),
            course("failed", credit=ects("7"), status=Status.FAILED),
            course("open", credit=ects("11"), status=Status.IN_PROGRESS),
        ),
    )

    assert {"ects": Decimal(5)} == _of(degree)


def test_an_unknown_figure_leaves_the_scheme_without_a_sum() -> None:
    """No total is better than one that is too small."""
    assert {} == _of(course("a", credit=ects("5")), course("b", credit=ects(None)))


def test_two_different_figures_of_one_scheme_leave_it_without_a_sum() -> None:
    """Where a record contradicts itself, nothing is guessed."""
    assert {} == _of(course("a", credit=(*ects("5"), *ects("6"))))


def test_schemes_are_summed_apart_and_compared_without_case() -> None:
    """``ects`` and ``ECTS`` are one scheme; others have sums of their own."""
    local = Credit(scheme="study weeks", value=Decimal(3))
    nodes = (
        course("a", credit=(*ects("5"), local)),
        course("b", credit=(Credit(scheme="ECTS", value=Decimal("1.0")),)),
    )

    assert {"ects": Decimal("6.0"), "study weeks": Decimal(3)} == _of(*nodes)


def test_a_tree_deeper_than_python_recurses_is_summed() -> None:
    """Depth comes from the host system and must not end the process."""
    node = course("leaf", credit=ects("5"))
    for _ in range(3000):
        node = course("level", parts=(node,))

    assert {"ects": Decimal(5)} == _of(node)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6), st.integers(0, 400))
def test_a_stated_whole_hides_whatever_is_below(parts: list[int], whole: int) -> None:
    """Whatever the parts say, the total of a passed whole is what it states itself."""
    inside = tuple(course(str(n), credit=ects(str(n))) for n in parts)

    assert {"ects": Decimal(whole)} == _of(course("w", credit=ects(str(whole)), parts=inside))
    assert {"ects": Decimal(sum(parts))} == _of(course("w", parts=inside))


def test_a_figure_that_is_no_number_makes_no_sum() -> None:
    """Not a number (signalling or quiet) and infinity, which a host's figures may hold, add up to nothing."""
    for odd in ("NaN", "sNaN", "Infinity"):
        assert {} == _of(course("odd", credit=ects(odd)), course("a", credit=ects("5")))
