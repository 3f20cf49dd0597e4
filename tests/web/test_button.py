"""The button for hosts: the macro in a host's templates, the plain form, the component's file."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from jinja2 import DictLoader, TemplateNotFound
from lxml import html

from emrex_gateway import EmrexGateway
from emrex_gateway.domain import Direction
from emrex_gateway.ports import TransferFilter
from examples.campus import make_app
from gateway_world import World

FORM = "application/x-www-form-urlencoded"
DOCS = Path(__file__).parents[2] / "docs" / "button.md"
MACRO = '{% from "emrex/button.html" import emrex_button %}'


@pytest.fixture
def host(world: World) -> Flask:
    """A host with the gateway inside and a template folder of its own."""
    app = Flask("host")
    EmrexGateway(app, services=world.services)
    return app


@pytest.fixture
def campus(world: World) -> Flask:
    """*campus* with the gateway inside."""
    return make_app({"EMREX_PUBLIC_URL": "https://gateway.example/emrex"}, services=world.services)


def render(app: Flask, source: str) -> str:
    """Render a host's template."""
    with app.test_request_context():
        return render_template_string(source)


def test_the_macro_begins_a_transfer(host: Flask, world: World) -> None:
    """Its form leads to the access point's door, in the language that the host says."""
    page = html.fromstring(
        render(host, MACRO + '{{ emrex_button("campus", label="<Out>", class="big", lang="sv") }}')
    )
    assert ("post", "<Out>", "big") == (
        page.get("method"),
        page.findtext("button"),
        page.find("button").get("class"),
    )

    answer = host.test_client().post(page.get("action"))

    assert 303 == answer.status_code
    assert answer.headers["Location"].startswith("/emrex/campus/t/")
    assert "emrex-lang=sv" in "".join(answer.headers.getlist("Set-Cookie"))
    assert 1 == len(_transfers(world))


def test_the_macro_for_the_way_home(host: Flask, world: World) -> None:
    """The same form to the other door: an import begins where the institution receives records."""
    with world.services.store.begin() as uow:
        uow.config.put_institution(replace(uow.config.institution("campus"), client=True))
    macro = MACRO.replace("emrex_button", "emrex_import_button")
    page = html.fromstring(render(host, macro + '{{ emrex_import_button("campus") }}'))
    assert ("post", "Import from EMREX") == (page.get("method"), page.findtext("button"))

    answer = host.test_client().post(page.get("action"), content_type=FORM)

    assert 303 == answer.status_code
    with world.services.store.read() as uow:
        (begun,) = uow.support.search(TransferFilter())
    assert Direction.IMPORT is begun.direction


def test_what_the_macro_is_given_is_text(host: Flask) -> None:
    """Neither the access point nor the language gets out of the address."""
    page = html.fromstring(render(host, MACRO + """{{ emrex_button('"><b>?#', lang='"&x') }}"""))

    assert "/emrex/%22%3E%3Cb%3E%3F%23/export?lang=%22%26x" == page.get("action")
    assert ["button"] == [child.tag for child in page]


def test_the_hosts_own_templates_come_first_and_no_other_is_added(
    world: World, tmp_path: Path
) -> None:
    """A host that has such a template keeps it; the gateway's pages are not among its templates."""
    app = Flask("host", template_folder=str(tmp_path))
    (tmp_path / "emrex").mkdir()
    (tmp_path / "emrex" / "button.html").write_text("mine")
    before = app.jinja_env.list_templates()
    EmrexGateway(app, services=world.services)

    assert "mine" == render(app, '{% include "emrex/button.html" %}')
    assert before == app.jinja_env.list_templates()
    with pytest.raises(TemplateNotFound):
        render(app, '{% include "emrex/base.html" %}')


def test_a_host_that_is_not_finished_is_not_finished_for_it(world: World) -> None:
    """Its environment is not made yet; options and loaders of its own still count."""
    app = Flask("host")
    app.jinja_loader = DictLoader({"own.html": "own [[ 1 + 1 ]]"})
    EmrexGateway(app, services=world.services)
    app.jinja_options = {"variable_start_string": "[[", "variable_end_string": "]]"}

    assert "own 2" == render(app, '{% include "own.html" %}')


def test_the_component_may_be_loaded_from_anywhere(host: Flask) -> None:
    """At an address that stays: with the type of a script, asked again each time, for any origin."""
    answer = host.test_client().get("/emrex/static/button.js")

    assert (200, "text/javascript") == (answer.status_code, answer.mimetype)
    assert "customElements" in answer.text
    assert "no-cache" == answer.headers["Cache-Control"]
    assert "*" == answer.headers["Access-Control-Allow-Origin"]
    assert "cross-origin" == answer.headers["Cross-Origin-Resource-Policy"]
    again = host.test_client().get(
        "/emrex/static/button.js", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert 304 == again.status_code
    other = host.test_client().get("/emrex/static/emrex.css")
    assert "Access-Control-Allow-Origin" not in other.headers


def test_campus_shows_what_the_page_about_it_says(campus: Flask) -> None:
    """Each way stands in docs/button.md as it runs at campus, and each form and link begins a transfer."""
    page = html.fromstring(campus.test_client().get("/buttons").text)
    shown = [pre.text_content() for pre in page.xpath("//pre")]
    told = re.findall(r"```(?:html|jinja)\n(.*?)\n```", DOCS.read_text("utf-8"), re.DOTALL)

    assert told == shown
    assert 3 == len(shown)
    ways = [
        *(("post", form) for form in page.xpath("//main//form/@action")),
        *(("get", link) for link in page.xpath("//main//emrex-button//@href")),
    ]
    assert ["post", "post", "get"] == [method for method, _ in ways]
    for method, address in ways:
        answer = campus.test_client().open(address, method=method)
        assert 303 == answer.status_code
        assert "/emrex/campus/t/" in answer.headers["Location"]


def test_campus_without_the_gateway_has_no_such_page() -> None:
    """There is nothing to show."""
    assert 404 == make_app().test_client().get("/buttons").status_code


def _transfers(world: World) -> list[str]:
    with world.services.store.read() as uow:
        return [one.id for one in uow.support.search(TransferFilter())]
