"""Our grammars against the official schemas: the same verdict on every document."""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import itertools
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

import elmo_mutations
import emrex_gateway.elmo as elmo_package
from elmo_mutations import at_random, everything, one_by_one
from elmo_strategies import documents
from emrex_gateway.domain import Document, ElmoVersion
from emrex_gateway.elmo import check, grammar, write

pytestmark = pytest.mark.needs("shared")

RELEASES = {ElmoVersion.V1_7: "1.7.0", ElmoVersion.V2_0: "2.0.0"}
RANDOM_MUTATIONS = 3000

SHARE = 8
COMPARED = {ElmoVersion.V1_7: "05dc475d117b752e", ElmoVersion.V2_0: "80b19ea4dcca5400"}
"""The digest for which every single mutation was compared last."""

Official = Callable[[ElmoVersion], etree.XMLSchema]


@pytest.fixture(scope="session")
def official(shared: Path) -> Official:
    """The official schemas, loaded offline by the tool that comes with them."""
    spec = importlib.util.spec_from_file_location(
        "official_elmo", shared / "tools" / "official_elmo.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda version: module.official_schema(RELEASES[version])


@pytest.fixture(scope="session")
def samples(shared: Path) -> dict[str, etree._Element]:
    found: dict[str, bytes] = {}
    for path in sorted((shared / "data" / "elmo" / "samples").iterdir()):
        content = path.read_bytes()
        found[path.name] = (
            content if path.suffix == ".xml" else gzip.decompress(base64.b64decode(content))
        )
    assert len(found) >= 5
    return {name: etree.fromstring(content) for name, content in found.items()}


def differences(
    official: etree.XMLSchema, own: etree.XMLSchema, documents: object
) -> tuple[list[str], int, int]:
    """Return on what the two disagree, how many documents there were, how many were valid."""
    different: list[str] = []
    total = valid = 0
    for name, root in documents:  # type: ignore[attr-defined]  # an iterable of pairs
        theirs, ours = official.validate(root), own.validate(root)
        total += 1
        valid += theirs
        if theirs != ours:
            errors = (official if ours else own).error_log
            different.append(f"{name}: official {theirs}, own {ours}: {errors[0].message}")
    return different, total, valid


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_samples_get_the_official_verdict(
    version: ElmoVersion, official: Official, samples: dict[str, etree._Element]
) -> None:
    """Every recorded document is as valid for us as it is officially."""
    different, total, _ = differences(official(version), grammar(version), samples.items())
    assert ([], len(samples)) == (different, total)


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_the_seed_is_valid_officially(version: ElmoVersion, official: Official) -> None:
    """The document that holds everything is a real one, so each mutation starts from valid."""
    schema = official(version)
    schema.assertValid(everything(version))


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_every_single_mutation_gets_the_official_verdict(
    version: ElmoVersion, official: Official
) -> None:
    """One change at a time, of every kind, at every element and attribute that the grammar has.

    All of them, which takes minutes, whenever the grammar, the document or the
    changes are others than those for which all were compared last (``COMPARED``),
    and with GATEWAY_CORPORA=whole; else every eighth of them.
    """
    seed = everything(version)
    now = digest(version, seed)
    whole = COMPARED[version] != now or os.environ.get("GATEWAY_CORPORA") == "whole"
    every = one_by_one(seed)
    chosen = every if whole else itertools.islice(every, 0, None, SHARE)
    spoiled = ((name, make()) for name, make in chosen)
    different, total, valid = differences(official(version), grammar(version), spoiled)
    assert [] == different[:20]
    assert total > (10_000 if whole else 10_000 // SHARE)
    assert 0 < valid < total
    if COMPARED[version] != now:
        warn_of(version, now)


def digest(version: ElmoVersion, seed: etree._Element) -> str:
    """Return what the comparison depends on, besides the official schema: ours, the document, the changes."""
    made = hashlib.sha256(etree.tostring(seed, method="c14n"))
    folder = Path(elmo_package.__file__).parent / "_grammar"
    for path in (*sorted(folder.glob("*.xsd")), Path(elmo_mutations.__file__)):
        made.update(path.read_bytes())
    return made.hexdigest()[:16]


def warn_of(version: ElmoVersion, now: str) -> None:
    """Say what to write down, where somebody looks: everything agreed, so the next runs may be short."""
    print(f"COMPARED[ElmoVersion.{version.name}] = {now!r}: all mutations agree")


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_random_mutations_of_everything_get_the_official_verdict(
    version: ElmoVersion, official: Official
) -> None:
    """Several changes at once agree as well."""
    source = random.Random(20260301)  # repeatable, not secret
    seed = everything(version)
    mutated = ((f"random {n}", at_random(seed, source)) for n in range(RANDOM_MUTATIONS))
    different, total, _ = differences(official(version), grammar(version), mutated)
    assert ([], RANDOM_MUTATIONS) == (different, total)


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_random_mutations_of_samples_get_the_official_verdict(
    version: ElmoVersion, official: Official, samples: dict[str, etree._Element]
) -> None:
    """Recorded documents, signed ones among them, spoiled in several ways."""
    source = random.Random(1789)  # repeatable, not secret
    mutated = (
        (f"{name} {n}", at_random(root, source))
        for name, root in samples.items()
        for n in range(RANDOM_MUTATIONS // 5)
    )
    different, total, _ = differences(official(version), grammar(version), mutated)
    assert [] == different
    assert total >= RANDOM_MUTATIONS


@pytest.mark.parametrize("version", list(ElmoVersion))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(document=documents(), seed=st.integers(0, 2**32))
def test_generated_documents_are_valid_officially_and_mutations_agree(
    version: ElmoVersion, official: Official, document: Document, seed: int
) -> None:
    """What ``write`` makes of any rows is valid by the official schema; spoiled, both agree."""
    root = etree.fromstring(write(document, version).xml)
    official(version).assertValid(root)
    source = random.Random(seed)  # repeatable, not secret
    mutated = ((f"mutation {n}", at_random(root, source)) for n in range(10))
    different, _, _ = differences(official(version), grammar(version), mutated)
    assert [] == different


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_check_reports_a_schema_problem_exactly_when_the_official_schema_does(
    version: ElmoVersion, official: Official, samples: dict[str, etree._Element]
) -> None:
    """``check`` on bytes says what the grammar says on the tree: nothing is lost on the way."""
    source = random.Random(7)  # repeatable, not secret
    schema = official(version)
    for root in (everything(version), *samples.values()):
        for _ in range(40):
            xml = etree.tostring(at_random(root, source, most=2))
            found = any(problem.rule == "schema" for problem in check(xml, version))
            assert schema.validate(etree.fromstring(xml)) is not found
