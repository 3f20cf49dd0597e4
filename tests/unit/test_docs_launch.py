"""The examples in ``docs/launch.md`` work as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from emrex_gateway.domain import (
    Identity,
    LoginMethod,
    PersonIdentifier,
    PersonIdentifierType,
    texts,
)
from emrex_gateway.login import LaunchSettings, accept_launch, settings_of

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "launch.md").read_text("utf-8")
AUDIENCE = "https://gateway.example/emrex/campus/launch"
KEY = RSAKey.generate_key(2048)
STUDENT = {
    "account": "person-17",
    "learner_number": "1.2.246.562.24.10000000017",
    "key": "17",
    "given_name": 'Aino "Ääni" \\ Åsa',
    "family_name": "Esimerkki\u0301 漢字",
    "birth_date": "1999-05-17",
}


def _example(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def _method() -> LoginMethod:
    """The login method of the guide's TOML, with a real key in it."""
    pem = KEY.as_pem(private=False).decode()
    placeholder = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
    row = tomllib.loads(placeholder.sub(lambda _: pem, _example("toml")))["login_methods"][0]
    return LoginMethod(**{**row, "names": texts(**row["names"])})


def _expected() -> Identity:
    issuer, kind = "https://studies.example", PersonIdentifierType.NATIONAL_LEARNER
    return Identity(
        method="campus-launch",
        provider=issuer,
        subject="person-17",
        identifiers=(PersonIdentifier(kind, STUDENT["learner_number"], issuer),),
        given_names=STUDENT["given_name"],
        family_name="Esimerkkí 漢字",
        birth_date=date(1999, 5, 17),
        locale="fi",
        host_key="17",
    )


def test_settings_example() -> None:
    """The TOML of the guide is a login method that can be applied."""
    assert isinstance(settings_of(_method()), LaunchSettings)


def test_python_example() -> None:
    """What the Python example signs is accepted, with every claim."""
    space: dict[str, Any] = {}
    exec(_example("python"), space)
    token = space["launch_token"](KEY.as_pem(private=True), STUDENT)

    launch = accept_launch(_method(), token, audience=AUDIENCE, now=datetime.now(UTC))
    assert launch.identity == _expected()
    assert launch.return_to == "https://studies.example/my-studies"


_MAIN = """
    public static void main(String[] a) throws Exception {
        System.out.print(token(privateKey(Path.of(a[0])), a[1], a[2], a[3], a[4], a[5], a[6]));
    }
"""


@pytest.mark.needs("java")
def test_java_example(tmp_path: Path) -> None:
    """What the Java example signs is accepted, with every claim, quotes and letters as they are."""
    source = _example("java").rstrip().removesuffix("}") + _MAIN + "}\n"
    (tmp_path / "Launch.java").write_text(source, "utf-8")
    (tmp_path / "key.pem").write_bytes(KEY.as_pem(private=True))
    java = shutil.which("java") or "java"
    ran = subprocess.run(
        [java, "-Dsun.jnu.encoding=UTF-8", "Launch.java", "key.pem", *STUDENT.values()],
        cwd=tmp_path,
        env={"LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr

    launch = accept_launch(_method(), ran.stdout, audience=AUDIENCE, now=datetime.now(UTC))
    assert launch.identity == _expected()


def test_form_example() -> None:
    """The form posts one field named ``token`` to the audience, and has a button."""

    class Form(HTMLParser):
        found: dict[str, dict[str, str | None]] = {}  # noqa: RUF012 - lives for one test

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found[tag] = dict(attrs)

    form = Form()
    form.feed(_example("html"))

    assert (form.found["form"]["method"], form.found["form"]["action"]) == ("post", AUDIENCE)
    assert (form.found["input"]["type"], form.found["input"]["name"]) == ("hidden", "token")
    assert "button" in form.found


def test_every_reason_is_documented() -> None:
    """A reason that an audit event can hold stands in the guide."""
    source = Path(accept_launch.__code__.co_filename).read_text("utf-8")
    reasons = set(re.findall(r'_refused\("([a-z-]+)"\)', source))

    assert reasons
    assert {reason for reason in reasons if f"`{reason}`" not in GUIDE} == set()
