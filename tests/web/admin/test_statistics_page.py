"""The statistics' page: charts, tables and files, for whom they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from admin_world import AdminWorld
from emrex_gateway.domain import AccessPoint, AdminRole, Institution, TransferOutcome, texts
from stores import transfer


@pytest.fixture
def counted(world: AdminWorld) -> AdminWorld:
    """Seven transfers of this institution, with two errors that nobody may see; six of another's."""
    now = world.clock()
    world.put(
        institution=Institution(
            slug="other", names=texts(en="Other"), country="SE", domain="o.example", url=""
        ),
        access_point=AccessPoint(slug="other", institution="other", key="", certificate=""),
    )
    with world.services.store.begin() as uow:
        for number in range(15):
            point = "campus" if number < 9 else "other"
            outcome = TransferOutcome.ERROR if number in (0, 1) else TransferOutcome.OK
            row = transfer(
                access_point=point,
                created_at=now,
                changed_at=now,
                login_method="fake",
                outcome=outcome,
                records=2,
                client_host="=evil.example.no",
            )
            finished = now + timedelta(seconds=60 + number)
            uow.transfers.add(replace(row, person=row.id, finished_at=finished))
    return world


def _table(browser: Any) -> list[list[str]]:
    rows = browser.page.xpath("//table[@data-step='statistics']//tr[th[@scope='row']]")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


def test_numbers_charts_and_their_names(counted: AdminWorld) -> None:
    """Each chart has a title and a description; the table beside it has the numbers."""
    page = counted.admin(AdminRole.OPERATOR).get("/admin/statistics?by=institution")

    assert [
        ["Campus University", "–", "–", "–", "–", "–", "–", "9", "9", "–", "–"],
        ["Other", "6", "–", "–", "–", "–", "–", "–", "6", "12", "1 min 12 s"],
        ["Together", "6", "–", "–", "–", "–", "–", "9", "15", "12", "1 min 12 s"],
    ] == _table(page)
    charts = page.page.xpath("//figure//*[local-name()='svg']")
    assert 2 == len(charts)
    for chart in charts:
        named = chart.get("aria-labelledby").split()
        assert ["title", "desc"] == [page.page.xpath(f"//*[@id='{one}']")[0].tag for one in named]
        assert "img" == chart.get("role")
    source = page.response.get_data(as_text=True)
    assert "style=" not in source
    assert "<script" not in source


def test_an_institution_sees_its_own_numbers(counted: AdminWorld) -> None:
    """Nothing of another's, in the page or the files."""
    theirs = counted.admin(AdminRole.ADMINISTRATOR, "campus")

    assert "9" == _table(theirs.get("/admin/statistics"))[-1][7]
    assert 403 == theirs.get("/admin/statistics?institution=other").status
    assert 403 == theirs.get("/admin/statistics/cells.csv?institution=other").status
    text = theirs.get("/admin/statistics/cells.csv").response.get_data(as_text=True)
    assert "other" not in text
    assert 403 == counted.admin(AdminRole.SUPPORT).get("/admin/statistics").status


@pytest.mark.parametrize(
    "query", ["since=x", "since=2026-13", "since=2030-01&until=2029-01", "by=person"]
)
def test_a_question_that_makes_no_sense_is_answered_with_words(
    counted: AdminWorld, query: str
) -> None:
    """The last year is shown and what was wrong is said."""
    page = counted.admin(AdminRole.OPERATOR).get(f"/admin/statistics?{query}")

    assert 200 == page.status
    assert "could not be understood" in page.text


def test_files_open_in_a_spreadsheet_without_running(counted: AdminWorld) -> None:
    """CSV with an apostrophe before what would be a formula; the page's own numbers are in it."""
    browser = counted.admin(AdminRole.OPERATOR)
    cells = browser.get("/admin/statistics/cells.csv").response
    table = browser.get("/admin/statistics/table.csv?by=client_host").response

    assert "text/csv" == cells.mimetype
    assert ",'=evil.example.no,6,12,71.5" in cells.get_data(as_text=True)
    assert "\r\ntotal,6,,,,,,9,15,12,71.5\r\n" in table.get_data(as_text=True)
