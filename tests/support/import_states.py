"""The pages of an import, in each of their states: ``student_states`` yields them among the others.

The providers are simulated, the host system's sink is a fake that takes what it is given, or does
not, as the state wants it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from emrex_gateway import importing
from emrex_gateway.domain import (
    ECTS,
    Actor,
    AdminRole,
    Credit,
    Grant,
    ImportedResults,
    Learner,
    ProviderRule,
    Receipt,
    RecognisedStudy,
    Recognition,
    RecognitionState,
    Student,
    TransferState,
    texts,
)
from emrex_gateway.errors import AdapterError, AdapterUnavailable, GatewayError, StudentNotFound
from examples.emp_simulator import Mode
from gateway_world import IDENTITY, Browser, World
from import_steps import Importer, importer, listed, reply_of, simulated

if TYPE_CHECKING:
    from student_states import Page, Scene

DOUBTFUL = {"given": "Maja", "family": "Malikka"}
"""Names that are alike, and not alike enough: an officer decides."""


class MoodySink:
    """A fake host system: takes what comes, raises what the state wants, has decided."""

    def __init__(self) -> None:
        self.error: GatewayError | None = None
        self.decided: Recognition = Recognition(state=RecognitionState.SUBMITTED)

    def store_results(self, student: Student, results: ImportedResults) -> Receipt:
        if self.error is not None:
            raise self.error
        return Receipt(id=results.key[:12])

    def recognition(self, receipt: Receipt) -> Recognition:
        return self.decided


@contextmanager
def receiving(world: World) -> Iterator[MoodySink]:
    """The world's institution receives records meanwhile, from the simulated providers."""
    sink = world.source.sink = MoodySink()
    rules = [
        ProviderRule(institution="campus", provider=one.key, added=one)
        for one in (listed(each) for each in simulated())
    ]
    _client(world, on=True)
    with world.services.store.begin() as uow:
        for rule in rules:
            uow.providers.put_rule(rule)
    yield sink
    with world.services.store.begin() as uow:
        for rule in rules:
            uow.providers.remove_rule(rule.institution, rule.provider)
    _client(world, on=False)
    world.source.sink = None


def import_states(scene: Scene) -> Iterator[Page]:
    """Every page of an import."""
    with receiving(scene.world) as sink:
        yield from _choosing_where(scene)
        yield from _coming_back(scene)
        yield from _looking(scene)
        yield from _standing(scene, sink)
        yield from _deciding(scene, sink)


def _choosing_where(scene: Scene) -> Iterator[Page]:
    world = scene.world
    finding = world.browser().get("/emrex/campus/import").log_in()
    yield scene.page("import-finding", finding)
    world.queue.sent.clear()
    world.source.student, before = StudentNotFound("x"), world.source.student
    yield scene.page("import-unknown", importer(world).log_in().browser)
    world.source.student = before
    student = importer(world).log_in()
    where = student.browser.path
    yield scene.page("import-where", student.browser)
    yield scene.page("import-where-nothing", student.browser.get(f"{where}?q=zz"))
    student.set_out("north")
    yield scene.page("import-go", student.browser)
    student.browser.get(where).submit("cancel")
    yield scene.page("import-cancelled", student.browser)


def _coming_back(scene: Scene) -> Iterator[Page]:
    world = scene.world
    student = importer(world).log_in()
    fields = reply_of("north", Mode.SUCCESS, student.set_out("north"))
    student.browser.post("/emrex/campus/emc", fields)
    yield scene.page("import-checking", student.browser)
    world.work()
    student.browser.post("/emrex/campus/emc", fields)
    yield scene.page("import-again", student.browser)

    student = importer(world).log_in()
    for mode in (Mode.CHANGED, Mode.ERROR, Mode.OTHER_PERSON):
        world.clock.forward(seconds=1)
        student.visit("north", mode)
    yield scene.page("import-refused-there", student.browser)
    stopped = importer(world).log_in()
    late = reply_of("north", Mode.SUCCESS, stopped.set_out("north"))
    where = f"/emrex/campus/t/{stopped.browser.transfer_id}/import/where"
    stopped.browser.get(where).submit("cancel")
    yield scene.page("import-late", stopped.browser.post("/emrex/campus/emc", late))
    student.visit("east")
    yield scene.page("import-more", student.browser)


