"""Real Chromium and real sockets for the end-to-end tests."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TIMEOUT = 30
"""Seconds until a page that does not come fails its test."""
EVERY = 0.05
"""Seconds between two looks."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(app: WSGIApplication, host: str, port: int = 0) -> Iterator[str]:
    """Serve an application on a loopback address of its own; yields its origin."""
    server = make_server(host, port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium(
    folder: Path, *, scripts: bool = True, width: int = 1280
) -> Iterator[webdriver.Chrome]:
    """A headless Chromium with a new profile that reaches nothing but loopback addresses."""
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.*, EXCLUDE localhost",
        f"--window-size={width},900",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(argument)
    if not scripts:
        options.add_experimental_option(
            "prefs", {"profile.managed_default_content_settings.javascript": 2}
        )
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_page_load_timeout(TIMEOUT)
    try:
        yield driver
    finally:
        driver.quit()


def wait_for(driver: webdriver.Chrome, selector: str) -> None:
    """Wait until an element is there."""
    WebDriverWait(driver, TIMEOUT, EVERY).until(
        lambda d: d.find_elements(By.CSS_SELECTOR, selector)
    )


def wait_until(driver: webdriver.Chrome, ready: Callable[[webdriver.Chrome], bool]) -> None:
    """Wait until something holds."""
    WebDriverWait(driver, TIMEOUT, EVERY).until(ready)


def click(driver: webdriver.Chrome, selector: str) -> None:
    """Press what a person would press, where it can be seen."""
    wait_for(driver, selector)
    driver.find_element(By.CSS_SELECTOR, selector).click()


def send_everything(driver: webdriver.Chrome) -> None:
    """From the page of records to the reply, with all of them and consent."""
    click(driver, "button[value=all]")
    wait_for(driver, "input[name=record]:checked")
    click(driver, "form[data-step=select] button[value=preview]")
    click(driver, "input[name=consent]")
    click(driver, "button[value=confirm]")
