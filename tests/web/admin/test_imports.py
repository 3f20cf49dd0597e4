"""The administrator's pages of importing institutions: shown first, written then."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway.domain import AdminRole, Institution


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A gateway with the institution ``campus``."""
    return make_admin_world(tmp_path)


@pytest.fixture
def operator(world: AdminWorld) -> AdminBrowser:
    """An operator's browser."""
    return world.admin()


def institution(world: AdminWorld, slug: str = "campus") -> Institution:
    """The row."""
    with world.services.store.read() as uow:
        return uow.config.institution(slug)


TABLE = """domain;name_en;name_sv;erasmus;pic;support
campus.example;Campus University;Campusuniversitetet;;;
north.example;North University;;N  NORTH01;999999999;help@north.example
south.se;South University;;;12;
;Nowhere;;;;
"""


def upload(browser: AdminBrowser, content: str, **fields: str) -> AdminBrowser:
    """Send a list as the page's form does."""
    browser.get("/admin/institutions/import")
    data = {
        "token": browser.token(),
        "file": FileStorage(io.BytesIO(content.encode()), filename="list"),
        "only": "",
        "country": "",
        **fields,
    }
    return send(browser, data)


def send(browser: AdminBrowser, data: dict[str, object]) -> AdminBrowser:
    """Post a form with a file, past the test client's temporary files, which it leaves open."""
    boundary, body = encode_multipart(data)
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.post("/admin/institutions/import", body, content_type=kind)


def test_an_import_shows_first_what_it_would_do(world: AdminWorld, operator: AdminBrowser) -> None:
    """The preview writes nothing and says of each row what would happen, or why it cannot."""
    upload(operator, TABLE)

    for words in (
        "1 institution would be added",
        "1 would change",
        "2 cannot be imported",
        "A PIC has nine digits",
        "names.sv",
    ):
        assert words in operator.text
    assert ["campus"] == slugs(world)
    operator.submit_form("import", row=[])
    assert ["campus"] == slugs(world)
    upload(operator, TABLE).submit_form("import")
    assert ["campus", "north"] == slugs(world)
    north = institution(world, "north")
    assert {"erasmus": "N  NORTH01", "pic": "999999999"} == north.codes
    assert ("NO", "https://north.example/", "help@north.example") == (
        north.country,
        north.url,
        north.support,
    )
    assert "Campusuniversitetet" in [name.value for name in institution(world).names]
    assert "help@campus.example" == institution(world).support
    upload(operator, TABLE)
    assert "2 are the same already" in operator.text


def test_a_large_catalogue_is_taken_from_those_who_may_import(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """The limit of other forms is raised for operators only: a part of a large file is imported."""
    padding = f"<host><note>{'x' * 2_500_000}</note></host>"
    inside = "<hei id='new.no'><name xml:lang='en'>New</name></hei><hei id='other.se'/>"
    content = f"<catalogue>{padding}<institutions>{inside}</institutions></catalogue>"
    upload(operator, content, only=".no").submit_form("import")
    assert ["campus", "new"] == slugs(world)

    other = world.admin(AdminRole.ADMINISTRATOR, "campus")
    send(other, {"token": "x", "file": FileStorage(io.BytesIO(content.encode()), filename="list")})
    assert other.status in (403, 413)


def slugs(world: AdminWorld) -> list[str]:
    """The institutions that there are."""
    with world.services.store.read() as uow:
        return [one.slug for one in uow.config.institutions()]


def test_an_import_tells_who_was_faster(world: AdminWorld, operator: AdminBrowser) -> None:
    """What was changed between preview and import is not overwritten; the new preview says so."""
    upload(operator, TABLE)
    world.put(institution=replace(institution(world), support="new@campus.example"))
    operator.submit_form("import")

    assert 409 == operator.status
    assert "Somebody changed one of these institutions meanwhile" in operator.text
    assert ["campus"] == slugs(world)
    operator.submit_form("import")
    assert ["campus", "north"] == slugs(world)


def test_the_list_between_the_pages_is_not_believed(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """What comes back instead of the list that a page made is refused, small bombs included."""
    upload(operator, TABLE)
    for sent in ("", "%%%", "AAAA", "eJzLSM3JyQcABiwCFQ=="):
        operator.post(
            "/admin/institutions/import/done",
            {"token": upload(operator, TABLE).token(), "list": sent, "row": "north:"},
        )
        assert 400 == operator.status
    assert ["campus"] == slugs(world)


NO_LISTS = {
    "": "Choose a file first.",
    "name_en\nX\n": "The first line must name the columns",
    "domain,colour\nx.example,red\n": "There is no column colour.",
    "<!DOCTYPE catalogue><catalogue/>": "document type declaration",
    "<catalogue><institutions></catalogue>": "not well-formed XML",
    "<html/>": "neither the EWP catalogue nor a table",
    "<catalogue/>": "The file lists no institutions.",
}


def test_what_is_no_list_is_named(operator: AdminBrowser) -> None:
    """A wrong file is refused at the field, with what is wrong with it."""
    said = {content: upload(operator, content).text for content in NO_LISTS}

    assert [] == [content for content, text in said.items() if NO_LISTS[content] not in text]