def _looking(scene: Scene) -> Iterator[Page]:
    student = _came(scene.world, Mode.SEVERAL_REPORTS)
    yield scene.page("import-review", student.browser)
    student.browser.submit("select", "preview")
    yield scene.page("import-check", student.browser)
    yield scene.page("import-check-missing", student.browser.submit("check", "confirm"))
    student = _came(scene.world, **DOUBTFUL)
    yield scene.page("import-review-doubtful", student.browser)
    yield scene.page("import-check-doubtful", student.browser.submit("select", "preview"))


def _standing(scene: Scene, sink: MoodySink) -> Iterator[Page]:
    world = scene.world
    student = _confirmed(world)
    yield scene.page("import-accepted", student.browser)
    for name, error in (
        ("import-put-off", AdapterUnavailable("x")),
        ("import-not-taken", AdapterError("x")),
    ):
        sink.error = error
        student = _confirmed(world)
        importing.hand(world.services, student.browser.transfer_id)
        yield scene.page(name, student.browser.reload())
    sink.error = None
    student = _confirmed(world, **DOUBTFUL)
    yield scene.page("import-doubtful", student.browser)
    officer = Actor(account="officer", grants=frozenset({Grant(AdminRole.OFFICER, "campus")}))
    importing.refuse_for(
        world.services,
        officer,
        student.browser.transfer_id,
        importing.RefusalReason.UNPROVEN,
        "Please come by with your passport.",
    )
    yield scene.page("import-not-accepted", student.browser.reload())


def _deciding(scene: Scene, sink: MoodySink) -> Iterator[Page]:
    world = scene.world
    student = _confirmed(world)
    id_ = student.browser.transfer_id
    importing.hand(world.services, id_)
    yield scene.page("import-handed-over", student.browser.reload())
    sink.decided = Recognition(
        state=RecognitionState.PARTIALLY_ACCEPTED,
        studies=(
            RecognisedStudy(
                titles=texts(en="Numerical methods"),
                counted_as=texts(en="Numerical analysis", fi="Numeerinen analyysi"),
                code="MAT-301",
                credits=(Credit(scheme=ECTS, value=Decimal("7.5")),),
            ),
            RecognisedStudy(
                titles=texts(en="Mobile robots"),
                accepted=False,
                remark=texts(en="Too much of it is in a course that you have."),
            ),
        ),
        decided_on=world.clock().date(),
        learner=Learner(
            given_names=IDENTITY.given_names,
            family_name=IDENTITY.family_name,
            birth_date=IDENTITY.birth_date,
            identifiers=IDENTITY.identifiers,
        ),
    )
    world.clock.forward(minutes=10)
    importing.poll(world.services, id_)
    yield scene.page("import-decided", student.browser.reload())
    browser = _own_data(world)
    yield scene.page("my-data-imports", browser)
    decision = f"/emrex/campus/my-data/t/{id_}/decision"
    yield scene.page("my-decision", browser.get(decision))
    yield scene.page("my-decision-making", browser.submit("order"))
    importing.recall(world.services, id_)
    importing.attest(world.services, world.signers, id_)
    assert browser.get(decision).has("statement")
    yield scene.page("my-decision-ready", browser)


def _came(world: World, mode: Mode = Mode.SUCCESS, **learner: str) -> Importer:
    student = importer(world).log_in().visit("north", mode, **learner)
    assert student.transfer.state is TransferState.REVIEWING
    return student


def _confirmed(world: World, **learner: str) -> Importer:
    student = _came(world, **learner)
    student.browser.submit("select", "preview")
    student.browser.submit("check", "confirm", purpose="recognition", consent="yes")
    world.queue.sent.clear()
    return student


def _own_data(world: World) -> Browser:
    own = "/emrex/campus/my-data"
    browser = world.browser().get(own)
    browser.response = browser.client.get(browser.link("choices"))
    state = browser.response.headers["Location"].partition("state=")[2]
    return browser.get(f"{own}/callback?code=c&state={state}")


def _client(world: World, *, on: bool) -> None:
    with world.services.store.begin() as uow:
        uow.config.put_institution(replace(uow.config.institution("campus"), client=on))
