"""A fake of the system for the plugin's tests: answers what a test puts into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from emrex_gateway.domain import Institution, StudyRecord, texts
from emrex_gateway.testing import Served, serve
from emrex_peppi import PeppiSettings, plugin

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class FakePeppi:
    """Students by search, completed credits by student; ``trouble`` answers in their place."""

    students: list[dict[str, Any]] = field(default_factory=list)
    credits: list[dict[str, Any]] = field(default_factory=list)
    rights: list[dict[str, Any]] = field(default_factory=list)
    totals: bool = False
    most: int = 10_000
    trouble: Callable[[str, Mapping[str, str]], Answer | None] = lambda path, query: None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    served: Served | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        self.asked.append((path, query))
        self.headers.append({k: v for k, v in environ.items() if k.startswith("HTTP_")})
        status, headers, body = self.trouble(path, query) or self._answer(path, query)
        headers = {"Content-Length": str(len(body)), **headers}
        start_response(f"{status} Whatever", list(headers.items()))
        return [body]

    def _answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if path.endswith("/studyrights"):
            return ok({"status": "success", "studyRights": self.rights})
        if path.endswith("/completedcredits"):
            first = int(query.get("from", 0))
            last = first + min(int(query.get("size", 10**6)), self.most)
            page: dict[str, Any] = {"completedCredits": self.credits[first:last]}
            if self.totals:
                page["total"] = len(self.credits)
            return ok(page)
        name, value = next(iter(query.items()))
        found = [s for s in self.students if str(s.get(name, "")).casefold() == value.casefold()]
        return ok({"status": "success", "students": found})

    def settings(self, **changes: Any) -> PeppiSettings:
        """Settings that lead to this fake."""
        assert self.served is not None
        return PeppiSettings(**{"base_url": self.served.url, "api_key": "s3cr3t-key", **changes})


def ok(value: object) -> Answer:
    """200 with JSON."""
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


@pytest.fixture
def peppi() -> Iterator[FakePeppi]:
    """The fake, on a real socket."""
    fake = FakePeppi()
    with serve(fake) as fake.served:
        yield fake


@pytest.fixture
def institution() -> Institution:
    """An invented institution."""
    return Institution(
        slug="home",
        names=texts(en="Home University", fi="Kotiyliopisto"),
        country="FI",
        domain="home.example",
        url="https://home.example/",
        codes={"oppilaitosnumero": "90001"},
    )


Mapped = Callable[..., tuple[StudyRecord, ...]]


@pytest.fixture
def mapped(institution: Institution) -> Mapped:
    """Maps rows through the plugin's door: ``mapped(row, …, rights=(), **settings)``."""

    def map_rows(
        *rows: Mapping[str, Any], rights: Iterable[Mapping[str, Any]] = (), **changes: Any
    ) -> tuple[StudyRecord, ...]:
        settings = PeppiSettings(
            **{"base_url": "https://peppi.example", "api_key": "key", **changes}
        )
        answer = {
            "students": [{"id": 1}],
            "completedCredits": list(rows),
            "studyRights": list(rights),
        }
        _, records = plugin.convert(institution, settings, json.dumps(answer).encode())
        return tuple(records)

    return map_rows


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    """Makes a completed credit: ``row("c1", target="t1", kind="COURSE_UNIT", parts=["t2"], …)``."""

    def make(
        identifier: object = "c1",
        *,
        target: str = "t1",
        kind: str = "COURSE_UNIT",
        parts: Iterable[str | tuple[str, str]] = (),
        grade: object = "4",
        scale: object = 1,
        **more: Any,
    ) -> dict[str, Any]:
        pairs = [("COURSE_UNIT", part) if isinstance(part, str) else part for part in parts]
        return {
            "completedCreditIdentifier": identifier,
            "completedCreditTarget": {
                "completedCreditTargetType": kind,
                "completedCreditTargetId": target,
                "completedCreditTargetIdentifierCode": f"CODE-{target}",
            },
            "completedCreditAssociations": [
                {"completedCreditAssociationType": type_, "completedCreditAssociationId": id_}
                for type_, id_ in pairs
            ],
            "completedCreditName": {"valueEn": f"Name of {target}"},
            "completedCreditStatus": "ACCEPTED",
            "scope": 5,
            "assessment": {"gradingScale": {"scale": scale}, "grade": {"code": grade}},
            "completionDate": "2020-05-15",
            "transaction": "NEW_COMPLETED_CREDIT",
            "type": 2,
            "minEduGuidanceArea": 6,
            **more,
        }

    return make
