"""Records come home in a real Chromium: every way in which a provider can answer, there and back.

Host, gateway and providers are on sites of their own, so that the reply is a
cross-site POST without cookies, as it is in the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browsers import By, click, wait_for, wait_until
from emrex_gateway.domain import TransferState
from examples.emp_simulator import Mode
from import_stage import ImportStage, Traveller, import_stage, travelling

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.any_database]

REVIEW = "form[data-step=select]"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImportStage]:
    """One for the module: each test begins an import of its own in it."""
    with import_stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(stage: ImportStage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traveller]:
    """One browser with scripts, whose user stays logged in at the host."""
    with travelling(stage, tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture
def student(browser: Traveller) -> Traveller:
    """A student who has pressed the host's button and chooses where to go."""
    browser.begin()
    return browser


def text(traveller: Traveller) -> str:
    return str(traveller.driver.find_element(By.TAG_NAME, "main").text)


def confirm(traveller: Traveller) -> None:
    """From the records to the page that says where they are now."""
    driver = traveller.driver
    click(driver, f"{REVIEW} button[value=preview]")
    click(driver, "form[data-step=check] input[value=recognition]")
    click(driver, "input[name=consent]")
    click(driver, "form[data-step=check] button[value=confirm]")


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        (Mode.SUCCESS, ("Numerical methods", "Mobile robots")),
        (Mode.SEVERAL_REPORTS, ("Numerical methods", "Summer Academy of the Isles")),
        (Mode.DIALECT, ("Literature of the North",)),
        (Mode.LARGE, ("Exchange semester",)),
    ],
    ids=["success", "several-reports", "dialect", "large"],
)
def test_what_can_be_used_is_there_to_choose_from(
    student: Traveller, mode: Mode, shown: tuple[str, ...]
) -> None:
    """The reply comes back by itself, is checked by a worker, and the records are on the page."""
    student.visit("north", mode)
    wait_for(student.driver, REVIEW)

    said = student.driver.page_source
    assert [True] * len(shown) == [words in said for words in shown]
    assert TransferState.REVIEWING is student.transfer.state


@pytest.mark.parametrize(
    ("mode", "end", "words"),
    [
        (Mode.NO_RESULTS, ("no-results", ""), "no records of you"),
        (Mode.CANCEL, ("cancelled", ""), "You cancelled there"),
        (Mode.ERROR, ("error", ""), "closed for maintenance"),
        (Mode.OTHER_PERSON, ("refused", "other-person"), "of another person"),
        (Mode.BAD_GZIP, ("refused", "envelope"), "damaged"),
        (Mode.BAD_XML, ("refused", "malformed"), "damaged"),
        (Mode.CHANGED, ("refused", "digest"), "signature does not hold"),
        (Mode.UNLISTED, ("refused", "certificate"), "signature does not hold"),
        (Mode.BOMB, ("refused", "envelope"), "damaged"),
    ],
    ids=lambda value: value if isinstance(value, Mode) else "",
)
def test_what_cannot_be_used_says_why_and_leaves_the_way_open(
    student: Traveller, mode: Mode, end: tuple[str, str], words: str
) -> None:
    """One visit came to nothing, the import did not: the student reads why and may go elsewhere."""
    student.visit("north", mode)
    state, reason, said = student.last_end()

    assert end == (state, reason)
    assert words in said
    assert TransferState.COLLECTING is student.transfer.state
    assert student.driver.find_elements(By.CSS_SELECTOR, "[data-step=choose] button.place")


def test_a_provider_that_never_answers(student: Traveller) -> None:
    """The student comes back to the import's own page and fetches from somebody else."""
    where = student.driver.current_url
    student.visit("north", Mode.TIME_OUT)
    wait_until(student.driver, lambda d: "does not answer" in d.page_source)

    student.driver.get(where)
    student.visit("north")
    wait_for(student.driver, REVIEW)


def test_several_visits_of_one_country_become_one_import(student: Traveller) -> None:
    """Of three providers one is cancelled; the records of the others are chosen among together."""
    student.visit("east")
    wait_for(student.driver, "[data-step=rest]")
    student.visit("west", Mode.CANCEL)
    assert "cancelled" == student.last_end()[0]
    student.visit("isles", Mode.SEVERAL_REPORTS)
    wait_for(student.driver, REVIEW)

    came = student.driver.find_elements(By.CSS_SELECTOR, "[data-step=came] li")
    assert 2 == len([one for one in came if one.get_attribute("data-sameness")])
    assert "University of the East" in text(student)
    assert "Õpetajate Kool" in text(student)


