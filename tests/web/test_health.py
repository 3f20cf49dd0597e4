"""Readiness, metrics and request ids, as a load balancer and Prometheus see them."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

import databases
from emrex_gateway.factory import create_app
from emrex_gateway.operations import counters
from gateway_world import World, make_world
from queue_views import FakeQueues, worker

TOKEN = "a-long-metrics-token"


@pytest.fixture
def queues() -> FakeQueues:
    return FakeQueues(workers=(worker(),))


@pytest.fixture
def app(tmp_path: Path, queues: FakeQueues) -> Flask:
    (tmp_path / "token").write_text(TOKEN + "\n")
    made = make_world(
        tmp_path,
        metrics_token=f"file:{tmp_path / 'token'}",
        saml=lambda reference: Path(reference.removeprefix("file:")).read_text(),
    )
    services = replace(made.services, queues=queues)
    app = create_app(services)
    app.extensions["made"] = services
    return app


def get(app: Flask, path: str, **headers: str) -> Any:
    return app.test_client().get(f"/emrex/{path}", headers=headers)


@pytest.mark.parametrize("path", ["healthz", "health/live", "readyz", "health/ready"])
def test_all_is_well(app: Flask, path: str) -> None:
    """Both families of addresses answer."""
    assert 200 == get(app, path).status_code


def test_each_part_is_named_and_redis_fails_nothing(app: Flask, queues: FakeQueues) -> None:
    """Without Redis or workers the gateway is ready; which part is away stands there, and no more."""
    assert "ready\ndatabase: ok\nschema: ok\nredis: ok\nworkers: ok\n" == get(app, "readyz").text
    queues.workers = ()
    assert "workers: none for emrex-fetch" in get(app, "readyz").text
    queues.away = True
    answer = get(app, "readyz")
    assert (200, "ready\ndatabase: ok\nschema: ok\nredis: away\n") == (
        answer.status_code,
        answer.text,
    )


def test_an_unfit_schema_is_not_ready(app: Flask) -> None:
    """A schema that this release cannot use is named by its part, without its revision."""
    address = app.extensions["made"].settings.database_url
    with databases.engine(address).begin() as connection:
        connection.exec_driver_sql("UPDATE emrex_alembic_version SET version_num = '0001'")
    answer = get(app, "readyz")
    assert 503 == answer.status_code
    assert answer.text.startswith("not ready\ndatabase: ok\nschema: unfit\n")
    assert 503 == get(app, "health/ready").status_code


def test_metrics_are_closed(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No token in the settings, no page; a wrong one opens nothing."""
    without = make_world(tmp_path_factory.mktemp("without")).app
    assert 404 == get(without, "metrics").status_code
    for sent in ("", "Bearer", f"Basic {TOKEN}", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer ä"):
        answer = get(app, "metrics", Authorization=sent)
        assert (401, "Bearer") == (answer.status_code, answer.headers["WWW-Authenticate"][:6])


def test_metrics_of_every_process(app: Flask) -> None:
    """Two applications on one database, as two processes are, add up to one set of counters."""
    counters.forget()
    other = create_app(app.extensions["made"])
    for one in (app, other, other):
        get(one, "healthz")
    page = get(app, "metrics", Authorization=f"Bearer {TOKEN}")

    found = {family.name: family for family in text_string_to_metric_families(page.text)}
    (lived,) = [
        sample.value
        for sample in found["emrex_requests"].samples
        if "health.live" == sample.labels["endpoint"]
    ]
    assert 3 == lived
    buckets = [
        sample.value
        for sample in found["emrex_request_seconds"].samples
        if sample.name.endswith("_bucket") and sample.labels["endpoint"] == "health.live"
    ]
    assert buckets == sorted(buckets)
    assert 3 == buckets[-1]
    for name in ("emrex_build_info", "emrex_queue_jobs", "emrex_certificate_expiry_seconds"):
        assert found[name].samples, name
    queue = {s.labels["state"]: s.value for s in found["emrex_queue_jobs"].samples}
    assert {"waiting": 3, "running": 1, "paused": 2, "failed": 0} == queue


def test_metrics_without_redis(app: Flask, queues: FakeQueues) -> None:
    """What is away is said, and the rest stands there all the same."""
    queues.away = True
    page = get(app, "metrics", Authorization=f"Bearer {TOKEN}").text
    assert 'emrex_up{part="redis"} 0.0' in page
    assert 'emrex_up{part="database"} 1.0' in page


def test_no_label_comes_from_outside(world: World) -> None:
    """Paths, methods and identifiers that a browser makes up become no label."""
    counters.forget()
    client = world.app.test_client()
    client.open("/emrex/../etc/passwd-110298-998X", method="GET")
    client.open("/emrex/healthz", method="BREW")
    counters.flush(world.services.store)
    with world.services.store.read() as uow:
        labels = " ".join(labels for _, labels, _ in uow.operations.counters())
    assert "110298" not in labels
    assert "BREW" not in labels


def test_a_request_has_an_id_in_log_and_answer(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Each answer names the id of its lines; without a trusted proxy nobody chooses it."""
    caplog.set_level(logging.INFO)
    client = world.app.test_client()
    answer = client.get("/emrex/campus/nothing", headers={"X-Request-ID": "chosen-by-browser"})
    given = answer.headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{16}", given)
    assert given != client.get("/emrex/campus/nothing").headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("from-the-proxy-1", True),
        ("short", False),
        ("a b c d e f g h", False),
        ("x" * 65, False),
        ('{"a": "injected"}', False),
    ],
)
def test_a_trusted_proxys_id_is_kept_when_it_is_harmless(
    tmp_path: Path, sent: str, kept: bool
) -> None:
    """Behind a proxy its id goes through, in a form that can do nothing to a line of the log."""
    app = make_world(tmp_path, proxies=1).app
    answer = app.test_client().get("/emrex/healthz", headers={"X-Request-ID": sent})
    assert kept is (sent == answer.headers["X-Request-ID"])
