"""What the throughput's processes run: the real gateway, with two fakes.

Real: pages behind gunicorn, Redis, RQ, workers, the store (SQLite), sealing,
ELMO, transcript, signature. Fakes, because theirs is other people's time: the
login's provider (``FakeLogin`` believes everybody) and the study administration
system (``FakeSource`` answers at once).
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from benchmarks._document import document
from emrex_gateway import bootstrap, jobs
from emrex_gateway.domain import (
    AdapterBinding,
    Identity,
    Institution,
    LearningOpportunity,
    LoginMethod,
    PersonIdentifier,
    PersonIdentifierType,
    Student,
    StudyRecord,
)
from emrex_gateway.ports import Adapter, LoggedIn, LoginStart
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

FOLDER, REDIS, COURSES = "EMREX_BENCH_FOLDER", "EMREX_BENCH_REDIS", "EMREX_BENCH_COURSES"
"""Variables through which the processes learn where they are."""

OPERATOR = "https://op.example"


class FakeLogin:
    """A fake provider: sends the browser to itself, and each answer is another student's."""

    def start(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        transfer_id: str,
        locale: str | None,
        provider: str | None = None,
    ) -> LoginStart:
        state = f"{transfer_id}.random"
        return LoginStart(url=f"{OPERATOR}/authorize?state={state}", state={"state": state})

    def finish(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        state: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> LoggedIn:
        subject = state["state"][:12]
        number = f"urn:schac:personalUniqueCode:int:esi:a.example:{subject}"
        return LoggedIn(
            identity=Identity(
                method="fake",
                provider=OPERATOR,
                subject=subject,
                identifiers=(PersonIdentifier(PersonIdentifierType.ESI, number),),
                given_names="Maija",
                family_name=f"Mallikas {subject}",
                birth_date=date(1998, 2, 11),
            )
        )

    def logout(
        self, method: LoginMethod, *, kept: Mapping[str, str], return_url: str, state: str
    ) -> str | None:
        return None


class FakeSource:
    """A fake study administration system: everybody has studied the same."""

    def find_student(self, identity: Identity) -> Student:
        return Student(
            key="1",
            given_names=identity.given_names or "",
            family_name=identity.family_name or "",
            birth_date=identity.birth_date,
            identifiers=identity.identifiers,
        )

    def list_records(self, student: Student) -> Iterable[StudyRecord]:
        whole = document(int(os.environ[COURSES]))
        for report in whole.reports:
            for top in report.opportunities:
                yield from _flat(top, None, report.issuer)


def _flat(node: LearningOpportunity, parent: str | None, issuer: object) -> Iterator[StudyRecord]:
    key = node.specification.identifiers[0].value
    yield StudyRecord(
        key=key,
        issuer=issuer,  # type: ignore[arg-type]  # a document's issuer is a record's
        parent=parent,
        specification=node.specification,
        instance=node.instance,
    )
    for part in node.parts:
        yield from _flat(part, key, issuer)


def settings() -> Settings:
    """The settings of every process."""
    return Settings(
        public_url="https://gateway.example/emrex",
        database_url=f"sqlite:///{os.environ[FOLDER]}/bench.sqlite3",
        redis_url=os.environ[REDIS],
        payload_keys=("env:EMREX_BENCH_PAYLOAD",),
        entry_limit="1000000/minute",
    )


def services() -> Services:
    """The services of every process."""
    os.environ.setdefault("EMREX_BENCH_PAYLOAD", base64.b64encode(b"b" * 32).decode())

    @contextmanager
    def open_adapter(institution: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
        yield Adapter(ping=lambda: None, source=FakeSource())

    made = bootstrap.services(settings(), secrets=resolve_secret, open_adapter=open_adapter)
    return replace(made, logins={"oidc": FakeLogin()})


def app() -> Flask:
    """For gunicorn."""
    from emrex_gateway.factory import create_app  # noqa: PLC0415 - workers have no pages

    return create_app(services())


if __name__ == "__main__":
    wanted = {"fetch": jobs.FETCH_QUEUE, "sign": jobs.SIGN_QUEUE}[sys.argv[1]]
    # On a busy machine a page may give Redis up, and leaves its order to the sweep.
    sweep = jobs.SWEEP_SECONDS if sys.argv[1] == "fetch" else None
    sys.exit(
        jobs.start_worker(
            services, [wanted], signers_factory=bootstrap.signers, apart=True, sweep=sweep
        )
    )
