"""What ``select`` makes of a choice: the tree, credits, types, terms, identifiers, descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_strategies import (
    ISSUER,
    NOW,
    OTHER_ISSUER,
    learner,
    record,
    rows,
    transcript,
)
from emrex_gateway.domain import (
    MAX_DEPTH,
    AcademicTerm,
    Credit,
    Document,
    ElmoVersion,
    Identifier,
    Issuer,
    LearningOpportunity,
    LosType,
    Recognised,
    Report,
    Status,
    StudyRecord,
    best_text,
    chosen_totals,
    select,
    texts,
    totals,
)
from emrex_gateway.elmo import check, write

AUTUMN = AcademicTerm(
    titles=texts(en="Autumn 2024"), start=date(2024, 8, 1), end=date(2024, 12, 31)
)
SPRING = AcademicTerm(titles=texts(en="Spring 2025"), start=date(2025, 1, 1), end=date(2025, 7, 31))
DEGREE, MODULE, COURSE, CLASS = LosType
THREE_LEVELS = (
    record("degree", type_=DEGREE, ects="180"),
    record("basic", "degree", type_=MODULE, ects="25"),
    record("b1", "basic", ects="5"),
    record("b2", "basic", ects="10"),
    record("major", "degree", type_=MODULE, ects="60"),
    record("m1", "major", ects="5"),
    record("m2", "major"),
    record("loose", "degree", ects="3"),
)
KEYS = tuple(r.key for r in THREE_LEVELS)


def subsets(keys: Iterable[str]) -> Iterator[tuple[str, ...]]:
    keys = tuple(keys)
    for size in range(len(keys) + 1):
        yield from combinations(keys, size)


def walk(
    reports: Iterable[Report],
) -> Iterator[tuple[LearningOpportunity, LearningOpportunity | None]]:
    """Yield each node with its parent."""
    for report in reports:
        work: list[tuple[LearningOpportunity, LearningOpportunity | None]] = [
            (top, None) for top in reversed(report.opportunities)
        ]
        while work:
            node, parent = work.pop()
            yield node, parent
            work.extend((part, node) for part in reversed(node.parts))


def key_of(node: LearningOpportunity) -> str:
    return best_text(node.specification.titles, ("en",)).removeprefix("Title ")


def described(node: LearningOpportunity) -> str:
    return best_text(node.specification.descriptions, ("en",))


def ects(node: LearningOpportunity) -> Decimal | None:
    return next((c.value for c in node.instance.credits if c.scheme == "ects"), None)


def by_key(
    *records: StudyRecord, chosen: Iterable[str] | None = None
) -> dict[str, LearningOpportunity]:
    keys = {r.key for r in records} if chosen is None else set(chosen)
    return {key_of(node): node for node, _ in walk(select(records, keys, NOW))}


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_every_subset_of_three_levels_keeps_every_rule(version: ElmoVersion) -> None:
    """Credits at every level, all 256 choices: sent exactly as chosen, credits once, file clean."""
    own = {r.key: next((c.value for c in r.instance.credits), None) for r in THREE_LEVELS}
    parents = {r.key: r.parent for r in THREE_LEVELS}
    for chosen in subsets(KEYS):
        reports = select(THREE_LEVELS, chosen, NOW)
        nodes = {key_of(node): (node, parent) for node, parent in walk(reports)}
        assert set(chosen) == set(nodes)
        for key, (node, parent) in nodes.items():
            above = parents[key]
            while above is not None and above not in chosen:
                above = parents[above]
            assert above == (key_of(parent) if parent else None)
            below = [k for k in chosen if own[k] is not None and _is_below(k, key, parents)]
            if below and own[key] is not None:
                assert ects(node) is None
                assert f"{own[key]} ECTS" in described(node)
            else:
                assert own[key] == ects(node)
                assert "ECTS" not in described(node)
            if above != parents[key]:
                assert f"Title {parents[key]}" in described(node)
            else:
                assert "Part of" not in described(node)
        if chosen:
            document = Document(
                generated_at=NOW, learner=learner(), reports=reports, attachments=(transcript(),)
            )
            assert () == check(write(document, version).xml, version)


def _is_below(key: str, ancestor: str, parents: dict[str, str | None]) -> bool:
    at = parents[key]
    while at is not None:
        if at == ancestor:
            return True
        at = parents[at]
    return False


def test_an_ancestor_keeps_its_credits_when_no_chosen_part_has_any() -> None:
    """A part without ECTS takes nothing from its ancestors; nor does one that was not chosen."""
    nodes = by_key(*THREE_LEVELS, chosen={"degree", "major", "m2"})
    assert [None, Decimal(60), None] == [ects(nodes[k]) for k in ("degree", "major", "m2")]
    nodes = by_key(*THREE_LEVELS, chosen={"major", "m2"})
    assert Decimal(60) == ects(nodes["major"])


def test_other_credit_schemes_stay_with_every_node() -> None:
    """Only ECTS must not be counted twice: national credits stay where the source has them."""
    weeks = Credit(scheme="opintoviikko", value=Decimal(4))
    parent = record("p", type_=MODULE, ects="10")
    parent = replace(
        parent, instance=replace(parent.instance, credits=(*parent.instance.credits, weeks))
    )
    nodes = by_key(parent, record("c", "p", ects="5"))
    assert (weeks,) == nodes["p"].instance.credits


@pytest.mark.parametrize("status", [Status.FAILED, Status.IN_PROGRESS])
def test_credits_that_were_not_awarded_take_none_from_an_ancestor(status: Status) -> None:
    """A failed course of 5 credits under a degree of 180: the degree keeps them."""
    records = (record("d", type_=DEGREE, ects="180"), record("c", "d", ects="5", status=status))
    nodes = by_key(*records)
    assert (Decimal(180), None) == (ects(nodes["d"]), ects(nodes["c"]))
    assert "5 ECTS credits (not awarded)" in described(nodes["c"])
    assert status is nodes["c"].instance.status
    alone = by_key(*records, chosen={"c"})
    assert Decimal(5) == ects(alone["c"])


def test_a_missing_or_unusable_ects_figure_counts_as_none() -> None:
    """ECTS credits have a figure, and a node has them once, in any spelling."""
    parent = record("p", type_=MODULE, ects="10")
    child = replace(
        record("c", "p"),
        instance=replace(
            record("c").instance,
            credits=(Credit(scheme="ECTS"), Credit(scheme="Ects", value=Decimal("NaN"))),
        ),
    )
    nodes = by_key(parent, child)
    assert (Decimal(10), ()) == (ects(nodes["p"]), nodes["c"].instance.credits)


def test_a_row_under_an_issuer_of_its_own_goes_to_that_issuers_report() -> None:
    """Issuers have a report each; a chosen ancestor of another issuer is named, not used."""
    records = (
        record("d", type_=DEGREE),
        record("m", "d", type_=MODULE, issuer=OTHER_ISSUER),
        record("c", "m"),
        record("e", "m", issuer=OTHER_ISSUER),
    )
    reports = select(records, {"d", "m", "c", "e"}, NOW)
    assert [ISSUER.url, OTHER_ISSUER.url] == [r.issuer.url for r in reports]
    parents = {key_of(n): key_of(p) if p else None for n, p in walk(reports)}
    assert {"d": None, "c": "d", "m": None, "e": "m"} == parents
    nodes = {key_of(n): n for n, _ in walk(reports)}
    assert "Part of: Title m." == described(nodes["c"])
    assert "Part of: Title d." == described(nodes["m"])


def test_issuers_are_told_apart_by_identifiers_not_by_spelling() -> None:
    """Two spellings of one institution make one report."""
    other_title = replace(ISSUER, titles=texts(en="Saimaa Univ."))
    reports = select((record("a"), record("b", issuer=other_title)), {"a", "b"}, NOW)
    assert 1 == len(reports)


def test_an_issuer_that_lacks_everything_is_completed() -> None:
    """A fallback issuer still has an identifier, a title and an address."""
    bare = Issuer(identifiers=(), titles=(), url="")
    (report,) = select((record("a", issuer=bare),), {"a"}, NOW)
    assert report.issuer.identifiers
    assert report.issuer.titles
    assert report.issuer.url.startswith("https://")


ALLOWED = {
    (DEGREE, DEGREE),
    (DEGREE, MODULE),
    (DEGREE, COURSE),
    (MODULE, COURSE),
    (COURSE, CLASS),
}


@pytest.mark.parametrize(("outer", "inner"), list(product(LosType, repeat=2)))
def test_a_type_that_the_parents_forbids_is_left_out(outer: LosType, inner: LosType) -> None:
    """Directly, and through a node without type: the nearest typed ancestor decides."""
    expected = inner if (outer, inner) in ALLOWED else None
    direct = by_key(record("o", type_=outer), record("i", "o", type_=inner))
    assert expected is direct["i"].specification.type
    through = by_key(
        record("o", type_=outer), record("x", "o", type_=None), record("i", "x", type_=inner)
    )
    assert expected is through["i"].specification.type


@pytest.mark.parametrize("type_", list(LosType))
def test_any_type_may_stand_at_the_top(type_: LosType) -> None:
    """All types can be put on the top level, also when the choice brought them there."""
    nodes = by_key(record("o", type_=MODULE), record("i", "o", type_=type_), chosen={"i"})
    assert type_ is nodes["i"].specification.type


def locals_of(node: LearningOpportunity) -> list[str]:
    return [i.value for i in node.specification.identifiers if i.type == "local"]


def test_local_identifiers_are_unique_per_type_or_left_out() -> None:
    """Two courses with one code lose it as ``local`` and keep it as ``code``; a module may share it."""
    nodes = by_key(
        record("a", local="X1"),
        record("b", local=" X1 "),
        record("m", type_=MODULE, local="X1"),
        record("c", local="X2"),
    )
    assert [[], [], ["X1"], ["X2"]] == [locals_of(nodes[k]) for k in "abmc"]
    assert (Identifier("code", "X1"),) == nodes["a"].specification.identifiers


def test_a_node_without_type_needs_a_local_identifier_that_nobody_shares() -> None:
    """[no type, X1] beside [Course, X1]: only the course's identifies it."""
    nodes = by_key(record("a", local="X1"), record("u", type_=None, local="X1"))
    assert (["X1"], []) == (locals_of(nodes["a"]), locals_of(nodes["u"]))


