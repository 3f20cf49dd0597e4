"""Whole transfers a second: through HTTP and RQ on all cores, and what one warm signing worker does.

The students are threads of this process; what they cost is measured and said.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import psutil  # type: ignore[import-untyped]  # it ships no types
import redis
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import html

from benchmarks import _throughput_world as world
from benchmarks._rows import Row
from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Institution,
    LoginMethod,
    texts,
)
from emrex_gateway.jobs import SIGN_QUEUE
from emrex_gateway.services import Services
from emrex_gateway.store import upgrade
from examples.demo import DemoAuthority, find_redis_server

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 600
LEAST_A_CORE = 10.0
MOST_MEMORY = 130.0
STUDENTS = 6
"""So many at once: somebody always waits, and nobody for long."""
WEB_PROCESSES = 2
WARM_UP = 5
POLL = 0.1
"""Seconds between a student's looks at the progress."""


@dataclass(slots=True)
class Program:
    """A process of the gateway, with those that it has started."""

    name: str
    process: subprocess.Popen[bytes]
    before: float = 0.0

    def spent(self) -> float:
        """Seconds of CPU time, children that have ended included."""
        total = 0.0
        for one in self.family():
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def family(self) -> list[psutil.Process]:
        """The process and its living descendants."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def memory(self) -> list[float]:
        """Resident memory of each process in MB, its own first, shared pages counted in each."""
        found = []
        for one in self.family():
            with suppress(psutil.NoSuchProcess):
                found.append(one.memory_info().rss / 1024 / 1024)
        return found


@dataclass(slots=True)
class Stage:
    """Everything that runs for a measurement."""

    folder: Path
    services: Services
    port: int
    programs: dict[str, Program] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> Program:
        """Start a program of the gateway."""
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, *command], cwd=ROOT, env=self.environ, stdout=log, stderr=log
        )
        log.close()
        self.programs[name] = Program(name, process)
        return self.programs[name]

    def stop(self, *names: str) -> None:
        """End programs."""
        ending = [self.programs.pop(name) for name in names]
        for program in ending:
            program.process.terminate()
        for program in ending:
            try:
                program.process.wait(20)
            except subprocess.TimeoutExpired:
                program.process.kill()
                program.process.wait()


def throughput_rows(folder: Path, courses: int, transfers: int) -> Iterator[Row]:
    """Transfers of ``courses`` courses each: ``transfers`` through everything, then as many signed."""
    with _stage(folder, courses) as stage:
        stage.start("fetch", "-m", "benchmarks._throughput_world", "fetch")
        bind = ("-b", f"127.0.0.1:{stage.port}", "-w", str(WEB_PROCESSES), "--no-control-socket")
        target = "benchmarks._throughput_world:app()"
        stage.start("web", "-m", "gunicorn", *bind, "--log-level", "warning", target)
        _until(lambda: _answers(stage.port), "the pages did not come up")
        yield from _over_http(stage, courses, transfers)
        stage.stop("sign")
        _each(transfers, lambda: Student(stage.port).consent())
        stage.stop("web", "fetch")
        yield from _signing_alone(stage, courses, transfers)


def _over_http(stage: Stage, courses: int, transfers: int) -> Iterator[Row]:
    sign = stage.start("sign", "-m", "benchmarks._throughput_world", "sign")
    _each(STUDENTS, lambda: Student(stage.port).transfer())  # who comes first, warms up
    before = {name: program.spent() for name, program in stage.programs.items()}
    ours, began = time.process_time(), time.monotonic()
    _each(transfers, lambda: Student(stage.port).transfer())
    wall = time.monotonic() - began
    spent = {name: program.spent() - before[name] for name, program in stage.programs.items()}
    spent["students"] = time.process_time() - ours
    cores = os.cpu_count() or 1
    yield Row(f"{courses} courses, {cores} cores: whole transfers", transfers / wall, "/s")
    yield Row("  CPU time of one, of all processes", sum(spent.values()) / transfers * 1000, "ms")
    for name, seconds in spent.items():
        yield Row(f"    {name}", seconds / transfers * 1000, "ms")
    yield Row("  signing process", max(sign.memory()[1:]), "MB", MOST_MEMORY)


def _signing_alone(stage: Stage, courses: int, transfers: int) -> Iterator[Row]:
    """One worker signs what students have confirmed: nothing else runs."""
    sign = stage.start("sign", "-m", "benchmarks._throughput_world", "sign")
    with redis.Redis.from_url(stage.environ[world.REDIS]) as client:

        def left() -> int:
            return int(client.llen(f"rq:queue:{SIGN_QUEUE}"))

        _until(lambda: left() < transfers - WARM_UP, "nothing was signed")
        first, before, began = left(), sign.spent(), time.monotonic()
        _until(lambda: not left(), "not all were signed")
        wall, spent = time.monotonic() - began, sign.spent() - before
    limit = raw_signature()
    yield Row(f"{courses} courses, one signing worker alone", first / wall, "/s")
    yield Row("  in a second of its CPU time", first / spent, "/s", LEAST_A_CORE, more=True)
    one = spent / first * 1000
    yield Row("  CPU time of one", one, "ms", limit="raw RSA signature", at_least=limit)
    worker, *processes = sign.memory()
    yield Row(f"  signing process after {transfers}", max(processes), "MB", MOST_MEMORY)
    yield Row("  the worker beside it", worker, "MB")


def raw_signature(times: int = 200) -> float:
    """Milliseconds of CPU time of one RSA-2048 signature, now: a busy machine is slow for all."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    began = time.process_time()
    for _ in range(times):
        key.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
    return (time.process_time() - began) * 1000 / times