def test_a_reply_that_comes_twice(student: Traveller) -> None:
    """A second tab posts the same reply again: that changes nothing, and the page says so."""
    driver = student.driver
    student.set_out("north")
    first = driver.current_window_handle
    driver.execute_script(
        "const form = document.querySelector('form[data-step=provider-choice]');"
        "form.target = 'second'; form.submit(); form.target = '';"
    )
    wait_until(driver, lambda d: len(d.window_handles) == 2)
    second = next(handle for handle in driver.window_handles if handle != first)
    driver.switch_to.window(second)
    wait_for(driver, REVIEW)
    driver.switch_to.window(first)
    student.send(Mode.SUCCESS)
    wait_until(driver, lambda d: "/import/again" in d.current_url)

    assert "It counts once" in text(student)
    click(driver, "main a")
    wait_for(driver, REVIEW)
    driver.switch_to.window(second)
    driver.close()
    driver.switch_to.window(first)


def test_a_reply_to_an_import_that_was_stopped(student: Traveller) -> None:
    """What comes after the student has cancelled is not kept, and they are told."""
    driver = student.driver
    at, where = student.transfer, driver.current_url
    student.set_out("north")
    provider = driver.current_window_handle
    driver.switch_to.new_window("tab")
    driver.get(where)
    click(driver, "form[data-step=cancel] button")
    wait_until(driver, lambda d: "Nothing was handed" in d.page_source)
    driver.close()
    driver.switch_to.window(provider)
    student.send(Mode.SUCCESS)
    wait_until(driver, lambda d: "/import/late" in d.current_url)

    assert "Numerical methods" not in driver.page_source
    with student.stage.world.services.store.read() as uow:
        assert TransferState.CANCELLED is uow.transfers.get(at.id).state


def test_a_reply_in_somebody_elses_browser(stage: ImportStage, student: Traveller) -> None:
    """Who was sent away and who comes back must be one browser: another one sees nothing."""
    at, driver = student.transfer, student.driver
    student.set_out("north")
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    student.send(Mode.SUCCESS)
    wait_until(driver, lambda d: d.current_url.startswith(stage.campus))
    wait_for(driver, "h1")

    assert "Numerical methods" not in driver.page_source
    assert not driver.find_elements(By.CSS_SELECTOR, REVIEW)
    driver.get(f"{stage.campus}/login?user=ada")
    with stage.world.services.store.read() as uow:
        assert TransferState.COLLECTING is uow.transfers.get(at.id).state


def test_records_arrive_at_the_host_system(stage: ImportStage, student: Traveller) -> None:
    """Chosen, said what for, confirmed, handed over: the page says so, and the host has them once."""
    before = len(stage.sink.stored)
    student.visit("north")
    wait_for(student.driver, REVIEW)
    confirm(student)
    wait_for(student.driver, "[data-step=standing][data-state=handed-over]")

    assert TransferState.HANDED_OVER is student.transfer.state
    stored = list(stage.sink.stored.values())
    assert before + 1 == len(stored)
    assert student.transfer.reference == stored[-1].reference
    assert b"Signature" in stored[-1].originals[0].xml


def test_a_phone_without_scripts(stage: ImportStage, tmp_path: Path) -> None:
    """Everything works by buttons and links, and no page is wider than a phone."""
    with travelling(stage, tmp_path / "phone", scripts=False, width=360) as student:
        driver = student.driver
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True},
        )
        widths = []

        def fits() -> None:
            metrics = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})
            widths.append(metrics["cssContentSize"]["width"])

        student.begin()
        fits()
        click(driver, f"button[value='{stage.provider('north').key}']")
        wait_for(driver, "form[data-step=go]")
        fits()
        click(driver, "form[data-step=go] button")
        student.send(Mode.SUCCESS)
        click(driver, "form[data-step=provider-reply] button")
        wait_for(driver, REVIEW)
        fits()
        confirm(student)
        wait_for(driver, "[data-step=standing][data-state=handed-over]")
        fits()

        assert [360] * 4 == widths