def test_local_identifiers_that_a_lost_type_makes_ambiguous_are_left_out() -> None:
    """A module inside a module loses its type, and with it what told its code apart."""
    nodes = by_key(
        record("m", type_=MODULE, local="M"),
        record("n", "m", type_=MODULE, local="X1"),
        record("c", "m", local="X1"),
    )
    assert ([], ["X1"]) == (locals_of(nodes["n"]), locals_of(nodes["c"]))


def test_the_same_code_at_two_issuers_is_no_conflict() -> None:
    """Uniqueness is within the issuer."""
    nodes = by_key(record("a", local="X1"), record("b", local="X1", issuer=OTHER_ISSUER))
    assert (["X1"], ["X1"]) == (locals_of(nodes["a"]), locals_of(nodes["b"]))


def test_terms_stand_on_what_took_place_in_one() -> None:
    """Courses and classes keep their term; degree programmes and modules never have one."""
    nodes = by_key(
        record("d", type_=DEGREE, term=AUTUMN),
        record("m", "d", type_=MODULE, term=AUTUMN),
        record("c", "m", term=AUTUMN),
        record("k", "c", type_=CLASS, term=AUTUMN),
    )
    assert [None, None, AUTUMN, AUTUMN] == [nodes[k].instance.term for k in "dmck"]