class Student:
    """A browser without scripts, from the client's button to its reply."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookies: dict[str, str] = {}
        self.path = ""
        self.page = html.fromstring("<p></p>")

    def consent(self) -> None:
        """Go as far as the signature takes over."""
        self._post(
            "/emrex/campus/emp",
            {"sessionId": "s" * 32, "returnUrl": "https://client.example/emrex/return"},
        )
        self._get(str(self.page.xpath("//a[contains(@href, '/login/')]/@href")[0]))
        self._wait("select")
        self._submit("select", "all")
        self._submit("select", "preview")
        self._submit("preview", "confirm", consent="yes")

    def transfer(self) -> None:
        """Do it all."""
        self.consent()
        self._wait("reply")
        form = self.page.xpath("//form[@data-step='reply']")[0]
        if not form.xpath(".//input[@name='elmo']/@value"):
            raise RuntimeError("the reply holds no ELMO")
        self._connection.close()

    def _wait(self, step: str) -> None:
        end = time.monotonic() + 120
        while not self.page.xpath(f"//form[@data-step='{step}']"):
            if time.monotonic() > end:
                text = " ".join(self.page.text_content().split())[:500]
                raise RuntimeError(f"{step} did not come: {text}")
            time.sleep(POLL)
            self._get(self.path)

    def _submit(self, step: str, action: str, **more: str) -> None:
        form = self.page.xpath(f"//form[@data-step='{step}']")[0]
        data = [
            (one.get("name"), one.get("value", ""))
            for one in form.xpath(".//input[@name]")
            if one.get("type") not in ("checkbox", "radio") or one.get("checked") is not None
        ]
        self._post(form.get("action") or self.path, [*data, ("action", action), *more.items()])

    def _post(self, path: str, data: object) -> None:
        body = urlencode(data)  # type: ignore[arg-type]  # pairs or a mapping
        self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def _get(self, path: str) -> None:
        self._ask("GET", path, None, {})

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> None:
        for _ in range(10):
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            sent = {**headers, "Host": "gateway.example", "Cookie": cookies}
            self._connection.request(method, path, body, sent)
            response = self._connection.getresponse()
            content = response.read()
            for header in response.headers.get_all("Set-Cookie") or ():
                self._cookies |= {k: v.value for k, v in SimpleCookie(header).items()}
            if response.status not in (302, 303):
                break
            path = response.headers["Location"].removeprefix("https://gateway.example")
            if path.startswith(world.OPERATOR):
                path = f"/emrex/campus/callback?code=c&state={path.partition('state=')[2]}"
            method, body, headers = "GET", None, {}
        if response.status != 200:
            raise RuntimeError(f"{method} {path.partition('?')[0]}: {response.status}")
        self.path, self.page = path, html.fromstring(content)


@contextmanager
def _stage(folder: Path, courses: int) -> Iterator[Stage]:
    """Redis, a store and one institution; the programs that are started end with it."""
    with ExitStack() as stack:
        port = _free_port()
        server = stack.enter_context(_redis(folder, port))
        environ = {
            world.FOLDER: str(folder),
            world.REDIS: f"redis://127.0.0.1:{port}/0",
            world.COURSES: str(courses),
        }
        os.environ |= environ
        files = DemoAuthority(folder).issue("bench")
        services = world.services()
        upgrade(services.settings, services.secrets)
        with services.store.begin() as uow:
            uow.config.put_institution(
                Institution(
                    slug="campus",
                    names=texts(en="A University", fi="Yliopisto A"),
                    country="FI",
                    domain="a.example",
                    url="https://a.example/",
                )
            )
            uow.config.put_access_point(
                AccessPoint(
                    slug="campus",
                    institution="campus",
                    key=f"file:{files.key}",
                    certificate=f"file:{files.certificate}",
                )
            )
            uow.config.put_binding(
                AdapterBinding(id="fake", institution="campus", adapter="fake", settings={})
            )
            uow.config.put_login_method(
                LoginMethod(
                    id="fake",
                    institution="campus",
                    kind="oidc",
                    names=texts(en="Fake"),
                    settings={},
                )
            )
        stage = Stage(folder, services, _free_port(), environ={**os.environ, **environ})
        stage.programs["redis"] = Program("redis", server)
        try:
            yield stage
        except BaseException:
            for log in folder.glob("*.log"):
                sys.stderr.write(f"--- {log.name}\n{log.read_text('utf-8', 'replace')[-3000:]}\n")
            raise
        finally:
            stage.stop(*stage.programs)


@contextmanager
def _redis(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    program = find_redis_server()
    if program is None:
        raise RuntimeError("no Redis server")
    options = f"--port {port} --bind 127.0.0.1 --dir {folder} --appendonly no".split()
    server = subprocess.Popen(  # noqa: S603 - the system's server
        [program, *options, "--save", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with redis.Redis(port=port) as client:
            _until(lambda: _pings(client), "Redis did not come up")
        yield server
    finally:
        server.kill()
        server.wait()


def _each(count: int, action: Callable[[], None]) -> None:
    """Do it ``count`` times, by as many threads as there are students. Raises what one of them raised."""
    left = iter(range(count))
    lock, problems = threading.Lock(), list[BaseException]()

    def work() -> None:
        while not problems:
            with lock:
                if next(left, None) is None:
                    return
            try:
                action()
            except BaseException as error:
                problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(STUDENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def _until(met: Callable[[], object], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        if time.monotonic() > end:
            raise RuntimeError(otherwise)
        time.sleep(0.1)


def _answers(port: int) -> bool:
    """Whether the pages are there: a server listens before they are loaded."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/emrex/nowhere", headers={"Host": "gateway.example"})
        return bool(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