def test_a_course_that_spans_terms_has_none() -> None:
    """A class in spring under a course in autumn: the course did not take place in one term."""
    nodes = by_key(record("c", term=AUTUMN), record("k", "c", type_=CLASS, term=SPRING))
    assert (None, SPRING) == (nodes["c"].instance.term, nodes["k"].instance.term)


def test_a_recognised_row_says_so_and_from_where() -> None:
    """The description names the source and the day, beside the row's own English text."""
    row = record("a")
    row = replace(
        row,
        specification=replace(row.specification, descriptions=texts(fi="Kuvaus", en="About it")),
        recognised=Recognised(source=texts(fi="Imatran opisto"), on=date(2024, 2, 3)),
    )
    (node,) = by_key(row).values()
    text = described(node)
    assert text.startswith("About it\n\n")
    assert "Recognised studies: completed at Imatran opisto, recognised on 2024-02-03." in text
    assert "Kuvaus" == best_text(node.specification.descriptions, ("fi",))


def test_duplicates_dangling_parents_and_cycles_are_survived() -> None:
    """Each row once: the first of a key; a row whose parent is missing or itself is a top."""
    records = (
        record("a", "nowhere"),
        record("b", "b"),
        record("c", "d", type_=None),
        record("d", "c", type_=None),
        record("a", "b", type_=MODULE),
    )
    reports = select(records, {"a", "b", "c", "d"}, NOW)
    parents = {key_of(n): key_of(p) if p else None for n, p in walk(reports)}
    assert {"a": None, "b": None, "c": None, "d": "c"} == parents


def test_a_deep_chain_is_flattened_at_the_deepest_level() -> None:
    """500 levels: nothing is lost, nothing is deeper than MAX_DEPTH, and the file is clean."""
    records = tuple(record(f"{n}", f"{n - 1}" if n else None, type_=None) for n in range(500))
    reports = select(records, {r.key for r in records}, NOW)
    depths: dict[int, int] = {}
    deepest = count = 0
    for node, parent in walk(reports):
        depths[id(node)] = depths[id(parent)] + 1 if parent else 1
        deepest, count = max(deepest, depths[id(node)]), count + 1
    assert (MAX_DEPTH, 500) == (deepest, count)
    document = Document(
        generated_at=NOW, learner=learner(), reports=reports, attachments=(transcript(),)
    )
    assert () == check(write(document).xml)


def test_long_lists_of_skipped_ancestors_are_shortened() -> None:
    """The description names the outermost and the innermost ancestors only."""
    records = tuple(record(f"{n}", f"{n - 1}" if n else None, type_=None) for n in range(300))
    (node,) = by_key(*records, chosen={"299"}).values()
    text = described(node)
    assert text.startswith("Part of: Title 0 / ")
    assert text.endswith("Title 298.")
    assert len(text) < 200


def test_a_choice_of_nothing_or_of_unknown_keys_gives_no_report() -> None:
    """No rows, no reports."""
    assert () == select(THREE_LEVELS, (), NOW)
    assert () == select(THREE_LEVELS, ("unknown",), NOW)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), listed=rows(6))
def test_any_rows_and_any_choice(data: st.DataObject, listed: tuple[StudyRecord, ...]) -> None:
    """Exactly the chosen rows are sent, each once, in a report of its own issuer."""
    chosen = data.draw(st.sets(st.sampled_from([r.key for r in listed])))
    reports = select(listed, chosen, NOW)
    assert len(chosen) == sum(1 for _ in walk(reports))
    assert len(reports) == len({r.issuer.identifiers for r in reports})


@settings(max_examples=25, deadline=None)
@given(data=st.data(), listed=rows(6))
def test_what_a_page_counts_is_what_the_reports_add_up_to(
    data: st.DataObject, listed: tuple[StudyRecord, ...]
) -> None:
    """``chosen_totals`` of a choice is ``totals`` of what ``select`` makes of it, whatever the rows."""
    chosen = data.draw(st.sets(st.sampled_from([r.key for r in listed])))
    reports = select(listed, chosen, NOW)
    opportunities = [one for report in reports for one in report.opportunities]
    assert totals(opportunities) == chosen_totals(listed, chosen)
